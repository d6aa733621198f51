package authenticator_test

import (
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

func newRecovery(t testing.TB, s store.Store, edit ...func(*authenticator.RecoveryCodesConfig)) *authenticator.RecoveryCodes {
	t.Helper()
	c := authenticator.RecoveryCodesConfig{Store: s, Namespace: "people", Sealer: store.NewSealer(store.MasterKey{1})}
	for _, f := range edit {
		f(&c)
	}
	f, err := authenticator.NewRecoveryCodes(c)
	require.NoError(t, err)
	return f
}

func TestRecoveryCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newRecovery(t, store.NewMemory())
		ctx := t.Context()
		codes, err := f.Generate(ctx, mia.Subject)
		require.NoError(t, err)
		require.Len(t, codes, 10)
		seen := map[string]bool{}
		for _, code := range codes {
			require.Regexp(t, regexp.MustCompile(`^[A-HJ-NP-Z2-9]{5}-[A-HJ-NP-Z2-9]{5}$`), code)
			seen[code] = true
		}
		require.Len(t, seen, 10)
		left := func(want int) {
			t.Helper()
			n, err := f.Left(ctx, mia.Subject)
			require.NoError(t, err)
			require.Equal(t, want, n)
		}
		left(10)
		began := time.Unix(time.Now().Unix(), 0)
		list, err := f.Authenticators(ctx, mia.Subject)
		require.NoError(t, err)
		require.Equal(t, []authenticator.Authenticator{{ID: "codes", Type: "recovery_codes", Active: true, Created: began}}, list)
		require.NoError(t, f.Rename(ctx, mia.Subject, "codes", "in the drawer"))

		time.Sleep(time.Hour)
		m, err := f.Verify(ctx, mia, codes[3])
		require.NoError(t, err)
		require.Equal(t, policy.Method{Name: "recovery_codes", Types: policy.Possession, Device: "recovery_codes", At: time.Now()}, m)
		_, err = f.Verify(ctx, mia, codes[3])
		require.Equal(t, authenticator.ErrRefused, err, "once")
		left(9)

		// However it is written.
		for i, entry := range []string{
			strings.ToLower(codes[4]), strings.ReplaceAll(codes[5], "-", ""), " " + strings.ReplaceAll(codes[6], "-", " ") + " ",
			codes[7][:2] + "-" + codes[7][2:] + "\r\n",
		} {
			_, err = f.Verify(ctx, mia, entry)
			require.NoError(t, err, entry)
			_, err = f.Verify(ctx, mia, codes[4+i])
			require.Equal(t, authenticator.ErrRefused, err)
		}
		left(5)
		list, err = f.Authenticators(ctx, mia.Subject)
		require.NoError(t, err)
		require.Equal(t, began.Add(time.Hour), list[0].Used)
		require.Equal(t, "in the drawer", list[0].Name)

		// New ones put an end to the old ones.
		fresh, err := f.Generate(ctx, mia.Subject)
		require.NoError(t, err)
		_, err = f.Verify(ctx, mia, codes[0])
		require.Equal(t, authenticator.ErrRefused, err)
		for _, code := range fresh {
			_, err = f.Verify(ctx, mia, code)
			require.NoError(t, err)
		}
		left(0)
		methods, err := f.Available(ctx, mia.Subject)
		require.NoError(t, err)
		require.Empty(t, methods)
		list, err = f.Authenticators(ctx, mia.Subject)
		require.NoError(t, err)
		require.False(t, list[0].Active)

		require.NoError(t, f.Remove(ctx, mia.Subject, "codes"))
		require.Equal(t, authenticator.ErrNoAuthenticator, f.Remove(ctx, mia.Subject, "codes"))
		require.Equal(t, authenticator.ErrNoAuthenticator, f.Rename(ctx, mia.Subject, "codes", "x"))
		list, err = f.Authenticators(ctx, mia.Subject)
		require.NoError(t, err)
		require.Empty(t, list)
	})
}

func TestRecoveryReplacement(t *testing.T) {
	f := newRecovery(t, store.NewMemory(), func(c *authenticator.RecoveryCodesConfig) { c.Count = 1 })
	codes, err := f.Generate(t.Context(), mia.Subject)
	require.NoError(t, err)
	code := codes[0]
	for range 5 {
		m, next, err := f.VerifyAndReplace(t.Context(), mia, code)
		require.NoError(t, err)
		require.Equal(t, "recovery_codes", m.Name)
		require.NotEqual(t, code, next)
		n, err := f.Left(t.Context(), mia.Subject)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		_, second, err := f.VerifyAndReplace(t.Context(), mia, code)
		require.Equal(t, authenticator.ErrRefused, err)
		require.Empty(t, second)
		code = next
	}
	for _, id := range []authenticator.Identity{tom, nobody, {}} {
		_, next, err := f.VerifyAndReplace(t.Context(), id, code)
		require.Equal(t, authenticator.ErrRefused, err)
		require.Empty(t, next)
	}
}

func TestRecoveryImport(t *testing.T) {
	w := &watched{Store: store.NewMemory()}
	f := newRecovery(t, w, func(c *authenticator.RecoveryCodesConfig) { c.Limit = 100 })
	ctx := t.Context()
	give := func(codes ...string) {
		t.Helper()
		require.NoError(t, f.Import(ctx, mia.Subject, codes))
	}
	verify := func(code string, want error) {
		t.Helper()
		_, err := f.Verify(ctx, mia, code)
		require.Equal(t, want, err, code)
	}
	give("482913", "abc-def", "ABCDEF", "77 33 11")
	n, err := f.Left(ctx, mia.Subject)
	require.NoError(t, err)
	require.Equal(t, 3, n, "two spellings are one code")
	verify("Abc Def", nil)
	verify("abcdef", authenticator.ErrRefused)

	w.take()
	give("773311", "482913", "abcdef") // at the next start, in whatever order
	require.Equal(t, "Get", w.take())
	verify("abcdef", authenticator.ErrRefused)
	verify("482913", nil)

	give("482913", "abcdef", "773311", "new one 1") // the host's list has grown
	verify("482913", authenticator.ErrRefused)
	verify("abcdef", authenticator.ErrRefused)
	verify("newone1", nil)
	verify("773311", nil)

	codes, err := f.Generate(ctx, mia.Subject)
	require.NoError(t, err)
	give("482913", "abcdef", "773311", "new one 1")
	verify(codes[0], nil) // what the person has generated stays

	for _, bad := range []string{"", "12345", "12 34-5", "äöüäöü", "paſſwort1", "ınterıor", "12345\x00", strings.Repeat("a", 65), "code:123456"} {
		err := f.Import(ctx, mia.Subject, []string{"999999", bad})
		require.Error(t, err, bad)
		require.True(t, len(bad) < 8 || !strings.Contains(err.Error(), bad))
	}
	require.Error(t, f.Import(ctx, mia.Subject, make([]string, 101)))
	require.Error(t, f.Import(ctx, "", nil))
	_, err = f.Generate(ctx, "")
	require.Error(t, err)
	verify("999999", authenticator.ErrRefused)
	give()
	n, err = f.Left(ctx, mia.Subject)
	require.NoError(t, err)
	require.Zero(t, n)
}

func TestRecoveryConfigNamesTheField(t *testing.T) {
	good := authenticator.RecoveryCodesConfig{Store: store.NewMemory(), Namespace: "people", Sealer: store.NewSealer(store.MasterKey{1})}
	_, err := authenticator.NewRecoveryCodes(good)
	require.NoError(t, err)
	for field, edit := range map[string]func(*authenticator.RecoveryCodesConfig){
		"Store":     func(c *authenticator.RecoveryCodesConfig) { c.Store = nil },
		"Namespace": func(c *authenticator.RecoveryCodesConfig) { c.Namespace = "" },
		"Sealer":    func(c *authenticator.RecoveryCodesConfig) { c.Sealer = nil },
		"Count":     func(c *authenticator.RecoveryCodesConfig) { c.Count = 21 },
		"Disable":   func(c *authenticator.RecoveryCodesConfig) { c.Disable = 101 },
	} {
		c := good
		edit(&c)
		_, err := authenticator.NewRecoveryCodes(c)
		require.ErrorContains(t, err, "authenticator: RecoveryCodesConfig."+field+": ")
	}
}

// FuzzRecoveryEntry holds that nothing but the spellings of the code are accepted.
func FuzzRecoveryEntry(f *testing.F) {
	for _, seed := range []string{"abcd23", "ABCD23", " a-b-c-d 23", "abcd23\x00", "ａｂｃｄ２３", "", "abcd23abcd23", "abſd23"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, entry string) {
		f := newRecovery(t, store.NewMemory())
		require.NoError(t, f.Import(t.Context(), mia.Subject, []string{"abcd23"}))
		_, err := f.Verify(t.Context(), mia, entry)
		stripped := strings.Map(func(r rune) rune {
			if strings.ContainsRune(" -\t\r\n", r) {
				return -1
			}
			return r
		}, entry)
		if len(stripped) == 6 && strings.EqualFold(stripped, "abcd23") && len(entry) <= 256 {
			require.NoError(t, err)
			_, err = f.Verify(t.Context(), mia, entry)
		}
		require.Equal(t, authenticator.ErrRefused, err)
	})
}
