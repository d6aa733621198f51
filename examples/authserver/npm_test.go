package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/examples/authserver/servertest"
)

// The scripts under clients, which drive clients of others, unmodified and at exact
// versions: through what they know of direct authentication, and as relying parties that
// send the person to the pages. Each has a server of its own.
func TestNPMClients(t *testing.T) {
	node, dir := servertest.NPM(t, "clients")
	for script, run := range map[string]func(t *testing.T, node, script string){
		"auth0-auth-js": runDirect, "openid4vc-oauth2": runDirect, "openid-client": runParty, "oauth4webapi": runParty,
	} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			run(t, node, filepath.Join(dir, script+".mjs"))
		})
	}
}

var lastLine = regexp.MustCompile(`\n(\d+) steps done\n$`)

// runScript runs a script with what it is told, and trust in a certificate.
func runScript(t *testing.T, node, script, cert string, told map[string]any) {
	t.Helper()
	b, err := json.Marshal(told)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, node, script)
	run.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+cert, "AUTHSERVER="+string(b))
	var out, errs bytes.Buffer
	run.Stdout, run.Stderr = &out, &errs
	err = run.Run()
	t.Logf("%s%s", out.String(), errs.String())
	require.NoError(t, err)
	require.Regexp(t, lastLine, out.String(), "the script ended before its end")
}

// certified is a certificate, and the arguments of a server that has it.
func certified(t *testing.T) (cert string, pool *x509.CertPool, args []string) {
	t.Helper()
	dir := t.TempDir()
	pool = servertest.Certificate(t, dir)
	cert = filepath.Join(dir, "cert.pem")
	return cert, pool, []string{"-dev", "-tls-cert", cert, "-tls-key", filepath.Join(dir, "key.pem")}
}

// runDirect starts a server, and one more that shows no numbers with pushes, and runs
// a script of direct authentication against them.
func runDirect(t *testing.T, node, script string) {
	t.Helper()
	cert, _, args := certified(t)
	key := newPasskey(t)
	numbers := start(t, setup{config: npmConfig(t, key, "always"), args: args})
	plain := start(t, setup{config: npmConfig(t, key, "never"), args: args})
	private, err := x509.MarshalPKCS8PrivateKey(key.Key)
	require.NoError(t, err)
	runScript(t, node, script, cert, map[string]any{
		"origin": numbers.Issuer, "withoutNumbers": plain.Issuer, "clientSecret": npmSecret,
		"password": miaPassword, "totp": miaSecret, "recoveryCode": "WXYZ7-23456",
		"passkey": map[string]string{
			"id": key.Credential(), "handle": "mia", "key": base64.RawURLEncoding.EncodeToString(private),
		},
	})
}

// npmSecret is that of every app. @openid4vc/oauth2 writes Basic credentials in base64
// without padding and in the alphabet of URLs, which RFC 7617 does not have: with this
// secret there is no difference.
const npmSecret = "the secret of every app: more than 32 bytes."

// npmConfig has apps that ask for two factors: shop and office, which authenticate, and
// till, which does not; and kiosk, which asks for one. Mia has every factor, the others
// have none.
func npmConfig(t *testing.T, key *passkey, numbers string) string {
	t.Helper()
	grants := []string{
		"password", directauth.GrantOTP, directauth.GrantOOB, directauth.GrantWebAuthn,
		directauth.GrantMFAOTP, directauth.GrantMFAOOB, directauth.GrantMFAWebAuthn, directauth.GrantMFARecoveryCode,
		"authorization_code", "interaction_code", "refresh_token",
	}
	type object = map[string]any
	app := func(id, method, policy string) object {
		o := object{"client_id": id, "application_type": "native", "token_endpoint_auth_method": method, "grant_types": grants, "sign_in_policy": policy}
		if method != "none" {
			o["client_secret"] = npmSecret
		}
		return o
	}
	person := func(id string, factors ...object) object {
		address := id + "@example.test"
		return object{
			"id": id, "username": address, "password": miaPassword,
			"claims": object{"name": id, "email": address, "email_verified": true}, "factors": append([]object{}, factors...),
		}
	}
	users := []object{person("mia",
		object{"id": "app", "type": "totp", "secret": miaSecret},
		object{"id": "sms", "type": "sms", "phone": "+15550100"},
		object{"id": "voice", "type": "voice", "phone": "+15550100"},
		object{"id": "email", "type": "email", "address": "mia@example.test"},
		object{"id": "push", "type": "push", "device": "Mia's phone"},
		object{"id": "passkey", "type": "webauthn", "credential_id": key.Credential(), "public_key": key.COSE(t)},
		object{"id": "codes", "type": "recovery_codes", "codes": []string{"WXYZ7-23456"}},
	)}
	for _, id := range []string{"tom", "uma", "vic", "wes", "xia", "yul", "zoe"} {
		users = append(users, person(id))
	}
	b, err := json.Marshal(object{
		"audience":       "api://shop",
		"scopes":         []object{{"name": "shop:read", "default": true}, {"name": directauth.ScopeReadAuthenticators}, {"name": directauth.ScopeRemoveAuthenticators}},
		"servers":        []object{{"id": "default", "audience": "api://default", "code_ttl": "60s"}},
		"authenticators": object{"push": object{"enrolment": "optional", "number_challenge": numbers}},
		"clients": []object{
			app("shop", "client_secret_post", "two"), app("office", "client_secret_basic", "two"), app("till", "none", "two"),
			app("kiosk", "client_secret_post", "one"), app("plain", "none", "one"),
		},
		"users": users,
		"policies": object{
			"one": object{"rules": []object{{"name": "one", "then": object{"access": "allow", "factors": 1}}}},
			"two": object{"rules": []object{{"name": "two", "then": object{"access": "allow", "factors": 2}}}},
		},
	})
	require.NoError(t, err)
	return string(b)
}
