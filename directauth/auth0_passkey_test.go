package directauth_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/directauth"
)

// a0Assertion is the body with which the client of the dialect answers a challenge.
func a0Assertion(t *testing.T, a a0Answer) a0Map {
	t.Helper()
	params, _ := a.body["authn_params_public_key"].(map[string]any)
	challenge, _ := params["challenge"].(string)
	raw, err := base64.RawURLEncoding.DecodeString(challenge)
	require.NoError(t, err)
	b64 := base64.RawURLEncoding.EncodeToString
	data, err := json.Marshal(a0Map{"type": "webauthn.get", "challenge": challenge, "origin": a0Origin})
	require.NoError(t, err)
	return a0Map{
		"grant_type": directauth.GrantWebAuthn, "client_id": "one", "scope": "openid", "auth_session": a.text("auth_session"),
		"authn_response": a0Map{
			"id": b64([]byte("pk")), "rawId": b64([]byte("pk")), "type": "public-key", "authenticatorAttachment": nil,
			"clientExtensionResults": a0Map{"credProps": a0Map{"rk": true}, "list": []int{1}},
			"response": a0Map{
				"authenticatorData": b64([]byte("data")), "clientDataJSON": b64(data), "signature": b64([]byte("signed " + string(raw))), "userHandle": b64([]byte("zoe")),
			},
		},
	}
}

func (k *a0Kit) passkeyChallenge(client string) a0Answer {
	k.t.Helper()
	return k.json("/passkey/challenge", "", a0Map{"client_id": client, "realm": "Username-Password-Authentication"})
}

func TestAuth0Passkey(t *testing.T) {
	k := newA0(t)
	a := k.passkeyChallenge("one").ok(t)
	require.NotEmpty(t, a.text("auth_session"))
	params := a.body["authn_params_public_key"].(map[string]any)
	require.Equal(t, "login.example", params["rpId"])
	require.Equal(t, "preferred", params["userVerification"])
	require.EqualValues(t, 60000, params["timeout"])
	body := a0Assertion(t, a)
	got := k.json("/oauth2/v1/token", "", body)
	require.Contains(t, k.amr(got), "pop")
	k.json(a0Token, "", body).refused(t, 400, "invalid_grant") // replayed

	// Two factors in one, where policy wants two.
	body = a0Assertion(t, k.passkeyChallenge("app").ok(t))
	body["client_id"] = "app"
	k.json(a0Token, "", body).ok(t)
}

func TestAuth0PasskeyFlat(t *testing.T) {
	k := newA0(t)
	a := k.passkeyChallenge("one").ok(t)
	response := a0Assertion(t, a)["authn_response"].(a0Map)["response"].(a0Map)
	flat := []string{"grant_type", directauth.GrantWebAuthn, "client_id", "one", "scope", "openid"}
	for name, v := range response {
		flat = append(flat, name, v.(string))
	}
	k.form(a0Token, append(flat, "auth_session", a.text("auth_session"))...).refused(t, 400, "invalid_request") // two shapes in one
	k.form(a0Token, flat...).ok(t)
}

func TestAuth0PasskeyRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		edit   func(body, credential, response a0Map)
		status int
		code   string
	}{
		"other session":     {func(b, _, _ a0Map) { b["auth_session"] = "mint_wa_x" }, 400, "invalid_request"},
		"no session":        {func(b, _, _ a0Map) { delete(b, "auth_session") }, 400, "invalid_request"},
		"no response":       {func(b, _, _ a0Map) { delete(b, "authn_response") }, 400, "invalid_request"},
		"response is text":  {func(b, c, _ a0Map) { b["authn_response"] = "x" }, 400, "invalid_request"},
		"no id":             {func(_, c, _ a0Map) { delete(c, "id") }, 400, "invalid_request"},
		"two ids":           {func(_, c, _ a0Map) { c["rawId"] = "AAAA" }, 400, "invalid_request"},
		"id is no base64":   {func(_, c, _ a0Map) { c["id"], c["rawId"] = "!", "!" }, 400, "invalid_request"},
		"other credential":  {func(_, c, _ a0Map) { c["id"], c["rawId"] = "AAAA", "AAAA" }, 400, "invalid_grant"},
		"other type":        {func(_, c, _ a0Map) { c["type"] = "password" }, 400, "invalid_request"},
		"no signature":      {func(_, _, r a0Map) { delete(r, "signature") }, 400, "invalid_request"},
		"signature nested":  {func(_, _, r a0Map) { r["signature"] = a0Map{"a": "b"} }, 400, "invalid_request"},
		"wrong signature":   {func(_, _, r a0Map) { r["signature"] = "AAAA" }, 400, "invalid_grant"},
		"other person":      {func(_, _, r a0Map) { r["userHandle"] = "bWlh" }, 400, "invalid_grant"},
		"client data":       {func(_, _, r a0Map) { r["clientDataJSON"] = "AAAA" }, 400, "invalid_request"},
		"other client":      {func(b, _, _ a0Map) { b["client_id"] = "app" }, 401, "invalid_client"},
		"unknown client":    {func(b, _, _ a0Map) { b["client_id"] = "nobody" }, 401, "invalid_client"},
		"unknown nesting":   {func(b, _, _ a0Map) { b["scope"] = []string{"openid"} }, 400, "invalid_request"},
		"number":            {func(b, _, _ a0Map) { b["scope"] = 1 }, 400, "invalid_request"},
		"unknown scope":     {func(b, _, _ a0Map) { b["scope"] = "everything" }, 400, "invalid_scope"},
		"another grant":     {func(b, _, _ a0Map) { b["grant_type"] = directauth.GrantMFAOTP }, 415, "invalid_request"},
		"password in JSON":  {func(b, _, _ a0Map) { b["grant_type"] = "password" }, 415, "invalid_request"},
		"no grant":          {func(b, _, _ a0Map) { delete(b, "grant_type") }, 415, "invalid_request"},
		"named full stops":  {func(b, _, _ a0Map) { b["authn_response.id"] = "cGs" }, 400, "invalid_request"},
		"nested once more":  {func(_, c, r a0Map) { c["response"] = a0Map{"response": r} }, 400, "invalid_request"},
		"larger than 64 KB": {func(b, _, _ a0Map) { b["x"] = string(make([]byte, 70_000)) }, 413, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newA0(t)
			body := a0Assertion(t, k.passkeyChallenge("one").ok(t))
			credential := maps.Clone(body["authn_response"].(a0Map))
			response := maps.Clone(credential["response"].(a0Map))
			credential["response"], body["authn_response"] = response, credential
			c.edit(body, credential, response)
			k.json(a0Token, "", body).refused(t, c.status, c.code)
		})
	}
}

func TestAuth0PasskeyExpires(t *testing.T) {
	k := newA0(t)
	body := a0Assertion(t, k.passkeyChallenge("one").ok(t))
	k.advance(2 * time.Minute)
	k.json(a0Token, "", body).refused(t, 400, "invalid_grant")
}

func TestAuth0PasskeyEndpoints(t *testing.T) {
	k := newA0(t)
	k.passkeyChallenge("nobody").refused(t, 401, "invalid_client")
	k.clients["one"].GrantTypes = []string{directauth.GrantPassword}
	k.passkeyChallenge("one").refused(t, 400, "unauthorized_client")
	a := k.json("/passkey/register", "", a0Map{"client_id": "app", "user_profile": a0Map{"email": "new@example.test"}, "user_metadata": a0Map{"a": 1}})
	a.refused(t, 403, "access_denied")
	require.True(t, k.saw(directauth.ReasonSignUp))
	k.json("/passkey/register", "", a0Map{"client_id": "nobody"}).refused(t, 401, "invalid_client")
}
