package directauth_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

const (
	a0Origin   = "https://login.example"
	a0Password = "correct horse battery staple"
	a0Secret   = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	a0Recovery = "WXYZ7-23456"

	a0List      = "/mfa/authenticators"
	a0Associate = "/mfa/associate"
	a0Challenge = "/mfa/challenge"
	a0Token     = "/oauth/token"
)

// a0Kit is a provider with the dialect. mia has a password, an app, a number, an
// address and recovery codes; tom and ann a password; zoe a passkey besides; amy, who
// is suspended, a password.
type a0Kit struct {
	t        *testing.T
	mux      *http.ServeMux
	provider *oidc.Provider
	config   directauth.Config
	server   oauth.Config
	clients  oauth.ClientList
	secret   string // of web
	people   *a0People
	totp     *authenticator.TOTP
	sms      *authenticator.Codes
	email    *authenticator.Codes
	push     *authenticator.Push
	recovery *authenticator.RecoveryCodes
	now      atomic.Int64

	mu     sync.Mutex
	outbox []authenticator.Message
	events []oauth.Event
	fail   error // of deliveries
}

type a0People struct {
	mu     sync.Mutex
	hash   string
	active map[string]bool
}

func (p *a0People) Resolve(_ context.Context, hint string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.active[hint]; ok {
		return hint, nil
	}
	return "", nil
}

func (p *a0People) Subject(_ context.Context, id string) (oauth.Subject, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	active, ok := p.active[id]
	if !ok {
		return oauth.Subject{}, oauth.ErrNoSubject
	}
	return oauth.Subject{Active: active, Groups: []string{"staff"}}, nil
}

func (p *a0People) PasswordHash(context.Context, string) (string, error) { return p.hash, nil }
func (p *a0People) SetPasswordHash(context.Context, string, string, string) error {
	return nil
}

func (p *a0People) set(id string, active bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.active[id] = active
}

// a0Passkeys has one passkey of zoe's, whose signature is the challenge itself.
type a0Passkeys struct{ now func() time.Time }

var a0Passkey = policy.Method{Name: "webauthn", Types: policy.Possession | policy.Inherence, PhishingResistant: true, UserVerified: true, Device: "pk"}

func (p a0Passkeys) Options(context.Context, authenticator.Identity) (*authenticator.AssertionOptions, error) {
	return &authenticator.AssertionOptions{RPID: "login.example", Timeout: time.Minute, UserVerification: "preferred"}, nil
}

func (p a0Passkeys) Verify(_ context.Context, _ authenticator.Identity, challenge []byte, a authenticator.Assertion) (string, policy.Method, error) {
	if a.CredentialID != nil && string(a.CredentialID) != "pk" || string(a.UserHandle) != "zoe" || string(a.Signature) != "signed "+string(challenge) {
		return "", policy.Method{}, authenticator.ErrRefused
	}
	m := a0Passkey
	m.At = p.now()
	return "zoe", m, nil
}

func (p a0Passkeys) Available(_ context.Context, subject string) ([]policy.Method, error) {
	if subject != "zoe" {
		return nil, nil
	}
	return []policy.Method{a0Passkey}, nil
}

var a0Keys = sync.OnceValues(func() (*oauth.Keys, error) { return oauth.GenerateKeys("org", token.ES256, token.RS256) })

func newA0(t *testing.T, edit ...func(*a0Kit)) *a0Kit {
	t.Helper()
	k := &a0Kit{t: t, people: &a0People{active: map[string]bool{"mia": true, "tom": true, "ann": true, "zoe": true, "amy": false}}}
	k.now.Store(time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC).UnixNano())
	grants := []string{
		directauth.GrantPassword, directauth.GrantOTP, directauth.GrantOOB, directauth.GrantWebAuthn, directauth.GrantMFAOTP,
		directauth.GrantMFAOOB, directauth.GrantMFAWebAuthn, directauth.GrantMFARecoveryCode, oauth.GrantRefreshToken,
	}
	two, err := policy.New(policy.Rule{Name: "two", Then: policy.Outcome{Access: policy.Allow, Factors: 2}})
	require.NoError(t, err)
	push, err := policy.New(policy.Rule{Name: "push", Then: policy.Outcome{Access: policy.Allow, Factors: 2,
		Require: []policy.Requirement{{Methods: []string{"push"}}}}})
	require.NoError(t, err)
	secret, hash := oauth.NewSecret()
	k.secret = secret
	k.clients = oauth.ClientList{
		"app":  {ID: "app", AuthMethod: oauth.AuthNone, GrantTypes: grants, SignIn: two},
		"one":  {ID: "one", AuthMethod: oauth.AuthNone, GrantTypes: grants},
		"push": {ID: "push", AuthMethod: oauth.AuthNone, GrantTypes: grants, SignIn: push},
		"web":  {ID: "web", AuthMethod: oauth.AuthPost, Secrets: []oauth.Secret{{Hash: hash}}, GrantTypes: grants, SignIn: two},
	}
	st, sealer := store.NewMemory(), store.NewSealer(store.MasterKey{1})
	pw, err := authenticator.NewPassword(authenticator.PasswordConfig{Source: k.people, Store: st, Namespace: "people", Now: k.Now,
		Params: authenticator.HashParams{Memory: 64, Time: 1, Threads: 1}})
	require.NoError(t, err)
	k.people.hash, err = pw.Hash(t.Context(), a0Password)
	require.NoError(t, err)
	k.totp, err = authenticator.NewTOTP(authenticator.TOTPConfig{Store: st, Namespace: "people", Sealer: sealer, Issuer: "Test", Now: k.Now})
	require.NoError(t, err)
	codes := func(channel string) *authenticator.Codes {
		c, err := authenticator.NewCodes(authenticator.CodesConfig{Channel: channel, Store: st, Namespace: "people", Sealer: sealer, Sender: k, Now: k.Now})
		require.NoError(t, err)
		return c
	}
	k.sms, k.email = codes("sms"), codes("email")
	k.push, err = authenticator.NewPush(authenticator.PushConfig{Store: st, Namespace: "people", Sealer: sealer, Sender: k, Audience: a0Origin,
		NumberChallenge: authenticator.NumberNever, Now: k.Now})
	require.NoError(t, err)
	k.recovery, err = authenticator.NewRecoveryCodes(authenticator.RecoveryCodesConfig{Store: st, Namespace: "people", Sealer: sealer, Now: k.Now})
	require.NoError(t, err)
	require.NoError(t, k.totp.Import(t.Context(), "mia", "f1", a0Secret, authenticator.TOTPOptions{}))
	require.NoError(t, k.sms.Import(t.Context(), "mia", "f2", "+15550100"))
	require.NoError(t, k.email.Import(t.Context(), "mia", "f4", "mia@example.test"))
	require.NoError(t, k.recovery.Import(t.Context(), "mia", []string{a0Recovery}))
	enrolment, err := policy.NewEnrolment(nil)
	require.NoError(t, err)
	k.config = directauth.Config{
		Users: k.people, Enrolment: enrolment, Password: pw, OTP: k.totp, OutOfBand: []authenticator.OutOfBand{k.push, k.sms, k.email},
		Passkeys: a0Passkeys{k.Now}, RecoveryCodes: k.recovery,
		Auth0: &directauth.Auth0Config{
			Authenticators: []authenticator.Manager{k.totp, k.sms, k.email, k.push, k.recovery},
			Account: func(_ context.Context, subject string) (directauth.Account, error) {
				if subject == "ann" {
					return directauth.Account{}, nil
				}
				return directauth.Account{Name: subject + "@example.test", Email: subject + "@example.test"}, nil
			},
		},
	}
	keys, err := a0Keys()
	require.NoError(t, err)
	k.server = oauth.Config{
		ID: "org", Issuer: a0Origin, Store: st, Keys: keys, Clients: k.clients, Subjects: k.people, Paths: oauth.OktaPaths(a0Origin), Now: k.Now,
		Scopes: append(oidc.Scopes(), oauth.Scope{Name: "orders:read"}, oauth.Scope{Name: directauth.ScopeReadAuthenticators, Person: true},
			oauth.Scope{Name: directauth.ScopeRemoveAuthenticators, Person: true}, oauth.Scope{Name: "recover", Person: true, Recovery: true}),
		Observe: func(_ context.Context, e oauth.Event) {
			k.mu.Lock()
			defer k.mu.Unlock()
			k.events = append(k.events, e)
		},
	}
	for _, f := range edit {
		f(k)
	}
	direct, err := directauth.New(k.config)
	require.NoError(t, err)
	k.server.Grants, k.server.StepUp = append(direct.Grants(), oauth.RefreshToken(), oauth.AuthorizationCode()), direct
	server, err := oauth.New(k.server)
	require.NoError(t, err)
	k.provider, err = oidc.New(server, oidc.Config{})
	require.NoError(t, err)
	k.mux = http.NewServeMux()
	k.provider.Mount(k.mux)
	return k
}

func (k *a0Kit) Now() time.Time          { return time.Unix(0, k.now.Load()) }
func (k *a0Kit) advance(d time.Duration) { k.now.Add(int64(d)) }

func (k *a0Kit) Send(_ context.Context, m authenticator.Message) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fail != nil {
		return k.fail
	}
	k.outbox = append(k.outbox, m)
	return nil
}

func (k *a0Kit) sent() authenticator.Message {
	k.mu.Lock()
	defer k.mu.Unlock()
	require.NotEmpty(k.t, k.outbox)
	return k.outbox[len(k.outbox)-1]
}

func (k *a0Kit) saw(reason oauth.Reason) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, e := range k.events {
		if e.Reason == reason {
			return true
		}
	}
	return false
}

type a0Answer struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
	list   []map[string]any
}

func (a a0Answer) text(name string) string { s, _ := a.body[name].(string); return s }

func (a a0Answer) ok(t *testing.T) a0Answer {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, a.raw)
	return a
}

func (a a0Answer) refused(t *testing.T, status int, code string) {
	t.Helper()
	require.Equal(t, status, a.status, a.raw)
	require.Equal(t, code, a.text("error"), a.raw)
	require.Equal(t, []string{"application/json"}, a.header["Content-Type"])
	for _, name := range []string{"access_token", "id_token", "secret", "oob_code", "recovery_codes"} {
		require.NotContains(t, a.body, name)
	}
}

func (k *a0Kit) do(method, path, bearer, contentType, body string) a0Answer {
	k.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	w := httptest.NewRecorder()
	k.mux.ServeHTTP(w, r)
	a := a0Answer{status: w.Code, header: w.Header(), raw: w.Body.String()}
	switch {
	case strings.HasPrefix(a.raw, "["):
		require.NoError(k.t, json.Unmarshal([]byte(a.raw), &a.list), a.raw)
	case strings.HasPrefix(a.raw, "{"):
		require.NoError(k.t, json.Unmarshal([]byte(a.raw), &a.body), a.raw)
	}
	return a
}

func (k *a0Kit) form(path string, pairs ...string) a0Answer {
	k.t.Helper()
	v := make(url.Values)
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1]) // the last one counts
	}
	return k.do(http.MethodPost, path, "", "application/x-www-form-urlencoded", v.Encode())
}

func (k *a0Kit) json(path, bearer string, body any) a0Answer {
	k.t.Helper()
	b, err := json.Marshal(body)
	require.NoError(k.t, err)
	return k.do(http.MethodPost, path, bearer, "application/json", string(b))
}

type a0Map = map[string]any

// password signs in with a password, as the client of the dialect does.
func (k *a0Kit) password(client, user string, more ...string) a0Answer {
	k.t.Helper()
	if client == "web" {
		more = append([]string{"client_secret", k.secret}, more...)
	}
	return k.form(a0Token, append([]string{"grant_type", "password", "client_id", client, "username", user, "password", a0Password,
		"scope", "openid offline_access", "realm", "Username-Password-Authentication"}, more...)...)
}

// begun is the mfa_token of a sign-in that a password has begun.
func (k *a0Kit) begun(client, user string) string {
	k.t.Helper()
	a := k.password(client, user)
	a.refused(k.t, http.StatusForbidden, "mfa_required")
	return a.text("mfa_token")
}

func (k *a0Kit) mfa(client, grant, mfa string, more ...string) a0Answer {
	k.t.Helper()
	if client == "web" {
		more = append([]string{"client_secret", k.secret}, more...)
	}
	return k.form(a0Token, append([]string{"grant_type", grant, "client_id", client, "mfa_token", mfa}, more...)...)
}

func (k *a0Kit) otp(client, mfa, code string) a0Answer {
	k.t.Helper()
	return k.mfa(client, directauth.GrantMFAOTP, mfa, "otp", code)
}

func (k *a0Kit) oob(client, mfa, code, binding string) a0Answer {
	k.t.Helper()
	return k.mfa(client, directauth.GrantMFAOOB, mfa, "oob_code", code, "binding_code", binding)
}

func (k *a0Kit) recover(client, mfa, code string) a0Answer {
	k.t.Helper()
	return k.mfa(client, directauth.GrantMFARecoveryCode, mfa, "recovery_code", code)
}

func (k *a0Kit) associate(mfa string, body a0Map) a0Answer {
	k.t.Helper()
	return k.json(a0Associate, mfa, body)
}

func (k *a0Kit) associateOTP(mfa string) a0Answer {
	k.t.Helper()
	return k.associate(mfa, a0Map{"authenticator_types": []string{"otp"}})
}

func (k *a0Kit) associateSMS(mfa, number string) a0Answer {
	k.t.Helper()
	return k.associate(mfa, a0Map{"authenticator_types": []string{"oob"}, "oob_channels": []string{"sms"}, "phone_number": number})
}

func (k *a0Kit) challenge(client, mfa, kind, id string) a0Answer {
	k.t.Helper()
	body := a0Map{"client_id": client, "mfa_token": mfa, "challenge_type": kind}
	if id != "" {
		body["authenticator_id"] = id
	}
	if client == "web" {
		body["client_secret"] = k.secret
	}
	return k.json(a0Challenge, "", body)
}

// code is what an app shows that has the secret.
func (k *a0Kit) code(secret string) string {
	c, err := totp.GenerateCode(secret, k.Now())
	require.NoError(k.t, err)
	return c
}

func (k *a0Kit) amr(a a0Answer) (methods []string) {
	k.t.Helper()
	list, _ := k.claims(a, "id_token")["amr"].([]any)
	for _, v := range list {
		methods = append(methods, v.(string))
	}
	return methods
}

// claims are those of a token; that it is signed is for the tests of other packages.
func (k *a0Kit) claims(a a0Answer, name string) (c a0Map) {
	k.t.Helper()
	a.ok(k.t)
	parts := strings.Split(a.text(name), ".")
	require.Len(k.t, parts, 3, a.raw)
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(k.t, err)
	require.NoError(k.t, json.Unmarshal(raw, &c))
	return c
}

// active are the ids of a person's confirmed authenticators, of all types but one.
func (k *a0Kit) active(subject string) []string {
	k.t.Helper()
	var ids []string
	for _, mgr := range k.config.Auth0.Authenticators {
		list, err := mgr.Authenticators(k.t.Context(), subject)
		require.NoError(k.t, err)
		for _, a := range list {
			if a.Active {
				ids = append(ids, a.Type+"|"+a.ID)
			}
		}
	}
	return ids
}

var errA0Delivery = errors.New("gateway down")

func a0Sealer() *store.Sealer { return store.NewSealer(store.MasterKey{1}) }
