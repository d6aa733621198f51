package main

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
)

// scopeClaims are the claims that a scope asks for (OpenID Connect Core section 5.4).
var scopeClaims = map[string][]string{
	"profile": {"name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website",
		"gender", "birthdate", "zoneinfo", "locale", "updated_at"},
	"email":   {"email", "email_verified"},
	"address": {"address"},
	"phone":   {"phone_number", "phone_number_verified"},
}

// server signs in to two clients: alice is asked once.
func (m *module) server() {
	require.True(m.t, m.signIn(m.ask()).asked)
	m.client = parties[1]
	require.False(m.t, m.signIn(m.ask()).asked)
}

func (m *module) serverClientSecretPost() {
	m.client = parties[2]
	m.signIn(m.ask())
}

// succeeds signs in although a parameter is there that says nothing to us, or little.
func (m *module) succeeds(pairs ...string) { require.True(m.t, m.signIn(m.ask(pairs...)).asked) }

func (m *module) userinfoGet() {
	s := m.signIn(m.ask())
	m.userinfo(s, m.bearerOf(http.MethodGet, s.accessToken(), ""))
}

func (m *module) userinfoPostHeader() {
	s := m.signIn(m.ask())
	m.userinfo(s, m.bearerOf(http.MethodPost, s.accessToken(), ""))
}

func (m *module) userinfoPostBody() {
	s := m.signIn(m.ask())
	m.userinfo(s, m.do(m.post("userinfo_endpoint", url.Values{"access_token": {s.accessToken()}}.Encode())))
}

func (m *module) scopes(scopes ...string) {
	var wants []string
	for _, scope := range scopes {
		require.Contains(m.t, m.metadata.body["scopes_supported"], scope)
		wants = append(wants, scopeClaims[scope]...)
	}
	m.signIn(m.ask("scope", "openid "+strings.Join(scopes, " ")), wants...)
}

// alternate is scope email, with the scopes and the parameters in another order.
func (m *module) alternate() {
	s := &signedIn{request: m.ask("scope", "email openid"), wants: scopeClaims["email"], since: m.now()}
	names := slices.Sorted(maps.Keys(s.request))
	slices.Reverse(names)
	m.sendInOrder(s.request, names)
	m.complete(s)
}

func (m *module) claimsEssential() {
	where := "userinfo"
	if m.responseType == "id_token" {
		where = "id_token"
	}
	m.signIn(m.ask("claims", `{"`+where+`":{"name":{"essential":true}}}`), "name")
}

func (m *module) acrValues() {
	values, _ := m.metadata.body["acr_values_supported"].([]any)
	var names []string
	for _, v := range values {
		names = append(names, v.(string))
	}
	s := m.signIn(m.ask("acr_values", strings.Join(names, " ")))
	require.Contains(m.t, values, s.claims["acr"])
}

func (m *module) postRequest() {
	s := &signedIn{request: m.ask(), since: m.now()}
	require.NoError(m.t, m.browser.Post(m.metadata.text("authorization_endpoint"), s.request))
	require.True(m.t, m.complete(s).asked)
}

func (m *module) withoutNonceSucceeds() { m.signIn(m.ask("nonce", "")) }

// withoutNonceFails: OpenID Connect Core section 3.2.2.1 and 3.3.2.11.
func (m *module) withoutNonceFails() {
	request := m.ask("nonce", "")
	m.send(request)
	m.refused(request, m.by(), "invalid_request")
}

// responseTypeMissing: nothing says by what the client reads, so that it is the query, as
// for RFC 6749 section 4.1.2.1.
func (m *module) responseTypeMissing() {
	request := m.ask("response_type", "")
	m.send(request)
	by := "query"
	if m.mode != "" {
		by = m.mode
	}
	m.refused(request, by, "invalid_request", "unsupported_response_type")
}

func (m *module) registeredRedirectURI() {
	m.send(m.ask("redirect_uri", partyRedirect+"/GmTzWQbq2A"))
	m.errorPage()
}

// unsignedRequestObject: what is not read is refused as OpenID Connect Core section
// 3.1.2.6 has it, and not passed over.
func (m *module) unsignedRequestObject() {
	require.Equal(m.t, false, m.metadata.body["request_parameter_supported"])
	request := m.withObject(m.ask())
	m.send(request)
	m.refused(request, m.by(), "request_not_supported")
}

// requestObjectRedirectURI: where the answer would go is not in order, whatever is in the
// object.
func (m *module) requestObjectRedirectURI() {
	request := m.withObject(m.ask())
	request.Set("redirect_uri", partyRedirect+"/GmTzWQbq2A")
	m.send(request)
	m.errorPage()
}

// withObject puts a request into an object that nobody has signed, as well.
func (m *module) withObject(request url.Values) url.Values {
	m.t.Helper()
	object := map[string]string{"aud": m.metadata.text("issuer")}
	for name := range request {
		object[name] = request.Get(name)
	}
	payload, err := json.Marshal(object)
	require.NoError(m.t, err)
	request = maps.Clone(request)
	request.Set("request", base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))+"."+base64.RawURLEncoding.EncodeToString(payload)+".")
	return request
}
