package oauth_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636 appendix B
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	redirect  = "https://app.example/back?x=1"
	otherID   = "other"
	laxID     = "lax" // authenticates, and may do without PKCE
)

// keyed is a grant of which the sender proves to hold the key that he names: what a
// DPoP proof will do.
type keyed struct{ oauth.Grant }

func (g keyed) Authorize(ctx context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error) {
	r.Confirmation.JKT = r.Param("test_key")
	return g.Grant.Authorize(ctx, r)
}

// newCodeKit is a kit with the code grant and an endpoint of a host's own that ends
// in a code: whoever sends a subject is that person.
func newCodeKit(t testing.TB, edit ...func(*oauth.Config)) *kit {
	t.Helper()
	k := newKit(t, append([]func(*oauth.Config){func(c *oauth.Config) {
		c.Grants = append(c.Grants, keyed{oauth.AuthorizationCode()}, oauth.InteractionCode())
	}}, edit...)...)
	with := []string{personGrantID, oauth.GrantRefreshToken, oauth.GrantAuthorizationCode, oauth.GrantInteractionCode}
	k.clients[webID].GrantTypes, k.clients[nativeID].GrantTypes = with, with
	k.clients[otherID] = &oauth.Client{ID: otherID, AuthMethod: oauth.AuthNone, GrantTypes: with}
	secret, hash := oauth.NewSecret()
	k.secrets[laxID] = secret
	k.clients[laxID] = &oauth.Client{ID: laxID, AuthMethod: oauth.AuthPost, Secrets: []oauth.Secret{{Hash: hash}}, GrantTypes: with, OptionalPKCE: true}
	k.mux.Handle("/code", k.server.ClientHandler("code", func(ctx context.Context, r *oauth.TokenRequest) ([]byte, error) {
		r.GrantType = "door"
		a, err := r.NewAuthorization()
		if err != nil {
			return nil, err
		}
		if err := r.AskForCode(a); err != nil {
			return nil, err
		}
		a.Subject, a.AuthTime = r.Param("subject"), r.Time
		a.Methods = []policy.Method{{Name: "password", Types: policy.Knowledge, At: r.Time}}
		a.RedirectURI, a.Confirmation.JKT = r.Param("redirect_uri"), r.Param("dpop_jkt")
		code, err := r.Server.IssueCode(ctx, a)
		if err != nil {
			return nil, err
		}
		return json.Marshal(map[string]string{"code": code})
	}))
	return k
}

// ask asks for a code with the verifier's challenge.
func (k *kit) ask(client string, more ...string) answer {
	k.t.Helper()
	v := form("subject", "mia", "scope", "read write offline_access", "code_challenge", challenge, "code_challenge_method", "S256")
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return k.post("/code", client, v)
}

func (k *kit) newCode(client string, more ...string) string {
	k.t.Helper()
	a := k.ask(client, more...)
	require.Equal(k.t, http.StatusOK, a.status, a.raw)
	require.Regexp(k.t, `^mint_ac_[A-Za-z0-9_-]{76}$`, a.text("code"))
	return a.text("code")
}

// redeem sends a code with the verifier; more replaces and adds parameters.
func (k *kit) redeem(client, code string, more ...string) answer {
	k.t.Helper()
	v := form("grant_type", oauth.GrantAuthorizationCode, "code", code, "code_verifier", verifier)
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return k.post("/token", client, v)
}

func s256(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
