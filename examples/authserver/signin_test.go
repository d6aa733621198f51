package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// The demo, from the discovery document to the end of the sign-in.
func TestDemo(t *testing.T) {
	p := start(t, setup{args: []string{"-dev"}})
	meta := p.get("/oauth2/default/.well-known/openid-configuration").ok(t)
	require.Equal(t, p.Issuer+"/oauth2/default", meta.text("issuer"))

	a := p.password(defaultToken, "demo-app", "mia@example.test", miaPassword, "scope", "openid profile orders:read offline_access")
	a.is(t, http.StatusForbidden, "mfa_required")
	require.Equal(t, directauth.GrantMFAOOB+" "+directauth.GrantMFAOTP, a.text("supported_challenge_types"))
	signedIn := p.mfa(defaultToken, "demo-app", a.text("mfa_token"), p.code()).ok(t)
	require.Equal(t, "Bearer", signedIn.text("token_type"))
	require.Equal(t, "openid profile orders:read offline_access", signedIn.text("scope"))

	keys, err := token.ParseKeySet([]byte(p.get("/oauth2/default/v1/keys").raw))
	require.NoError(t, err)
	verifier := token.Verifier{Issuer: meta.text("issuer"), Audience: "api://default", Keys: keys}
	access, err := verifier.VerifyAccessToken(t.Context(), signedIn.text("access_token"))
	require.NoError(t, err)
	require.Equal(t, "00u1", access.Subject)
	id := token.IDTokenVerifier{Issuer: meta.text("issuer"), ClientID: "demo-app", Keys: keys}
	claims, err := id.Verify(t.Context(), signedIn.text("id_token"), token.IDTokenExpectation{AccessToken: signedIn.text("access_token")})
	require.NoError(t, err)
	require.Equal(t, []string{"pwd", "otp", "mfa"}, claims.AMR)
	require.Contains(t, string(claims.Payload), `"preferred_username":"mia@example.test"`)

	renewed := p.refresh(defaultToken, "demo-app", signedIn.text("refresh_token")).ok(t)
	again := p.refresh(defaultToken, "demo-app", signedIn.text("refresh_token")).ok(t)
	require.Equal(t, renewed.text("refresh_token"), again.text("refresh_token"), "the same successor in the grace of 30s")
	p.advance(31 * time.Second)
	p.refresh(defaultToken, "demo-app", signedIn.text("refresh_token")).is(t, http.StatusBadRequest, "invalid_grant")
	p.refresh(defaultToken, "demo-app", renewed.text("refresh_token")).is(t, http.StatusBadRequest, "invalid_grant")

	r := p.request(http.MethodPost, defaultToken, "grant_type=client_credentials&scope=orders%3Aread", "Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("demo-service", "demo-service-secret-that-everybody-knows")
	p.do(r).ok(t)
}

// One way through everything, on either server and in either format.
func TestSignIn(t *testing.T) {
	p := start(t, setup{config: standard, args: []string{"-dev"}})
	for _, c := range []struct{ name, path, format string }{{"org", "/oauth2/v1/", "opaque"}, {"default", "/oauth2/default/v1/", "jwt"}} {
		t.Run(c.name, func(t *testing.T) {
			p.advance(time.Minute) // codes work once, on whichever server
			token := c.path + "token"
			tok := p.mfa(token, "app", p.begin(token), p.code()).ok(t)
			require.Equal(t, c.format == "jwt", tok.text("access_token")[:3] == "eyJ")

			info := p.bearer(c.path+"userinfo", tok.text("access_token")).ok(t)
			require.Equal(t, "00u1", info.text("sub"))
			require.Equal(t, "Mia", info.text("name"))
			require.Equal(t, "mia@example.test", info.text("email"))
			require.Equal(t, true, info.body["email_verified"])

			res := p.bearer("/resource?server="+c.name, tok.text("access_token")).ok(t)
			require.Equal(t, c.name, res.text("server"))
			require.Equal(t, "00u1", res.text("sub"))
			require.Equal(t, "app", res.text("client_id"))
			require.Equal(t, []any{"pwd", "otp", "mfa"}, res.body["amr"])

			renewed := p.refresh(token, "app", tok.text("refresh_token")).ok(t)
			require.NotEqual(t, tok.text("refresh_token"), renewed.text("refresh_token"))

			require.Empty(t, p.form(c.path+"revoke", "client_id", "app", "token", renewed.text("access_token")).ok(t).raw)
			p.bearer("/resource", renewed.text("access_token")).is(t, http.StatusUnauthorized, "invalid_token")
			p.bearer("/resource", tok.text("access_token")).ok(t)
			p.form(c.path+"revoke", "client_id", "app", "token", renewed.text("refresh_token")).ok(t)
			p.bearer("/resource", tok.text("access_token")).is(t, http.StatusUnauthorized, "invalid_token")
			p.bearer(c.path+"userinfo", tok.text("access_token")).is(t, http.StatusUnauthorized, "invalid_token")
			p.refresh(token, "app", renewed.text("refresh_token")).is(t, http.StatusBadRequest, "invalid_grant")
		})
	}
}

// What is good once is good once.
func TestOnce(t *testing.T) {
	p := start(t, setup{config: standard, args: []string{"-dev"}})
	mfaToken, code := p.begin(defaultToken), p.code()
	tok := p.mfa(defaultToken, "app", mfaToken, code).ok(t)
	p.mfa(defaultToken, "app", mfaToken, code).is(t, http.StatusForbidden, "access_denied")
	p.mfa(defaultToken, "app", p.begin(defaultToken), code).is(t, http.StatusBadRequest, "invalid_grant")
	p.mfa(orgToken, "app", p.begin(orgToken), code).is(t, http.StatusBadRequest, "invalid_grant")

	first := tok.text("refresh_token")
	second := p.refresh(defaultToken, "app", first).ok(t).text("refresh_token")
	p.refresh(defaultToken, "app", first).is(t, http.StatusBadRequest, "invalid_grant")
	p.refresh(defaultToken, "app", second).is(t, http.StatusBadRequest, "invalid_grant")
}

func TestPrimaryOTP(t *testing.T) {
	p := start(t, setup{config: standard, args: []string{"-dev"}})
	otp := func(client, hint, code string) answer {
		return p.form(defaultToken, "client_id", client, "grant_type", directauth.GrantOTP, "login_hint", hint, "otp", code, "scope", "openid")
	}
	code := p.code()
	otp("plain", "nobody@example.test", code).is(t, http.StatusBadRequest, "invalid_grant")
	otp("plain", "tom", code).is(t, http.StatusBadRequest, "invalid_grant")
	otp("plain", "MIA", code).ok(t) // a bare name, in any case
	p.advance(30 * time.Second)
	otp("app", "mia@example.test", p.code()).is(t, http.StatusForbidden, "mfa_required") // the password can come second
}

// The groups of a person decide, as they are now.
func TestGroups(t *testing.T) {
	p := start(t, setup{config: standard, args: []string{"-dev"}})
	in := func() answer { return p.password(defaultToken, "staff-only", "tom@example.test", tomPassword) }
	in().is(t, http.StatusBadRequest, "access_denied")
	p.dev(http.MethodPatch, "users/00u2", `{"groups": ["staff"]}`).ok(t)
	in().ok(t)
	p.dev(http.MethodPatch, "users/00u2", `{"groups": []}`).ok(t)
	in().is(t, http.StatusBadRequest, "access_denied")

	p.dev(http.MethodPatch, "users/00u1", `{"groups": ["contractors"]}`).ok(t)
	p.password(defaultToken, "app", "mia", miaPassword).is(t, http.StatusForbidden, "access_denied") // nobody has a passkey yet
}

// Without the factor there is no grant for it.
func TestTOTPDisabled(t *testing.T) {
	config := `{"authenticators": {"totp": "disabled", "sms": "disabled"},` + standard[1:]
	p := start(t, setup{config: config})
	meta := p.get("/.well-known/openid-configuration").ok(t)
	require.NotContains(t, meta.body["grant_types_supported"], directauth.GrantMFAOTP)
	p.password(defaultToken, "app", "mia", miaPassword).is(t, http.StatusForbidden, "access_denied")
	p.tom(defaultToken).ok(t)
	p.form(defaultToken, "client_id", "plain", "grant_type", directauth.GrantOTP, "login_hint", "mia", "otp", p.code()).
		is(t, http.StatusBadRequest, "unsupported_grant_type")
}

func TestHashesOfTheFile(t *testing.T) {
	p := start(t, setup{config: `{
		"clients": [
			{"client_id": "app", "application_type": "native", "grant_types": ["password"]},
			{"client_id": "b", "application_type": "service", "client_secret_hash": "$2a$04$184qZX0ij7A3iDAsjzZfZOaOnsLFXwny/FQWPJbQxBIgCPaDqZdSm"}],
		"scopes": [{"name": "s", "default": true}],
		"users": [{"id": "u", "username": "u@example.test", "password_hash": "$2a$04$184qZX0ij7A3iDAsjzZfZOaOnsLFXwny/FQWPJbQxBIgCPaDqZdSm"}]
	}`, args: []string{"-dev"}})
	in := func(password string) answer { return p.password(orgToken, "app", "u", password, "scope", "openid") }
	in("wrong").is(t, http.StatusBadRequest, "invalid_grant")
	in("imported").ok(t)
	require.Contains(t, p.dev(http.MethodGet, "store", "").ok(t).raw, `"password_hash":"$argon2id$`, "bcrypt was replaced")
	in("wrong").is(t, http.StatusBadRequest, "invalid_grant")
	in("imported").ok(t)
	r := p.request(http.MethodPost, orgToken, "grant_type=client_credentials", "Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("b", "imported")
	require.Equal(t, "s", p.do(r).ok(t).text("scope"))
}

// Who lacks a factor that is required is not let in, whatever policy asks for.
func TestRequiredFactor(t *testing.T) {
	p := start(t, setup{config: `{"authenticators": {"totp": "required"},` + standard[1:], args: []string{"-dev"}})
	a := p.password(defaultToken, "plain", "tom@example.test", tomPassword, "grant_types_supported", "password "+directauth.GrantMFAOTP)
	a.is(t, http.StatusForbidden, "access_denied")
	require.Equal(t, "totp", a.text("required_authenticators"))
	p.password(defaultToken, "plain", "mia@example.test", miaPassword).ok(t)
	p.password(defaultToken, "plain", "tom@example.test", "wrong").is(t, http.StatusBadRequest, "invalid_grant")
}
