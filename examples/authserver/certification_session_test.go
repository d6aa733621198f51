package main

import (
	"crypto/rand"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

func (m *module) promptLogin() {
	first := m.signIn(m.ask())
	m.advance(time.Second)
	second := m.signIn(m.ask("prompt", "login"))
	require.True(m.t, second.asked)
	require.Greater(m.t, second.authTime(), first.authTime())
}

// promptNoneNotLoggedIn has a long state, which must not get lost in the error.
func (m *module) promptNoneNotLoggedIn() {
	request := m.ask("prompt", "none", "state", strings.Repeat(rand.Text(), 5)[:128])
	m.send(request)
	m.refused(request, m.by(), "login_required")
}

func (m *module) promptNoneLoggedIn() {
	first := m.signIn(m.ask())
	m.advance(time.Second)
	m.same(first, m.signIn(m.ask("prompt", "none")))
}

func (m *module) idTokenHint() {
	first := m.signIn(m.ask())
	m.advance(time.Second)
	m.same(first, m.signIn(m.ask("prompt", "none", "id_token_hint", first.idToken())))
}

func (m *module) maxAge1() {
	first := m.signIn(m.ask())
	m.advance(2 * time.Second)
	second := m.signIn(m.ask("max_age", "1"))
	require.True(m.t, second.asked)
	require.Greater(m.t, second.authTime(), first.authTime())
}

func (m *module) maxAge10000() {
	first := m.signIn(m.ask("max_age", "15000"))
	m.advance(time.Second)
	m.same(first, m.signIn(m.ask("max_age", "10000")))
}

// same is a second answer about one sign-in, for which nobody was asked.
func (m *module) same(first, second *signedIn) {
	m.t.Helper()
	require.False(m.t, second.asked)
	require.NotZero(m.t, first.authTime())
	require.Equal(m.t, first.authTime(), second.authTime())
	require.Equal(m.t, first.claims["sub"], second.claims["sub"])
}
