package oidc_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
)

func (k *tokens) discovery() answer {
	return k.do(httptest.NewRequest(http.MethodGet, "/t1/.well-known/openid-configuration", nil))
}

// J01 and J03.
func TestDiscoveryDocument(t *testing.T) {
	k := newTokens(t, func(_ *tokens, c *oauth.Config, o *oidc.Config) {
		withAllKeys(t, c)
		o.IDTokenClaims = []string{"tenant"}
	})
	a := k.discovery()
	require.Equal(t, issuer, a.text("issuer"))
	for name, v := range a.body {
		if s, ok := v.(string); ok && (strings.HasSuffix(name, "_endpoint") || strings.HasSuffix(name, "_uri")) {
			require.True(t, strings.HasPrefix(s, issuer+"/"), "%s: %s", name, s)
		}
		if strings.HasSuffix(name, "_alg_values_supported") || strings.HasSuffix(name, "_enc_values_supported") {
			require.NotContains(t, v, "none", name)
			require.NotContains(t, v, "RSA1_5", name)
			require.NotContains(t, v, "HS256", name)
		}
	}
	all := []any{"RS256", "ES256", "PS256", "ES384", "EdDSA"}
	require.Equal(t, all, a.body["id_token_signing_alg_values_supported"], "the provider's own first")
	require.Equal(t, all, a.body["userinfo_signing_alg_values_supported"])
	require.Equal(t, []any{"public"}, a.body["subject_types_supported"])
	require.Equal(t, []any{"normal", "aggregated", "distributed"}, a.body["claim_types_supported"])
	require.Equal(t, true, a.body["claims_parameter_supported"])
	require.Subset(t, a.body["claims_supported"], []any{"sub", "auth_time", "sid", "name", "email", "address", "phone_number", "tenant"})
	require.NotContains(t, a.body["claims_supported"], "shop_level")

	require.Equal(t, []any{"public", "pairwise"}, newPairwise(t, oauth.FormatJWT).discovery().body["subject_types_supported"])
	direct := newKit(t, nil)
	a = direct.do(httptest.NewRequest(http.MethodGet, "/t1/.well-known/openid-configuration", nil))
	require.Equal(t, false, a.body["claims_parameter_supported"], "there is no endpoint that reads it")
}

// J02: what is listed works, and what is not is refused. Encryption is in TestEncryption,
// algorithms of ID tokens in TestIDTokenByAlgorithm.
func TestDiscoveryIsTrue(t *testing.T) {
	k := newTokens(t, func(k *tokens, c *oauth.Config, o *oidc.Config) {
		o.IDTokenClaims = []string{"tenant"}
	})
	listed := k.discovery().body["id_token_signing_alg_values_supported"].([]any)
	for _, alg := range []token.Algorithm{token.RS256, token.PS256, token.ES256, token.ES384, token.EdDSA, token.HS256, "none", "RS512"} {
		c := *k.app
		c.OpenID.IDTokenAlgorithm, c.OpenID.UserInfoAlgorithm = alg, alg
		err := k.provider.ValidateClient(&c)
		if in := func() bool {
			for _, l := range listed {
				if l == string(alg) {
					return true
				}
			}
			return false
		}(); in {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, "OpenID.IDTokenAlgorithm")
		}
	}
	k.say["tenant"] = "north"
	for _, name := range k.discovery().body["claims_supported"].([]any) { // every one can be had
		if v := k.say[name.(string)]; v == nil || v == "" {
			k.say[name.(string)] = "x"
		}
	}
	v := k.authorize("response_type", "code id_token token", "scope", "openid profile email address phone", "acr_values", "urn:okta:loa:1fa:pwd")
	have := k.payload(v.params.Get("id_token"))
	for name, value := range k.userinfo(k.redeem(v).text("access_token")).body {
		have[name] = value
	}
	for _, name := range k.discovery().body["claims_supported"].([]any) {
		require.Contains(t, have, name)
	}
}

// J04: the key set has public parts only, and says what each key is for.
func TestKeySetIsPublic(t *testing.T) {
	k := newTokens(t, func(_ *tokens, c *oauth.Config, _ *oidc.Config) { withAllKeys(t, c) })
	uri := strings.TrimPrefix(k.discovery().text("jwks_uri"), "https://op.example")
	a := k.do(httptest.NewRequest(http.MethodGet, uri, nil))
	require.Equal(t, http.StatusOK, a.status)
	require.Contains(t, a.header.Get("Cache-Control"), "max-age=")
	var doc struct{ Keys []map[string]any }
	require.NoError(t, json.Unmarshal([]byte(a.raw), &doc))
	require.Len(t, doc.Keys, 10, "an active and a next key each")
	seen := make(map[any]bool)
	for _, key := range doc.Keys {
		require.NotEmpty(t, key["kid"])
		require.False(t, seen[key["kid"]], "two keys of one id")
		seen[key["kid"]] = true
		require.Equal(t, "sig", key["use"])
		require.NotEmpty(t, key["alg"])
		for name := range key {
			require.Contains(t, []string{"kty", "kid", "use", "alg", "n", "e", "crv", "x", "y"}, name)
		}
	}
}
