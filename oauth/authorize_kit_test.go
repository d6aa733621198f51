package oauth_test

import (
	"cmp"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// The clients of the authorization endpoint besides those of every test server.
const (
	spaID   = "spa"   // public, several redirect URIs
	phoneID = "phone" // native
	frontID = "front" // every response type
	back    = "https://app.example/cb"
)

// door is a kit whose authorization endpoint answers for whoever is signed in.
type door struct {
	*kit
	person  string // "" leaves the request with the pages
	methods []policy.Method
	allow   []string // scopes; nil is all
	last    *oauth.AuthorizationRequest
	err     error // of Approve
}

func newDoor(t testing.TB, edit ...func(*oauth.Config)) *door {
	t.Helper()
	d := &door{person: "mia"}
	d.kit = newCodeKit(t, append([]func(*oauth.Config){func(c *oauth.Config) {
		c.ResponseTypes = []string{oauth.ResponseCode, oauth.ResponseToken, oauth.ResponseCodeToken}
		c.Interact = d.interact
	}}, edit...)...)
	code := []string{oauth.GrantAuthorizationCode, oauth.GrantRefreshToken}
	add := func(c *oauth.Client) {
		if c.AuthMethod != oauth.AuthNone {
			secret, hash := oauth.NewSecret()
			c.Secrets, d.secrets[c.ID] = []oauth.Secret{{Hash: hash}}, secret
		}
		require.NoError(t, c.Validate())
		d.clients[c.ID] = c
	}
	d.mux.HandleFunc("/page", d.page)
	add(&oauth.Client{ID: spaID, AuthMethod: oauth.AuthNone, GrantTypes: code, RedirectURIs: []string{back, "https://app.example/other?x=1"}})
	add(&oauth.Client{ID: phoneID, AuthMethod: oauth.AuthNone, GrantTypes: code, Native: true,
		RedirectURIs: []string{"http://127.0.0.1/cb", "http://[::1]/cb?x=1", "http://localhost/cb", "com.example.app:/cb"}})
	add(&oauth.Client{ID: frontID, AuthMethod: oauth.AuthPost, GrantTypes: append(code, oauth.GrantImplicit), RedirectURIs: []string{back}, OptionalPKCE: true,
		ResponseTypes: []string{oauth.ResponseCode, oauth.ResponseToken, oauth.ResponseCodeToken}})
	return d
}

// interact is the host's part: it knows who it is.
func (d *door) interact(w http.ResponseWriter, r *http.Request, req *oauth.AuthorizationRequest) {
	d.last = req
	if d.person == "" {
		w.WriteHeader(http.StatusTeapot) // the pages' turn
		return
	}
	d.approve(w, r, req)
}

func (d *door) approve(w http.ResponseWriter, r *http.Request, req *oauth.AuthorizationRequest) {
	methods := d.methods
	if methods == nil {
		methods = []policy.Method{{Name: "password", Types: policy.Knowledge, At: d.clock.Now().Add(-time.Minute)}}
	}
	d.err = d.server.Approve(w, r, req, oauth.Approval{Subject: d.person, Methods: methods, Scopes: d.allow})
	if d.err != nil {
		w.WriteHeader(http.StatusConflict)
	}
}

// change edits a client, as its operator would.
func (d *door) change(client string, edit func(c *oauth.Client)) {
	c := *d.clients[client]
	edit(&c)
	d.clients[client] = &c
}

// sealed is a request that waits for a person.
func (d *door) sealed(client string, pairs ...string) string {
	d.t.Helper()
	person := d.person
	d.person = ""
	v := d.authorize(client, pairs...)
	require.Equal(d.t, http.StatusTeapot, v.status, "%v", v)
	d.person = person
	sealed, err := d.server.Seal(d.last)
	require.NoError(d.t, err)
	return sealed
}

// submit is the person who presses a button of a page: with the request, who it is, and
// what pairs say besides.
func (d *door) submit(sealed, person string, pairs ...string) visit {
	return d.browse(http.MethodPost, "/page", form(append([]string{"request", sealed, "person", person}, pairs...)...).Encode())
}

// page is a page of the host's own, on whatever node: it has no memory. Errors are JSON,
// so that tests see them.
func (d *door) page(w http.ResponseWriter, r *http.Request) {
	req, err := d.server.Open(r.PostFormValue("request"))
	if err == nil && r.PostFormValue("deny") != "" {
		err = d.server.Deny(w, r, req, nil)
	} else if err == nil {
		ap := oauth.Approval{Subject: r.PostFormValue("person"), SessionID: r.PostFormValue("sid")}
		for name := range strings.FieldsSeq(cmp.Or(r.PostFormValue("methods"), "password")) {
			kind := map[string]policy.Type{"password": policy.Knowledge, "totp": policy.Possession}[name]
			ap.Methods = append(ap.Methods, policy.Method{Name: name, Types: kind, At: d.clock.Now()})
		}
		if allow := r.PostFormValue("allow"); allow != "" {
			ap.Scopes = strings.Fields(allow)
		}
		err = d.server.Approve(w, r, req, ap)
	}
	var more *oauth.StepUpError
	switch {
	case errors.As(err, &more):
		w.WriteHeader(http.StatusTeapot)
	case err != nil:
		r.Header.Del("Accept")
		d.server.ShowError(w, r, err)
	}
}

// requireRefused asserts that a page was told an error, and the browser was sent nowhere.
func (v visit) requireRefused(t testing.TB, status int, code string) {
	t.Helper()
	require.Equal(t, status, v.status, v.body)
	require.Empty(t, v.header.Get("Location"))
	require.Equal(t, "application/json", v.header.Get("Content-Type"))
	require.Contains(t, v.body, `"error":"`+code+`"`)
	for _, name := range []string{"access_token", "id_token", "mint_"} {
		require.NotContains(t, v.body, name)
	}
}

var codeForm = regexp.MustCompile(`^mint_ac_[A-Za-z0-9_-]{76}$`)

// code is the code of a visit that brought one.
func (v visit) code(t testing.TB) string {
	t.Helper()
	require.Equal(t, http.StatusSeeOther, v.status, v.body)
	require.True(t, codeForm.MatchString(v.params.Get("code")), "%v", v.params)
	require.Empty(t, v.params.Get("error"))
	return v.params.Get("code")
}

// visit is what came of a request by a browser.
type visit struct {
	status int
	header http.Header
	body   string
	to     string     // where it was sent, without the parameters of the answer
	params url.Values // of the answer
}

// authorize asks with the parameters of every request, changed by pairs; "" drops one.
func (d *door) authorize(client string, pairs ...string) visit {
	return d.browse(http.MethodGet, "/authorize?"+d.query(client, pairs...).Encode(), "")
}

func (d *door) query(client string, pairs ...string) url.Values {
	v := form("client_id", client, "redirect_uri", back, "response_type", "code", "scope", "read write", "state", "s-1",
		"code_challenge", challenge, "code_challenge_method", "S256")
	for i := 0; i < len(pairs); i += 2 {
		if v.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			v.Del(pairs[i])
		}
	}
	return v
}

func (d *door) browse(method, target, body string) visit {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return d.serve(r)
}

func (d *door) serve(r *http.Request) visit {
	w := httptest.NewRecorder()
	d.mux.ServeHTTP(w, r)
	return newVisit(w)
}

func newVisit(w *httptest.ResponseRecorder) visit {
	v := visit{status: w.Code, header: w.Header(), body: w.Body.String()}
	at := w.Header().Get("Location")
	i := strings.LastIndexAny(at, "?#&")
	for _, first := range []string{"code=", "error=", "access_token="} {
		if j := strings.Index(at, first); j > 0 {
			i = j - 1
			break
		}
	}
	if i > 0 {
		v.to = at[:i+1]
		v.params, _ = url.ParseQuery(at[i+1:])
	}
	return v
}

// requireSent asserts that the client was told an error.
func (v visit) requireSent(t testing.TB, code string) {
	t.Helper()
	require.Equal(t, http.StatusSeeOther, v.status, v.body)
	require.Equal(t, code, v.params.Get("error"), "%v", v.params)
	require.Equal(t, issuer, v.params.Get("iss"))
	require.Empty(t, v.params.Get("code")+v.params.Get("access_token"))
}

// requireDirect asserts that nobody was sent anywhere.
func (v visit) requireDirect(t testing.TB) {
	t.Helper()
	require.Equal(t, http.StatusBadRequest, v.status, v.body)
	require.Empty(t, v.header.Get("Location"))
	require.Contains(t, v.header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
}

// redeem redeems the code of a visit.
func (d *door) redeem(client string, v visit, pairs ...string) answer {
	f := form("grant_type", oauth.GrantAuthorizationCode, "code", v.params.Get("code"), "redirect_uri", back, "code_verifier", verifier)
	for i := 0; i < len(pairs); i += 2 {
		if f.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			f.Del(pairs[i])
		}
	}
	return d.post("/token", client, f)
}
