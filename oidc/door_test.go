package oidc_test

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// door is a provider with pages whose person is whoever the test says: nothing of a
// page is tested here, and everything that a page may rely on.
type door struct {
	*kit
	provider *oidc.Provider
	memory   *store.Memory
	now      atomic.Int64
	jar      http.CookieJar

	person  string   // who signs in; "" stops at the page
	methods []string // that are proved
	allow   []string // what the person allows when asked; nil stops at the page
	needs   []oidc.Need
	last    *oidc.Interaction

	mu     sync.Mutex
	events []oauth.Event
}

const back = "https://app.example/cb"

func newDoor(t testing.TB, edit ...func(*oauth.Config, *oidc.Config)) *door {
	d := &door{person: "mia", methods: []string{"password"}, memory: store.NewMemory()}
	d.now.Store(time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC).Unix())
	d.jar, _ = cookiejar.New(nil)
	k := &kit{t: t, mux: http.NewServeMux(), active: true}
	d.kit = k
	var err error
	k.keys, err = testKeys()
	require.NoError(t, err)
	with := []string{oauth.GrantAuthorizationCode, oauth.GrantRefreshToken, oauth.GrantImplicit}
	types := []string{oauth.ResponseCode, oauth.ResponseIDToken, oauth.ResponseIDTokenToken, oauth.ResponseCodeIDToken,
		oauth.ResponseCodeToken, oauth.ResponseCodeIDTokenToken}
	client := func(id string, edit func(*oauth.Client)) *oauth.Client {
		c := &oauth.Client{ID: id, AuthMethod: oauth.AuthNone, GrantTypes: with, ResponseTypes: types, RedirectURIs: []string{back}}
		if edit != nil {
			edit(c)
		}
		return c
	}
	clients, err := oauth.NewClientList(client("app", nil), client("other", nil),
		client("third", func(c *oauth.Client) { c.ThirdParty = true }),
		client("phone", func(c *oauth.Client) { c.ThirdParty, c.RedirectURIs = true, []string{"com.example.app:/cb"} }),
		client("strict", func(c *oauth.Client) {
			c.SignIn, _ = policy.New(policy.Rule{Name: "two", Then: policy.Outcome{Access: policy.Allow, Factors: 2}})
		}),
	)
	require.NoError(t, err)
	c := oauth.Config{
		ID: "op", Issuer: issuer, Store: d.memory, Keys: k.keys, Clients: clients, Now: func() time.Time { return time.Unix(d.now.Load(), 0) },
		Subjects: oauth.SubjectFunc(func(context.Context, string) (oauth.Subject, error) { return oauth.Subject{Active: k.active}, nil }),
		Grants:   []oauth.Grant{oauth.AuthorizationCode(), oauth.RefreshToken()}, ResponseTypes: types,
		Scopes: append(oidc.Scopes(), oauth.Scope{Name: "orders"}, oauth.Scope{Name: "pay", Consent: true}),
		Observe: func(_ context.Context, e oauth.Event) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.events = append(d.events, e)
		},
	}
	k.config = oidc.Config{Pages: doorPages{d}, Claims: func(context.Context, oidc.ClaimsRequest) (oidc.Claims, error) {
		return oidc.Claims{"name": "Mia", "email": "mia@example.test"}, nil
	}}
	for _, e := range edit {
		e(&c, &k.config)
	}
	k.server, err = oauth.New(c)
	require.NoError(t, err)
	d.provider, err = oidc.New(k.server, k.config)
	require.NoError(t, err)
	d.provider.Mount(k.mux)
	return d
}

func (d *door) advance(t time.Duration) { d.now.Add(int64(t / time.Second)) }

// doorPages sign in whoever the test says, in one step, and stop where it says nobody.
type doorPages struct{ d *door }

func (p doorPages) Routes(*oidc.Provider) iter.Seq2[string, http.Handler] {
	return func(func(string, http.Handler) bool) {}
}

func (p doorPages) Error(w http.ResponseWriter, _ *http.Request, _ *oidc.Provider, err *oauth.Error, _ string) {
	w.WriteHeader(err.HTTPStatus())
}

func (p doorPages) Interact(w http.ResponseWriter, r *http.Request, op *oidc.Provider, in *oidc.Interaction) {
	d := p.d
	d.last = in
	d.needs = append(d.needs, in.Need)
	stop := d.person == "" || in.Need == oidc.NeedConsent && d.allow == nil || in.Need == oidc.NeedAccount
	if stop || len(d.needs) > 5 {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	err := op.Server().Visit(r, in.Request, func(ctx context.Context, tr *oauth.TokenRequest) error {
		var a *oauth.Authorization
		var err error
		if in.Need == oidc.NeedConsent || in.Need == oidc.NeedStepUp {
			a, err = op.Resume(ctx, r, tr, in.Request, in.Subject)
		}
		anew := a == nil
		if anew {
			if a, err = tr.Begin(ctx, in.Request); err != nil {
				return err
			}
			if err = tr.About(ctx, a, d.person); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		var allowed []string
		if in.Need == oidc.NeedConsent {
			allowed = d.allow
		}
		if anew || in.Need == oidc.NeedStepUp {
			for _, m := range d.methods {
				kind := policy.Knowledge
				if m != "password" {
					kind = policy.Possession
				}
				a.Methods = append(a.Methods, policy.Method{Name: m, Types: kind, At: tr.Time})
			}
			a.AuthTime = tr.Time
		}
		return op.Complete(ctx, w, r, tr, a, in.Request, allowed)
	})
	var need *oidc.NeedError
	switch {
	case errors.As(err, &need):
		p.Interact(w, r, op, &need.Interaction)
	case err != nil:
		op.Server().Refuse(r.Context(), in.Request, err).Write(w, r)
	}
}

type visit struct {
	status int
	header http.Header
	body   string
	params url.Values
}

// authorize asks as the app does, in the browser of the jar.
func (d *door) authorize(pairs ...string) visit {
	d.needs, d.last = nil, nil
	return d.browse(http.MethodGet, authorization(pairs...), "")
}

// ask does the same with a cookie of its own, for many at once.
func (d *door) ask(cookie string, pairs ...string) visit {
	r := httptest.NewRequest(http.MethodGet, "https://op.example"+authorization(pairs...), nil)
	r.AddCookie(&http.Cookie{Name: d.provider.CookieName("session"), Value: cookie})
	w := httptest.NewRecorder()
	d.mux.ServeHTTP(w, r)
	return newVisit(w)
}

// resume goes on where a page has stopped, in the browser of now.
func (d *door) resume() visit {
	in := *d.last
	d.needs = nil
	r, w := httptest.NewRequest(http.MethodPost, "https://op.example/page", nil), httptest.NewRecorder()
	for _, c := range d.jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	doorPages{d}.Interact(w, r, d.provider, &in)
	d.jar.SetCookies(r.URL, w.Result().Cookies())
	d.last = &in
	return newVisit(w)
}

func authorization(pairs ...string) string {
	v := url.Values{"client_id": {"app"}, "redirect_uri": {back}, "response_type": {"code"}, "scope": {"openid profile"}, "state": {"s"},
		"nonce": {"n"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"}}
	for i := 0; i < len(pairs); i += 2 {
		if v.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			v.Del(pairs[i])
		}
	}
	return "/t1/authorize?" + v.Encode()
}

func (d *door) browse(method, path, body string) visit {
	r := httptest.NewRequest(method, "https://op.example"+path, strings.NewReader(body))
	r.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range d.jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	d.mux.ServeHTTP(w, r)
	d.jar.SetCookies(r.URL, w.Result().Cookies())
	return newVisit(w)
}

func newVisit(w *httptest.ResponseRecorder) visit {
	v := visit{w.Code, w.Header(), w.Body.String(), nil}
	if to, err := url.Parse(w.Header().Get("Location")); err == nil {
		v.params = to.Query()
		if to.Fragment != "" {
			v.params, _ = url.ParseQuery(to.EscapedFragment())
		}
	}
	return v
}

const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

func (d *door) redeem(v visit, pairs ...string) answer {
	return d.post("/t1/token", append([]string{"client_id", "app", "grant_type", "authorization_code", "code", v.params.Get("code"),
		"redirect_uri", back, "code_verifier", verifier}, pairs...)...)
}

func (d *door) claims(raw string) *token.Claims {
	d.t.Helper()
	c := new(token.Claims)
	require.NoError(d.t, d.keys.Signing.KeySet().VerifyInto(c, token.TypeIDToken, raw))
	return c
}
