package signin_test

import (
	"context"
	"crypto/rand"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/oidc/signin"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

const (
	issuer    = "https://op.example"
	back      = "https://app.example/cb"
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	password  = "correct horse battery"
	secret    = "JBSWY3DPEHPK3PXP"
)

// house is a provider with pages over real factors, in memory.
type house struct {
	t        testing.TB
	mux      *http.ServeMux
	pages    *signin.Pages
	provider *oidc.Provider
	memory   *store.Memory
	totp     *authenticator.TOTP
	recovery *authenticator.RecoveryCodes
	codes    []string // recovery codes of mia

	mu       sync.Mutex
	status   map[string]bool // who is active
	password string
	sent     []authenticator.Message
	events   []oauth.Event
	offset   time.Duration
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC).Add(h.offset)
}

func (h *house) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.offset += d
}

func (h *house) Resolve(_ context.Context, hint string) (string, error) {
	for _, id := range []string{"mia", "tom"} {
		if strings.EqualFold(hint, id+"@example.test") {
			return id, nil
		}
	}
	return "", nil
}

func (h *house) Subject(_ context.Context, id string) (oauth.Subject, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	active, ok := h.status[id]
	if !ok {
		return oauth.Subject{}, oauth.ErrNoSubject
	}
	return oauth.Subject{Active: active}, nil
}

func (h *house) PasswordHash(_ context.Context, id string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.password, nil
}

func (h *house) SetPasswordHash(_ context.Context, _, _, hash string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.password = hash
	return nil
}

func (h *house) send(_ context.Context, m authenticator.Message) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sent = append(h.sent, m)
	return nil
}

func newHouse(t testing.TB, edit ...func(*oauth.Config, *oidc.Config, *signin.Config)) *house {
	t.Helper()
	h := &house{t: t, mux: http.NewServeMux(), memory: store.NewMemory(), status: map[string]bool{"mia": true, "tom": true}}
	var master store.MasterKey
	rand.Read(master[:])
	sealer := store.NewSealer(master)
	pw, err := authenticator.NewPassword(authenticator.PasswordConfig{Source: h, Store: h.memory, Namespace: "users", Now: h.now})
	require.NoError(t, err)
	h.password, err = pw.Hash(t.Context(), password)
	require.NoError(t, err)
	h.totp, err = authenticator.NewTOTP(authenticator.TOTPConfig{Store: h.memory, Namespace: "users", Sealer: sealer, Issuer: "Shop", Now: h.now})
	require.NoError(t, err)
	require.NoError(t, h.totp.Import(t.Context(), "mia", "f1", secret, authenticator.TOTPOptions{}))
	sms, err := authenticator.NewCodes(authenticator.CodesConfig{Channel: "sms", Store: h.memory, Namespace: "users", Sealer: sealer,
		Sender: authenticator.SenderFunc(h.send), Now: h.now})
	require.NoError(t, err)
	require.NoError(t, sms.Import(t.Context(), "mia", "f2", "+15550100"))
	require.NoError(t, sms.Import(t.Context(), "mia", "f3", "+15550199"))
	h.recovery, err = authenticator.NewRecoveryCodes(authenticator.RecoveryCodesConfig{Store: h.memory, Namespace: "users", Sealer: sealer, Now: h.now})
	require.NoError(t, err)
	h.codes, err = h.recovery.Generate(t.Context(), "mia")
	require.NoError(t, err)

	sc := signin.Config{
		Users: h, Password: pw, OTP: h.totp, OutOfBand: []authenticator.OutOfBand{sms}, RecoveryCodes: h.recovery,
		First: []string{"password", "sms"},
		Account: func(_ context.Context, subject string) (signin.Account, error) {
			return signin.Account{Name: strings.ToUpper(subject), Detail: subject + "@example.test"}, nil
		},
		SetPassword: func(ctx context.Context, subject, plain string) error {
			if len(plain) < 8 {
				return signin.ErrWeakPassword
			}
			hash, err := pw.Hash(ctx, plain)
			if err == nil {
				err = h.SetPasswordHash(ctx, subject, "", hash)
			}
			return err
		},
	}
	two, err := policy.New(policy.Rule{Name: "two", Then: policy.Outcome{Access: policy.Allow, Factors: 2}})
	require.NoError(t, err)
	with := []string{oauth.GrantAuthorizationCode, oauth.GrantRefreshToken}
	clients, err := oauth.NewClientList(
		&oauth.Client{ID: "app", Name: "Shop", AuthMethod: oauth.AuthNone, GrantTypes: with, RedirectURIs: []string{back}},
		&oauth.Client{ID: "two", AuthMethod: oauth.AuthNone, GrantTypes: with, RedirectURIs: []string{back}, SignIn: two},
		&oauth.Client{ID: "third", Name: "<b>Third</b>", AuthMethod: oauth.AuthNone, GrantTypes: with, RedirectURIs: []string{back}, ThirdParty: true},
	)
	require.NoError(t, err)
	keys, err := oauth.GenerateKeys("op", token.ES256)
	require.NoError(t, err)
	c := oauth.Config{ID: "op", Issuer: issuer, Store: h.memory, Keys: keys, Clients: clients, Subjects: h, Now: h.now,
		Grants: []oauth.Grant{oauth.AuthorizationCode(), oauth.RefreshToken()}, Scopes: oidc.Scopes(),
		Observe: func(_ context.Context, e oauth.Event) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.events = append(h.events, e)
		}}
	var oc oidc.Config
	for _, e := range edit {
		e(&c, &oc, &sc)
	}
	h.pages, err = signin.New(sc)
	require.NoError(t, err)
	server, err := oauth.New(c)
	require.NoError(t, err)
	oc.Pages, oc.Available = h.pages, h.pages.Available
	h.provider, err = oidc.New(server, oc)
	require.NoError(t, err)
	h.provider.Mount(h.mux)
	return h
}

// browser walks the pages as a person does who has no script.
type browser struct {
	h      *house
	jar    http.CookieJar
	status int
	header http.Header
	url    *url.URL
	body   string
}

func (h *house) browser() *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{h: h, jar: jar}
}

func (b *browser) do(method, target string, form url.Values) *browser {
	b.h.t.Helper()
	for range 10 {
		u, err := url.Parse(target)
		require.NoError(b.h.t, err)
		if b.url != nil {
			u = b.url.ResolveReference(u)
		}
		var body io.Reader
		if form != nil {
			body = strings.NewReader(form.Encode())
		}
		r := httptest.NewRequest(method, u.String(), body)
		r.Header.Set("Accept", "text/html")
		if form != nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Sec-Fetch-Site", "same-origin")
		}
		for _, c := range b.jar.Cookies(u) {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		b.h.mux.ServeHTTP(w, r)
		b.jar.SetCookies(u, w.Result().Cookies())
		b.status, b.header, b.body, b.url = w.Code, w.Header(), w.Body.String(), u
		to := w.Header().Get("Location")
		if to == "" {
			return b
		}
		if next, err := u.Parse(to); err == nil && next.Host != u.Host {
			b.url = next // at the app
			return b
		}
		method, target, form = http.MethodGet, to, nil
	}
	b.h.t.Fatal("the browser is sent around in circles")
	return nil
}

// open begins at the app.
func (b *browser) open(pairs ...string) *browser {
	v := url.Values{"client_id": {"app"}, "redirect_uri": {back}, "response_type": {"code"}, "scope": {"openid profile"}, "state": {"s"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"}}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	b.url = nil
	return b.do(http.MethodGet, issuer+"/authorize?"+v.Encode(), nil)
}

var (
	inputTag  = regexp.MustCompile(`<(?:input|button)\b[^>]*>`)
	attribute = regexp.MustCompile(`([a-z-]+)(?:="([^"]*)")?`)
	formTag   = regexp.MustCompile(`<form\b[^>]*action="([^"]*)"`)
)

// fields are the inputs and buttons of the page, by id or else by name.
func (b *browser) fields() (hidden url.Values, buttons map[string][2]string, inputs []string) {
	hidden, buttons = make(url.Values), make(map[string][2]string)
	for _, tag := range inputTag.FindAllString(b.body, -1) {
		at := make(map[string]string)
		for _, m := range attribute.FindAllStringSubmatch(tag[1:len(tag)-1], -1) {
			at[m[1]] = html.UnescapeString(m[2])
		}
		switch {
		case strings.HasPrefix(tag, "<button"):
			buttons[at["id"]] = [2]string{at["name"], at["value"]}
		case at["type"] == "hidden":
			hidden.Add(at["name"], at["value"])
		case at["type"] == "radio":
			inputs = append(inputs, at["value"])
		default:
			inputs = append(inputs, at["name"])
		}
	}
	return hidden, buttons, inputs
}

// press presses a button, with what was entered besides.
func (b *browser) press(button string, pairs ...string) *browser {
	b.h.t.Helper()
	form, buttons, _ := b.fields()
	at, ok := buttons[button]
	require.True(b.h.t, ok, "no button %q on this page: %s", button, b.body)
	form.Set(at[0], at[1])
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, html.UnescapeString(formTag.FindStringSubmatch(b.body)[1]), form)
}

// requirePage asserts that the page has an input or a button of that id.
func (b *browser) requirePage(id string) *browser {
	b.h.t.Helper()
	require.Contains(b.h.t, b.body, `id="`+id+`"`, "status %d at %s: %s", b.status, b.url, b.body)
	return b
}

// requireError asserts that the page says what was wrong.
func (b *browser) requireError(status int) *browser {
	b.h.t.Helper()
	require.Equal(b.h.t, status, b.status, b.body)
	require.Contains(b.h.t, b.body, `role="alert"`)
	return b
}

// requireCode asserts that the browser is back at the app with a code.
func (b *browser) requireCode() string {
	b.h.t.Helper()
	require.Equal(b.h.t, "app.example", b.url.Host, "status %d at %s: %s", b.status, b.url, b.body)
	code := b.url.Query().Get("code")
	require.NotEmpty(b.h.t, code, b.url.String())
	return code
}

func (b *browser) requireRefusal(code string) {
	b.h.t.Helper()
	require.Equal(b.h.t, "app.example", b.url.Host, "status %d at %s: %s", b.status, b.url, b.body)
	require.Equal(b.h.t, code, b.url.Query().Get("error"), b.url.String())
}

func (b *browser) claims(client string) *token.Claims {
	b.h.t.Helper()
	form := url.Values{"client_id": {client}, "grant_type": {"authorization_code"}, "code": {b.requireCode()}, "redirect_uri": {back}, "code_verifier": {verifier}}
	r := httptest.NewRequest(http.MethodPost, issuer+"/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	b.h.mux.ServeHTTP(w, r)
	require.Equal(b.h.t, 200, w.Code, w.Body.String())
	m := regexp.MustCompile(`"id_token":"([^"]+)"`).FindStringSubmatch(w.Body.String())
	require.NotNil(b.h.t, m, w.Body.String())
	c := new(token.Claims)
	require.NoError(b.h.t, b.h.provider.Server().Config().Keys.Signing.KeySet().VerifyInto(c, token.TypeIDToken, m[1]))
	return c
}

// code is the last that was sent.
func (h *house) lastCode() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range slices.Backward(h.sent) {
		if m.Code != "" {
			return m.Code
		}
	}
	h.t.Fatal("no code was sent")
	return ""
}

var accountTag = regexp.MustCompile(`name="account" value="([^"]*)"`)
