package oidc_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
)

// allKeys are keys of every algorithm, made once.
var allKeys = sync.OnceValues(func() (*oauth.Keys, error) {
	return oauth.GenerateKeys("op", token.ES256, token.RS256, token.PS256, token.ES384, token.EdDSA)
})

// withAllKeys gives the server keys of every algorithm.
func withAllKeys(t *testing.T, c *oauth.Config) {
	var err error
	c.Keys, err = allKeys()
	require.NoError(t, err)
}

// C14, for every algorithm: what an ID token has, and that the hashes are of the
// algorithm that signs it (section 3.1.3.6), at both endpoints.
func TestIDTokenByAlgorithm(t *testing.T) {
	for alg, h := range map[token.Algorithm]func() hash.Hash{
		"": sha256.New, token.RS256: sha256.New, token.PS256: sha256.New, token.ES256: sha256.New, token.ES384: sha512.New384, token.EdDSA: sha512.New,
	} {
		k := newTokens(t, func(k *tokens, c *oauth.Config, _ *oidc.Config) {
			withAllKeys(t, c)
			k.app.OpenID.IDTokenAlgorithm = alg
		})
		half := func(s string) string {
			d := h()
			d.Write([]byte(s))
			sum := d.Sum(nil)
			return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
		}
		v := k.authorize("response_type", "code id_token token", "max_age", "100")
		k.sent(v, "")
		front := k.claims(v.params.Get("id_token"))
		require.Equal(t, half(v.params.Get("code")), front.CodeHash, alg)
		require.Equal(t, half(v.params.Get("access_token")), front.AccessTokenHash, alg)
		a := k.redeem(v)
		back := k.verified(a, "n")
		require.Equal(t, half(a.text("access_token")), back.AccessTokenHash, alg)
		require.Empty(t, back.CodeHash, "no code comes with it")

		want := alg
		if alg == "" {
			want = token.RS256
		}
		for _, tok := range []string{v.params.Get("id_token"), a.text("id_token")} {
			header, m := k.part(tok, 0), k.payload(tok)
			require.Equal(t, string(want), header["alg"])
			require.NotEmpty(t, header["kid"])
			require.Equal(t, issuer, m["iss"])
			require.Equal(t, "mia", m["sub"])
			require.Equal(t, "app", m["aud"])
			require.NotContains(t, m, "azp", "there is one audience")
			require.Equal(t, "n", m["nonce"])
			require.EqualValues(t, k.now.Load(), m["iat"])
			require.EqualValues(t, k.now.Load()+3600, m["exp"])
			require.EqualValues(t, k.now.Load(), m["auth_time"])
			require.Equal(t, []any{"pwd"}, m["amr"])
			require.NotEmpty(t, m["sid"])
		}
		require.Equal(t, front.SessionID, back.SessionID)
	}
}

// A nonce is copied, byte by byte, or is not there; one that is too long is refused.
func TestIDTokenNonce(t *testing.T) {
	k := newTokens(t, nil)
	for _, nonce := range []string{"n", " ", `"\`, "\u2028<&>\U0001f600", strings.Repeat("n", 512)} {
		a := k.redeem(k.authorize("nonce", nonce))
		require.Equal(t, nonce, k.claims(a.text("id_token")).Nonce)
	}
	a := k.redeem(k.authorize("nonce", ""))
	require.NotContains(t, k.payload(a.text("id_token")), "nonce")
	k.sent(k.authorize("nonce", strings.Repeat("n", 513)), "invalid_request")
	k.sent(k.authorize("nonce", "", "response_type", "id_token"), "invalid_request")
}

// A refreshed ID token is about the same sign-in, for the same client (section 12.2).
func TestIDTokenAtRefresh(t *testing.T) {
	k := newTokens(t, nil)
	a := k.redeem(k.authorize("scope", "openid offline_access", "acr_values", "urn:okta:loa:1fa:pwd"))
	one := k.claims(a.text("id_token"))
	k.advance(time.Hour)
	b := k.post("/t1/token", "client_id", "app", "grant_type", "refresh_token", "refresh_token", a.text("refresh_token"))
	two := k.verified(b, "")
	require.Equal(t, []any{one.Issuer, one.Subject, one.Audience, one.AuthTime, one.ACR, one.AMR, one.SessionID},
		[]any{two.Issuer, two.Subject, two.Audience, two.AuthTime, two.ACR, two.AMR, two.SessionID})
	require.Equal(t, one.IssuedAt+3600, two.IssuedAt)
	require.Empty(t, two.Nonce)
}

// An algorithm for which there is no key any more grants nothing.
func TestIDTokenWithoutKey(t *testing.T) {
	k := newTokens(t, func(k *tokens, c *oauth.Config, _ *oidc.Config) {
		spoiled := *k.app
		spoiled.OpenID.IDTokenAlgorithm, spoiled.OpenID.UserInfoAlgorithm = token.EdDSA, token.EdDSA
		c.Clients = oneClient{&spoiled}
	})
	a := k.signIn("openid")
	require.Equal(t, http.StatusServiceUnavailable, a.status, a.raw)
	require.NotContains(t, a.body, "access_token")
}
