package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/directauth"
)

// standard is the configuration that most tests use: an org server with opaque
// tokens and a custom one with JWTs, no grace for refresh tokens, and two people.
const standard = `{
	"access_token": {"format": "opaque"}, "refresh_token": {"grace": "0s"},
	"scopes": [{"name": "org:read"}],
	"servers": [{
		"id": "default", "audience": "api://default", "scopes": [{"name": "orders:read", "description": "Read your orders", "consent": "implicit"}],
		"access_token": {"format": "jwt", "alg": "ES256", "ttl": "10m"}, "refresh_token": {"rotation": "rotate", "grace": "0s"},
		"access_policy": "api", "registration": "off", "dpop_nonce": "off"
	}],
	"clients": [
		{"client_id": "app", "application_type": "native", "sign_in_policy": "two-factor", "grant_types":
			["password", "urn:okta:params:oauth:grant-type:otp", "http://auth0.com/oauth/grant-type/mfa-otp", "refresh_token"]},
		{"client_id": "plain", "application_type": "native", "grant_types":
			["password", "urn:okta:params:oauth:grant-type:otp", "http://auth0.com/oauth/grant-type/mfa-otp", "refresh_token"]},
		{"client_id": "staff-only", "application_type": "native", "grant_types": ["password"], "assigned_to": ["staff"]},
		{"client_id": "service", "client_secret": "a service's secret of more than 32 bytes", "application_type": "service",
			"resource_server_for": ["api://default"]},
		{"client_id": "short", "client_secret": "short secret", "application_type": "web", "grant_types": ["client_credentials"],
			"token_endpoint_auth_method": "client_secret_post", "servers": ["default"], "access_token_format": "opaque"}
	],
	"users": [
		{"id": "00u1", "username": "mia@example.test", "password": "correct horse battery", "groups": ["staff"],
			"claims": {"name": "Mia", "email": "mia@example.test", "email_verified": true},
			"factors": [{"id": "f1", "type": "totp", "secret": "JBSWY3DPEHPK3PXP"}]},
		{"id": "00u2", "username": "tom@example.test", "password": "tom's own password"}
	],
	"policies": {
		"api": {"rules": [{"name": "anyone", "then": {"access": "allow", "access_token_ttl": "10m"}}]},
		"two-factor": {"rules": [
			{"name": "contractors need a passkey", "if": {"groups": ["contractors"]}, "then": {"access": "allow", "require": [{"phishing_resistant": true}]}},
			{"name": "two factors", "then": {"access": "allow", "factors": 2, "max_age": "12h"}}
		]}
	}
}`

const (
	orgToken     = "/oauth2/v1/token"
	defaultToken = "/oauth2/default/v1/token"
	miaPassword  = "correct horse battery"
	tomPassword  = "tom's own password"
	miaSecret    = "JBSWY3DPEHPK3PXP"
	serviceKey   = "a service's secret of more than 32 bytes"
)

type answer struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

func (a answer) text(name string) string { s, _ := a.body[name].(string); return s }

func (a answer) ok(t *testing.T) answer {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, a.raw)
	return a
}

func (a answer) is(t *testing.T, status int, code string) {
	t.Helper()
	require.Equal(t, status, a.status, a.raw)
	require.Equal(t, code, a.text("error"), a.raw)
	require.NotContains(t, a.raw, "access_token\"")
}

func (p *process) do(r *http.Request) answer {
	p.t.Helper()
	resp, err := p.Client.Do(r)
	require.NoError(p.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	a := answer{status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	if len(raw) > 0 && raw[0] == '{' {
		_ = json.Unmarshal(raw, &a.body) // what is not JSON has no members
	}
	return a
}

// url is where the process listens, whatever its issuer is called.
func (p *process) url(path string) string { return p.scheme + "://" + p.Addr + path }

func (p *process) request(method, path, body string, header ...string) *http.Request {
	p.t.Helper()
	r, err := http.NewRequest(method, p.url(path), strings.NewReader(body))
	require.NoError(p.t, err)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func (p *process) get(path string, header ...string) answer {
	p.t.Helper()
	return p.do(p.request(http.MethodGet, path, "", header...))
}

func (p *process) bearer(path, tok string) answer {
	p.t.Helper()
	return p.get(path, "Authorization", "Bearer "+tok)
}

// form posts pairs; a later one of a name replaces an earlier one.
func (p *process) form(path string, pairs ...string) answer {
	p.t.Helper()
	v := make(url.Values)
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return p.do(p.request(http.MethodPost, path, v.Encode(), "Content-Type", "application/x-www-form-urlencoded"))
}

// service posts as the service, which authenticates.
func (p *process) service(path string, pairs ...string) answer {
	p.t.Helper()
	v := make(url.Values)
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	r := p.request(http.MethodPost, path, v.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("service", url.QueryEscape(serviceKey))
	return p.do(r)
}

// dev calls /dev with JSON.
func (p *process) dev(method, path, body string) answer {
	p.t.Helper()
	return p.do(p.request(method, "/dev/"+path, body, "Content-Type", "application/json"))
}

// advance moves the clock of the process, and that of mia's phone with it.
func (p *process) advance(d time.Duration) {
	p.t.Helper()
	p.dev(http.MethodPost, "clock", `{"advance":"`+d.String()+`"}`).ok(p.t)
	p.ahead += d
}

// code is what mia's phone shows.
func (p *process) code() string {
	p.t.Helper()
	c, err := totp.GenerateCode(miaSecret, time.Now().Add(p.ahead))
	require.NoError(p.t, err)
	return c
}

func (p *process) password(token, client, user, password string, more ...string) answer {
	p.t.Helper()
	return p.form(token, append([]string{"client_id", client, "grant_type", directauth.GrantPassword,
		"username", user, "password", password, "scope", "openid profile email offline_access"}, more...)...)
}

func (p *process) mfa(token, client, mfaToken, code string) answer {
	p.t.Helper()
	return p.form(token, "client_id", client, "grant_type", directauth.GrantMFAOTP, "mfa_token", mfaToken, "otp", code)
}

func (p *process) refresh(token, client, refreshToken string) answer {
	p.t.Helper()
	return p.form(token, "client_id", client, "grant_type", "refresh_token", "refresh_token", refreshToken)
}

// begin is a sign-in of mia's that waits for the second factor.
func (p *process) begin(token string) (mfaToken string) {
	p.t.Helper()
	a := p.password(token, "app", "mia@example.test", miaPassword)
	a.is(p.t, http.StatusForbidden, "mfa_required")
	return a.text("mfa_token")
}

// tom signs in with his password alone.
func (p *process) tom(token string) answer {
	p.t.Helper()
	return p.password(token, "plain", "tom@example.test", tomPassword)
}

// active asks the custom server whether a token is good there.
func (p *process) active(tok string) bool {
	p.t.Helper()
	a := p.service("/oauth2/default/v1/introspect", "token", tok).ok(p.t)
	active, _ := a.body["active"].(bool)
	return active
}
