package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMetadata(t *testing.T) {
	p := start(t, setup{config: standard})
	for _, c := range []struct {
		issuer, base string
		paths        []string
	}{
		{"", "/oauth2/v1/", []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"}},
		{"/oauth2/default", "/oauth2/default/v1/", []string{"/oauth2/default/.well-known/openid-configuration",
			"/oauth2/default/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server/oauth2/default"}},
	} {
		for _, path := range c.paths {
			m := p.get(path).ok(t)
			require.Equal(t, p.Issuer+c.issuer, m.text("issuer"), path)
			for name, at := range map[string]string{"token_endpoint": "token", "jwks_uri": "keys", "introspection_endpoint": "introspect", "revocation_endpoint": "revoke"} {
				require.Equal(t, p.Issuer+c.base+at, m.text(name), path)
			}
			require.Equal(t, []string{"application/json"}, m.header["Content-Type"])
		}
		m := p.get(c.paths[0]).ok(t)
		require.Equal(t, p.Issuer+c.base+"userinfo", m.text("userinfo_endpoint"))
		require.Contains(t, m.body["id_token_signing_alg_values_supported"], "RS256")
		require.Contains(t, p.get(c.base+"keys?client_id=app").ok(t).raw, `"alg":"RS256"`)
	}
	require.Contains(t, p.get("/oauth2/default/v1/keys").raw, `"alg":"ES256"`)
}

// What is not there is not there, and /dev is not without -dev.
func TestNotThere(t *testing.T) {
	p := start(t, setup{config: standard})
	for _, path := range []string{"/", "/oauth2/default/v1/par", "/oauth2/other/v1/token", "/oauth2/v1/clients",
		"/dev/store", "/dev/events", "/dev/outbox", "/dev/"} {
		require.Equal(t, http.StatusNotFound, p.get(path).status, path)
	}
	require.Equal(t, http.StatusNotFound, p.dev(http.MethodPost, "clock", `{"advance":"5m"}`).status)
	require.Equal(t, http.StatusMethodNotAllowed, p.get(orgToken).status)
	p.form(orgToken, "client_id", "app", "grant_type", "authorization_code", "code", "x").is(t, http.StatusBadRequest, "unsupported_grant_type")
	p.password(orgToken, "plain", "tom", tomPassword, "scope", "okta.myAccount.password.manage").is(t, http.StatusBadRequest, "invalid_scope")
}

func TestClients(t *testing.T) {
	p := start(t, setup{config: standard})
	for _, secret := range []string{"short secret", "wrong", ""} {
		a := p.form(defaultToken, "client_id", "short", "client_secret", secret, "grant_type", "client_credentials", "scope", "orders:read")
		if secret == "short secret" {
			require.Equal(t, "mint_at_", a.ok(t).text("access_token")[:8], "the client's own format")
			continue
		}
		a.is(t, http.StatusUnauthorized, "invalid_client")
	}
	p.form(orgToken, "client_id", "short", "client_secret", "short secret", "grant_type", "client_credentials", "scope", "org:read").
		is(t, http.StatusUnauthorized, "invalid_client") // it belongs to the other server
	p.service(defaultToken, "grant_type", "client_credentials", "scope", "orders:read").ok(t)
	p.service(orgToken, "grant_type", "client_credentials", "scope", "org:read").ok(t)
	p.service(orgToken, "grant_type", "client_credentials", "scope", "orders:read").is(t, http.StatusBadRequest, "invalid_scope")
	p.service(defaultToken, "grant_type", "password", "username", "tom", "password", tomPassword).is(t, http.StatusBadRequest, "unauthorized_client")
	p.form(defaultToken, "client_id", "app", "grant_type", "client_credentials").is(t, http.StatusBadRequest, "unauthorized_client")
}

// A confidential client may ask about its own tokens, and about those for an
// audience that it answers for.
func TestIntrospection(t *testing.T) {
	p := start(t, setup{config: standard})
	tok := p.tom(defaultToken).ok(t)
	a := p.service("/oauth2/default/v1/introspect", "token", tok.text("access_token")).ok(t)
	require.Equal(t, true, a.body["active"])
	require.Equal(t, "00u2", a.text("sub"))
	require.Equal(t, "api://default", a.text("aud"))
	inactive := func(a answer) { t.Helper(); require.JSONEq(t, `{"active":false}`, a.ok(t).raw) }
	inactive(p.service("/oauth2/default/v1/introspect", "token", tok.text("refresh_token")))
	inactive(p.service("/oauth2/default/v1/introspect", "token", "garbage"))
	inactive(p.form("/oauth2/default/v1/introspect", "client_id", "short", "client_secret", "short secret", "token", tok.text("access_token")))
	inactive(p.service("/oauth2/v1/introspect", "token", p.tom(orgToken).ok(t).text("access_token"))) // of another audience
	own := p.service(orgToken, "grant_type", "client_credentials", "scope", "org:read").ok(t)
	require.Equal(t, true, p.service("/oauth2/v1/introspect", "token", own.text("access_token")).ok(t).body["active"])
	p.form("/oauth2/default/v1/introspect", "client_id", "plain", "token", tok.text("access_token")).is(t, http.StatusUnauthorized, "invalid_client")
}

func TestResource(t *testing.T) {
	p := start(t, setup{config: standard, args: []string{"-dev"}})
	tom, machine := p.tom(defaultToken).ok(t), p.service(orgToken, "grant_type", "client_credentials", "scope", "org:read").ok(t)
	a := p.bearer("/resource", tom.text("access_token")).ok(t)
	require.Equal(t, p.Issuer+"/oauth2/default", a.text("iss"))
	require.Equal(t, "api://default", a.text("aud"))
	require.Equal(t, "openid profile email offline_access", a.text("scope"))
	require.Equal(t, float64(600), a.body["exp"].(float64)-a.body["iat"].(float64))
	require.NotEmpty(t, a.text("jti"))
	a = p.bearer("/resource", machine.text("access_token")).ok(t)
	require.Equal(t, "service", a.text("sub"))
	require.NotContains(t, a.body, "amr")

	for _, c := range []struct {
		name      string
		query     string
		header    []string
		status    int
		challenge string
	}{
		{"nothing", "", nil, 401, "Bearer"},
		{"garbage", "", []string{"Authorization", "Bearer x"}, 401, `Bearer error="invalid_token", error_description="The token is not good"`},
		{"another scheme", "", []string{"Authorization", "Basic x"}, 401, "Bearer"},
		{"DPoP", "", []string{"Authorization", "DPoP " + tom.text("access_token")}, 401, "Bearer"},
		{"in the query", "?access_token=" + tom.text("access_token"), nil, 401, "Bearer"},
		{"a refresh token", "", []string{"Authorization", "Bearer " + tom.text("refresh_token")}, 401, `Bearer error="invalid_token", error_description="The token is not good"`},
		{"an ID token", "", []string{"Authorization", "Bearer " + tom.text("id_token")}, 401, `Bearer error="invalid_token", error_description="The token is not good"`},
		{"of another server", "?server=org", []string{"Authorization", "Bearer " + tom.text("access_token")}, 401, `Bearer error="invalid_token", error_description="The token is not good"`},
		{"no such server", "?server=x", []string{"Authorization", "Bearer " + tom.text("access_token")}, 400, ""},
	} {
		a := p.get("/resource"+c.query, c.header...)
		require.Equal(t, c.status, a.status, c.name)
		require.Equal(t, c.challenge, a.header.Get("WWW-Authenticate"), c.name)
	}
	require.Equal(t, http.StatusMethodNotAllowed, p.form("/resource").status)

	p.advance(9 * time.Minute)
	p.bearer("/resource", tom.text("access_token")).ok(t)
	p.advance(time.Minute)
	p.bearer("/resource", tom.text("access_token")).is(t, http.StatusUnauthorized, "invalid_token")
	p.bearer("/resource", machine.text("access_token")).is(t, http.StatusUnauthorized, "invalid_token")
	p.advance(-2 * time.Minute)
	p.bearer("/resource", tom.text("access_token")).ok(t) // the clock went back
}

// No artefact of one server is good at another, although they share store, people
// and process.
func TestIssuersAreApart(t *testing.T) {
	p := start(t, setup{config: standard, args: []string{"-dev"}})
	sides := []struct{ token, base string }{{orgToken, "/oauth2/v1/"}, {defaultToken, "/oauth2/default/v1/"}}
	for i, here := range sides {
		there := sides[1-i]
		p.advance(time.Minute)
		mfaToken := p.begin(here.token)
		a := p.mfa(there.token, "app", mfaToken, p.code())
		require.GreaterOrEqual(t, a.status, 400)
		require.NotContains(t, a.raw, "access_token")
		tok := p.mfa(here.token, "app", mfaToken, p.code()).ok(t)

		p.refresh(there.token, "app", tok.text("refresh_token")).is(t, http.StatusBadRequest, "invalid_grant")
		p.bearer(there.base+"userinfo", tok.text("access_token")).is(t, http.StatusUnauthorized, "invalid_token")
		require.JSONEq(t, `{"active":false}`, p.service(there.base+"introspect", "token", tok.text("access_token")).ok(t).raw)
		for _, name := range []string{"access_token", "refresh_token"} {
			p.form(there.base+"revoke", "client_id", "app", "token", tok.text(name)).ok(t) // as for any unknown token
		}
		p.bearer(here.base+"userinfo", tok.text("access_token")).ok(t)
		p.refresh(here.token, "app", tok.text("refresh_token")).ok(t)
	}
	require.NotEqual(t, p.get("/oauth2/v1/keys").raw, p.get("/oauth2/default/v1/keys").raw)
}
