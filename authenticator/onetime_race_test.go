package authenticator_test

import (
	"encoding/base32"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

var another = base32.StdEncoding.EncodeToString([]byte("another secret of 20"))

// What was replaced between the judging and the spending proves nothing.
func TestReplacedMeanwhile(t *testing.T) {
	w := &watched{Store: store.NewMemory()}
	f := newTOTP(t, w, frozen)
	w.before(2, func() {
		require.NoError(t, f.Import(t.Context(), mia.Subject, "phone", another, authenticator.TOTPOptions{}))
	})
	_, err := f.Verify(t.Context(), mia, frozenCode(t, 0))
	require.Equal(t, authenticator.ErrRefused, err)
	_, err = f.Verify(t.Context(), mia, codeAt(t, another, time.Unix(1_700_000_010, 0)))
	require.NoError(t, err)

	q := newQuestion(t, w)
	w.before(2, func() { require.NoError(t, q.Set(t.Context(), mia.Subject, asked, "another answer")) })
	_, err = q.Verify(t.Context(), mia, answered)
	require.Equal(t, authenticator.ErrRefused, err)
	_, err = q.Verify(t.Context(), mia, "another answer")
	require.NoError(t, err)
}

// A secret that comes back after another one has been in its place brings no code
// back.
func TestSecretComesBack(t *testing.T) {
	f := newTOTP(t, store.NewMemory(), frozen)
	_, err := f.Verify(t.Context(), mia, frozenCode(t, 0))
	require.NoError(t, err)
	for _, s := range []string{another, secret} {
		require.NoError(t, f.Import(t.Context(), mia.Subject, "phone", s, authenticator.TOTPOptions{}))
	}
	_, err = f.Verify(t.Context(), mia, frozenCode(t, 0))
	require.Equal(t, authenticator.ErrRefused, err)
	_, err = f.Verify(t.Context(), mia, frozenCode(t, 1))
	require.NoError(t, err)
}

// Two nodes import the same at their start while the person signs in: nothing is
// good twice.
func TestRaceImport(t *testing.T) {
	for range 20 {
		s := store.NewMemory()
		f := newTOTP(t, s, frozen)
		require.NoError(t, f.Remove(t.Context(), mia.Subject, "phone"))
		var y tally
		race(12, func(i int) {
			if i%3 == 0 {
				require.NoError(t, f.Import(t.Context(), mia.Subject, "phone", secret, authenticator.TOTPOptions{}))
				return
			}
			_, err := f.Verify(t.Context(), mia, frozenCode(t, 0))
			y.add(err)
		})
		require.LessOrEqual(t, y.accepted.Load(), int32(1))
		require.Zero(t, y.other.Load())
		before := y.accepted.Load()
		_, err := f.Verify(t.Context(), mia, frozenCode(t, 0))
		require.Equal(t, before == 0, err == nil)
	}
}

// A removal is remembered before it takes effect, however it is interrupted.
func TestRemoveFaults(t *testing.T) {
	for _, after := range []bool{false, true} {
		for k := 1; k <= 8; k++ {
			w := &watched{Store: store.NewMemory(), after: after}
			w.paused.Store(true)
			f := newTOTP(t, w, frozen)
			_, err := f.Verify(t.Context(), mia, frozenCode(t, 0))
			require.NoError(t, err)
			w.faultK = k
			w.paused.Store(false)
			err = f.Remove(t.Context(), mia.Subject, "phone")
			w.paused.Store(true)
			if err != nil {
				require.ErrorIs(t, err, authenticator.ErrUnavailable)
				if again := f.Remove(t.Context(), mia.Subject, "phone"); again != nil {
					require.Equal(t, authenticator.ErrNoAuthenticator, again)
				}
			}
			_, err = f.Verify(t.Context(), mia, frozenCode(t, 1))
			require.Equal(t, authenticator.ErrRefused, err)
			require.NoError(t, f.Import(t.Context(), mia.Subject, "phone", secret, authenticator.TOTPOptions{}))
			_, err = f.Verify(t.Context(), mia, frozenCode(t, 0))
			require.Equal(t, authenticator.ErrRefused, err, "after %v, call %d", after, k)
			_, err = f.Verify(t.Context(), mia, frozenCode(t, 1))
			require.NoError(t, err)
		}
	}
}
