package directauth_test

import (
	"context"
	"encoding/json"
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
	issuer    = "https://login.example"
	tokenPath = "/oauth2/v1/token"
	password  = "correct horse battery staple"
	secret    = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

	primaryPath   = "/oauth2/v1/primary-authenticate"
	oobPath       = "/oauth2/v1/oob-authenticate"
	challengePath = "/oauth2/v1/challenge"

	recoveryCode  = "WXYZ7-23456"
	recoveryScope = "okta.myAccount.password.manage"
)

var allGrants = []string{
	directauth.GrantPassword, directauth.GrantOTP, directauth.GrantOOB, directauth.GrantWebAuthn,
	directauth.GrantMFAOTP, directauth.GrantMFAOOB, directauth.GrantMFAWebAuthn, directauth.GrantMFARecoveryCode, oauth.GrantRefreshToken,
}

// kit is a provider with direct grants. mia has a password, an authenticator app, a
// number for text messages, an address, a device for pushes and recovery codes; zoe
// a passkey besides a password; tom and amy, who is suspended, a password only.
type kit struct {
	t        *testing.T
	mux      *http.ServeMux
	provider *oidc.Provider
	config   oauth.Config
	store    store.Store
	clients  oauth.ClientList
	host     *host
	totp     *authenticator.TOTP
	sms      *authenticator.Codes
	email    *authenticator.Codes
	push     *authenticator.Push
	recovery *authenticator.RecoveryCodes
	passkeys *passkeys
	now      atomic.Int64
	deny     atomic.Bool // for the tests that use it
	secret   string      // of the client that is a machine

	mu            sync.Mutex
	events        []oauth.Event
	outbox        []authenticator.Message
	undeliverable error
}

type host struct {
	mu     sync.Mutex
	hashes map[string]string
	status map[string]bool
	during func() // called when a hash has been read
}

func (h *host) Resolve(_ context.Context, hint string) (string, error) {
	name, _, _ := strings.Cut(hint, "@")
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.status[name]; ok {
		return name, nil
	}
	return "", nil
}

func (h *host) Subject(_ context.Context, id string) (oauth.Subject, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	active, ok := h.status[id]
	if !ok {
		return oauth.Subject{}, oauth.ErrNoSubject
	}
	return oauth.Subject{Active: active, Groups: []string{"staff"}}, nil
}

func (h *host) PasswordHash(_ context.Context, id string) (string, error) {
	h.mu.Lock()
	hash := h.hashes[id]
	h.mu.Unlock()
	if h.during != nil {
		h.during()
	}
	return hash, nil
}

func (h *host) SetPasswordHash(_ context.Context, id, old, hash string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.hashes[id] == old {
		h.hashes[id] = hash
	}
	return nil
}

func (h *host) suspend(id string, active bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status[id] = active
}

// two asks for two factors, one for one, and hard for what nobody here has.
func policies(t *testing.T) (two, hard *policy.Policy) {
	two, err := policy.New(policy.Rule{Name: "two", Then: policy.Outcome{Access: policy.Allow, Factors: 2}})
	require.NoError(t, err)
	hard, err = policy.New(policy.Rule{Name: "passkey", Then: policy.Outcome{Access: policy.Allow,
		Require: []policy.Requirement{{PhishingResistant: true}}}})
	require.NoError(t, err)
	return two, hard
}

func newKit(t *testing.T, edit ...func(*oauth.Config)) *kit {
	t.Helper()
	k := &kit{t: t, store: store.NewMemory()}
	k.now.Store(time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC).UnixNano())
	k.host = &host{hashes: make(map[string]string), status: map[string]bool{"mia": true, "zoe": true, "tom": true, "amy": false}}
	two, hard := policies(t)
	k.clients = make(oauth.ClientList)
	for id, p := range map[string]*policy.Policy{"one": nil, "two": two, "hard": hard} {
		k.clients[id] = &oauth.Client{ID: id, AuthMethod: oauth.AuthNone, GrantTypes: allGrants, SignIn: p}
	}
	k.clients["plain"] = &oauth.Client{ID: "plain", AuthMethod: oauth.AuthNone, GrantTypes: []string{oauth.GrantRefreshToken}}
	k.clients["no-mfa"] = &oauth.Client{ID: "no-mfa", AuthMethod: oauth.AuthNone, GrantTypes: allGrants[:1], SignIn: two}
	machineSecret, hash := oauth.NewSecret()
	k.secret = machineSecret
	k.clients["machine"] = &oauth.Client{ID: "machine", AuthMethod: oauth.AuthPost, Secrets: []oauth.Secret{{Hash: hash}},
		GrantTypes: []string{oauth.GrantClientCredentials}}
	keys, err := testKeys()
	require.NoError(t, err)
	k.config = oauth.Config{
		ID: "org", Issuer: issuer, Store: k.store, Keys: keys, Clients: k.clients, Subjects: k.host,
		Scopes: append(oidc.Scopes(), oauth.Scope{Name: "orders:read"}, oauth.Scope{Name: recoveryScope, Person: true, Recovery: true}), Paths: oauth.OktaPaths(issuer), Now: k.Now,
		Observe: func(_ context.Context, e oauth.Event) {
			k.mu.Lock()
			defer k.mu.Unlock()
			k.events = append(k.events, e)
		},
	}
	for _, f := range edit {
		f(&k.config)
	}
	k.build()
	return k
}

// cheap keeps tests fast: what is tested here is not the hash.
var cheap = authenticator.HashParams{Memory: 64, Time: 1, Threads: 1}

func (k *kit) build() {
	t := k.t
	var master store.MasterKey
	master[0] = 1
	sealer := store.NewSealer(master)
	pw, err := authenticator.NewPassword(authenticator.PasswordConfig{Source: k.host, Store: k.config.Store, Namespace: "people", Params: cheap, Now: k.Now})
	require.NoError(t, err)
	for _, id := range []string{"mia", "zoe", "tom", "amy"} {
		if k.host.hashes[id] == "" {
			k.host.hashes[id], err = pw.Hash(t.Context(), password)
			require.NoError(t, err)
		}
	}
	k.totp, err = authenticator.NewTOTP(authenticator.TOTPConfig{Store: k.config.Store, Namespace: "people", Sealer: sealer, Issuer: "Test", Now: k.Now})
	require.NoError(t, err)
	require.NoError(t, k.totp.Import(t.Context(), "mia", "f1", secret, authenticator.TOTPOptions{}))
	k.buildOutOfBand(sealer)
	k.recovery, err = authenticator.NewRecoveryCodes(authenticator.RecoveryCodesConfig{Store: k.config.Store, Namespace: "people", Sealer: sealer, Now: k.Now})
	require.NoError(t, err)
	require.NoError(t, k.recovery.Import(t.Context(), "mia", recoveryCodes))
	k.passkeys = &passkeys{owner: "zoe", now: k.Now}
	direct, err := directauth.New(directauth.Config{
		Users: k.host, Password: pw, OTP: k.totp, OutOfBand: []authenticator.OutOfBand{k.sms, k.email, k.push},
		Passkeys: k.passkeys, RecoveryCodes: k.recovery, OTPOverOOB: true,
	})
	require.NoError(t, err)
	k.config.Grants, k.config.StepUp = append(direct.Grants(), oauth.RefreshToken(), oauth.ClientCredentials()), direct
	server, err := oauth.New(k.config)
	require.NoError(t, err)
	k.provider, err = oidc.New(server, oidc.Config{})
	require.NoError(t, err)
	k.mux = http.NewServeMux()
	k.provider.Mount(k.mux)
}

func (k *kit) Now() time.Time          { return time.Unix(0, k.now.Load()) }
func (k *kit) advance(d time.Duration) { k.now.Add(int64(d)) }

// code is what mia's authenticator app shows.
func (k *kit) code() string {
	c, err := totp.GenerateCode(secret, k.Now())
	require.NoError(k.t, err)
	return c
}

type answer struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

func (a answer) text(name string) string { s, _ := a.body[name].(string); return s }

func (a answer) requireError(t *testing.T, status int, code string) {
	t.Helper()
	require.Equal(t, status, a.status, a.raw)
	require.Equal(t, code, a.text("error"), a.raw)
	require.Equal(t, []string{"application/json"}, a.header["Content-Type"])
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		require.NotContains(t, a.body, name)
	}
}

func (k *kit) post(path string, pairs ...string) answer {
	k.t.Helper()
	v := make(url.Values)
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1]) // the last one counts
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	w := httptest.NewRecorder()
	k.mux.ServeHTTP(w, r)
	a := answer{status: w.Code, header: w.Header(), raw: w.Body.String()}
	if a.raw != "" {
		require.NoError(k.t, json.Unmarshal([]byte(a.raw), &a.body), a.raw)
	}
	return a
}

func (k *kit) password(client, user, pass string, more ...string) answer {
	k.t.Helper()
	return k.post(tokenPath, append([]string{"client_id", client, "grant_type", directauth.GrantPassword,
		"username", user, "password", pass, "scope", "openid offline_access"}, more...)...)
}

func (k *kit) otp(client, user, code string, more ...string) answer {
	k.t.Helper()
	return k.post(tokenPath, append([]string{"client_id", client, "grant_type", directauth.GrantOTP,
		"login_hint", user, "otp", code, "scope", "openid offline_access"}, more...)...)
}

func (k *kit) mfa(client, mfaToken, code string, more ...string) answer {
	k.t.Helper()
	return k.post(tokenPath, append([]string{"client_id", client, "grant_type", directauth.GrantMFAOTP,
		"mfa_token", mfaToken, "otp", code}, more...)...)
}

// started is the mfa_token of a sign-in that has begun with mia's password.
func (k *kit) started(client string) string {
	k.t.Helper()
	a := k.password(client, "mia@example.test", password)
	a.requireError(k.t, http.StatusForbidden, directauth.CodeMFARequired)
	require.NotEmpty(k.t, a.text("mfa_token"))
	return a.text("mfa_token")
}

func (k *kit) reasons() []oauth.Reason {
	k.mu.Lock()
	defer k.mu.Unlock()
	var list []oauth.Reason
	for _, e := range k.events {
		list = append(list, e.Reason)
	}
	return list
}

// testKeys are made once: RSA takes its time.
var testKeys = sync.OnceValues(func() (*oauth.Keys, error) {
	return oauth.GenerateKeys("org", token.ES256, token.RS256)
})
