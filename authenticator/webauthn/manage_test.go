package webauthn_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

func TestManage(t *testing.T) {
	clk := newClock()
	p, d := newPasskeys(t, store.NewMemory(), clk.use), newDevice(t, es256)
	var m authenticator.Manager = p
	require.Equal(t, "webauthn", m.Type())
	a := register(t, p, mia.Subject, d)
	clk.sleep(time.Hour)
	b := register(t, p, mia.Subject, newDevice(t, es256))
	require.NoError(t, signIn(t, p, mia, d))
	require.NoError(t, m.Rename(t.Context(), mia.Subject, a.ID, "laptop"))
	a.Name, a.Used = "laptop", clk.now()
	all, err := m.Authenticators(t.Context(), mia.Subject)
	require.NoError(t, err)
	require.Equal(t, []authenticator.Authenticator{a, b}, all)

	methods, err := p.Available(t.Context(), mia.Subject)
	require.NoError(t, err)
	one := policy.Method{
		Name: "webauthn", Types: policy.Possession | policy.Inherence, PhishingResistant: true, UserVerified: true, Device: a.ID,
	}
	two := one
	two.Device = b.ID
	require.Equal(t, []policy.Method{one, two}, methods)

	for _, id := range []string{"", "x"} {
		require.Equal(t, authenticator.ErrNoAuthenticator, m.Remove(t.Context(), mia.Subject, id))
		require.Equal(t, authenticator.ErrNoAuthenticator, m.Rename(t.Context(), mia.Subject, id, "x"))
	}
	require.Equal(t, authenticator.ErrNoAuthenticator, m.Remove(t.Context(), tom.Subject, a.ID), "another person's")
	for _, name := range []string{strings.Repeat("é", 101), "a\nb", "\xff"} {
		require.ErrorContains(t, m.Rename(t.Context(), mia.Subject, a.ID, name), "name")
	}
	require.NoError(t, m.Rename(t.Context(), mia.Subject, a.ID, strings.Repeat("é", 100)))
	require.NoError(t, m.Remove(t.Context(), mia.Subject, a.ID))
	require.Equal(t, authenticator.ErrRefused, signIn(t, p, mia, d))
	require.Equal(t, authenticator.ErrNoAuthenticator, m.Remove(t.Context(), mia.Subject, a.ID))

	methods, err = p.Available(t.Context(), "")
	require.NoError(t, err)
	require.Empty(t, methods)
	_, err = p.Authenticators(t.Context(), "")
	require.Error(t, err)
	_, err = p.Credentials(t.Context(), "")
	require.Error(t, err)
	require.Error(t, p.Rename(t.Context(), "", a.ID, "x"))
	require.Error(t, p.Remove(t.Context(), "", a.ID))
}
