package authenticator_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

func newChecker(t testing.TB, least int) *authenticator.Password {
	p, _ := newPassword(t, store.NewMemory(), func(c *authenticator.PasswordConfig) {
		c.MinLength, c.Words = least, []string{"Sprocketshop Ltd"}
	})
	return p
}

func TestCheckPassword(t *testing.T) {
	p := newChecker(t, 8)
	words := []string{"miriam.grün@example.test", "Miriam Grün", "ab"}
	for password, want := range map[string]error{
		// Known to everybody, also in disguise and with the usual tail.
		"password":                  authenticator.ErrPasswordBlocked,
		"Password1!Password1!":      authenticator.ErrPasswordBlocked,
		"P4$$w0rd2026!!":            authenticator.ErrPasswordBlocked,
		"passwordpasswordpassword":  authenticator.ErrPasswordBlocked,
		"ILoveYouForever!!!":        authenticator.ErrPasswordBlocked,
		"letmein letmein":           authenticator.ErrPasswordBlocked,
		"correcthorsebatterystaple": authenticator.ErrPasswordBlocked,
		"1q2w3e4r5t6y":              authenticator.ErrPasswordBlocked,
		"Summer2026Summer2026":      authenticator.ErrPasswordBlocked,
		"Tr0ub: password":           nil,

		// Repetition and sequences.
		"aaaaaaaaaaaaaaaaaaaa":   authenticator.ErrPasswordRepeats,
		"               ":        authenticator.ErrPasswordRepeats,
		"éééééééééééééééé":       authenticator.ErrPasswordRepeats,
		"12345678901234567890":   authenticator.ErrPasswordRepeats,
		"abcdefghijklmnopqrstuv": authenticator.ErrPasswordRepeats,
		"zyxwvutsrqponml":        authenticator.ErrPasswordRepeats,
		"asdfghjklasdfghjkl":     authenticator.ErrPasswordRepeats,
		"xyxyxyxyxyxyxyxyxyx":    authenticator.ErrPasswordRepeats,
		"abc123abc123abc123":     authenticator.ErrPasswordRepeats,
		"112233112233112233":     authenticator.ErrPasswordRepeats,

		// Names that go with the account.
		"miriam1234567890":           authenticator.ErrPasswordContext,
		"M1R14M!M1R14M!":             authenticator.ErrPasswordContext,
		"MIRIAM GRÜN 1!":             authenticator.ErrPasswordContext,
		"miriam.grün@example.test":   authenticator.ErrPasswordContext,
		"sprocketshop1":              authenticator.ErrPasswordContext,
		"user-4711user-4711":         authenticator.ErrPasswordContext,
		"miriam feeds eleven ravens": nil, // a name in a long one is no harm
		"abundant cabbage":           nil, // too short a word is not looked for

		// Anything else, whatever it is composed of.
		right:               nil,
		"829461730582946":   nil,
		"vogelimbaumfliegt": nil,
		"пароль не угадать": nil,
		"七転び八起き猿も木から落ちる":  nil,
		"🦀 🐙 🦑 🦐 🐡 🐠 🐟 🐬": nil,
		"g7$kQ!zV": nil,
	} {
		err := p.Check(t.Context(), "user-4711", password, words...)
		require.ErrorIs(t, err, want, "%q", password)
		require.Equal(t, want == nil, err == nil, "%q: %v", password, err)
		if err == nil {
			continue
		}
		var why *authenticator.PasswordError
		require.ErrorAs(t, err, &why)
		require.False(t, password != "password" && strings.Contains(err.Error(), password))
		require.True(t, strings.HasSuffix(why.Advice(), "."), why.Advice())
		require.Equal(t, want == authenticator.ErrPasswordContext, why.Word != "")
		if why.Word != "" {
			require.Contains(t, append(words, "Sprocketshop Ltd", "user-4711"), why.Word, "as it was given")
			require.Contains(t, why.Advice(), why.Word)
		}
	}
}

func TestPasswordAdvice(t *testing.T) {
	p := newChecker(t, 0)
	var why *authenticator.PasswordError
	require.ErrorAs(t, p.Check(t.Context(), "", "g7$kQ!zV"), &why)
	require.Equal(t, 15, why.MinLength)
	require.Equal(t, "Use at least 15 characters; several words with blanks between them are fine.", why.Advice())
	said := map[string]bool{}
	for _, password := range []string{"", strings.Repeat("x", 1025), "\xff", "password password", strings.Repeat("x", 20), "sprocketshop sprocketshop"} {
		require.ErrorAs(t, p.Check(t.Context(), "", password), &why)
		said[why.Advice()] = true
	}
	require.Len(t, said, 6, "each is told something else")
}

func TestDangerouslyAcceptAny(t *testing.T) {
	p, _ := newPassword(t, store.NewMemory(), func(c *authenticator.PasswordConfig) { c.DangerouslyAcceptAny = true })
	for _, password := range []string{"x", "password", "mia"} {
		hash, err := p.Hash(t.Context(), password)
		require.NoError(t, err)
		require.NotEmpty(t, hash)
	}
	for _, password := range []string{"", "\xff", strings.Repeat("x", 1025)} {
		_, err := p.Hash(t.Context(), password)
		require.Error(t, err, "what cannot be hashed, or verified")
	}
}

// FuzzCheck holds that whatever is entered and whatever the names are, the answer
// comes, and what it refuses is never for composition: a long random tail makes
// any password good.
func FuzzCheck(f *testing.F) {
	f.Add("password", "mia")
	f.Add("İİİİİİİİİİİİ", "ß\xffİ")
	f.Add("\x00\x00\x00\x00\x00\x00\x00\x00", "\x00\x00\x00")
	p := newChecker(f, 8)
	f.Fuzz(func(t *testing.T, password, word string) {
		var why *authenticator.PasswordError
		if err := p.Check(t.Context(), "", password, word); err != nil {
			require.True(t, errors.As(err, &why))
			require.NotEmpty(t, why.Advice())
		}
		if utf8.ValidString(password) && len(password) < 900 && len(word) < 3 {
			require.NoError(t, p.Check(t.Context(), "", password+" vnqx tzbk wuog", word))
		}
	})
}
