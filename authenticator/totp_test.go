package authenticator_test

import (
	"encoding/base32"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// The vectors of RFC 6238 appendix B. They have eight digits.
func TestVectors(t *testing.T) {
	seeds := map[authenticator.Algorithm]string{
		authenticator.SHA1:   "12345678901234567890",
		authenticator.SHA256: "12345678901234567890123456789012",
		authenticator.SHA512: "1234567890123456789012345678901234567890123456789012345678901234",
	}
	for _, v := range []struct {
		at        int64
		algorithm authenticator.Algorithm
		code      string
	}{
		{59, authenticator.SHA1, "94287082"}, {59, authenticator.SHA256, "46119246"}, {59, authenticator.SHA512, "90693936"},
		{1111111109, authenticator.SHA1, "07081804"}, {1111111109, authenticator.SHA256, "68084774"}, {1111111109, authenticator.SHA512, "25091201"},
		{1111111111, authenticator.SHA1, "14050471"}, {1111111111, authenticator.SHA256, "67062674"}, {1111111111, authenticator.SHA512, "99943326"},
		{1234567890, authenticator.SHA1, "89005924"}, {1234567890, authenticator.SHA256, "91819424"}, {1234567890, authenticator.SHA512, "93441116"},
		{2000000000, authenticator.SHA1, "69279037"}, {2000000000, authenticator.SHA256, "90698825"}, {2000000000, authenticator.SHA512, "38618901"},
		{20000000000, authenticator.SHA1, "65353130"}, {20000000000, authenticator.SHA256, "77737706"}, {20000000000, authenticator.SHA512, "47863826"},
	} {
		now := time.Unix(v.at, 0)
		f := newTOTP(t, store.NewMemory(), func(c *authenticator.TOTPConfig) { c.Now = func() time.Time { return now } })
		id := authenticator.Identity{Subject: "vector"}
		key := base32.StdEncoding.EncodeToString([]byte(seeds[v.algorithm]))
		require.NoError(t, f.Import(t.Context(), id.Subject, "v", key, authenticator.TOTPOptions{Algorithm: v.algorithm, Digits: 8}))
		m, err := f.Verify(t.Context(), id, v.code)
		require.NoError(t, err, v)
		require.Equal(t, policy.Method{Name: "totp", Types: policy.Possession, Device: "v", At: now}, m)
	}
}

func TestWindow(t *testing.T) {
	for step, want := range map[int]error{
		-3: authenticator.ErrRefused, -2: authenticator.ErrRefused, -1: nil, 0: nil, 1: nil, 2: authenticator.ErrRefused, 3: authenticator.ErrRefused,
	} {
		for _, within := range []time.Duration{0, 29 * time.Second} {
			synctest.Test(t, func(t *testing.T) {
				f := newTOTP(t, store.NewMemory())
				time.Sleep(within)
				_, err := f.Verify(t.Context(), mia, codeAt(t, secret, time.Now().Add(time.Duration(step)*30*time.Second)))
				require.Equal(t, want, err, step)
			})
		}
	}
}

func TestCodeWorksOnceAndForwardOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTOTP(t, store.NewMemory())
		at := func(step int) string { return codeAt(t, secret, time.Now().Add(time.Duration(step)*30*time.Second)) }
		before, present, next := at(-1), at(0), at(1)
		verify := func(code string, want error) {
			t.Helper()
			_, err := f.Verify(t.Context(), mia, code)
			require.Equal(t, want, err)
		}
		verify(present, nil)
		verify(present, authenticator.ErrRefused)
		verify(before, authenticator.ErrRefused)
		verify(next, nil)
		verify(next, authenticator.ErrRefused)
		time.Sleep(30 * time.Second)
		verify(next, authenticator.ErrRefused) // now the present one
		verify(at(1), nil)
		time.Sleep(29 * 24 * time.Hour)
		verify(at(0), nil)
	})
}

func TestCodeSyntax(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTOTP(t, store.NewMemory(), func(c *authenticator.TOTPConfig) { c.Limit = 100 })
		code := codeAt(t, secret, time.Now())
		bad := []string{
			"", " ", code + " ", " " + code, code[:3] + " " + code[3:], code + "\n", "\t" + code, code + "\x00",
			"+" + code[1:], "-" + code[1:], code[:5], "0" + code, code + "0", "00" + code, "------", "--------",
			strings.Map(func(r rune) rune { return r - '0' + '０' }, code), strings.Map(func(r rune) rune { return r - '0' + '٠' }, code),
			code[:5] + "０", "1e5", "0x1234", "１２", "NaN", strings.Repeat(code, 1<<18), "\xff\xff\xff\xff\xff\xff",
		}
		for _, entry := range bad {
			_, err := f.Verify(t.Context(), mia, entry)
			require.Equal(t, authenticator.ErrRefused, err, "%.20q", entry)
		}
		for range 100 - len(bad) { // each of them was counted, once
			_, err := f.Verify(t.Context(), mia, "x")
			require.Equal(t, authenticator.ErrRefused, err)
		}
		_, err := f.Verify(t.Context(), mia, code)
		require.ErrorIs(t, err, authenticator.ErrLocked)
	})
}

func TestTOTPLockAndDisable(t *testing.T) {
	for name, id := range map[string]authenticator.Identity{"somebody": mia, "without": tom, "nobody": nobody} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := store.NewMemory()
				f := newTOTP(t, s)
				if id.Subject != "" {
					id.Proved = true
				}
				var locked *authenticator.LockedError
				for n := range 50 {
					if n > 0 && n%10 == 0 {
						_, err := f.Verify(t.Context(), id, codeAt(t, secret, time.Now()))
						require.ErrorAs(t, err, &locked)
						require.Equal(t, authenticator.LockedError{Until: time.Now().Add(time.Hour), Limit: 10}, *locked)
						time.Sleep(time.Hour)
						f = newTOTP(t, s) // another node, or the same after a restart
					}
					_, err := f.Verify(t.Context(), id, wrongCode(t, secret))
					require.Equal(t, authenticator.ErrRefused, err, n)
				}
				// What strangers did lapses; what happened behind another factor does not.
				_, err := f.Verify(t.Context(), id, codeAt(t, secret, time.Now()))
				require.ErrorAs(t, err, &locked)
				require.Equal(t, id.Proved, locked.Disabled)
				time.Sleep(24 * time.Hour)
				_, err = f.Verify(t.Context(), id, codeAt(t, secret, time.Now()))
				if !id.Proved {
					require.Equal(t, authenticator.ErrRefused, err)
					return
				}
				require.ErrorAs(t, err, &locked)
				require.Equal(t, time.Now().Add(time.Hour), locked.Until, "it looks like a lock")
				require.NoError(t, f.Unlock(t.Context(), id.Subject))
				_, err = f.Verify(t.Context(), id, codeAt(t, secret, time.Now()))
				require.Equal(t, id.Subject == mia.Subject, err == nil)
			})
		})
	}
}

func TestNeverDisabled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTOTP(t, store.NewMemory(), func(c *authenticator.TOTPConfig) { c.Disable, c.Ceiling = -1, -1 })
		for range 30 {
			for range 10 {
				_, err := f.Verify(t.Context(), mia, wrongCode(t, secret))
				require.Equal(t, authenticator.ErrRefused, err)
			}
			time.Sleep(time.Hour)
		}
		_, err := f.Verify(t.Context(), mia, codeAt(t, secret, time.Now()))
		require.NoError(t, err)
	})
}

// What belongs to one person or name space is nothing to another.
func TestTOTPIsolation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.NewMemory()
		f := newTOTP(t, s)
		other := newTOTP(t, s, func(c *authenticator.TOTPConfig) { c.Namespace = "others" })
		require.NoError(t, other.Remove(t.Context(), mia.Subject, "phone"))
		code := codeAt(t, secret, time.Now())
		for _, id := range []authenticator.Identity{tom, nobody, {}, {Hint: mia.Hint}, {Hint: mia.Subject}} {
			_, err := f.Verify(t.Context(), id, code)
			require.Equal(t, authenticator.ErrRefused, err)
		}
		_, err := other.Verify(t.Context(), mia, code)
		require.Equal(t, authenticator.ErrRefused, err)
		_, err = f.Verify(t.Context(), mia, code)
		require.NoError(t, err)
	})
}

func TestTOTPConfigNamesTheField(t *testing.T) {
	good := authenticator.TOTPConfig{Store: store.NewMemory(), Namespace: "people", Sealer: store.NewSealer(store.MasterKey{1}), Issuer: "Test"}
	_, err := authenticator.NewTOTP(good)
	require.NoError(t, err)
	for field, edit := range map[string]func(*authenticator.TOTPConfig){
		"Store":             func(c *authenticator.TOTPConfig) { c.Store = nil },
		"Namespace":         func(c *authenticator.TOTPConfig) { c.Namespace = "" },
		"Sealer":            func(c *authenticator.TOTPConfig) { c.Sealer = nil },
		"Issuer":            func(c *authenticator.TOTPConfig) { c.Issuer = "a:b" },
		"Limit":             func(c *authenticator.TOTPConfig) { c.Limit = -1 },
		"CoolDown":          func(c *authenticator.TOTPConfig) { c.CoolDown = -1 },
		"Disable":           func(c *authenticator.TOTPConfig) { c.Disable = 101 },
		"Disable: is less":  func(c *authenticator.TOTPConfig) { c.Disable = 9 },
		"Ceiling":           func(c *authenticator.TOTPConfig) { c.Ceiling = 1001 },
		"Options.Algorithm": func(c *authenticator.TOTPConfig) { c.Options.Algorithm = "MD5" },
		"Options.Digits":    func(c *authenticator.TOTPConfig) { c.Options.Digits = 7 },
		"Options.Period":    func(c *authenticator.TOTPConfig) { c.Options.Period = time.Hour },
	} {
		c := good
		edit(&c)
		_, err := authenticator.NewTOTP(c)
		require.ErrorContains(t, err, "authenticator: TOTPConfig."+field)
	}
}
