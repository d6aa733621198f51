package main

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/directauth"
)

// Auth0's dialect is beside Okta's on every server: what is begun in one is ended in
// the other.
func TestAuth0Dialect(t *testing.T) {
	p := start(t, setup{config: standard, args: []string{"-dev"}})
	for base, token := range map[string]string{"": orgToken, "/oauth2/default": defaultToken} {
		mfaToken := p.begin(token)
		list := p.bearer(base+"/mfa/authenticators", mfaToken).ok(t)
		require.JSONEq(t, `[{"id":"totp|f1","authenticator_type":"otp","active":true,"type":"otp"}]`, list.raw)
		challenge := p.do(p.request(http.MethodPost, base+"/mfa/challenge",
			`{"mfa_token":"`+mfaToken+`","client_id":"app","challenge_type":"otp oob"}`, "Content-Type", "application/json")).ok(t)
		require.Equal(t, map[string]any{"challenge_type": "otp"}, challenge.body)
		p.mfa(base+"/oauth/token", "app", mfaToken, p.code()).ok(t)
		p.mfa(token, "app", mfaToken, p.code()).is(t, http.StatusForbidden, "access_denied")
		p.advance(30 * time.Second)
	}
	mfaToken := p.begin(defaultToken)
	for _, name := range []string{"audience", "resource"} {
		for value, code := range map[string]string{"api://other": "invalid_target", "api://default": "invalid_grant"} {
			p.form(defaultToken, "client_id", "app", "grant_type", directauth.GrantMFAOTP, "mfa_token", mfaToken, "otp", "000000", name, value).
				is(t, http.StatusBadRequest, code)
		}
	}
	mfaToken = p.begin(orgToken)
	p.bearer("/oauth2/default/mfa/authenticators", mfaToken).is(t, http.StatusForbidden, "expired_token")
	for _, path := range []string{"/v2/mfa/authenticators", "/mfa", "/oauth2/other/mfa/associate", "/dbconnections/signup"} {
		require.Equal(t, http.StatusNotFound, p.get(path).status, path)
	}
}

// What is disabled is not offered to be added; what is missing can be, unless the app
// says that it would not know how.
func TestAddedFactors(t *testing.T) {
	config := strings.Replace(standard, `"clients"`, `"authenticators": {"sms": "disabled", "totp": "required"}, "clients"`, 1)
	config = strings.Replace(config, `"refresh_token"]`, `"`+directauth.GrantMFAOOB+`", "`+directauth.GrantMFARecoveryCode+`", "refresh_token"]`, 2)
	p := start(t, setup{config: config, args: []string{"-dev"}})
	a := p.password(defaultToken, "plain", "tom", tomPassword)
	a.is(t, http.StatusForbidden, "mfa_required")
	require.Equal(t, "totp", a.text("required_authenticators"))
	associate := func(body string) answer {
		return p.do(p.request(http.MethodPost, "/oauth2/default/mfa/associate", body,
			"Content-Type", "application/json", "Authorization", "Bearer "+a.text("mfa_token")))
	}
	associate(`{"authenticator_types":["oob"],"oob_channels":["sms"],"phone_number":"+15550199"}`).is(t, http.StatusForbidden, "access_denied")
	added := associate(`{"authenticator_types":["otp"]}`).ok(t)
	require.Contains(t, added.text("barcode_uri"), "tom@example.test")
	require.NotContains(t, p.dev(http.MethodGet, "store", "").ok(t).raw, added.text("secret"))
}

// Who lists a code grant ends a sign-in in a code, where the server of the client is; a
// server of which no client does has nothing of it.
func TestAuthorizationChallenge(t *testing.T) {
	config := strings.Replace(standard, `{"client_id": "staff-only"`,
		`{"client_id": "coder", "application_type": "native", "servers": ["default"], "sign_in_policy": "two-factor", "grant_types":
			["password", "http://auth0.com/oauth/grant-type/mfa-otp", "authorization_code", "interaction_code"]}, {"client_id": "staff-only"`, 1)
	config = strings.Replace(config, `"access_policy": "api",`, `"access_policy": "api", "code_ttl": "5s",`, 1)
	p := start(t, setup{config: config, args: []string{"-dev"}})
	const endpoint = "/oauth2/default/v1/authorize-challenge"
	org := p.get("/.well-known/openid-configuration").ok(t)
	require.NotContains(t, org.body, "authorization_challenge_endpoint")
	require.NotContains(t, org.body, "code_challenge_methods_supported")
	require.NotContains(t, org.body["grant_types_supported"], "authorization_code")
	require.Equal(t, http.StatusNotFound, p.get("/oauth2/v1/authorize-challenge").status)
	custom := p.get("/oauth2/default/.well-known/openid-configuration").ok(t)
	require.Equal(t, p.Issuer+endpoint, custom.text("authorization_challenge_endpoint"))
	require.Subset(t, custom.body["grant_types_supported"], []any{"authorization_code", "interaction_code"})

	verifier := strings.Repeat("v", 43)
	digest := sha256.Sum256([]byte(verifier))
	code := func() string {
		t.Helper()
		p.advance(30 * time.Second) // for a new code of the app
		a := p.form(endpoint, "client_id", "coder", "username", "mia", "password", miaPassword, "scope", "openid",
			"code_challenge", base64.RawURLEncoding.EncodeToString(digest[:]), "code_challenge_method", "S256")
		a.is(t, http.StatusBadRequest, "insufficient_authorization")
		return p.form(endpoint, "auth_session", a.text("auth_session"), "otp", p.code()).ok(t).text("authorization_code")
	}
	redeem := func(pairs ...string) answer {
		return p.form(defaultToken, append([]string{"client_id", "coder", "code_verifier", verifier}, pairs...)...)
	}
	tokens := redeem("grant_type", "authorization_code", "code", code()).ok(t)
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(tokens.text("id_token"), ".")[1])
	require.NoError(t, err)
	require.Contains(t, string(payload), `"amr":["pwd","otp","mfa"]`)
	redeem("grant_type", "interaction_code", "interaction_code", code()).ok(t)
	redeem("grant_type", "interaction_code", "code", code()).is(t, http.StatusBadRequest, "invalid_request")
	late := code()
	p.advance(6 * time.Second)
	redeem("grant_type", "authorization_code", "code", late).is(t, http.StatusBadRequest, "invalid_grant")

	p.form(endpoint, "client_id", "plain", "username", "mia", "password", miaPassword, "scope", "openid").
		is(t, http.StatusBadRequest, "unauthorized_client")
}
