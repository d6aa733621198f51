package main

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// signedIn is a flow that has succeeded.
type signedIn struct {
	request  url.Values
	wants    []string // the personal claims that were asked for
	asked    bool     // alice had to give her password
	since    int64    // seconds: when the flow began
	front    url.Values
	back     answer         // of the token endpoint, if there was a code
	idTokens []string       // that have come, the one of the token endpoint last
	access   []string       // likewise
	claims   map[string]any // of the last ID token
}

func (s *signedIn) idToken() string     { return s.idTokens[len(s.idTokens)-1] }
func (s *signedIn) accessToken() string { return s.access[len(s.access)-1] }
func (s *signedIn) authTime() int64     { return number(s.claims, "auth_time") }

// now is the server's time, in seconds.
func (m *module) now() int64 { return time.Now().Add(m.process.ahead).Unix() }

// signIn asks, walks the pages, redeems the code, and verifies all that comes.
func (m *module) signIn(request url.Values, wants ...string) *signedIn {
	m.t.Helper()
	since := m.now()
	m.send(request)
	return m.complete(&signedIn{request: request, wants: wants, since: since})
}

// complete goes on from where the browser was sent.
func (m *module) complete(s *signedIn, more ...string) *signedIn {
	m.t.Helper()
	s.asked = m.pages()
	s.front = m.answer(m.by())
	require.Empty(m.t, s.front.Get("error"), "%v", s.front)
	require.Equal(m.t, s.request.Get("state"), s.front.Get("state"))
	require.Equal(m.t, m.metadata.text("issuer"), s.front.Get("iss")) // RFC 9207
	for what, name := range map[string]string{"code": "code", "token": "access_token", "id_token": "id_token"} {
		require.Equal(m.t, m.includes(what), s.front.Has(name), name)
	}
	if tok := s.front.Get("access_token"); m.includes("token") {
		require.Equal(m.t, "bearer", strings.ToLower(s.front.Get("token_type")))
		require.Regexp(m.t, `^[1-9][0-9]*$`, s.front.Get("expires_in"))
		s.access = append(s.access, tok)
	}
	if raw := s.front.Get("id_token"); m.includes("id_token") {
		s.claims = m.verify(s, raw, s.front.Get("access_token"), s.front.Get("code"))
		require.Equal(m.t, m.includes("token"), s.claims["at_hash"] != nil, "OpenID Connect Core section 3.3.2.11")
		require.Equal(m.t, m.includes("code"), s.claims["c_hash"] != nil, "OpenID Connect Core section 3.3.2.11")
		s.idTokens = append(s.idTokens, raw)
	}
	if m.includes("code") {
		m.redeem(s, more...)
	}
	for _, tok := range s.access {
		m.userinfo(s, m.bearerOf(http.MethodGet, tok, ""))
	}
	return s
}

// redeem redeems the code, as the client authenticates.
func (m *module) redeem(s *signedIn, more ...string) {
	m.t.Helper()
	code := s.front.Get("code")
	require.GreaterOrEqual(m.t, len(code), 22, "RFC 6749 section 10.10: 128 bits")
	require.False(m.t, m.codes[code], "it was issued before")
	m.codes[code] = true
	s.back = m.tokenRequest(append([]string{"grant_type", "authorization_code", "code", code, "redirect_uri", partyRedirect}, more...)...)
	m.tokens(s, s.back)
}

// tokens are an answer of the token endpoint with an ID token in it.
func (m *module) tokens(s *signedIn, a answer) {
	m.t.Helper()
	require.Equal(m.t, http.StatusOK, a.status, a.raw)
	require.Equal(m.t, "application/json", a.header.Get("Content-Type"))
	require.Equal(m.t, "no-store", a.header.Get("Cache-Control"))
	require.Equal(m.t, "bearer", strings.ToLower(a.text("token_type")))
	require.Greater(m.t, number(a.body, "expires_in"), int64(0))
	claims := m.verify(s, a.text("id_token"), a.text("access_token"), s.front.Get("code"))
	if s.claims != nil { // of the front channel: OpenID Connect Core section 3.3.3.6
		require.Equal(m.t, s.claims["iss"], claims["iss"])
		require.Equal(m.t, s.claims["sub"], claims["sub"])
		require.Equal(m.t, s.claims["auth_time"], claims["auth_time"])
	}
	s.claims = claims
	s.idTokens, s.access = append(s.idTokens, a.text("id_token")), append(s.access, a.text("access_token"))
}

func (m *module) tokenRequest(pairs ...string) answer {
	m.t.Helper()
	v := make(url.Values)
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	if m.client.method == "client_secret_post" {
		v.Set("client_id", m.client.id)
		v.Set("client_secret", m.client.secret)
	}
	r := m.post("token_endpoint", v.Encode())
	if m.client.method == "client_secret_basic" {
		r.SetBasicAuth(url.QueryEscape(m.client.id), url.QueryEscape(m.client.secret))
	}
	return m.do(r)
}

// post is a request with a form to an endpoint of the metadata.
func (m *module) post(endpoint, body string) *http.Request {
	m.t.Helper()
	r, err := http.NewRequest(http.MethodPost, m.metadata.text(endpoint), strings.NewReader(body))
	require.NoError(m.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// bearerOf asks UserInfo with a token in the header.
func (m *module) bearerOf(method, tok, body string) answer {
	m.t.Helper()
	r, err := http.NewRequest(method, m.metadata.text("userinfo_endpoint"), strings.NewReader(body))
	require.NoError(m.t, err)
	r.Header.Set("Authorization", "Bearer "+tok)
	return m.do(r)
}

// userinfo is what UserInfo says: who it is, what was asked for, and nothing more.
func (m *module) userinfo(s *signedIn, a answer) {
	m.t.Helper()
	require.Equal(m.t, http.StatusOK, a.status, a.raw)
	require.Equal(m.t, "application/json", a.header.Get("Content-Type"))
	want := m.personal(s.wants)
	want["sub"] = "the subject"
	require.Equal(m.t, want, a.body)
}

// personal are claims of alice's, by name.
func (m *module) personal(names []string) map[string]any {
	claims := make(map[string]any)
	for _, name := range names {
		claims[name] = m.certification.claims[name]
	}
	return maps.Clone(claims)
}
