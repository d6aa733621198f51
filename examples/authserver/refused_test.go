package main

import (
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// client is a configuration with one client, which has the members besides.
func client(members string) string {
	return `{"clients": [{"client_id": "a", ` + members + `}]}`
}

const (
	native = `"application_type": "native", "grant_types": ["password"]`
	user   = `"id": "u", "username": "u@example.test"`
)

// refusals are configurations that cannot be honoured, and what is said of them.
var refusals = []struct{ name, config, want string }{
	// what is there later
	{"authorization_code", client(`"grant_types": ["authorization_code"], "client_secret": "s"`), `clients[0].redirect_uris: is required by "authorization_code"`},
	{"interaction_code", client(`"application_type": "native", "grant_types": ["http://auth0.com/oauth/grant-type/mfa-otp", "interaction_code"]`), `clients[0].grant_types[1]: "interaction_code" needs redirect_uris, or a grant of a first factor such as "password"`},
	{"interaction_code in a browser", client(`"application_type": "browser", "grant_types": ["interaction_code"]`), `clients[0].grant_types[0]: "interaction_code" is not for an application of type "browser"`},
	{"password-realm", client(`"application_type": "native", "grant_types": ["http://auth0.com/oauth/grant-type/password-realm"]`), `clients[0].grant_types[0]: "http://auth0.com/oauth/grant-type/password-realm" is not there yet`},
	{"the second grant", client(`"application_type": "native", "grant_types": ["password", "urn:openid:params:grant-type:ciba"]`), `clients[0].grant_types[1]: "urn:openid:params:grant-type:ciba" is not there yet`},
	{"device", client(`"application_type": "browser", "grant_types": ["urn:ietf:params:oauth:grant-type:device_code"]`), `clients[0].grant_types[0]: "urn:ietf:params:oauth:grant-type:device_code" is not there yet`},
	{"CIBA", client(`"application_type": "native", "grant_types": ["urn:openid:params:grant-type:ciba"]`), `clients[0].grant_types[0]: "urn:openid:params:grant-type:ciba" is not there yet`},
	{"token exchange", client(`"application_type": "service", "client_secret": "s", "grant_types": ["urn:ietf:params:oauth:grant-type:token-exchange"]`), `clients[0].grant_types[0]: "urn:ietf:params:oauth:grant-type:token-exchange" is not there yet`},
	{"the default grant", client(`"client_secret": "s"`), `clients[0].redirect_uris: is required by "authorization_code"`},
	{"redirect_uris", client(native + `, "redirect_uris": []`), `clients[0].redirect_uris: is empty`},
	{"a redirect URI with a fragment", client(native + `, "redirect_uris": ["https://shop.example/cb", "https://shop.example/cb#x"]`), `clients[0].redirect_uris[1]: "https://shop.example/cb#x" has a fragment`},
	{"a redirect URI without TLS", client(native + `, "redirect_uris": ["http://shop.example/cb"]`), `clients[0].redirect_uris[0]: "http://shop.example/cb" is plain http`},
	{"a scheme without a dot", client(native + `, "redirect_uris": ["shop:/cb"]`), `clients[0].redirect_uris[0]: "shop:/cb": a scheme of an app's own has a dot in it`},
	{"logo_uri", client(native + `, "logo_uri": "shop"`), `clients[0].logo_uri: "shop" is not an https URL`},
	{"response_types", client(native + `, "redirect_uris": ["https://shop.example/cb"], "response_types": ["code tokens"]`), `clients[0].response_types[0]: "code tokens" is no response type`},
	{"implicit that is not listed", client(native + `, "redirect_uris": ["https://shop.example/cb"], "response_types": ["token"]`), `clients[0].response_types[0]: "token" needs "implicit" among GrantTypes`},
	{"default_max_age", client(native + `, "default_max_age": -1`), `clients[0].default_max_age: is not a whole number of seconds`},
	{"PKCE of a public client", client(native + `, "optional_pkce": true`), `clients[0].optional_pkce: a public client has nothing but PKCE`},
	{"jwks_uri", client(native + `, "jwks_uri": "https://shop.example/jwks"`), `clients[0].jwks_uri: is not there yet`},
	{"private_key_jwt", client(`"grant_types": [], "token_endpoint_auth_method": "private_key_jwt"`), `clients[0].token_endpoint_auth_method: "private_key_jwt" is not there yet`},
	{"registration", `{"servers": [{"id": "x", "registration": "open"}]}`, `servers[0].registration: "open" is not there yet`},
	{"registration_tokens", `{"registration_tokens": ["x"]}`, `registration_tokens: is not there yet`},
	{"code_ttl", `{"servers": [{"id": "x", "code_ttl": "11m"}]}`, `servers[0].code_ttl: is longer than 10m`},
	{"request_uri_ttl", `{"servers": [{"id": "x", "request_uri_ttl": "60s"}]}`, `servers[0].request_uri_ttl: is not there yet`},
	{"consent", `{"scopes": [{"name": "a"}, {"name": "b", "consent": "often"}]}`, `scopes[1].consent: "often" is none of implicit, required`},
	{"DPoP nonces", `{"dpop_nonce": "required"}`, `dpop_nonce: "required" is not there yet`},
	{"SMS", `{"users": [{` + user + `, "factors": [{"id": "f", "type": "sms", "phone": "5550100"}]}]}`, `users[0].factors[0].phone: `},
	{"address", `{"users": [{` + user + `, "factors": [{"id": "f", "type": "email", "address": "nobody"}]}]}`, `users[0].factors[0].address: `},
	{"member of another factor", `{"users": [{` + user + `, "factors": [{"id": "f", "type": "email", "address": "a@b.test", "phone": "+15550100"}]}]}`, `users[0].factors[0].phone: is not for "email"`},
	{"passkey", `{"users": [{` + user + `, "factors": [{"id": "f", "type": "webauthn", "credential_id": "AAAA", "public_key": "AAAA"}]}]}`, `users[0].factors[0].public_key: `},
	{"recovery codes twice", `{"users": [{` + user + `, "factors": [{"id": "f", "type": "recovery_codes", "codes": ["WXYZ7-23456"]}, {"id": "g", "type": "recovery_codes", "codes": ["WXYZ7-34567"]}]}]}`, `users[0].factors[1].type: "recovery_codes" stands twice`},
	{"delivery", `{"delivery": {"webhook": {"url": "http://gateway.example", "secret": "x"}}}`, `delivery.webhook: `},
	{"delivery to nowhere", `{"delivery": {}}`, `delivery.webhook: is required`},
	{"relying party", `{"webauthn": {"rp_id": "https://login.example"}}`, `webauthn: `},
	{"push", `{"users": [{` + user + `, "factors": [{"id": "f", "type": "push"}]}]}`, `users[0].factors[0].device: is required by "push"`},
	{"fax as an authenticator", `{"authenticators": {"fax": "optional"}}`, `authenticators.fax: is not known`},
	{"number challenge", `{"authenticators": {"push": {"enrolment": "optional", "number_challenge": "often"}}}`, `authenticators.push.number_challenge: "often" is none of always, never, high_risk`},
	{"number challenge of another", `{"authenticators": {"sms": {"number_challenge": "never"}}}`, `authenticators.sms.number_challenge: is for push alone`},
	{"recovery scope", `{"scopes": [{"name": "okta.myAccount.password.manage"}]}`, `scopes[0].name: "okta.myAccount.password.manage" stands twice, or is built in`},

	// JSON
	{"malformed", "{\n  \"issuer\": }", `the JSON is malformed at line 2, column 13: invalid character '}'`},
	{"two documents", `{} {}`, `invalid character '{' after top-level value`},
	{"not UTF-8", "{\"issuer\": \"\xff\"}", `the JSON is not UTF-8`},
	{"not an object", `[]`, `must be an object`},
	{"unknown", `{"isuer": "x"}`, `isuer: is not known`},
	{"other case", `{"Issuer": "http://127.0.0.1"}`, `Issuer: is not known`},
	{"unknown, deep", client(native + `, "scopes": "a"`), `clients[0].scopes: is not known`},
	{"unknown, with a name of its own", `{"a b": 1}`, `["a b"]: is not known`},
	{"twice", `{"issuer": "http://127.0.0.1", "issuer": "http://127.0.0.1"}`, `issuer: stands twice`},
	{"twice, deep", `{"users": [{` + user + `, "claims": {"address": {"country": "a", "country": "b"}}}]}`, `users[0].claims.address.country: stands twice`},
	{"null", `{"clients": null}`, `clients: must be a list`},
	{"number for a string", client(`"client_name": 7`), `clients[0].client_name: must be a string`},
	{"string for a list", client(`"grant_types": "password"`), `clients[0].grant_types: must be a list`},
	{"string for an object", `{"access_token": "jwt"}`, `access_token: must be an object`},
	{"empty string", client(`"sign_in_policy": ""`), `clients[0].sign_in_policy: is empty`},

	// servers
	{"id v1", `{"servers": [{"id": "v1"}]}`, `servers[0].id: "v1" is where the endpoints of the org server are`},
	{"id org", `{"servers": [{"id": "org"}]}`, `servers[0].id: "org" is the org server`},
	{"id with a slash", `{"servers": [{"id": "a/b"}]}`, `servers[0].id: "a/b" is not a path segment`},
	{"id pattern", `{"servers": [{"id": "{id}"}]}`, `servers[0].id: "{id}" is not a path segment`},
	{"id ..", `{"servers": [{"id": ".."}]}`, `servers[0].id: ".." is not a path segment`},
	{"id twice", `{"servers": [{"id": "a"}, {"id": "a"}]}`, `servers[1].id: "a" stands twice`},
	{"no id", `{"servers": [{"audience": "a"}]}`, `servers[0].id: is required`},
	{"id at the top", `{"id": "a"}`, `id: is not known`},
	{"algorithm", `{"servers": [{"id": "a", "access_token": {"alg": "none"}}]}`, `servers[0].access_token.alg: "none" is none of RS256,`},
	{"HS256", `{"id_token": {"alg": "HS256"}}`, `id_token.alg: "HS256" is none of RS256,`},
	{"format", `{"access_token": {"format": "saml"}}`, `access_token.format: "saml" is none of jwt, opaque`},
	{"duration", `{"access_token": {"ttl": "10"}}`, `access_token.ttl: "10" is not a duration`},
	{"negative duration", `{"refresh_token": {"idle_ttl": "-1h"}}`, `refresh_token.idle_ttl: "-1h" is not a duration`},
	{"long access token", `{"access_token": {"ttl": "25h"}}`, `access_token.ttl: is longer than 24h`},
	{"grace", `{"refresh_token": {"grace": "for ever"}}`, `refresh_token.grace: "for ever" is neither a duration of at most 24h nor until_used`},
	{"rotation", `{"refresh_token": {"rotation": "never"}}`, `refresh_token.rotation: "never" is none of rotate, persistent`},
	{"built-in scope", `{"scopes": [{"name": "openid"}]}`, `scopes[0].name: "openid" stands twice, or is built in`},
	{"scope with a blank", `{"scopes": [{"name": "a b"}]}`, `scopes[0].name: "a b" is not a scope token`},
	{"access policy", `{"servers": [{"id": "a", "access_policy": "api"}]}`, `servers[0].access_policy: no policy is named "api"`},

	// clients
	{"no client_id", `{"clients": [{"application_type": "native"}]}`, `clients[0].client_id: is required`},
	{"client_id twice", `{"clients": [{"client_id": "a", ` + native + `}, {"client_id": "a", ` + native + `}]}`, `clients[1].client_id: "a" stands twice`},
	{"a client's id as a user's", `{"users": [{"id": "a", "username": "a"}], "clients": [{"client_id": "a", ` + native + `}]}`, `clients[0].client_id: "a" is the id of a user`},
	{"application type", client(`"application_type": "desktop"`), `clients[0].application_type: "desktop" is none of web, browser, native, service`},
	{"grant type", client(`"grant_types": ["passwort"]`), `clients[0].grant_types[0]: "passwort" is no grant type`},
	{"grant twice", client(`"application_type": "native", "grant_types": ["password", "password"]`), `clients[0].grant_types[1]: "password" stands twice`},
	{"password in a browser", client(`"application_type": "browser", "grant_types": ["password"]`), `clients[0].grant_types[0]: "password" is not for an application of type "browser"`},
	{"client_credentials in a native app", client(`"application_type": "native", "client_secret": "s", "grant_types": ["client_credentials"]`), `clients[0].grant_types[0]: "client_credentials" is not for an application of type "native"`},
	{"refresh_token of a service", client(`"application_type": "service", "client_secret": "s", "grant_types": ["refresh_token"]`), `clients[0].grant_types[0]: "refresh_token" is not for an application of type "service"`},
	{"a service without a secret", client(`"application_type": "service"`), `clients[0].client_secret: is required by client_secret_basic`},
	{"a public web application", client(`"grant_types": ["refresh_token"], "token_endpoint_auth_method": "none"`), `clients[0].token_endpoint_auth_method: an application of type "web" authenticates`},
	{"a secret in a browser", client(`"application_type": "browser", "grant_types": ["refresh_token"], "token_endpoint_auth_method": "client_secret_post", "client_secret": "s"`), `clients[0].token_endpoint_auth_method: an application of type "browser" cannot keep a secret`},
	{"a secret for none", client(native + `, "token_endpoint_auth_method": "none", "client_secret": "s"`), `clients[0].client_secret: a client that does not authenticate has none`},
	{"a secret and its hash", client(native + `, "client_secret": "s", "client_secret_hash": "$2a$"`), `clients[0].client_secret_hash: stands beside client_secret`},
	{"a hash that is none", client(native + `, "client_secret_hash": "plain"`), `clients[0].client_secret_hash: is neither an argon2id PHC string nor bcrypt`},
	{"client policy", client(native + `, "sign_in_policy": "two-factor"`), `clients[0].sign_in_policy: no policy is named "two-factor"`},
	{"client scope", client(native + `, "scope": "openid orders:read"`), `clients[0].scope: no server of the client has the scope "orders:read"`},
	{"client scope of another server", `{"servers": [{"id": "x", "scopes": [{"name": "s"}]}], "clients": [{"client_id": "a", ` + native + `, "scope": "s", "servers": ["org"]}]}`, `clients[0].scope: no server of the client has the scope "s"`},
	{"client server", client(native + `, "servers": ["default"]`), `clients[0].servers[0]: no server has the id "default"`},
	{"no client server", client(native + `, "servers": []`), `clients[0].servers: is empty`},
	{"assigned to nobody", client(native + `, "assigned_to": []`), `clients[0].assigned_to: is empty`},
	{"assigned to a group", client(native + `, "assigned_to": ["everyone", "stuff"]`), `clients[0].assigned_to[1]: no user or policy has the group "stuff"`},
	{"token format", client(native + `, "access_token_format": "x"`), `clients[0].access_token_format: "x" is none of jwt, opaque`},

	// users
	{"no user id", `{"users": [{"username": "a"}]}`, `users[0].id: is required`},
	{"no username", `{"users": [{"id": "a"}]}`, `users[0].username: is required`},
	{"username twice", `{"users": [{"id": "a", "username": "Mia"}, {"id": "b", "username": "mia"}]}`, `users[1].username: "mia" is that of users[0]`},
	{"user id twice", `{"users": [{"id": "a", "username": "a"}, {"id": "a", "username": "b"}]}`, `users[1].id: "a" stands twice`},
	{"status", `{"users": [{` + user + `, "status": "locked"}]}`, `users[0].status: "locked" is none of active, suspended`},
	{"password and hash", `{"users": [{` + user + `, "password": "p", "password_hash": "$2a$"}]}`, `users[0].password_hash: stands beside password`},
	{"password hash", `{"users": [{` + user + `, "password_hash": "$argon2id$v=19$m=99999999,t=1,p=1$AAAA$AAAA"}]}`, `users[0].password_hash: is neither an argon2id PHC string nor bcrypt`},
	{"TOTP secret", `{"users": [{` + user + `, "factors": [{"id": "f", "type": "totp", "secret": "1"}]}]}`, `users[0].factors[0].secret: the secret must be base32`},
	{"no TOTP secret", `{"users": [{` + user + `, "factors": [{"id": "f", "type": "totp"}]}]}`, `users[0].factors[0].secret: is required`},
	{"factor type", `{"users": [{` + user + `, "factors": [{"id": "f", "type": "fax"}]}]}`, `users[0].factors[0].type: "fax" is none of email, push,`},
	{"factor id twice", `{"users": [{` + user + `, "factors": [{"id": "f", "type": "totp", "secret": "JBSWY3DPEHPK3PXP"}, {"id": "f", "type": "totp", "secret": "JBSWY3DPEHPK3PXP"}]}]}`, `users[0].factors[1].id: "f" stands twice`},
	{"authenticator", `{"authenticators": {"fax": "disabled"}}`, `authenticators.fax: is not known`},
	{"authenticator word", `{"authenticators": {"totp": "off"}}`, `authenticators.totp: "off" is none of optional, required, disabled`},

	// policies
	{"no rules", `{"policies": {"p": {"rules": []}}}`, `policies.p.rules: a policy without rules denies everything`},
	{"policy member", `{"policies": {"p": {"rules": [{"name": "a", "if": {"group": ["x"]}, "then": {"access": "allow"}}]}}}`, `policies.p.rules[0].if.group: is not known`},
	{"empty condition", `{"policies": {"p": {"rules": [{"name": "a", "if": {"groups": []}, "then": {"access": "allow"}}]}}}`, `policies.p.rules[0].if.groups: is empty`},
	{"rule after the last", `{"policies": {"p": {"rules": [{"name": "a", "then": {"access": "allow"}}, {"name": "b", "then": {"access": "deny"}}]}}}`, `policies.p.rules[1]: comes after a rule without conditions`},
	{"policy user", `{"policies": {"p": {"rules": [{"name": "a", "if": {"users": ["mia"]}, "then": {"access": "deny"}}]}}}`, `policies.p.rules[0].if.users[0]: no user has the id "mia"`},
	{"policy client", `{"policies": {"p": {"rules": [{"name": "a", "if": {"clients": ["x"]}, "then": {"access": "deny"}}]}}}`, `policies.p.rules[0].if.clients[0]: no client has the id "x"`},
	{"policy scope", `{"policies": {"p": {"rules": [{"name": "a", "if": {"scopes": ["openid", "x"]}, "then": {"access": "deny"}}]}}}`, `policies.p.rules[0].if.scopes[1]: no scope is "x"`},
	{"policy method", `{"policies": {"p": {"rules": [{"name": "a", "then": {"access": "allow", "require": [{"methods": ["topt"]}]}}]}}}`, `policies.p.rules[0].then.require[0].methods[0]: no method is "topt"`},
	{"policy name", `{"policies": {"a.b": {"rules": [{"name": "a", "if": {"users": ["x"]}, "then": {"access": "deny"}}]}}}`, `policies["a.b"].rules[0].if.users[0]: no user`},

	// issuer
	{"issuer with a path", `{"issuer": "http://127.0.0.1:8080/"}`, `issuer: "http://127.0.0.1:8080/" has a path`},
	{"plain http", `{"issuer": "http://login.example"}`, `issuer: "http://login.example": plain http is for loopback hosts alone`},
	{"issuer in capitals", `{"issuer": "https://Login.Example"}`, `issuer: "https://Login.Example" is not in its normal form`},
	{"no issuer", `{"issuer": "login.example"}`, `issuer: "login.example" is not the origin of a server`},
}

func TestRefusedConfiguration(t *testing.T) {
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			status, stderr := refused(t, setup{config: c.config})
			require.Equal(t, statusConfig, status, stderr)
			require.Contains(t, stderr, "authserver: ")
			require.Contains(t, stderr, c.want)
			require.NotContains(t, stderr, "goroutine")
		})
	}
}

func TestRefusedCommandLine(t *testing.T) {
	const key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	dir := t.TempDir()
	for _, c := range []struct {
		name   string
		setup  setup
		status int
		want   string
	}{
		{"unknown flag", setup{args: []string{"-verbose"}}, 2, "-verbose"},
		{"argument", setup{args: []string{"config.json"}}, 2, `unexpected argument "config.json"`},
		{"no such file", setup{args: []string{"-config", dir + "/none.json"}}, 2, "-config: open"},
		{"-ca", setup{args: []string{"-ca", "x.pem"}}, 2, "-ca: open x.pem"},
		{"-ca without a certificate", setup{args: []string{"-ca", "demo.json"}}, 2, "-ca: demo.json has no certificate"},
		{"-client-ca", setup{args: []string{"-client-ca", "x.pem"}}, 2, "-client-ca: is not there yet"},
		{"a certificate without a key", setup{args: []string{"-tls-cert", "x.pem"}}, 2, "-tls-key: is required with -tls-cert"},
		{"a key without a certificate", setup{args: []string{"-tls-key", "x.pem"}}, 2, "-tls-cert: is required with -tls-key"},
		{"no such certificate", setup{args: []string{"-tls-cert", dir + "/c", "-tls-key", dir + "/k"}}, 2, "-tls-cert: open"},
		{"mysql", setup{args: []string{"-store", "mysql://u:secret@h/d"}, master: key}, 2, `-store: "mysql" is not there yet`},
		{"redis", setup{args: []string{"-store", "rediss://h"}, master: key}, 2, `-store: "rediss" is not there yet`},
		{"no store", setup{args: []string{"-store", "file:///secret"}, master: key}, 2, "-store: is none of memory"},
		{"SQLite in memory", setup{args: []string{"-store", "sqlite::memory:"}, master: key}, 2, "-store: sqlite: wants the path of a file"},
		{"no master key", setup{args: []string{"-store", "sqlite:" + dir + "/a.db"}}, 2, "MINTYARD_MASTER_KEY: is required for a durable store"},
		{"short master key", setup{args: []string{"-store", "sqlite:" + dir + "/a.db"}, master: "c2hvcnQ="}, 2, "MINTYARD_MASTER_KEY: must be 32 random bytes"},
		{"short master key in memory", setup{master: "c2hvcnQ="}, 2, "MINTYARD_MASTER_KEY: must be 32 random bytes"},
		{"address", setup{args: []string{"-addr", "8080"}}, 2, `-addr: "8080" is not HOST:PORT`},
		{"port", setup{args: []string{"-addr", "127.0.0.1:80800"}}, 2, `-addr: "127.0.0.1:80800" is not HOST:PORT`},
		{"every address without an issuer", setup{args: []string{"-addr", ":0"}}, 2, `issuer: is required: -addr ":0" is no one host`},
		{"an address without TLS", setup{args: []string{"-addr", "192.0.2.1:0"}}, 2, `issuer: is required: -addr "192.0.2.1:0" is not a loopback address`},
		{"https without TLS, for all", setup{config: `{"issuer": "https://login.example"}`, args: []string{"-addr", "0.0.0.0:0"}}, 2, `issuer: "https://login.example" wants -tls-cert`},
		{"not our address", setup{config: `{"issuer": "http://127.0.0.1"}`, args: []string{"-addr", "192.0.2.1:0"}}, 1, "-addr: cannot listen on 192.0.2.1:0"},
		{"SQLite in no folder", setup{args: []string{"-store", "sqlite:" + dir + "/none/a.db"}, master: key}, 3, "store: sqlstore: Open"},
		{"no PostgreSQL", setup{args: []string{"-store", "postgres://u:hush-hush@127.0.0.1:1/d?connect_timeout=2"}, master: key}, 3, "store: sqlstore: Open"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			status, stderr := refused(t, c.setup)
			require.Equal(t, c.status, status, stderr)
			require.Contains(t, stderr, c.want)
			require.NotContains(t, stderr, "secret@")
			require.NotContains(t, stderr, "hush-hush")
		})
	}
}

// A store that is there, and not ours.
func TestRefusedStore(t *testing.T) {
	const key, other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	url := "sqlite:" + filepath.Join(t.TempDir(), "a.db")
	start(t, setup{master: key, args: []string{"-store", url}}).Stop()

	status, stderr := refused(t, setup{master: other, args: []string{"-store", url}})
	require.Equal(t, statusStore, status)
	require.Contains(t, stderr, "another master key")

	status, stderr = refused(t, setup{args: []string{"-dev", "-store", url}})
	require.Equal(t, statusStore, status, "the key that everybody knows is another one too")
	require.Contains(t, stderr, "another master key")

	file := filepath.Join(t.TempDir(), "text.db")
	require.NoError(t, os.WriteFile(file, []byte(strings.Repeat("no data base ", 100)), 0o600))
	status, stderr = refused(t, setup{master: key, args: []string{"-store", "sqlite:" + file}})
	require.Equal(t, statusStore, status)
	require.Contains(t, stderr, "not a database")

	newer(t, strings.TrimPrefix(url, "sqlite:"))
	status, stderr = refused(t, setup{master: key, args: []string{"-store", url}})
	require.Equal(t, statusStore, status)
	require.Contains(t, stderr, "the schema is newer than this program")
}

func TestAddressTaken(t *testing.T) {
	p := start(t, setup{})
	status, stderr := refused(t, setup{args: []string{"-addr", p.Addr}})
	require.Equal(t, statusFailed, status)
	require.Contains(t, stderr, fmt.Sprintf("-addr: %s is taken by another process", p.Addr))
	require.Equal(t, http.StatusOK, p.get("/.well-known/openid-configuration").status)
}

// newer makes the schema of an SQLite file one that we do not know.
func newer(t *testing.T, file string) {
	db, err := sql.Open("sqlite", file)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), "INSERT INTO mintyard_schema (version) VALUES (9999)")
	require.NoError(t, err)
}
