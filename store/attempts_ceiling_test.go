package store_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

// limited is a counter with every limit, on a clock that moves by hand.
func limited(s store.Store, now *time.Time) *store.Attempts {
	return &store.Attempts{
		Store: s, Now: func() time.Time { return *now },
		Limit: 10, CoolDown: time.Hour, Disable: 50, DisableFor: 24 * time.Hour,
		Ceiling: 200, Window: 30 * 24 * time.Hour, Keep: 48 * time.Hour,
	}
}

// fails counts one attempt that is not reported as a success.
func fails(t testing.TB, a *store.Attempts, key store.Key) {
	t.Helper()
	_, err := a.Reserve(t.Context(), key)
	require.NoError(t, err)
}

// lockedUntil is when the key is open again; zero if only a Reset opens it.
func lockedUntil(t testing.TB, a *store.Attempts, key store.Key) time.Time {
	t.Helper()
	_, err := a.Reserve(t.Context(), key)
	var locked *store.LockedError
	require.ErrorAs(t, err, &locked)
	require.Equal(t, locked.Disabled, locked.Until.IsZero())
	return locked.Until
}

func TestDisablementLapses(t *testing.T) {
	now := time.Unix(1_900_000_000, 1) // a lock is rounded up to the second
	m := store.NewMemory()
	a, key := limited(m, &now), numbered('a', 1)
	for n := range 50 {
		if n > 0 && n%10 == 0 {
			require.Equal(t, now.Add(time.Hour).Unix()+1, lockedUntil(t, a, key).Unix())
			now = now.Add(time.Hour + time.Second)
		}
		fails(t, a, key)
	}
	rec, members := stored(t, m, key)
	require.Equal(t, true, members["off"])
	require.Equal(t, now.Add(24*time.Hour).Unix()+1, lockedUntil(t, a, key).Unix(), "the later of the two")
	require.Equal(t, int64(members["window"].(float64)), rec.Expires, "it outlives the window, and no more than that")

	now = now.Add(24 * time.Hour) // one nanosecond, rounded up, is missing
	lockedUntil(t, a, key)
	now = now.Add(time.Second)
	for range 10 {
		fails(t, a, key)
	}
	_, members = stored(t, m, key)
	require.EqualValues(t, 10, members["all"], "it begins anew")
	require.NotContains(t, members, "off")
	require.NotContains(t, members, "lapses")
	require.EqualValues(t, 60, members["within"], "but not the window")
	lockedUntil(t, a, key)
	require.NoError(t, a.Reset(t.Context(), key))
	_, members = stored(t, m, key)
	require.Equal(t, map[string]any{"n": 0., "all": 0.}, members)
}

// A key that strangers made up goes away, however much was guessed at it, and not
// before its locks are over.
func TestKeepBoundsEveryRecord(t *testing.T) {
	for _, keep := range []time.Duration{time.Hour, 48 * time.Hour} {
		now := time.Unix(1_900_000_000, 0)
		m := store.NewMemory()
		a, key := limited(m, &now), numbered('a', 1)
		a.Keep, a.Ceiling, a.Window = keep, 0, 0
		for range 5 {
			for range 10 {
				fails(t, a, key)
			}
			now = now.Add(time.Hour)
		}
		now = now.Add(-time.Hour)
		rec, _ := stored(t, m, key)
		require.Equal(t, now.Add(max(keep, 24*time.Hour)).Unix(), rec.Expires)

		a.DisableFor = 0
		key = numbered('a', 2)
		for range 5 {
			for range 10 {
				fails(t, a, key)
			}
			now = now.Add(time.Hour)
		}
		rec, _ = stored(t, m, key)
		require.Zero(t, rec.Expires, "only a Reset ends this one")
		require.True(t, lockedUntil(t, a, key).IsZero())
	}
}

// What an older version disabled stays so, whatever the configuration says now.
func TestOldCounters(t *testing.T) {
	now := time.Unix(1_900_000_000, 0)
	m := store.NewMemory()
	a := limited(m, &now)
	old := store.Record{Key: numbered('a', 1), Version: 7, Value: []byte(`{"all":50,"n":10,"off":true,"until":1900003600}`)}
	require.NoError(t, m.Put(t.Context(), old, 0))
	now = now.Add(365 * 24 * time.Hour)
	require.True(t, lockedUntil(t, a, old.Key).IsZero())
	require.NoError(t, a.Reset(t.Context(), old.Key))
	fails(t, a, old.Key)

	old = store.Record{Key: numbered('a', 2), Version: 7, Value: []byte(`{"all":9,"n":9,"state":"c3RhdGU="}`)}
	require.NoError(t, m.Put(t.Context(), old, 0))
	attempt, err := a.Reserve(t.Context(), old.Key)
	require.NoError(t, err)
	require.Equal(t, "state", string(attempt.State()))
	require.Equal(t, now.Add(time.Hour), lockedUntil(t, a, old.Key))
	require.NoError(t, attempt.Succeed(t.Context(), nil))
	_, members := stored(t, m, old.Key)
	require.EqualValues(t, 0, members["within"], "it took itself back")

	for _, value := range []string{`{"n":0,"within":-1}`, `{"n":0,"within":"1"}`, `{"n":0,"window":1.5}`, `{"n":0,"lapses":"x"}`, `{"n":0,"off":true,"lapses":[]}`} {
		old = store.Record{Key: numbered('a', 3), Version: 7, Value: []byte(value)}
		require.NoError(t, m.Put(t.Context(), old, 0))
		_, err := a.Reserve(t.Context(), old.Key)
		require.Error(t, err, value)
		require.NotErrorIs(t, err, store.ErrLocked, value)
		require.NoError(t, m.Delete(t.Context(), old.Key, 7))
	}
}

func TestCeilingAcrossSuccesses(t *testing.T) {
	begin := time.Unix(1_900_000_000, 0)
	now := begin
	a, key := limited(store.NewMemory(), &now), numbered('a', 1)
	a.Ceiling, a.Window, a.Limit, a.Disable = 6, 24*time.Hour, 4, 0
	succeeds := func() {
		t.Helper()
		attempt, err := a.Reserve(t.Context(), key)
		require.NoError(t, err)
		require.NoError(t, attempt.Succeed(t.Context(), nil))
	}
	for range 100 {
		succeeds() // costs nothing
	}
	for range 2 {
		for range 3 {
			fails(t, a, key)
		}
		if now == begin {
			now = now.Add(time.Hour)
			succeeds()
		}
	}
	require.Equal(t, begin.Add(24*time.Hour), lockedUntil(t, a, key))
	now = begin.Add(24*time.Hour - 1)
	lockedUntil(t, a, key)
	now = now.Add(1)
	for range 3 {
		succeeds() // a new window; failures in a row are counted on over its begin
		fails(t, a, key)
	}

	// A success that was reserved in one window and stored in the next is not taken
	// from the failures of the next.
	succeeds()
	late, err := a.Reserve(t.Context(), key)
	require.NoError(t, err)
	now = now.Add(24 * time.Hour)
	for range 2 {
		fails(t, a, key)
	}
	require.NoError(t, late.Succeed(t.Context(), nil))
	for range 3 {
		fails(t, a, key)
	}
	succeeds()
	fails(t, a, key)
	require.Equal(t, now.Add(24*time.Hour), lockedUntil(t, a, key))
}

func TestCeilingConfiguration(t *testing.T) {
	m := store.NewMemory()
	for why, a := range map[string]*store.Attempts{
		"go together": {Store: m, Ceiling: 1},
		"together":    {Store: m, Window: 1},
		"Ceiling":     {Store: m, Ceiling: -1, Window: 1},
		"Window":      {Store: m, Ceiling: 1, Window: -1},
		"DisableFor":  {Store: m, DisableFor: -1},
	} {
		_, err := a.Reserve(t.Context(), numbered('a', 1))
		require.ErrorContains(t, err, why)
		require.ErrorContains(t, a.Reset(t.Context(), numbered('a', 1)), why)
	}
}

// Two nodes, hundreds of racers, successes among them: what was judged and was
// not a success is never more than the ceiling, and the record says how much.
func TestCeilingUnderRaces(t *testing.T) {
	for round := range 20 {
		now := time.Unix(1_900_000_000, 0)
		m := store.NewMemory()
		key := numbered('a', round)
		nodes := [2]*store.Attempts{limited(m, &now), limited(m, &now)}
		for _, a := range nodes {
			a.Limit, a.Disable, a.Ceiling = 1000, 0, 25
		}
		var wrong, right atomic.Int64
		atOnce(200, func(i int) {
			attempt, err := nodes[i%2].Reserve(t.Context(), key)
			if err != nil {
				require.ErrorIs(t, err, store.ErrLocked)
				return
			}
			if i%4 != 0 {
				wrong.Add(1)
				return
			}
			switch err := attempt.Succeed(t.Context(), nil); {
			case err == nil:
				right.Add(1)
			case errors.Is(err, store.ErrLocked):
				wrong.Add(1)
			default:
				t.Errorf("succeed: %v", err)
			}
		})
		require.EqualValues(t, 25, wrong.Load(), "round %d: %d right", round, right.Load())
		_, members := stored(t, m, key)
		require.EqualValues(t, 25, members["within"])
		lockedUntil(t, nodes[0], key)
	}
}

// Through every fault of every call, a window never forgets what was judged.
func TestCeilingThroughFaults(t *testing.T) {
	for _, fault := range []storetest.Fault{storetest.FailBefore, storetest.FailAfter} {
		for n := 1; n <= 10; n++ {
			now := time.Unix(1_900_000_000, 0)
			f := storetest.Faulty(store.NewMemory())
			a, key := limited(f, &now), numbered('a', 1)
			f.Set(n, fault)
			judged := 0
			for i := range 4 {
				attempt, err := a.Reserve(t.Context(), key)
				if err != nil {
					require.ErrorIs(t, err, storetest.ErrFault)
					continue
				}
				judged++
				if i%2 == 0 && attempt.Succeed(t.Context(), nil) == nil {
					judged--
				}
			}
			f.Clear()
			_, members := stored(t, f, key)
			require.GreaterOrEqual(t, int(members["within"].(float64)), judged, "%v, call %d", fault, n)
		}
	}
}

// Thirty days of guessing against an owner who signs in every day, which forgets
// what was counted: by a guesser who stops short of the disablement, and by one
// who takes all he gets. The ceiling is what bounds both.
func TestThirtyDaysAgainstADailyOwner(t *testing.T) {
	const days, perDay = 30, 34_000 // 10^6 guesses
	evaluated := func(patient bool, ceiling int) (wrong, owner int) {
		begin := time.Unix(1_900_000_000, 0)
		now := begin
		a, key := limited(store.NewMemory(), &now), numbered('a', 1)
		if a.Ceiling = ceiling; ceiling == 0 {
			a.Window = 0
		}
		for day := range days {
			now = begin.Add(time.Duration(day) * 24 * time.Hour)
			if attempt, err := a.Reserve(t.Context(), key); err == nil {
				require.NoError(t, attempt.Succeed(t.Context(), nil))
				owner++
			}
			today := 0
			for hour := range 24 {
				now = begin.Add(time.Duration(24*day+hour) * time.Hour)
				for range perDay / 24 {
					if patient && today == 49 {
						break
					}
					if _, err := a.Reserve(t.Context(), key); err != nil {
						require.ErrorIs(t, err, store.ErrLocked)
						break // and the rest of this hour's, which are locked alike
					}
					wrong++
					today++
				}
			}
		}
		return wrong, owner
	}
	for _, patient := range []bool{true, false} {
		wrong, owner := evaluated(patient, 200)
		require.Equal(t, 200, wrong)
		unbounded, daily := evaluated(patient, 0)
		require.Greater(t, unbounded, 700, "what it would be without")
		t.Logf("patient %v: %d guesses judged (%d without a ceiling), the owner signed in on %d days (%d)", patient, wrong, unbounded, owner, daily)
	}
}
