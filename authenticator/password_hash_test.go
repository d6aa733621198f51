package authenticator_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

func TestHashChecksTheLength(t *testing.T) {
	p, _ := newPassword(t, store.NewMemory())
	short, _ := newPassword(t, store.NewMemory(), func(c *authenticator.PasswordConfig) { c.MinLength = 8 })
	for _, test := range []struct {
		p        *authenticator.Password
		password string
		want     error
	}{
		{p, "", authenticator.ErrPasswordShort},
		{p, "vogel im baume", authenticator.ErrPasswordShort},
		{p, "vögél ïm bàümê", authenticator.ErrPasswordShort}, // characters, not bytes
		{p, "vögél ïm bàümê!", nil},
		{p, "vogel im baume!", nil}, // no rules of composition
		{p, "vogelimbaumfliegt", nil},
		{p, "829461730582946", nil},
		{p, strings.Repeat("vogel im baume! ", 64), nil}, // 1024 bytes
		{p, strings.Repeat("vogel im baume! ", 64) + "x", authenticator.ErrPasswordLong},
		{p, strings.Repeat("x", 1<<20), authenticator.ErrPasswordLong},
		{p, "vogel im baume!" + "\xff", authenticator.ErrPasswordText},
		{short, "vogelim", authenticator.ErrPasswordShort},
		{short, "vogelimb", nil},
	} {
		hash, err := test.p.Hash(t.Context(), test.password)
		require.ErrorIs(t, err, test.want)
		require.Equal(t, err == nil, test.want == nil)
		require.Equal(t, err == nil, strings.HasPrefix(hash, "$argon2id$"))
	}
}

func TestHashAsksTheList(t *testing.T) {
	var fail error
	p, _ := newPassword(t, store.NewMemory(), func(c *authenticator.PasswordConfig) {
		c.Blocked = func(_ context.Context, password string) (bool, error) {
			return password == "vogel im baume!", fail
		}
	})
	_, err := p.Hash(t.Context(), "vogel im baume!")
	require.ErrorIs(t, err, authenticator.ErrPasswordBlocked)
	_, err = p.Hash(t.Context(), right)
	require.NoError(t, err)
	fail = errFault
	_, err = p.Hash(t.Context(), right)
	require.ErrorIs(t, err, authenticator.ErrUnavailable, "a list that cannot be asked blocks")
}

func TestPasswordConfigNamesTheField(t *testing.T) {
	good := authenticator.PasswordConfig{Source: &people{}, Store: store.NewMemory(), Namespace: "people", Params: cheap}
	_, err := authenticator.NewPassword(good)
	require.NoError(t, err)
	for field, edit := range map[string]func(*authenticator.PasswordConfig){
		"Source":         func(c *authenticator.PasswordConfig) { c.Source = nil },
		"Store":          func(c *authenticator.PasswordConfig) { c.Store = nil },
		"Namespace":      func(c *authenticator.PasswordConfig) { c.Namespace = "" },
		"Params.Time":    func(c *authenticator.PasswordConfig) { c.Params.Time = 0 },
		"Params.Memory":  func(c *authenticator.PasswordConfig) { c.Params.Memory = 1 << 30 },
		"Params.Threads": func(c *authenticator.PasswordConfig) { c.Params.Threads = 255 },
		"Parallel":       func(c *authenticator.PasswordConfig) { c.Parallel = -1 },
		"Limit":          func(c *authenticator.PasswordConfig) { c.Limit = 101 },
		"CoolDown":       func(c *authenticator.PasswordConfig) { c.CoolDown = -1 },
		"MinLength":      func(c *authenticator.PasswordConfig) { c.MinLength = 65 },
	} {
		c := good
		edit(&c)
		_, err := authenticator.NewPassword(c)
		require.ErrorContains(t, err, "authenticator: PasswordConfig."+field+": ")
	}
}
