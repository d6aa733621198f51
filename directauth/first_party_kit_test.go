package directauth_test

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
)

const (
	firstPartyPath = "/oauth2/v1/authorize-challenge"

	// RFC 7636 appendix B
	codeVerifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	codeChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// newFirstPartyKit is a kit whose server has codes, and whose apps may redeem them.
func newFirstPartyKit(t *testing.T, edit ...func(*oauth.Config)) *kit {
	t.Helper()
	k := newKit(t, edit...)
	k.withCodes()
	return k
}

func (k *kit) withCodes() {
	k.t.Helper()
	k.config.Grants = append(k.config.Grants, oauth.AuthorizationCode(), oauth.InteractionCode())
	for _, id := range []string{"one", "two", "hard", "no-mfa"} {
		k.clients[id].GrantTypes = append(slices.Clone(k.clients[id].GrantTypes), oauth.GrantAuthorizationCode, oauth.GrantInteractionCode)
	}
	server, err := oauth.New(k.config)
	require.NoError(k.t, err)
	k.provider, err = oidc.New(server, oidc.Config{})
	require.NoError(k.t, err)
	k.mux = http.NewServeMux()
	k.provider.Mount(k.mux)
}

// begin is the first request of an app; more replaces and adds parameters.
func (k *kit) begin(client string, more ...string) answer {
	k.t.Helper()
	return k.post(firstPartyPath, append([]string{"client_id", client, "scope", "openid offline_access", "nonce", "n-1",
		"code_challenge", codeChallenge, "code_challenge_method", "S256"}, more...)...)
}

// goOn is a further request of a public app: the session says whose it is.
func (k *kit) goOn(session string, more ...string) answer {
	k.t.Helper()
	return k.post(firstPartyPath, append([]string{"auth_session", session}, more...)...)
}

// requireMore checks the answer that asks for another step, and returns its session.
func (k *kit) requireMore(a answer, factors ...string) string {
	k.t.Helper()
	a.requireError(k.t, http.StatusBadRequest, "insufficient_authorization")
	require.NotContains(k.t, a.body, "authorization_code")
	require.NotContains(k.t, a.body, "mfa_token")
	require.Regexp(k.t, `^mint_mfa_`, a.text("auth_session"))
	if len(factors) > 0 {
		var got []string
		for _, f := range a.body["factors"].([]any) {
			got = append(got, f.(string))
		}
		require.ElementsMatch(k.t, factors, got, a.raw)
	}
	return a.text("auth_session")
}

func (k *kit) authorizationCode(a answer) string {
	k.t.Helper()
	require.Equal(k.t, http.StatusOK, a.status, a.raw)
	require.NotContains(k.t, a.body, "access_token")
	require.NotContains(k.t, a.body, "auth_session")
	require.Equal(k.t, []string{"no-store"}, a.header["Cache-Control"])
	require.Regexp(k.t, `^mint_ac_`, a.text("authorization_code"))
	return a.text("authorization_code")
}

// redeemCode redeems a code as the draft has it: without redirect_uri.
func (k *kit) redeemCode(client, code string, more ...string) answer {
	k.t.Helper()
	return k.post(tokenPath, append([]string{"client_id", client, "grant_type", oauth.GrantAuthorizationCode, "code", code, "code_verifier", codeVerifier}, more...)...)
}

// signedIn redeems the code of an answer and returns who it is, and how it was proved.
func (k *kit) signedIn(client string, a answer) (subject string, amr []string) {
	k.t.Helper()
	b := k.redeemCode(client, k.authorizationCode(a))
	require.Equal(k.t, http.StatusOK, b.status, b.raw)
	c := k.idToken(b)
	require.Equal(k.t, "n-1", c.Nonce)
	require.Equal(k.t, []string{client}, c.Audience)
	return c.Subject, c.AMR
}

// payload is what a JWT says.
func payload(t *testing.T, jwt string) []byte {
	t.Helper()
	parts := strings.Split(jwt, ".")
	require.Len(t, parts, 3)
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	return b
}
