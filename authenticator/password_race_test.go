package authenticator_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// Many guesses at once are judged no oftener than one after the other.
func TestParallelGuesses(t *testing.T) {
	p, _ := newPassword(t, store.NewMemory(), func(c *authenticator.PasswordConfig) { c.Parallel, c.Queue = 8, 500 })
	var refused, locked atomic.Int32
	race(500, func(int) {
		switch _, err := p.Verify(t.Context(), mia, wrong); {
		case errors.Is(err, authenticator.ErrRefused):
			refused.Add(1)
		case errors.Is(err, authenticator.ErrLocked):
			locked.Add(1)
		}
	})
	require.EqualValues(t, 10, refused.Load(), "judged")
	require.EqualValues(t, 490, locked.Load())
	_, err := p.Verify(t.Context(), mia, right)
	require.ErrorIs(t, err, authenticator.ErrLocked)
}

// The owner's own parallel sign-ins do not lock each other out.
func TestParallelSignIns(t *testing.T) {
	p, _ := newPassword(t, store.NewMemory(), func(c *authenticator.PasswordConfig) { c.Parallel, c.Queue = 4, 200 })
	race(200, func(int) {
		_, err := p.Verify(t.Context(), mia, right)
		require.NoError(t, err)
	})
}

func TestBusyIsNotCounted(t *testing.T) {
	p, _ := newPassword(t, store.NewMemory(), func(c *authenticator.PasswordConfig) {
		c.Parallel, c.Queue, c.Limit = 1, -1, 100
		c.Params.Memory = 4 << 10
	})
	var judged, busy atomic.Int32
	race(200, func(int) {
		switch _, err := p.Verify(t.Context(), mia, wrong); {
		case errors.Is(err, authenticator.ErrRefused), errors.Is(err, authenticator.ErrLocked):
			judged.Add(1)
		case errors.Is(err, authenticator.ErrBusy):
			busy.Add(1)
		}
	})
	require.EqualValues(t, 200, judged.Load()+busy.Load())
	require.Positive(t, busy.Load())
	if judged.Load() < 100 {
		_, err := p.Verify(t.Context(), mia, right)
		require.NoError(t, err, "being busy must not lock")
	}
}

// A password is changed while many sign in with the old one, whose hash is to be
// upgraded.
func TestPasswordChangeAgainstSignIns(t *testing.T) {
	const changed = "a new horse battery staple"
	for range 6 {
		p, host := newPassword(t, store.NewMemory(), func(c *authenticator.PasswordConfig) { c.Parallel, c.Queue = 4, 100 })
		blowfish, err := bcrypt.GenerateFromPassword([]byte(right), bcrypt.MinCost)
		require.NoError(t, err)
		host.set(mia.Subject, string(blowfish))
		next, err := p.Hash(t.Context(), changed)
		require.NoError(t, err)

		var done atomic.Bool
		var late sync.Map
		race(51, func(i int) {
			if i == 50 {
				host.set(mia.Subject, next)
				done.Store(true)
				return
			}
			after := done.Load()
			if _, err := p.Verify(t.Context(), mia, right); err == nil && after {
				late.Store(i, true)
			}
		})
		late.Range(func(i, _ any) bool {
			t.Errorf("sign-in %v began after the change and used the old password", i)
			return true
		})
		require.Equal(t, next, host.hash(mia.Subject), "an upgrade must not undo a change")
		require.NoError(t, p.Unlock(t.Context(), mia.Subject))
		_, err = p.Verify(t.Context(), mia, right)
		require.Equal(t, authenticator.ErrRefused, err)
		_, err = p.Verify(t.Context(), mia, changed)
		require.NoError(t, err)
	}
}
