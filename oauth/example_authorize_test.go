package oauth_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// login is the login page of a host.
type login struct {
	server *oauth.Server
	check  func(name, password string) (person string, ok bool) // counts attempts, too
}

// begin is Config.Interact: the request is bound to this browser, and the page is shown.
func (l *login) begin(w http.ResponseWriter, r *http.Request, req *oauth.AuthorizationRequest) {
	if req.Wants(oauth.PromptNone) { // the app wants no page, and here is nothing but one
		l.deny(w, r, req, oauth.NewError(oauth.CodeLoginRequired, "no_session", "The person must sign in"))
		return
	}
	cookie, err := r.Cookie(browserCookie)
	if err != nil {
		cookie = &http.Cookie{Name: browserCookie, Value: rand.Text(), Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
		http.SetCookie(w, cookie)
	}
	req.Data = digest(cookie.Value)
	l.show(w, r, req, "")
}

// The prefix keeps other hosts of the domain from setting the cookie.
const browserCookie = "__Host-browser"

func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// show carries the request along in the form: nothing is kept on the server.
func (l *login) show(w http.ResponseWriter, r *http.Request, req *oauth.AuthorizationRequest, message string) {
	sealed, err := l.server.Seal(req)
	if err != nil {
		l.deny(w, r, req, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'")
	_ = loginPage.Execute(w, map[string]string{"Client": req.ClientID, "Message": message, "Request": sealed})
}

var loginPage = template.Must(template.New("login").Parse(`<!doctype html><title>Sign in</title>
<h1>Sign in to {{.Client}}</h1><p>{{.Message}}</p>
<form method="post" action="/login"><input type="hidden" name="request" value="{{.Request}}">
<input name="name" autocomplete="username"><input name="password" type="password" autocomplete="current-password">
<button>Sign in</button> <button name="no" value="no">No</button></form>`))

// submit is the form coming back. No other site can send it: it has no request that is
// bound to this browser.
func (l *login) submit(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	req, err := l.server.Open(r.PostFormValue("request"))
	if err == nil && !bound(r, req) {
		err = oauth.NewError(oauth.CodeInvalidRequest, "other_browser", "This sign-in was begun in another browser")
	}
	if err != nil {
		l.server.ShowError(w, r, err)
		return
	}
	if r.PostFormValue("no") != "" {
		l.deny(w, r, req, oauth.ErrDenied)
		return
	}
	person, ok := l.check(r.PostFormValue("name"), r.PostFormValue("password"))
	if !ok {
		l.show(w, r, req, "That is not right.")
		return
	}
	err = l.server.Approve(w, r, req, oauth.Approval{
		Subject: person,
		Methods: []policy.Method{{Name: "password", Types: policy.Knowledge, At: time.Now()}},
	})
	if err != nil { // a host that has a second factor asks for it here, if this is a *oauth.StepUpError
		l.deny(w, r, req, err)
	}
}

func bound(r *http.Request, req *oauth.AuthorizationRequest) bool {
	cookie, err := r.Cookie(browserCookie)
	return err == nil && subtle.ConstantTimeCompare([]byte(digest(cookie.Value)), []byte(req.Data)) == 1
}

// deny sends the browser back with an error, if there is still somewhere to send it.
func (l *login) deny(w http.ResponseWriter, r *http.Request, req *oauth.AuthorizationRequest, why error) {
	if err := l.server.Deny(w, r, req, why); err != nil {
		l.server.ShowError(w, r, err)
	}
}

// A host signs people in on a page of its own.
func ExampleServer_Approve() {
	keys, err := oauth.GenerateKeys("main", token.ES256)
	check(err)
	clients, err := oauth.NewClientList(&oauth.Client{
		ID: "shop", AuthMethod: oauth.AuthNone, GrantTypes: []string{oauth.GrantAuthorizationCode},
		RedirectURIs: []string{"https://shop.example/callback"},
	})
	check(err)
	page := &login{check: func(name, password string) (string, bool) {
		return "00u1", name == "mia" && password == "correct horse battery staple"
	}}
	page.server, err = oauth.New(oauth.Config{
		ID: "main", Issuer: "https://login.example", Store: store.NewMemory(), Keys: keys, Clients: clients,
		Subjects: oauth.SubjectFunc(func(context.Context, string) (oauth.Subject, error) { return oauth.Subject{Active: true}, nil }),
		Grants:   []oauth.Grant{oauth.AuthorizationCode()},
		Scopes:   []oauth.Scope{{Name: "orders"}},
		Interact: page.begin,
	})
	check(err)
	mux := http.NewServeMux()
	page.server.Mount(mux)
	mux.HandleFunc("POST /login", page.submit)

	// What a browser does.
	verifier := rand.Text() + rand.Text() // of the app: new for each request
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/authorize?"+url.Values{
		"client_id": {"shop"}, "response_type": {"code"}, "scope": {"orders"}, "state": {"17"},
		"redirect_uri": {"https://shop.example/callback"}, "code_challenge": {digest(verifier)}, "code_challenge_method": {"S256"},
	}.Encode(), nil))
	form := url.Values{"name": {"mia"}, "password": {"correct horse battery staple"}, "request": {requestIn(w.Body.String())}}
	submit := func(cookies ...*http.Cookie) *http.Response {
		r := httptest.NewRequest(http.MethodPost, "/login", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, c := range cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w.Result()
	}
	fmt.Println("another browser:", submit().Status)
	answer := submit(w.Result().Cookies()...)
	back, err := answer.Location()
	check(err)
	fmt.Println(answer.Status, back.Host, back.Query().Get("state"), back.Query().Get("iss"))
	fmt.Println(back.Query().Get("code") != "")
	// Output:
	// another browser: 400 Bad Request
	// 303 See Other shop.example 17 https://login.example
	// true
}

// requestIn is what the browser finds in the form.
func requestIn(page string) string {
	return regexp.MustCompile(`name="request" value="([^"]*)"`).FindStringSubmatch(page)[1]
}

// A host that knows from a session of its own who it is sends the browser of an app of
// its own straight back.
func ExampleServer_Approve_session() {
	_, hash := oauth.NewSecret() // the secret goes to the app
	clients, err := oauth.NewClientList(&oauth.Client{
		ID: "crm", Secrets: []oauth.Secret{{Hash: hash}},
		GrantTypes: []string{oauth.GrantAuthorizationCode}, RedirectURIs: []string{"https://crm.example/callback"},
	})
	check(err)
	keys, err := oauth.GenerateKeys("main", token.ES256)
	check(err)
	var server *oauth.Server
	server, err = oauth.New(oauth.Config{
		ID: "main", Issuer: "https://login.example", Store: store.NewMemory(), Keys: keys, Clients: clients,
		Subjects: oauth.SubjectFunc(func(context.Context, string) (oauth.Subject, error) { return oauth.Subject{Active: true}, nil }),
		Grants:   []oauth.Grant{oauth.AuthorizationCode()},
		Scopes:   []oauth.Scope{{Name: "contacts"}},
		Interact: func(w http.ResponseWriter, r *http.Request, req *oauth.AuthorizationRequest) {
			person, since := sessionOf(r)
			err := server.Approve(w, r, req, oauth.Approval{
				Subject: person, Methods: []policy.Method{{Name: "password", Types: policy.Knowledge, At: since}},
			})
			if err != nil {
				err = server.Deny(w, r, req, err)
			}
			if err != nil {
				server.ShowError(w, r, err)
			}
		},
	})
	check(err)
	mux := http.NewServeMux()
	server.Mount(mux)

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/authorize?client_id=crm&response_type=code&scope=contacts"+
		"&redirect_uri=https://crm.example/callback&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256", nil))
	fmt.Println(w.Code, strings.HasPrefix(w.Header().Get("Location"), "https://crm.example/callback?code="))
	// Output: 303 true
}

func sessionOf(*http.Request) (person string, since time.Time) { return "00u1", time.Now() }
