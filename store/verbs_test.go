package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

// A write that took effect although the store says that it failed is found out by
// reading: the version was the writer's own choice.
func TestUnknownOutcomes(t *testing.T) {
	f := storetest.Faulty(store.NewMemory())
	rec := store.Record{Key: numbered('r', 1), Version: store.NewVersion(), Value: []byte("{}")}

	f.Set(1, storetest.FailBefore)
	require.ErrorIs(t, store.Insert(t.Context(), f, rec), storetest.ErrFault, "no effect, and no success")
	f.Set(1, storetest.FailAfter)
	require.NoError(t, store.Insert(t.Context(), f, rec))
	require.ErrorIs(t, store.Insert(t.Context(), f, rec), store.ErrConflict)

	next := rec
	next.Version = store.NewVersion()
	f.Set(1, storetest.FailAfter)
	require.NoError(t, store.Swap(t.Context(), f, next, rec.Version))

	f.Set(2, storetest.FailAfter) // the write of Update; the read is the first call
	_, err := store.Update(t.Context(), f, rec.Key, func(cur store.Record) (store.Record, error) {
		cur.Value = []byte(`{"n":1}`)
		return cur, nil
	})
	require.NoError(t, err)

	f.Set(1, storetest.FailAfter)
	recs := []store.Record{{Key: rec.Key}}
	f.Clear()
	_, err = f.Get(t.Context(), nil, recs)
	require.NoError(t, err)
	f.Set(1, storetest.FailAfter)
	require.NoError(t, store.Remove(t.Context(), f, rec.Key, recs[0].Version))
	other := store.Record{Key: numbered('r', 2), Version: 7, Value: []byte("{}")}
	require.NoError(t, f.Put(t.Context(), other, 0))
	f.Set(1, storetest.FailBefore)
	require.ErrorIs(t, store.Remove(t.Context(), f, other.Key, 7), storetest.ErrFault)
}

// Of all that use one thing, through every fault, at most one hears that he is the first.
func TestOnceThroughFaults(t *testing.T) {
	now := time.Unix(1_900_000_000, 0)
	for n := 1; n <= 4; n++ {
		for _, fault := range []storetest.Fault{storetest.FailBefore, storetest.FailAfter} {
			f := storetest.Faulty(store.NewMemory())
			f.Set(n, fault)
			firsts := 0
			for range 4 {
				if first, err := store.Once(t.Context(), f, numbered('m', 1), now.Unix()+60, now); err == nil && first {
					firsts++
				}
			}
			require.LessOrEqual(t, firsts, 1)
		}
	}
	_, err := store.Once(t.Context(), store.NewMemory(), numbered('m', 1), now.Unix()-10, now)
	require.Error(t, err, "a marker that is over protects nothing")
}

// Update ends with its context, however often it loses.
func TestUpdateEndsWithItsContext(t *testing.T) {
	m := store.NewMemory()
	key := numbered('r', 1)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := store.Update(ctx, m, key, func(cur store.Record) (store.Record, error) {
		other := store.Record{Key: key, Version: store.NewVersion(), Value: []byte("{}")} // somebody is always faster
		require.NoError(t, m.Put(t.Context(), other, cur.Version))
		return cur, nil
	})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func attempts(s store.Store, now *time.Time) *store.Attempts {
	return &store.Attempts{Store: s, Now: func() time.Time { return *now }, Limit: 3, CoolDown: time.Minute, Disable: 7, Keep: time.Hour}
}

func TestAttempts(t *testing.T) {
	now := time.Unix(1_900_000_000, 0)
	a := attempts(store.NewMemory(), &now)
	key := numbered('a', 1)
	fail := func(n int) {
		t.Helper()
		for range n {
			_, err := a.Reserve(t.Context(), key)
			require.NoError(t, err)
		}
	}
	locked := func() *store.LockedError {
		t.Helper()
		_, err := a.Reserve(t.Context(), key)
		var l *store.LockedError
		require.ErrorAs(t, err, &l)
		require.ErrorIs(t, err, store.ErrLocked)
		return l
	}
	fail(3)
	require.Equal(t, now.Add(time.Minute).Unix(), locked().Until.Unix())
	now = now.Add(61 * time.Second)
	early, err := a.Reserve(t.Context(), key)
	require.NoError(t, err)
	fail(2)
	require.ErrorIs(t, early.Succeed(t.Context(), nil), store.ErrLocked, "two others came between, and locked it")
	now = now.Add(61 * time.Second)
	fail(1)
	require.True(t, locked().Disabled, "seven without a success between them")
	now = now.Add(1000 * time.Hour)
	require.True(t, locked().Disabled, "it does not lapse")
	require.NoError(t, a.Reset(t.Context(), key))

	fail(2)
	last, err := a.Reserve(t.Context(), key)
	require.NoError(t, err)
	require.False(t, locked().Disabled, "counted anew")
	require.NoError(t, last.Succeed(t.Context(), nil), "the last that was admitted may be the right one")
	fail(3)
}

// The state changes in the write that resets the count, and what refuses it
// refuses the success.
func TestAttemptsState(t *testing.T) {
	now := time.Unix(1_900_000_000, 0)
	a := attempts(store.NewMemory(), &now)
	key := numbered('a', 1)
	one, err := a.Reserve(t.Context(), key)
	require.NoError(t, err)
	require.Empty(t, one.State())
	two, err := a.Reserve(t.Context(), key)
	require.NoError(t, err)
	step := func(n string) func([]byte) ([]byte, error) {
		return func(state []byte) ([]byte, error) {
			if string(state) >= n {
				return nil, errors.New("used")
			}
			return []byte(n), nil
		}
	}
	require.NoError(t, two.Succeed(t.Context(), step("5")))
	require.ErrorContains(t, one.Succeed(t.Context(), step("5")), "used", "it is shown the state as it is now")
	require.NoError(t, one.Succeed(t.Context(), step("6")))
	three, err := a.Reserve(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, "6", string(three.State()))
}

// A caller who hangs up is counted all the same, and a count that cannot be stored
// lets nothing be judged.
func TestAttemptsAreCountedFirst(t *testing.T) {
	now := time.Unix(1_900_000_000, 0)
	f := storetest.Faulty(store.NewMemory())
	a := attempts(f, &now)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 {
		_, _ = a.Reserve(gone, numbered('a', 1))
	}
	_, err := a.Reserve(t.Context(), numbered('a', 1))
	require.ErrorIs(t, err, store.ErrLocked)

	writes := 0
	f.Before = func(c storetest.Call) {
		if c.Method == "Put" {
			writes++
		}
	}
	_, err = a.Reserve(t.Context(), numbered('a', 1))
	require.ErrorIs(t, err, store.ErrLocked)
	require.Zero(t, writes, "once it is locked nobody writes")

	f.Set(2, storetest.FailBefore)
	_, err = a.Reserve(t.Context(), numbered('a', 2))
	require.Error(t, err)
	require.NotErrorIs(t, err, store.ErrLocked)
}

func Example() {
	s := store.NewMemory()
	ctx := context.Background()
	rec := store.Record{Key: store.Key{Kind: 'x', ID: [16]byte{1}}, Version: store.NewVersion(), Value: []byte(`{"n":1}`)}
	fmt.Println(s.Put(ctx, rec, 0))
	fmt.Println(s.Put(ctx, rec, 0)) // it is there already

	recs := []store.Record{{Key: rec.Key}}
	_, err := s.Get(ctx, nil, recs)
	fmt.Println(string(recs[0].Value), recs[0].Version == rec.Version, err)
	// Output:
	// <nil>
	// store: version conflict
	// {"n":1} true <nil>
}

func ExampleOnce() {
	s, now := store.NewMemory(), time.Now()
	key := store.Key{Kind: 'x', ID: store.Digest("jti", "a proof's own id")}
	for range 2 {
		first, err := store.Once(context.Background(), s, key, now.Add(time.Minute).Unix(), now)
		fmt.Println(first, err)
	}
	// Output:
	// true <nil>
	// false <nil>
}

func ExampleAttempts() {
	a := &store.Attempts{Store: store.NewMemory(), Limit: 2}
	key := store.Key{Kind: 'x', ID: store.Digest("pin of", "mia")}
	for _, guess := range []string{"0000", "1111", "1234"} {
		attempt, err := a.Reserve(context.Background(), key) // counted before it is judged
		if err != nil {
			fmt.Println("locked:", errors.Is(err, store.ErrLocked))
			return
		}
		if guess == "1234" {
			fmt.Println(attempt.Succeed(context.Background(), nil))
		}
	}
	// Output: locked: true
}
