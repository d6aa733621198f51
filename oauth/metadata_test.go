package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"encoding/json"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

func TestMetadata(t *testing.T) {
	for _, c := range []struct {
		issuer string
		paths  func(string) oauth.Paths
		known  []string
		token  string
	}{
		{"https://as.example", oauth.DefaultPaths, []string{"/.well-known/oauth-authorization-server"}, "https://as.example/token"},
		{"https://as.example/t/1", oauth.DefaultPaths, []string{"/.well-known/oauth-authorization-server/t/1", "/t/1/.well-known/oauth-authorization-server"}, "https://as.example/t/1/token"},
		{"https://as.example", oauth.OktaPaths, []string{"/.well-known/oauth-authorization-server"}, "https://as.example/oauth2/v1/token"},
		{"https://as.example/oauth2/default", oauth.OktaPaths, []string{"/.well-known/oauth-authorization-server/oauth2/default", "/oauth2/default/.well-known/oauth-authorization-server"}, "https://as.example/oauth2/default/v1/token"},
	} {
		k := newKit(t, func(cfg *oauth.Config) { cfg.Issuer, cfg.Paths = c.issuer, c.paths(c.issuer) })
		for _, path := range c.known {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Host = "evil.example"
			r.Header.Set("Forwarded", "host=evil.example")
			a := k.do(r)
			require.Equal(t, http.StatusOK, a.status, path)
			require.Equal(t, "*", a.header.Get("Access-Control-Allow-Origin"))
			require.Equal(t, c.issuer, a.text("issuer"))
			require.Equal(t, c.token, a.text("token_endpoint"))
			require.ElementsMatch(t, []any{"client_credentials", "refresh_token", personGrantID}, a.body["grant_types_supported"])
			for _, name := range []string{"token_endpoint", "introspection_endpoint", "revocation_endpoint"} {
				at := httptest.NewRequest(http.MethodGet, a.text(name), nil)
				require.Equal(t, http.StatusMethodNotAllowed, k.do(at).status, "%s is advertised and must be there", name)
			}
			at := httptest.NewRequest(http.MethodGet, a.text("authorization_endpoint")+"?response_type=code&client_id=web&redirect_uri=https://evil.example", nil)
			refused := k.do(at)
			require.Equal(t, "unsupported_response_type", refused.text("error"))
			require.Equal(t, http.StatusBadRequest, refused.status)
			require.Empty(t, refused.header.Get("Location"))
			keys := k.do(httptest.NewRequest(http.MethodGet, a.text("jwks_uri"), nil))
			require.Equal(t, http.StatusOK, keys.status)
		}
	}
}

func TestKeysDocument(t *testing.T) {
	k := newKit(t)
	a := k.do(httptest.NewRequest(http.MethodGet, "/keys?client_id=whoever", nil))
	require.Equal(t, http.StatusOK, a.status)
	var set jose.JSONWebKeySet
	require.NoError(t, json.Unmarshal([]byte(a.raw), &set))
	require.Len(t, set.Keys, 2, "the active one and the next")
	for _, key := range set.Keys {
		require.True(t, key.IsPublic())
		require.Equal(t, "sig", key.Use)
		require.Equal(t, "ES256", key.Algorithm)
		require.NotEmpty(t, key.KeyID)
	}
	require.Equal(t, http.StatusMethodNotAllowed, k.do(httptest.NewRequest(http.MethodPost, "/keys", nil)).status)
}

// A token that a key has signed verifies as long as the key is published: before
// and after a rotation, at every resource server that has the current document.
func TestRotation(t *testing.T) {
	k := newKit(t)
	document := func() *token.KeySet {
		set, err := token.ParseKeySet([]byte(k.do(httptest.NewRequest(http.MethodGet, "/keys", nil)).raw))
		require.NoError(t, err)
		return set
	}
	before := document()
	old := k.signIn(nativeID)
	require.NoError(t, k.config.Keys.Rotate(t.Context(), token.ES256))
	require.NoError(t, k.config.Keys.RotateHandles(t.Context()))
	fresh := k.signIn(nativeID)
	for name, set := range map[string]*token.KeySet{"before": before, "after": document()} {
		v := token.Verifier{Issuer: issuer, Audience: audience, Keys: set, Now: k.clock.Now}
		for _, a := range []answer{old, fresh} {
			_, err := v.VerifyAccessToken(t.Context(), a.text("access_token"))
			require.NoError(t, err, "with the document from %s", name)
		}
	}
	second := k.refresh(nativeID, old.text("refresh_token"))
	require.Equal(t, http.StatusOK, second.status, "refresh tokens outlive the key they were made under")
	require.NoError(t, k.config.Keys.RotateHandles(t.Context()))
	require.Equal(t, second.text("refresh_token"), k.refresh(nativeID, old.text("refresh_token")).text("refresh_token"),
		"the successor is recomputed with the key it was made under")
	require.Equal(t, http.StatusOK, k.refresh(nativeID, second.text("refresh_token")).status)
}
