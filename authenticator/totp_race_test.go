package authenticator_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// frozen is a clock that stands, so that a race does not run over a step.
func frozen(c *authenticator.TOTPConfig) {
	now := time.Unix(1_700_000_010, 0)
	c.Now = func() time.Time { return now }
}

func frozenCode(t testing.TB, step int) string {
	return codeAt(t, secret, time.Unix(1_700_000_010+int64(step)*30, 0))
}

// tally counts what racers were told.
type tally struct{ accepted, refused, locked, other atomic.Int32 }

func (y *tally) add(err error) {
	switch {
	case err == nil:
		y.accepted.Add(1)
	case errors.Is(err, authenticator.ErrRefused):
		y.refused.Add(1)
	case errors.Is(err, authenticator.ErrLocked):
		y.locked.Add(1)
	default:
		y.other.Add(1)
	}
}

// One code, many racers, two nodes, and every counter that there is: one is
// accepted; none, if the racers lock each other out meanwhile.
func TestRaceOneCode(t *testing.T) {
	for _, limit := range []int{10, 100} {
		for range 20 {
			s := store.NewMemory()
			wide := func(c *authenticator.TOTPConfig) { c.Limit = limit }
			nodes := []*authenticator.TOTP{newTOTP(t, s, frozen, wide), newTOTP(t, s, frozen, wide)}
			var y tally
			race(90, func(i int) {
				id := mia
				switch i % 3 {
				case 1:
					id.Proved = true
				case 2:
					id.Device = "a known one"
				}
				_, err := nodes[i%2].Verify(t.Context(), id, frozenCode(t, 0))
				y.add(err)
			})
			require.LessOrEqual(t, y.accepted.Load(), int32(1))
			if limit == 100 {
				require.EqualValues(t, 1, y.accepted.Load())
			}
			require.Zero(t, y.other.Load())
			for _, id := range []authenticator.Identity{mia, {Subject: mia.Subject, Proved: true}, {Subject: mia.Subject, Device: "new"}} {
				_, err := nodes[0].Verify(t.Context(), id, frozenCode(t, 0))
				require.Error(t, err)
			}
		}
	}
}

// The same, in the order that is hardest: another is accepted between the judging
// and the storing.
func TestOvertakenByTheSameCode(t *testing.T) {
	w := &watched{Store: store.NewMemory()}
	f := newTOTP(t, w, frozen)
	var first error
	w.before(2, func() { _, first = f.Verify(t.Context(), mia, frozenCode(t, 0)) })
	_, err := f.Verify(t.Context(), mia, frozenCode(t, 0))
	require.NoError(t, first)
	require.Equal(t, authenticator.ErrRefused, err)

	w.before(2, func() { _, first = f.Verify(t.Context(), mia, "nonsense") })
	_, err = f.Verify(t.Context(), mia, frozenCode(t, 1))
	require.NoError(t, err, "a wrong one between does no harm")
	require.Equal(t, authenticator.ErrRefused, first)
}

// A lock that is stored before the success wins, and the answer does not say that
// the entry was right.
func TestOvertakenByALock(t *testing.T) {
	w := &watched{Store: store.NewMemory()}
	f := newTOTP(t, w, frozen)
	p, _ := newPassword(t, w, func(c *authenticator.PasswordConfig) { c.Parallel = 2 })
	for name, verify := range map[string]func(string) error{
		frozenCode(t, 0): func(s string) error { _, err := f.Verify(t.Context(), mia, s); return err },
		right:            func(s string) error { _, err := p.Verify(t.Context(), mia, s); return err },
	} {
		w.before(2, func() {
			for range 9 {
				require.Equal(t, authenticator.ErrRefused, verify("wrong"))
			}
			require.ErrorIs(t, verify("wrong"), authenticator.ErrLocked)
		})
		require.Equal(t, authenticator.ErrRefused, verify(name))
		require.ErrorIs(t, verify(name), authenticator.ErrLocked)
	}
}

// Three codes are good at once; forward only means that any of them may win, and
// none after a later one.
func TestRaceThreeCodes(t *testing.T) {
	for range 20 {
		f := newTOTP(t, store.NewMemory(), frozen, func(c *authenticator.TOTPConfig) { c.Limit = 100 })
		var y tally
		race(90, func(i int) {
			_, err := f.Verify(t.Context(), mia, frozenCode(t, i%3-1))
			y.add(err)
		})
		require.GreaterOrEqual(t, y.accepted.Load(), int32(1))
		require.LessOrEqual(t, y.accepted.Load(), int32(3))
		require.Zero(t, y.other.Load())
		for step := -1; step <= 0; step++ {
			_, err := f.Verify(t.Context(), mia, frozenCode(t, step))
			require.Error(t, err)
		}
	}
}

// Five hundred wrong codes at once: ten are judged.
func TestRaceWrongCodes(t *testing.T) {
	f := newTOTP(t, store.NewMemory(), frozen)
	var y tally
	race(500, func(int) {
		_, err := f.Verify(t.Context(), mia, "nonsense")
		y.add(err)
	})
	require.EqualValues(t, 10, y.refused.Load())
	require.EqualValues(t, 490, y.locked.Load())
	_, err := f.Verify(t.Context(), mia, frozenCode(t, 0))
	require.ErrorIs(t, err, authenticator.ErrLocked)
}

// One right code among 499 wrong ones: it is accepted and resets the count, or it
// is locked out. A right code that the lock overtook is not told apart from a
// wrong one.
func TestRaceRightAmongWrong(t *testing.T) {
	for range 20 {
		f := newTOTP(t, store.NewMemory(), frozen)
		var y tally
		race(500, func(i int) {
			code := "nonsense"
			if i == 250 {
				code = frozenCode(t, 0)
			}
			_, err := f.Verify(t.Context(), mia, code)
			y.add(err)
		})
		require.Zero(t, y.other.Load())
		judged := y.refused.Load() + y.accepted.Load()
		if y.accepted.Load() == 1 {
			require.LessOrEqual(t, judged, int32(20), "ten before the success, ten after")
		} else {
			require.EqualValues(t, 10, judged)
		}
		_, err := f.Verify(t.Context(), mia, frozenCode(t, 1))
		require.ErrorIs(t, err, authenticator.ErrLocked)
	}
}

// A removal that returned is final, whatever was under way.
func TestRaceRemove(t *testing.T) {
	for range 20 {
		f := newTOTP(t, store.NewMemory(), frozen)
		var removed atomic.Bool
		race(20, func(i int) {
			if i == 0 {
				require.NoError(t, f.Remove(t.Context(), mia.Subject, "phone"))
				removed.Store(true)
				return
			}
			after := removed.Load()
			_, err := f.Verify(t.Context(), mia, frozenCode(t, 0))
			require.False(t, err == nil && after)
		})
	}
}

func TestRaceConfirm(t *testing.T) {
	for range 20 {
		f := newTOTP(t, store.NewMemory(), frozen)
		e, err := f.Enrol(t.Context(), tom.Subject, "tom")
		require.NoError(t, err)
		code := codeAt(t, e.Secret, time.Unix(1_700_000_010, 0))
		var y tally
		race(9, func(int) { y.add(f.Confirm(t.Context(), tom.Subject, e.ID, code)) })
		require.GreaterOrEqual(t, y.accepted.Load(), int32(1))
		require.Zero(t, y.locked.Load()+y.other.Load())
		_, err = f.Verify(t.Context(), tom, code)
		require.Equal(t, authenticator.ErrRefused, err)
	}
}
