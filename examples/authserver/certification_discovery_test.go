package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// registered are the names of metadata of authorization servers that the profiles know:
// OpenID Connect Discovery section 3, RFC 8414, RFC 9207, and those of logout, session
// management, and initiating user registration.
var registered = strings.Fields(`
	issuer authorization_endpoint token_endpoint userinfo_endpoint jwks_uri registration_endpoint scopes_supported
	response_types_supported response_modes_supported grant_types_supported acr_values_supported subject_types_supported
	id_token_signing_alg_values_supported id_token_encryption_alg_values_supported id_token_encryption_enc_values_supported
	userinfo_signing_alg_values_supported userinfo_encryption_alg_values_supported userinfo_encryption_enc_values_supported
	request_object_signing_alg_values_supported request_object_encryption_alg_values_supported
	request_object_encryption_enc_values_supported token_endpoint_auth_methods_supported
	token_endpoint_auth_signing_alg_values_supported display_values_supported claim_types_supported claims_supported
	service_documentation claims_locales_supported ui_locales_supported claims_parameter_supported request_parameter_supported
	request_uri_parameter_supported require_request_uri_registration op_policy_uri op_tos_uri revocation_endpoint
	revocation_endpoint_auth_methods_supported revocation_endpoint_auth_signing_alg_values_supported introspection_endpoint
	introspection_endpoint_auth_methods_supported introspection_endpoint_auth_signing_alg_values_supported
	code_challenge_methods_supported authorization_response_iss_parameter_supported end_session_endpoint check_session_iframe
	frontchannel_logout_supported frontchannel_logout_session_supported backchannel_logout_supported
	backchannel_logout_session_supported prompt_values_supported`)

// discovery is oidcc-discovery-endpoint-verification.
func (c *certification) discovery(t *testing.T) {
	m := c.metadata
	require.Equal(t, []string{"application/json"}, m.header["Content-Type"])
	require.Equal(t, c.Issuer, m.text("issuer"))
	issuer, err := url.Parse(m.text("issuer"))
	require.NoError(t, err)
	require.Equal(t, &url.URL{Scheme: "https", Host: c.Addr}, issuer, "no path, query or fragment")
	for name := range m.body {
		require.Contains(t, registered, name)
	}
	for _, name := range []string{"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"} {
		require.Contains(t, m.body, name)
	}
	for name := range m.body {
		if strings.HasSuffix(name, "_endpoint") || strings.HasSuffix(name, "_uri") || strings.HasSuffix(name, "_iframe") {
			require.True(t, strings.HasPrefix(m.text(name), c.Issuer+"/"), "%s: %s", name, m.text(name))
		}
	}
	for name, values := range map[string][]any{
		"response_types_supported":              {"code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"},
		"response_modes_supported":              {"query", "fragment", "form_post"},
		"grant_types_supported":                 {"authorization_code", "implicit", "refresh_token"},
		"subject_types_supported":               {"public"},
		"id_token_signing_alg_values_supported": {"RS256"},
		"userinfo_signing_alg_values_supported": {"RS256"},
		"token_endpoint_auth_methods_supported": {"client_secret_basic", "client_secret_post"},
		"scopes_supported":                      {"openid", "profile", "email", "address", "phone", "offline_access"},
		"code_challenge_methods_supported":      {"S256"},
	} {
		require.Subset(t, m.body[name], values, name)
	}
	for name := range c.claims {
		require.Contains(t, m.body["claims_supported"], name)
	}
	require.Equal(t, true, m.body["claims_parameter_supported"])
	require.Equal(t, false, m.body["request_uri_parameter_supported"], "its default is true")

	keys := c.do(mustGet(t, m.text("jwks_uri"))).ok(t)
	list, _ := keys.body["keys"].([]any)
	require.NotEmpty(t, list)
	seen := make(map[any]bool)
	for _, k := range list {
		key, _ := k.(map[string]any)
		require.NotEmpty(t, key["kid"])
		require.False(t, seen[key["kid"]], "%v stands twice", key["kid"])
		seen[key["kid"]] = true
		require.NotEmpty(t, key["alg"])
		require.Equal(t, "sig", key["use"])
		require.Contains(t, []any{"RSA", "EC", "OKP"}, key["kty"])
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
			require.NotContains(t, key, private)
		}
	}
	for _, key := range c.keys.Keys {
		require.True(t, key.Valid() && key.IsPublic(), key.KeyID)
	}
}

func mustGet(t *testing.T, address string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	require.NoError(t, err)
	return r
}
