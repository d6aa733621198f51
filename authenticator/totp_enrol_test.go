package authenticator_test

import (
	"encoding/base32"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pquerna/otp"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

func TestEnrolment(t *testing.T) {
	for _, o := range []authenticator.TOTPOptions{
		{Algorithm: authenticator.SHA1, Digits: 6, Period: 30 * time.Second},
		{Algorithm: authenticator.SHA256, Digits: 8, Period: time.Minute},
		{Algorithm: authenticator.SHA512, Digits: 6, Period: time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newTOTP(t, store.NewMemory(), func(c *authenticator.TOTPConfig) { c.Issuer, c.Options = "Ac me & Co", o })
			ctx := t.Context()
			e, err := f.Enrol(ctx, tom.Subject, "tom+x@example.test")
			require.NoError(t, err)
			require.Equal(t, time.Now().Add(15*time.Minute), e.Expires)

			// An app reads the URI.
			u, err := url.Parse(e.URI)
			require.NoError(t, err)
			require.Equal(t, "otpauth://totp/Ac%20me%20&%20Co:tom+x@example.test", strings.SplitN(e.URI, "?", 2)[0])
			require.NotContains(t, u.RawQuery, "+")
			require.Equal(t, "Ac me & Co", u.Query().Get("issuer"), e.URI)
			key, err := otp.NewKeyFromURL(e.URI)
			require.NoError(t, err)
			require.Equal(t, "Ac me & Co", key.Issuer())
			require.Equal(t, "tom+x@example.test", key.AccountName())
			require.Equal(t, e.Secret, key.Secret())
			require.EqualValues(t, o.Period/time.Second, key.Period())
			require.EqualValues(t, o.Digits, key.Digits().Length())
			require.Equal(t, string(o.Algorithm), key.Algorithm().String())

			// Until it is confirmed it proves nothing.
			code := codeOf(t, e.Secret, o)
			_, err = f.Verify(ctx, tom, code)
			require.Equal(t, authenticator.ErrRefused, err)
			methods, err := f.Available(ctx, tom.Subject)
			require.NoError(t, err)
			require.Empty(t, methods)
			list, err := f.Authenticators(ctx, tom.Subject)
			require.NoError(t, err)
			began := time.Unix(time.Now().Unix(), 0)
			require.Equal(t, []authenticator.Authenticator{{ID: e.ID, Type: "totp", Created: began}}, list)

			require.Equal(t, authenticator.ErrNoAuthenticator, f.Confirm(ctx, mia.Subject, e.ID, code), "another person's")
			require.Equal(t, authenticator.ErrNoAuthenticator, f.Confirm(ctx, tom.Subject, "other", code))
			require.Equal(t, authenticator.ErrRefused, f.Confirm(ctx, tom.Subject, e.ID, "nonsense"))
			require.NoError(t, f.Confirm(ctx, tom.Subject, e.ID, code))
			require.NoError(t, f.Confirm(ctx, tom.Subject, e.ID, code), "the answer may have been lost")

			// The code that confirmed is no code to sign in with, nor one before it.
			_, err = f.Verify(ctx, tom, code)
			require.Equal(t, authenticator.ErrRefused, err)
			time.Sleep(o.Period)
			require.Equal(t, authenticator.ErrRefused, f.Confirm(ctx, tom.Subject, e.ID, codeOf(t, e.Secret, o)), "it is confirmed")
			m, err := f.Verify(ctx, tom, codeOf(t, e.Secret, o))
			require.NoError(t, err)
			require.Equal(t, policy.Method{Name: "totp", Types: policy.Possession, Device: e.ID, At: time.Now()}, m)

			// It does not expire any more.
			time.Sleep(365 * 24 * time.Hour)
			_, err = f.Verify(ctx, tom, codeOf(t, e.Secret, o))
			require.NoError(t, err)
			used := time.Unix(time.Now().Unix(), 0)
			require.NoError(t, f.Rename(ctx, tom.Subject, e.ID, "Tom's telephone"))
			list, err = f.Authenticators(ctx, tom.Subject)
			require.NoError(t, err)
			require.Equal(t, []authenticator.Authenticator{
				{ID: e.ID, Type: "totp", Name: "Tom's telephone", Active: true, Created: began, Used: used},
			}, list)
		})
	}
}

func TestEnrolmentExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTOTP(t, store.NewMemory())
		e, err := f.Enrol(t.Context(), tom.Subject, "tom")
		require.NoError(t, err)
		time.Sleep(15 * time.Minute)
		require.Equal(t, authenticator.ErrNoAuthenticator, f.Confirm(t.Context(), tom.Subject, e.ID, codeAt(t, e.Secret, time.Now())))
	})
}

func TestConfirmIsCountedByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTOTP(t, store.NewMemory())
		e, err := f.Enrol(t.Context(), mia.Subject, "mia")
		require.NoError(t, err)
		for range 10 {
			require.Equal(t, authenticator.ErrRefused, f.Confirm(t.Context(), mia.Subject, e.ID, wrongCode(t, e.Secret)))
		}
		require.ErrorIs(t, f.Confirm(t.Context(), mia.Subject, e.ID, codeAt(t, e.Secret, time.Now())), authenticator.ErrLocked)
		_, err = f.Verify(t.Context(), mia, codeAt(t, secret, time.Now()))
		require.NoError(t, err)
	})
}

func TestTooManyAuthenticators(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTOTP(t, store.NewMemory())
		for range 10 {
			_, err := f.Enrol(t.Context(), tom.Subject, "tom")
			require.NoError(t, err)
		}
		_, err := f.Enrol(t.Context(), tom.Subject, "tom")
		require.Equal(t, authenticator.ErrTooMany, err)
		time.Sleep(15 * time.Minute)
		_, err = f.Enrol(t.Context(), tom.Subject, "tom")
		require.NoError(t, err, "those that were not confirmed no longer count")
	})
}

func TestSeveralAuthenticators(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTOTP(t, store.NewMemory())
		tablet := base32.StdEncoding.EncodeToString([]byte("another secret of 20"))
		require.NoError(t, f.Import(t.Context(), mia.Subject, "tablet", tablet, authenticator.TOTPOptions{}))
		verify := func(secret, device string) {
			t.Helper()
			m, err := f.Verify(t.Context(), mia, codeAt(t, secret, time.Now()))
			require.NoError(t, err)
			require.Equal(t, device, m.Device)
		}
		// Whichever is used, and however often, the other is not worn out.
		for range 30 {
			verify(secret, "phone")
			time.Sleep(30 * time.Second)
		}
		for range 30 {
			verify(secret, "phone")
			verify(tablet, "tablet")
			_, err := f.Verify(t.Context(), mia, codeAt(t, secret, time.Now()))
			require.Equal(t, authenticator.ErrRefused, err)
			_, err = f.Verify(t.Context(), mia, codeAt(t, tablet, time.Now()))
			require.Equal(t, authenticator.ErrRefused, err)
			time.Sleep(30 * time.Second)
		}
		// One guess is a guess at both.
		require.NoError(t, f.Unlock(t.Context(), mia.Subject))
		for range 10 {
			_, err := f.Verify(t.Context(), mia, "nonsense")
			require.Equal(t, authenticator.ErrRefused, err)
		}
		for _, s := range []string{secret, tablet} {
			_, err := f.Verify(t.Context(), mia, codeAt(t, s, time.Now()))
			require.ErrorIs(t, err, authenticator.ErrLocked)
		}
		methods, err := f.Available(t.Context(), mia.Subject)
		require.NoError(t, err)
		require.Len(t, methods, 2)
	})
}

func TestOneSecretUnderTwoNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTOTP(t, store.NewMemory())
		require.NoError(t, f.Import(t.Context(), mia.Subject, "again", secret, authenticator.TOTPOptions{}))
		_, err := f.Verify(t.Context(), mia, codeAt(t, secret, time.Now()))
		require.NoError(t, err)
		for range 3 {
			_, err = f.Verify(t.Context(), mia, codeAt(t, secret, time.Now()))
			require.Equal(t, authenticator.ErrRefused, err)
		}
	})
}

func TestImport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watched{Store: store.NewMemory()}
		f := newTOTP(t, w)
		ctx := t.Context()
		_, err := f.Verify(ctx, mia, codeAt(t, secret, time.Now()))
		require.NoError(t, err)

		// The same again, however it is written: nothing is written, nothing good again.
		w.take()
		for _, s := range []string{secret, strings.ToLower(secret), "jbsw y3dp-ehpk 3pxp jbsw y3dp ehpk 3pxp", secret + "======"} {
			require.NoError(t, f.Import(ctx, mia.Subject, "phone", s, authenticator.TOTPOptions{}))
			require.Equal(t, "Get", w.take())
		}
		_, err = f.Verify(ctx, mia, codeAt(t, secret, time.Now()))
		require.Equal(t, authenticator.ErrRefused, err)

		// Removed and imported again: the same.
		require.NoError(t, f.Remove(ctx, mia.Subject, "phone"))
		time.Sleep(29 * time.Second)
		_, err = f.Verify(ctx, mia, codeAt(t, secret, time.Now().Add(30*time.Second)))
		require.Equal(t, authenticator.ErrRefused, err, "it is removed")
		require.Equal(t, authenticator.ErrNoAuthenticator, f.Remove(ctx, mia.Subject, "phone"))
		require.NoError(t, f.Import(ctx, mia.Subject, "phone", secret, authenticator.TOTPOptions{}))
		_, err = f.Verify(ctx, mia, codeAt(t, secret, time.Now()))
		require.Equal(t, authenticator.ErrRefused, err)
		time.Sleep(time.Second)
		_, err = f.Verify(ctx, mia, codeAt(t, secret, time.Now()))
		require.NoError(t, err)

		// Another secret replaces it.
		other := base32.StdEncoding.EncodeToString([]byte("another secret of 20"))
		require.NoError(t, f.Import(ctx, mia.Subject, "phone", other, authenticator.TOTPOptions{}))
		time.Sleep(time.Minute)
		_, err = f.Verify(ctx, mia, codeAt(t, secret, time.Now()))
		require.Equal(t, authenticator.ErrRefused, err)
		_, err = f.Verify(ctx, mia, codeAt(t, other, time.Now()))
		require.NoError(t, err)
		list, err := f.Authenticators(ctx, mia.Subject)
		require.NoError(t, err)
		require.Len(t, list, 1)
	})
}

func TestImportRefuses(t *testing.T) {
	f := newTOTP(t, store.NewMemory())
	for _, s := range []string{"", "JBSWY3DP", "not base32!", "JBSWY3DPEHPK3PX1", strings.Repeat("A", 4096), base64.StdEncoding.EncodeToString([]byte("0123456789"))} {
		err := f.Import(t.Context(), tom.Subject, "x", s, authenticator.TOTPOptions{})
		require.Error(t, err, s)
		if s != "" {
			require.NotContains(t, err.Error(), s)
		}
	}
	require.NoError(t, f.Import(t.Context(), tom.Subject, "x", "JBSWY3DPEHPK3PXP", authenticator.TOTPOptions{}), "80 bits are in use")
	require.Error(t, f.Import(t.Context(), tom.Subject, "", secret, authenticator.TOTPOptions{}))
	require.Error(t, f.Import(t.Context(), "", "x", secret, authenticator.TOTPOptions{}))
	require.ErrorContains(t, f.Import(t.Context(), tom.Subject, "x", secret, authenticator.TOTPOptions{Digits: 4}), "Digits")
	for _, account := range []string{"", strings.Repeat("x", 257)} {
		_, err := f.Enrol(t.Context(), tom.Subject, account)
		require.Error(t, err)
	}
	_, err := f.Enrol(t.Context(), "", "account")
	require.Error(t, err)
}
