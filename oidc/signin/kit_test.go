package signin_test

import (
	"context"
	"crypto/rand"
	"net/http"
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
	sealer   *store.Sealer
	totp     *authenticator.TOTP
	sms      *authenticator.Codes
	recovery *authenticator.RecoveryCodes
	codes    []string // recovery codes of mia

	script bool // browsers are scripts

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

// edit changes what a house is made of.
type edit func(h *house, c *oauth.Config, oc *oidc.Config, sc *signin.Config)

func newHouse(t testing.TB, edit ...edit) *house {
	t.Helper()
	h := &house{t: t, mux: http.NewServeMux(), memory: store.NewMemory(), status: map[string]bool{"mia": true, "tom": true}}
	var master store.MasterKey
	rand.Read(master[:])
	h.sealer = store.NewSealer(master)
	pw, err := authenticator.NewPassword(authenticator.PasswordConfig{Source: h, Store: h.memory, Namespace: "users", Now: h.now})
	require.NoError(t, err)
	h.password, err = pw.Hash(t.Context(), password)
	require.NoError(t, err)
	h.totp, err = authenticator.NewTOTP(authenticator.TOTPConfig{Store: h.memory, Namespace: "users", Sealer: h.sealer, Issuer: "Shop", Now: h.now})
	require.NoError(t, err)
	require.NoError(t, h.totp.Import(t.Context(), "mia", "f1", secret, authenticator.TOTPOptions{}))
	h.sms, err = authenticator.NewCodes(authenticator.CodesConfig{Channel: "sms", Store: h.memory, Namespace: "users", Sealer: h.sealer,
		Sender: authenticator.SenderFunc(h.send), Now: h.now})
	require.NoError(t, err)
	require.NoError(t, h.sms.Import(t.Context(), "mia", "f2", "+15550100"))
	require.NoError(t, h.sms.Import(t.Context(), "mia", "f3", "+15550199"))
	h.recovery, err = authenticator.NewRecoveryCodes(authenticator.RecoveryCodesConfig{Store: h.memory, Namespace: "users", Sealer: h.sealer, Now: h.now})
	require.NoError(t, err)
	h.codes, err = h.recovery.Generate(t.Context(), "mia")
	require.NoError(t, err)

	sc := signin.Config{
		Users: h, Password: pw, OTP: h.totp, OutOfBand: []authenticator.OutOfBand{h.sms}, RecoveryCodes: h.recovery,
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
		e(h, &c, &oc, &sc)
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
