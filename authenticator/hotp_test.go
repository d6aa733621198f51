package authenticator_test

import (
	"encoding/base32"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// newHOTP makes the factor; mia has one token, whose next code is that of 0.
func newHOTP(t testing.TB, s store.Store, edit ...func(*authenticator.HOTPConfig)) *authenticator.HOTP {
	t.Helper()
	c := authenticator.HOTPConfig{Store: s, Namespace: "people", Sealer: store.NewSealer(store.MasterKey{1}), Issuer: "Test"}
	for _, f := range edit {
		f(&c)
	}
	f, err := authenticator.NewHOTP(c)
	require.NoError(t, err)
	require.NoError(t, f.Import(t.Context(), mia.Subject, "token", secret, 0, authenticator.HOTPOptions{}))
	return f
}

// pressed is what a token shows at a count.
func pressed(t testing.TB, secret string, count int) string {
	t.Helper()
	code, err := hotp.GenerateCode(secret, uint64(count))
	require.NoError(t, err)
	return code
}

// The vectors of RFC 4226 appendix D.
func TestHOTPVectors(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	f := newHOTP(t, store.NewMemory(), func(c *authenticator.HOTPConfig) { c.Now = func() time.Time { return now } })
	id := authenticator.Identity{Subject: "vector"}
	key := base32.StdEncoding.EncodeToString([]byte("12345678901234567890"))
	require.NoError(t, f.Import(t.Context(), id.Subject, "v", key, 0, authenticator.HOTPOptions{}))
	for _, code := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		m, err := f.Verify(t.Context(), id, code)
		require.NoError(t, err, code)
		require.Equal(t, policy.Method{Name: "hotp", Types: policy.Possession, Device: "v", At: now}, m)
		_, err = f.Verify(t.Context(), id, code)
		require.Equal(t, authenticator.ErrRefused, err, "once")
	}
}

func TestHOTPWindow(t *testing.T) {
	for configured, window := range map[int]int{-1: 0, 0: 3, 1: 1, 10: 10} {
		for skipped := range window + 3 {
			f := newHOTP(t, store.NewMemory(), func(c *authenticator.HOTPConfig) { c.Window, c.Limit = configured, 100 })
			_, err := f.Verify(t.Context(), mia, pressed(t, secret, skipped))
			if skipped > window {
				require.Equal(t, authenticator.ErrRefused, err, "window %d, %d skipped", window, skipped)
				continue
			}
			require.NoError(t, err, "window %d, %d skipped", window, skipped)
			for count := range skipped + 1 {
				_, err := f.Verify(t.Context(), mia, pressed(t, secret, count))
				require.Equal(t, authenticator.ErrRefused, err, "forward only")
			}
			_, err = f.Verify(t.Context(), mia, pressed(t, secret, skipped+1))
			require.NoError(t, err)
		}
	}
}

func TestResynchronise(t *testing.T) {
	f := newHOTP(t, store.NewMemory(), func(c *authenticator.HOTPConfig) { c.Limit = 100 })
	at := func(count int) string { return pressed(t, secret, count) }
	resync := func(id authenticator.Identity, first, second int, want error) {
		t.Helper()
		require.Equal(t, want, f.Resynchronise(t.Context(), id, at(first), at(second)))
	}
	resync(mia, 101, 102, authenticator.ErrRefused)
	resync(mia, 50, 50, authenticator.ErrRefused)
	resync(mia, 50, 52, authenticator.ErrRefused)
	resync(mia, 51, 50, authenticator.ErrRefused)
	for _, id := range []authenticator.Identity{tom, nobody, {}} {
		resync(id, 50, 51, authenticator.ErrRefused)
	}
	for _, entry := range []string{"", "nonsense", at(50) + " ", "0" + at(50)} {
		require.Equal(t, authenticator.ErrRefused, f.Resynchronise(t.Context(), mia, entry, at(51)))
		require.Equal(t, authenticator.ErrRefused, f.Resynchronise(t.Context(), mia, at(50), entry))
	}
	resync(mia, 100, 101, nil)
	resync(mia, 100, 101, authenticator.ErrRefused)
	for _, count := range []int{0, 1, 100, 101} {
		_, err := f.Verify(t.Context(), mia, at(count))
		require.Equal(t, authenticator.ErrRefused, err, "both are spent")
	}
	_, err := f.Verify(t.Context(), mia, at(102))
	require.NoError(t, err)

	// It is a guess like any other.
	f = newHOTP(t, store.NewMemory())
	for range 10 {
		resync(mia, 200, 201, authenticator.ErrRefused)
	}
	require.ErrorIs(t, f.Resynchronise(t.Context(), mia, at(50), at(51)), authenticator.ErrLocked)
	_, err = f.Verify(t.Context(), mia, at(0))
	require.ErrorIs(t, err, authenticator.ErrLocked)
}

func TestHOTPEnrolment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newHOTP(t, store.NewMemory(), func(c *authenticator.HOTPConfig) {
			c.Options = authenticator.HOTPOptions{Algorithm: authenticator.SHA256, Digits: 8}
		})
		ctx := t.Context()
		e, err := f.Enrol(ctx, tom.Subject, "tom@example.test")
		require.NoError(t, err)
		require.Equal(t, "otpauth://hotp/Test:tom@example.test?secret="+e.Secret+"&issuer=Test&algorithm=SHA256&digits=8&counter=0", e.URI)
		code := func(count int) string {
			code, err := hotp.GenerateCodeCustom(e.Secret, uint64(count), hotp.ValidateOpts{Digits: otp.DigitsEight, Algorithm: otp.AlgorithmSHA256})
			require.NoError(t, err)
			return code
		}
		picture, err := e.PNG(300)
		require.NoError(t, err)
		require.Equal(t, e.URI, decodeQR(t, readPNG(t, picture, 300)))

		_, err = f.Verify(ctx, tom, code(0))
		require.Equal(t, authenticator.ErrRefused, err, "until it is confirmed it proves nothing")
		require.Equal(t, authenticator.ErrRefused, f.Confirm(ctx, tom.Subject, e.ID, code(4)))
		require.NoError(t, f.Confirm(ctx, tom.Subject, e.ID, code(1)))
		require.NoError(t, f.Confirm(ctx, tom.Subject, e.ID, code(1)), "the answer may have been lost")
		require.Equal(t, authenticator.ErrRefused, f.Confirm(ctx, tom.Subject, e.ID, code(2)))
		_, err = f.Verify(ctx, tom, code(1))
		require.Equal(t, authenticator.ErrRefused, err, "the code that confirmed is spent")
		_, err = f.Verify(ctx, tom, code(2))
		require.NoError(t, err)
		require.Equal(t, authenticator.ErrRefused, f.Confirm(ctx, tom.Subject, e.ID, code(2)), "a code of a sign-in says nothing")
		methods, err := f.Available(ctx, tom.Subject)
		require.NoError(t, err)
		require.Equal(t, []policy.Method{{Name: "hotp", Types: policy.Possession, Device: e.ID}}, methods)

		late, err := f.Enrol(ctx, tom.Subject, "tom")
		require.NoError(t, err)
		time.Sleep(15 * time.Minute)
		require.Equal(t, authenticator.ErrNoAuthenticator, f.Confirm(ctx, tom.Subject, late.ID, pressed(t, late.Secret, 0)))
	})
}

func TestHOTPImport(t *testing.T) {
	f := newHOTP(t, store.NewMemory(), func(c *authenticator.HOTPConfig) { c.Limit = 100 })
	ctx := t.Context()
	verify := func(count int, want error) {
		t.Helper()
		_, err := f.Verify(ctx, mia, pressed(t, secret, count))
		require.Equal(t, want, err)
	}
	again := func(counter int64) {
		t.Helper()
		require.NoError(t, f.Import(ctx, mia.Subject, "token", strings.ToLower(secret), counter, authenticator.HOTPOptions{}))
	}
	verify(2, nil)
	again(0)
	again(1)
	verify(2, authenticator.ErrRefused)
	verify(3, nil)
	require.NoError(t, f.Remove(ctx, mia.Subject, "token"))
	verify(4, authenticator.ErrRefused)
	again(0)
	verify(3, authenticator.ErrRefused)
	verify(4, nil)

	other := base32.StdEncoding.EncodeToString([]byte("another secret of 20"))
	require.NoError(t, f.Import(ctx, mia.Subject, "token", other, 70, authenticator.HOTPOptions{}))
	verify(5, authenticator.ErrRefused)
	_, err := f.Verify(ctx, mia, pressed(t, other, 70))
	require.NoError(t, err)

	for _, counter := range []int64{-1, 1 << 62, -1 << 63} {
		require.Error(t, f.Import(ctx, mia.Subject, "x", secret, counter, authenticator.HOTPOptions{}))
	}
	require.ErrorContains(t, f.Import(ctx, mia.Subject, "x", secret, 0, authenticator.HOTPOptions{Digits: 7}), "HOTPOptions.Digits")
	require.Error(t, f.Import(ctx, mia.Subject, "x", "JBSWY3DP", 0, authenticator.HOTPOptions{}))
	require.Error(t, f.Import(ctx, "", "x", secret, 0, authenticator.HOTPOptions{}))
}

// A token and an app of one person do not know of each other.
func TestHOTPBesideTOTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.NewMemory()
		f, app := newHOTP(t, s), newTOTP(t, s)
		_, err := f.Verify(t.Context(), mia, codeAt(t, secret, time.Now()))
		require.Equal(t, authenticator.ErrRefused, err)
		_, err = app.Verify(t.Context(), mia, codeAt(t, secret, time.Now()))
		require.NoError(t, err)
		for range 9 {
			_, err = f.Verify(t.Context(), mia, "nonsense")
			require.Equal(t, authenticator.ErrRefused, err)
		}
		_, err = f.Verify(t.Context(), mia, pressed(t, secret, 0))
		require.ErrorIs(t, err, authenticator.ErrLocked)
		time.Sleep(30 * time.Second)
		_, err = app.Verify(t.Context(), mia, codeAt(t, secret, time.Now()))
		require.NoError(t, err)
		list, err := f.Authenticators(t.Context(), mia.Subject)
		require.NoError(t, err)
		require.Len(t, list, 1)
	})
}

func TestHOTPConfigNamesTheField(t *testing.T) {
	good := authenticator.HOTPConfig{Store: store.NewMemory(), Namespace: "people", Sealer: store.NewSealer(store.MasterKey{1}), Issuer: "Test"}
	_, err := authenticator.NewHOTP(good)
	require.NoError(t, err)
	for field, edit := range map[string]func(*authenticator.HOTPConfig){
		"Store":             func(c *authenticator.HOTPConfig) { c.Store = nil },
		"Namespace":         func(c *authenticator.HOTPConfig) { c.Namespace = "" },
		"Sealer":            func(c *authenticator.HOTPConfig) { c.Sealer = nil },
		"Issuer":            func(c *authenticator.HOTPConfig) { c.Issuer = "" },
		"Window":            func(c *authenticator.HOTPConfig) { c.Window = 11 },
		"Limit":             func(c *authenticator.HOTPConfig) { c.Limit = -1 },
		"Options.Algorithm": func(c *authenticator.HOTPConfig) { c.Options.Algorithm = "MD5" },
		"Options.Digits":    func(c *authenticator.HOTPConfig) { c.Options.Digits = 7 },
	} {
		c := good
		edit(&c)
		_, err := authenticator.NewHOTP(c)
		require.ErrorContains(t, err, "authenticator: HOTPConfig."+field)
	}
}
