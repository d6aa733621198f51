package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/stretchr/testify/require"
)

func (m *module) codeReuse() { m.reuse(m.signIn(m.ask())) }

// codeReuse30Seconds: the code would still be good, and what it has brought ends (RFC 6749
// section 4.1.2).
func (m *module) codeReuse30Seconds() {
	s := m.signIn(m.ask())
	m.advance(30 * time.Second)
	m.userinfo(s, m.bearerOf(http.MethodGet, s.accessToken(), ""))
	m.reuse(s)
	m.bearerOf(http.MethodGet, s.accessToken(), "").is(m.t, http.StatusUnauthorized, "invalid_token")
}

func (m *module) reuse(s *signedIn) {
	m.t.Helper()
	m.invalidGrant(m.tokenRequest("grant_type", "authorization_code", "code", s.front.Get("code"), "redirect_uri", partyRedirect))
}

func (m *module) invalidGrant(a answer) {
	m.t.Helper()
	a.is(m.t, http.StatusBadRequest, "invalid_grant")
	require.Equal(m.t, "application/json", a.header.Get("Content-Type"))
	require.Regexp(m.t, `^[\x20-\x21\x23-\x5b\x5d-\x7e]+$`, a.text("error_description")) // RFC 6749 section 5.2
}

func (m *module) validPKCE() {
	verifier := rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	request := m.ask("code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]), "code_challenge_method", "S256")
	s := &signedIn{request: request, since: m.now()}
	m.send(request)
	m.complete(s, "code_verifier", verifier)
}

// refreshToken renews for two clients; the token of the one is nothing to the other.
func (m *module) refreshToken() {
	require.Contains(m.t, m.metadata.body["grant_types_supported"], "refresh_token")
	m.refresh("scope", "openid offline_access")
	m.client = parties[1]
	other := m.refresh()
	m.client = parties[0]
	m.invalidGrant(m.tokenRequest("grant_type", "refresh_token", "refresh_token", other))
}

// refresh signs in and renews, and returns the refresh token that came last. Pairs are for
// the second request.
func (m *module) refresh(pairs ...string) string {
	m.t.Helper()
	s := m.signIn(m.ask("scope", "openid offline_access", "prompt", "consent"))
	first, tok := s.claims, s.back.text("refresh_token")
	require.Regexp(m.t, `^[\x20-\x7e]{22,}$`, tok)
	m.advance(time.Second)
	s.since, s.asked = m.now(), false // iat is the time of the new one, and auth_time is not
	s.request.Del("nonce")            // nor is there one in it
	a := m.tokenRequest(append([]string{"grant_type", "refresh_token", "refresh_token", tok}, pairs...)...)
	m.tokens(s, a)
	for _, name := range []string{"iss", "sub", "aud", "azp", "auth_time"} { // OpenID Connect Core section 12.2
		require.Equal(m.t, first[name], s.claims[name], name)
	}
	require.NotEqual(m.t, first["iat"], s.claims["iat"])
	require.NotEqual(m.t, s.back.text("access_token"), a.text("access_token"))
	m.userinfo(s, m.bearerOf(http.MethodGet, a.text("access_token"), ""))
	if renewed := a.text("refresh_token"); renewed != "" {
		return renewed
	}
	return tok
}
