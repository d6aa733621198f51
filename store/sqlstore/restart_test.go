package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/sqlstore"
	"github.com/mintyard/mintyard/store/sqlstore/sqltest"
	"github.com/stretchr/testify/require"
)

// The server crashes and comes back several times under load. Each worker is the
// only writer of its record, so after every call it can say what must be there:
// what was acknowledged, or, after an error, the one or the other.
func TestServerRestarts(t *testing.T) {
	server := sqltest.StartPostgres(t)
	s := open(t, server.Database(t), sqlstore.Options{MaxConns: 4})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	var acks, unknown, done atomic.Int64
	var wg sync.WaitGroup
	defer wg.Wait()
	defer done.Store(1)
	worker := func(me int) error {
		cur := store.Record{Key: key("worker", strconv.Itoa(me))}
		if me%2 == 1 {
			cur.Tags = []store.Key{key("tag")}
		}
		for n := 0; done.Load() == 0; n++ {
			next := cur
			next.Version, next.Value = store.NewVersion(), strconv.AppendInt(nil, int64(n), 10)
			err := s.Put(ctx, next, cur.Version)
			switch {
			case err == nil:
				acks.Add(1)
				cur = next
				continue
			case errors.Is(err, store.ErrConflict):
				return fmt.Errorf("worker %d, write %d: a conflict with nobody", me, n)
			}
			unknown.Add(1)
			now, err := settled(ctx, s, cur.Key)
			switch {
			case err != nil:
				return err
			case now.Version == next.Version:
				cur = next
			case now.Version != cur.Version:
				return fmt.Errorf("worker %d, write %d: an acknowledged write is lost", me, n)
			}
		}
		now, err := settled(ctx, s, cur.Key)
		if err != nil || now.Version != cur.Version || string(now.Value) != string(cur.Value) {
			return fmt.Errorf("worker %d: ends with %q, not %q: %v", me, now.Value, cur.Value, err)
		}
		return nil
	}
	for me := range 4 {
		wg.Go(func() {
			if err := worker(me); err != nil {
				t.Error(err)
				done.Store(1)
			}
		})
	}
	for range 4 {
		for until := acks.Load() + 200; acks.Load() < until; time.Sleep(time.Millisecond) {
			require.Zero(t, done.Load())
		}
		server.Restart(t)
	}
	done.Store(1)
	wg.Wait()
	require.NotZero(t, unknown.Load(), "no call met a restart: the test shows nothing")
	require.Len(t, list(t, s, key("tag")), 2)
	t.Logf("%d acknowledged, %d unknown and resolved", acks.Load(), unknown.Load())
}

// settled reads until the server answers.
func settled(ctx context.Context, s store.Store, k store.Key) (store.Record, error) {
	recs := []store.Record{{Key: k}}
	for {
		_, err := s.Get(ctx, nil, recs)
		if err == nil || ctx.Err() != nil {
			return recs[0], err
		}
		time.Sleep(time.Millisecond)
	}
}
