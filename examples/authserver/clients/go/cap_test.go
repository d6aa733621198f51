package clients

import (
	"context"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/cap/oidc"
	"github.com/hashicorp/cap/oidc/callback"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
)

// party is a relying party made of hashicorp/cap: its provider, its callbacks, and the
// requests that it has begun.
type party struct {
	*house
	t        *testing.T
	origin   string
	provider *oidc.Provider

	mu       sync.Mutex
	requests map[string]oidc.Request // by state
}

// newParty makes one whose client has something of its own.
func newParty(t *testing.T, more object) *party {
	t.Helper()
	mux, origin := app(t)
	p := &party{t: t, origin: origin, house: newHouse(t, origin+"/callback", more), requests: make(map[string]oidc.Request)}
	ca, err := os.ReadFile(p.ca)
	require.NoError(t, err)
	config, err := oidc.NewConfig(p.Issuer, clientID, secret, []oidc.Alg{oidc.RS256}, []string{origin + "/callback"}, oidc.WithProviderCA(string(ca)))
	require.NoError(t, err)
	p.provider, err = oidc.NewProvider(config)
	require.NoError(t, err)
	t.Cleanup(p.provider.Done)

	code, err := callback.AuthCode(t.Context(), p.provider, p, p.signedIn, p.failed)
	require.NoError(t, err)
	mux.Handle("GET /callback", code)
	implicit, err := callback.Implicit(t.Context(), p.provider, p, p.signedIn, p.failed)
	require.NoError(t, err)
	mux.Handle("POST /callback", implicit)
	return p
}

// begin is where the browser goes for a sign-in.
func (p *party) begin(options ...oidc.Option) (address string) {
	p.t.Helper()
	r, err := oidc.NewRequest(time.Minute, p.origin+"/callback", options...)
	require.NoError(p.t, err)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests[r.State()] = r
	address, err = p.provider.AuthURL(p.t.Context(), r)
	require.NoError(p.t, err)
	return address
}

// Read implements [callback.RequestReader].
func (p *party) Read(_ context.Context, state string) (oidc.Request, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.requests[state]; r != nil {
		return r, nil
	}
	return nil, oidc.ErrNotFound
}

// outcome is what the relying party has found out.
type outcome struct {
	Claims map[string]any
	Access string // the type of cap's does not show itself
	Error  string
}

func (p *party) signedIn(_ string, tokens oidc.Token, w http.ResponseWriter, _ *http.Request) {
	var o outcome
	if err := tokens.IDToken().Claims(&o.Claims); err != nil {
		p.t.Error(err)
	}
	o.Access = string(tokens.AccessToken())
	answer(p.t, w, o)
}

func (p *party) failed(_ string, e *callback.AuthenErrorResponse, err error, w http.ResponseWriter, _ *http.Request) {
	if e != nil {
		answer(p.t, w, outcome{Error: e.Error})
		return
	}
	answer(p.t, w, outcome{Error: err.Error()})
}

// The code with PKCE; UserInfo; and max_age, which brings a fresh sign-in only when the
// last one is too long ago.
func TestCapCode(t *testing.T) {
	p := newParty(t, nil)
	verifier, err := oidc.NewCodeVerifier()
	require.NoError(t, err)
	w := p.walker()
	signIn(t, w, p.begin(oidc.WithPKCE(verifier), oidc.WithScopes("profile", "email")))
	var first outcome
	read(t, w, &first)
	require.Empty(t, first.Error)
	require.Equal(t, "mia", first.Claims["sub"])

	var info map[string]any
	source := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: first.Access})
	require.NoError(t, p.provider.UserInfo(t.Context(), source, "mia", &info))
	require.Equal(t, "mia@example.test", info["email"])

	require.NoError(t, w.Open(p.begin(oidc.WithPKCE(verifier), oidc.WithMaxAge(3600), oidc.WithPrompts(oidc.None))))
	var again outcome
	read(t, w, &again)
	require.Empty(t, again.Error)
	require.Equal(t, first.Claims["auth_time"], again.Claims["auth_time"])

	signIn(t, w, p.begin(oidc.WithPKCE(verifier), oidc.WithMaxAge(0)))
	var fresh outcome
	read(t, w, &fresh)
	require.Empty(t, fresh.Error)
	require.GreaterOrEqual(t, fresh.Claims["auth_time"], first.Claims["auth_time"])

	require.NoError(t, w.Open(p.begin(oidc.WithPKCE(verifier), oidc.WithMaxAge(0), oidc.WithPrompts(oidc.None))))
	var refused outcome
	read(t, w, &refused)
	require.Equal(t, "login_required", refused.Error)
}

// The implicit flow, whose answer is a form that is posted; with an access token, whose
// hash is in the ID token, and without.
func TestCapImplicit(t *testing.T) {
	for name, access := range map[string]bool{"id_token": false, "id_token token": true} {
		t.Run(name, func(t *testing.T) {
			p := newParty(t, object{"grant_types": []string{"implicit"}, "response_types": []string{name}})
			w := p.walker()
			signIn(t, w, p.begin(oidc.WithImplicitFlow(access), oidc.WithScopes("profile")))
			require.NoError(t, w.Press("continue"), "the page has a script; a browser without one shows a button")
			var o outcome
			read(t, w, &o)
			require.Empty(t, o.Error)
			require.Equal(t, "mia", o.Claims["sub"])
			require.Equal(t, access, o.Claims["at_hash"] != nil)
			require.Equal(t, access, o.Access != "")
		})
	}
}
