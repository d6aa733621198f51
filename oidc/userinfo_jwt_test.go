package oidc_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
)

// U08: a signed answer has iss and aud, and is the plain one otherwise.
func TestUserInfoSigned(t *testing.T) {
	for _, alg := range []token.Algorithm{token.RS256, token.PS256, token.ES256, token.ES384, token.EdDSA} {
		k := newTokens(t, func(k *tokens, c *oauth.Config, _ *oidc.Config) {
			withAllKeys(t, c)
			k.app.OpenID.UserInfoAlgorithm = alg
		})
		a := k.direct("openid email")
		u := k.raw(a.text("access_token"))
		require.Equal(t, http.StatusOK, u.Code)
		require.Equal(t, "application/jwt", u.Header().Get("Content-Type"))
		require.Equal(t, "no-store", u.Header().Get("Cache-Control"))
		payload, got, err := k.keys.Signing.KeySet().Verify(token.TypeIDToken, u.Body.String())
		require.NoError(t, err)
		require.Equal(t, alg, got)
		require.JSONEq(t, `{"iss":"`+issuer+`","aud":"app","sub":"mia","email":"mia@example.test","email_verified":true}`, string(payload))
		require.Equal(t, k.claims(a.text("id_token")).Subject, "mia")
	}
}

// U07: a client's own token is about nobody.
func TestUserInfoIsAboutPeople(t *testing.T) {
	k := newTokens(t, nil)
	u := k.userinfo(k.machine().text("access_token"))
	require.Equal(t, http.StatusForbidden, u.status, u.raw)
	require.Equal(t, "insufficient_scope", u.text("error"))
	require.Equal(t, `Bearer error="insufficient_scope", error_description="The token lacks a scope", scope="openid"`, u.header.Get("WWW-Authenticate"))

	anyones := newTokens(t, func(_ *tokens, c *oauth.Config, _ *oidc.Config) {
		for i := range c.Scopes {
			c.Scopes[i].Person = false // of a host that does not use oidc.Scopes
		}
		c.Clients.(oauth.ClientList)["machine"].Scopes = nil
	})
	m := anyones.machineFor("openid")
	require.Equal(t, http.StatusOK, m.status, m.raw)
	require.NotContains(t, m.body, "id_token")
	u = anyones.userinfo(m.text("access_token"))
	require.Equal(t, http.StatusUnauthorized, u.status, u.raw)
	require.Equal(t, "invalid_token", u.text("error"))
}

// U06 and U09, and what else changes between the token and the question.
func TestUserInfoIsOfToday(t *testing.T) {
	for _, format := range []string{oauth.FormatJWT, oauth.FormatOpaque} {
		k := newTokens(t, func(_ *tokens, c *oauth.Config, _ *oidc.Config) { c.AccessToken.Format = format })
		a := k.direct("openid email offline_access")
		tok := a.text("access_token")
		require.Equal(t, k.claims(a.text("id_token")).Subject, k.userinfo(tok).text("sub"))
		narrow := k.post("/t1/token", "client_id", "app", "grant_type", "refresh_token", "refresh_token", a.text("refresh_token"), "scope", "openid")
		require.Equal(t, map[string]any{"sub": "mia"}, k.userinfo(narrow.text("access_token")).body, "the scopes of the token, not of the grant")

		k.active = false
		u := k.userinfo(tok)
		require.Equal(t, http.StatusUnauthorized, u.status)
		require.Equal(t, "invalid_token", u.text("error"))
		k.active = true
		require.Equal(t, http.StatusOK, k.userinfo(tok).status)
		k.app.Disabled = true
		require.Equal(t, http.StatusUnauthorized, k.userinfo(tok).status)
		k.app.Disabled = false
		k.advance(601e9)
		require.Equal(t, http.StatusUnauthorized, k.userinfo(tok).status)
	}
}

// No answer and no error can be read by a page of another origin.
func TestUserInfoHasNoCORS(t *testing.T) {
	k := newTokens(t, nil)
	for _, tok := range []string{k.direct("openid").text("access_token"), "garbage", k.direct("orders").text("access_token"), ""} {
		for name := range k.userinfo(tok).header {
			require.NotContains(t, name, "Access-Control")
		}
	}
}
