package directauth_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// An app that has verified a first factor by itself has a second one attested: an ID
// token that says which, and nothing that opens a door.
func TestAttestation(t *testing.T) {
	k := newKit(t, func(c *oauth.Config) { c.Attestation = true })
	two, hard := policies(t)
	secret, hash := oauth.NewSecret()
	for id, p := range map[string]*oauth.Client{"desk": {SignIn: two}, "desk-one": {}, "desk-hard": {SignIn: hard}} {
		p.ID, p.AuthMethod, p.Secrets, p.GrantTypes = id, oauth.AuthPost, []oauth.Secret{{Hash: hash}}, allGrants
		k.clients[id] = p
	}
	ask := func(client string, pairs ...string) answer {
		return k.post(tokenPath, append([]string{"client_id", client, "client_secret", secret, "acr_values", oauth.ACRAttestation, "scope", "openid"}, pairs...)...)
	}
	otp := func(client string, pairs ...string) answer {
		k.advance(30 * time.Second)
		return ask(client, append([]string{"grant_type", directauth.GrantOTP, "login_hint", "mia", "otp", k.code()}, pairs...)...)
	}
	check := func(a answer, amr ...string) {
		t.Helper()
		require.Equal(t, http.StatusOK, a.status, a.raw)
		require.Contains(t, a.body, "access_token")
		require.Nil(t, a.body["access_token"])
		require.Equal(t, float64(0), a.body["expires_in"])
		require.NotContains(t, a.body, "refresh_token")
		set, err := token.ParseKeySet(k.config.Keys.Signing.JWKS())
		require.NoError(t, err)
		v := token.IDTokenVerifier{Issuer: issuer, ClientID: "desk", Keys: set, Now: k.Now}
		c, err := v.Verify(t.Context(), a.text("id_token"), token.IDTokenExpectation{})
		require.NoError(t, err)
		require.Equal(t, amr, c.AMR)
		require.Equal(t, oauth.ACRAttestation, c.ACR)
		require.NotContains(t, string(c.Payload), "at_hash")
	}
	check(otp("desk"), "otp")
	code := k.post(primaryPath, "client_id", "desk", "client_secret", secret, "challenge_hint", directauth.GrantOOB, "login_hint", "mia", "channel_hint", "sms").text("oob_code")
	check(ask("desk", "grant_type", directauth.GrantOOB, "oob_code", code, "binding_code", k.sent().Code), "sms")

	otp("desk", "otp", "000000").requireError(t, http.StatusBadRequest, "invalid_grant")
	otp("desk-one").requireError(t, http.StatusBadRequest, oauth.CodeNotRequired)
	otp("desk-hard").requireError(t, http.StatusForbidden, "access_denied")
	otp("desk", "acr_values", oauth.ACRAttestation+" phr").requireError(t, http.StatusBadRequest, "invalid_request")
	otp("desk", "scope", "openid profile").requireError(t, http.StatusBadRequest, "invalid_scope")
	otp("two", "client_secret", "").requireError(t, http.StatusBadRequest, "invalid_request")
	ask("desk", "grant_type", directauth.GrantPassword, "username", "mia", "password", password).requireError(t, http.StatusForbidden, "access_denied")

	k = newKit(t)
	k.clients["desk"] = &oauth.Client{ID: "desk", AuthMethod: oauth.AuthPost, Secrets: []oauth.Secret{{Hash: hash}}, GrantTypes: allGrants, SignIn: two}
	otp("desk").requireError(t, http.StatusForbidden, "access_denied")
}
