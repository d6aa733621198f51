package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

// stored is what the record of a counter says.
func stored(t *testing.T, s store.Store, key store.Key) (rec store.Record, members map[string]any) {
	t.Helper()
	recs := []store.Record{{Key: key}}
	_, err := s.Get(t.Context(), nil, recs)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(recs[0].Value, &members))
	return recs[0], members
}

// atOnce runs n functions that a barrier releases together.
func atOnce(n int, f func(i int)) {
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { <-start; f(i) })
	}
	close(start)
	wg.Wait()
}

// Five hundred wrong guesses at once: no more are judged than the limit admits,
// and the stored count is the number of those that were.
func TestManyWrongAtOnce(t *testing.T) {
	now := time.Unix(1_900_000_000, 0)
	m := store.NewMemory()
	a := &store.Attempts{Store: m, Now: func() time.Time { return now }}
	var judged atomic.Int64
	atOnce(500, func(int) {
		if _, err := a.Reserve(t.Context(), numbered('a', 1)); err == nil {
			judged.Add(1)
		} else if !errors.Is(err, store.ErrLocked) {
			t.Errorf("reserve: %v", err)
		}
	})
	require.EqualValues(t, store.DefaultLimit, judged.Load())
	_, members := stored(t, m, numbered('a', 1))
	require.EqualValues(t, judged.Load(), members["n"])
}

// 499 wrong guesses and a right one: it succeeds and resets the count, or it is
// locked out; it never succeeds once another's lock is stored.
func TestOneRightAmongWrong(t *testing.T) {
	now := time.Unix(1_900_000_000, 0)
	won := 0
	for round := range 40 {
		f := storetest.Faulty(store.NewMemory())
		a := &store.Attempts{Store: f, Now: func() time.Time { return now }}
		key := numbered('a', round)
		var judged, success atomic.Int64
		atOnce(500, func(int) {
			attempt, err := a.Reserve(t.Context(), key)
			if err != nil {
				require.ErrorIs(t, err, store.ErrLocked)
				return
			}
			if judged.Add(1) != int64(1+round%store.DefaultLimit) {
				return
			}
			time.Sleep(time.Duration(round%4) * time.Millisecond) // judging takes a while
			switch err := attempt.Succeed(t.Context(), nil); {
			case err == nil:
				success.Add(1)
			case !errors.Is(err, store.ErrLocked):
				t.Errorf("succeed: %v", err)
			}
		})
		_, members := stored(t, f, key)
		if success.Load() == 0 {
			require.EqualValues(t, store.DefaultLimit, judged.Load())
			require.EqualValues(t, store.DefaultLimit, members["n"])
			_, err := a.Reserve(t.Context(), key)
			require.ErrorIs(t, err, store.ErrLocked)
			continue
		}
		won++
		// What came before the success and what came after it, each within the limit.
		require.LessOrEqual(t, judged.Load(), int64(2*store.DefaultLimit))
		require.LessOrEqual(t, members["n"], float64(store.DefaultLimit))
		require.LessOrEqual(t, members["n"], float64(judged.Load()-1), "the success is not counted")
	}
	t.Logf("the right guess won in %d rounds of 40", won)
}

func TestAttemptsTagsAndLife(t *testing.T) {
	now := time.Unix(1_900_000_000, 0)
	m := store.NewMemory()
	a := &store.Attempts{Store: m, Now: func() time.Time { return now }, Limit: 2, CoolDown: 3 * time.Hour, Disable: 5, Keep: time.Hour}
	key, tag, other := numbered('a', 1), numbered('t', 1), numbered('t', 2)
	reserve := func(tags ...store.Key) {
		t.Helper()
		_, err := a.Reserve(t.Context(), key, tags...)
		require.NoError(t, err)
	}
	listed := func(tag store.Key) (n int) {
		for _, err := range m.List(t.Context(), tag) {
			require.NoError(t, err)
			n++
		}
		return n
	}
	reserve(tag)
	require.Equal(t, 1, listed(tag))
	rec, _ := stored(t, m, key)
	require.Equal(t, now.Add(time.Hour).Unix(), rec.Expires)

	reserve(other)
	require.Zero(t, listed(other), "tags come with the first attempt")
	rec, members := stored(t, m, key)
	require.Equal(t, now.Add(3*time.Hour).Unix(), rec.Expires, "a record outlives its lock")
	require.EqualValues(t, rec.Expires, members["until"])

	// The lock lapses by itself, and as the record is over then, all is forgotten.
	now = now.Add(3*time.Hour + 2*time.Second)
	reserve()
	_, members = stored(t, m, key)
	require.EqualValues(t, 1, members["all"])

	a.Keep = 0
	for range 4 {
		reserve()
		now = now.Add(3*time.Hour + 2*time.Second)
	}
	rec, members = stored(t, m, key)
	require.Equal(t, true, members["off"])
	require.Zero(t, rec.Expires, "no sweep lifts it")
	_, err := a.Reserve(t.Context(), key)
	require.ErrorIs(t, err, store.ErrLocked)
	require.NoError(t, a.Reset(t.Context(), key))
	reserve()
	require.NoError(t, a.Reset(t.Context(), numbered('a', 2)), "nothing to forget")
}

// What cannot be read is not taken for a fresh counter, and what a newer version
// wrote beside it is kept.
func TestAttemptsRecord(t *testing.T) {
	for _, value := range []string{``, `null`, `[]`, `7`, `{`, `{}`, `{"all":1}`, `{"n":"1"}`, `{"n":-1}`, `{"n":0,"all":-1}`, `{"n":1e400}`, `{"n":1.5}`, `{"n":0,"off":1}`, `{"n":0,"state":"%"}`, `{"n":0,"until":"x"}`} {
		m := store.NewMemory()
		rec := store.Record{Key: numbered('a', 1), Version: 7, Value: []byte(value)}
		require.NoError(t, m.Put(t.Context(), rec, 0))
		a := &store.Attempts{Store: m}
		_, err := a.Reserve(t.Context(), rec.Key)
		require.Error(t, err, value)
		require.NotErrorIs(t, err, store.ErrLocked, value)
		require.Error(t, a.Reset(t.Context(), rec.Key), value)
		require.NoError(t, m.Delete(t.Context(), rec.Key, 7), "it was left alone")
	}
	m := store.NewMemory()
	a := &store.Attempts{Store: m}
	rec := store.Record{Key: numbered('a', 1), Version: 7, Value: []byte(`{"new":{"x":[1,2.50]},"state":"c3RhdGU=","n":3,"all":4}`)}
	require.NoError(t, m.Put(t.Context(), rec, 0))
	attempt, err := a.Reserve(t.Context(), rec.Key)
	require.NoError(t, err)
	require.Equal(t, "state", string(attempt.State()))
	now, _ := stored(t, m, rec.Key)
	require.JSONEq(t, `{"new":{"x":[1,2.50]},"state":"c3RhdGU=","n":4,"all":5}`, string(now.Value))
	require.NoError(t, attempt.Succeed(t.Context(), func([]byte) ([]byte, error) { return []byte{0xff, 0}, nil }))
	now, _ = stored(t, m, rec.Key)
	require.JSONEq(t, `{"new":{"x":[1,2.50]},"state":"/wA=","n":0,"all":0}`, string(now.Value), "a state need not be text")

	// A record that is gone was taken away with what it counted for.
	attempt, err = a.Reserve(t.Context(), rec.Key)
	require.NoError(t, err)
	now, _ = stored(t, m, rec.Key)
	require.NoError(t, m.Delete(t.Context(), rec.Key, now.Version))
	require.ErrorIs(t, attempt.Succeed(t.Context(), nil), store.ErrConflict)
}

func TestAttemptsConfiguration(t *testing.T) {
	m := store.NewMemory()
	for why, a := range map[string]*store.Attempts{
		"Store":    {},
		"Limit":    {Store: m, Limit: -1},
		"CoolDown": {Store: m, CoolDown: -1},
		"Disable":  {Store: m, Disable: -1},
		"Keep":     {Store: m, Keep: -1},
	} {
		_, err := a.Reserve(t.Context(), numbered('a', 1))
		require.ErrorContains(t, err, why)
		require.ErrorContains(t, a.Reset(t.Context(), numbered('a', 1)), why)
	}
}

// Through every fault of every call, what was judged is counted, and nothing is
// granted twice.
func TestAttemptsThroughFaults(t *testing.T) {
	now := time.Unix(1_900_000_000, 0)
	for _, fault := range []storetest.Fault{storetest.FailBefore, storetest.FailAfter} {
		for n := 1; n <= 8; n++ {
			f := storetest.Faulty(store.NewMemory())
			a := attempts(f, &now)
			key := numbered('a', 1)
			f.Set(n, fault)
			judged, granted := 0, 0
			for range 2 {
				attempt, err := a.Reserve(t.Context(), key)
				if err != nil {
					require.ErrorIs(t, err, storetest.ErrFault)
					continue
				}
				judged++
				err = attempt.Succeed(t.Context(), func(state []byte) ([]byte, error) {
					if string(state) == "used" {
						return nil, errors.New("the code was used")
					}
					return []byte("used"), nil
				})
				if err == nil {
					granted++
				}
			}
			require.LessOrEqual(t, granted, 1, "%v, call %d", fault, n)
			f.Clear()
			_, members := stored(t, f, key)
			require.GreaterOrEqual(t, int(members["n"].(float64))+granted, min(1, judged), "%v, call %d", fault, n)
		}
	}
}

// A store that hangs keeps nobody longer than the caller's own time and a moment,
// and a caller who hung up does not take back a count.
func TestHangingStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := storetest.Faulty(store.NewMemory())
		a := &store.Attempts{Store: f}
		start := time.Now()
		for _, method := range []string{"Get", "Put"} {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			f.SetOn(method, 1, storetest.Hang)
			_, err := a.Reserve(ctx, numbered('a', 1))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			cancel()
		}
		rec := store.Record{Key: numbered('r', 1), Value: []byte("{}")}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		f.SetOn("Put", 1, storetest.Hang)
		require.ErrorIs(t, store.Insert(ctx, f, rec), context.DeadlineExceeded)
		require.LessOrEqual(t, time.Since(start), 6*time.Second+300*time.Millisecond)

		// The look at what became of a write may itself hang.
		f.SetOn("Put", 1, storetest.FailAfter)
		f.After = func(c storetest.Call) {
			if c.Method == "Put" {
				f.SetOn("Get", 1, storetest.Hang)
			}
		}
		start = time.Now()
		require.ErrorIs(t, store.Insert(t.Context(), f, rec), storetest.ErrFault)
		require.Equal(t, time.Second, time.Since(start))
	})
}
