package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/internal/outbox"
	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

// Waits double from attempt to attempt, half of each left to chance, and end.
func TestBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receive = func(context.Context, outbox.Work) error { return errDown }
		o := w.node(func(c *outbox.Config) { c.Attempts, c.First, c.Longest = 6, 10*time.Second, time.Minute })
		w.enqueue(o, outbox.Work{Payload: []byte("p")})
		for res := w.deliver(o); res.GivenUp == 0; res = w.deliver(o) {
			require.Equal(t, 1, res.Retried)
			time.Sleep(time.Until(res.Next) - 1)
			require.Zero(t, w.deliver(o).Retried, "not before its time")
			time.Sleep(time.Millisecond + 1) // the record's clock has milliseconds
		}
		sent := w.sendings()
		require.Len(t, sent, 6)
		for i, wait := range []time.Duration{10, 20, 40, 60, 60} {
			took := sent[i+1].at.Sub(sent[i].at)
			require.GreaterOrEqual(t, took, wait*time.Second/2)
			require.LessOrEqual(t, took, wait*time.Second+time.Second)
			require.Equal(t, i+2, sent[i+1].work.Attempt)
		}
		require.Len(t, w.observed(outbox.Retry), 5)
		gone := w.observed(outbox.GaveUp)
		require.Len(t, gone, 1)
		require.ErrorIs(t, gone[0].Err, errDown)
		require.Equal(t, "p", string(gone[0].Work.Payload))
		require.Empty(t, w.records())
	})
}

func TestPermanent(t *testing.T) {
	w := newWorld(t)
	w.receive = func(context.Context, outbox.Work) error {
		return fmt.Errorf("telling: %w", outbox.Permanent(errDown))
	}
	o := w.node()
	w.enqueue(o, outbox.Work{})
	require.Equal(t, outbox.Result{GivenUp: 1}, w.deliver(o))
	require.ErrorIs(t, w.observed(outbox.GaveUp)[0].Err, errDown)
	require.Empty(t, w.records())
	require.NoError(t, outbox.Permanent(nil))
}

// The last attempt is made in time for its end, whatever the wait would be.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receive = func(context.Context, outbox.Work) error { return errDown }
		o := w.node(func(c *outbox.Config) { c.First, c.Longest = 4*time.Minute, time.Hour })
		end := time.Now().Add(10 * time.Minute)
		w.enqueue(o, outbox.Work{End: end})
		stop := run(t, o)
		time.Sleep(time.Hour)
		stop()
		sent := w.sendings()
		last := sent[len(sent)-1].at
		require.Equal(t, end.Add(-time.Second).Truncate(time.Millisecond), last)
		require.Len(t, w.observed(outbox.GaveUp), 1)
		require.Empty(t, w.records())
	})
}

// Work that nobody got round to is reported, however late: no sweep comes first.
func TestNobodyCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		o := w.node()
		id := w.enqueue(o, outbox.Work{})
		time.Sleep(6 * 24 * time.Hour)
		n, err := w.store.(store.Sweeper).Sweep(t.Context(), time.Now(), 10)
		require.NoError(t, err)
		require.Zero(t, n)
		require.Equal(t, 1, w.deliver(o).GivenUp)
		require.Empty(t, w.sendings())
		gone := w.observed(outbox.GaveUp)
		require.Len(t, gone, 1)
		require.ErrorIs(t, gone[0].Err, outbox.ErrEnd)
		require.Equal(t, id, gone[0].Work.ID)
	})
}

// Work that kills the node that does it is not done for ever.
func TestEveryAttemptEndsWithItsNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.enqueue(w.node(), outbox.Work{})
		memory := w.store
		for n := 1; n <= 3; n++ {
			dead := &mortal{Store: memory}
			w.store = dead
			w.receive = func(context.Context, outbox.Work) error { dead.died.Store(true); return nil }
			o := w.node(func(c *outbox.Config) { c.Attempts = 3 })
			_, err := o.Deliver(t.Context())
			require.ErrorIs(t, err, errDied)
			require.Len(t, w.sendings(), n)
			w.store = memory
			other := w.node(func(c *outbox.Config) { c.Attempts = 3 })
			time.Sleep(29 * time.Second)
			require.Zero(t, w.deliver(other).Done, "the lease is not over")
			require.Len(t, w.sendings(), n)
			time.Sleep(2 * time.Second)
		}
		require.Equal(t, 1, w.deliver(w.node(func(c *outbox.Config) { c.Attempts = 3 })).GivenUp)
		require.ErrorIs(t, w.observed(outbox.GaveUp)[0].Err, outbox.ErrAttempts)
		require.Len(t, w.sendings(), 3)
		require.Empty(t, w.records())
	})
}

// Who is told that work was given up hears of it though the node dies in that moment.
func TestGivingUpEndsWithItsNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receive = func(context.Context, outbox.Work) error { return outbox.Permanent(errDown) }
		w.enqueue(w.node(), outbox.Work{})
		memory := w.store
		dead := &mortal{Store: memory}
		w.store = dead
		o := w.node(func(c *outbox.Config) {
			tell := c.Observe
			c.Observe = func(ctx context.Context, e outbox.Event) { tell(ctx, e); dead.died.Store(true) }
		})
		_, err := o.Deliver(t.Context())
		require.ErrorIs(t, err, errDied)
		require.Len(t, w.observed(outbox.GaveUp), 1)
		w.store = memory
		time.Sleep(time.Minute)
		require.Equal(t, 1, w.deliver(w.node()).GivenUp)
		require.Len(t, w.observed(outbox.GaveUp), 2)
		require.Empty(t, w.records())
	})
}

// A node whose clock is ahead leaves alone what another one is at.
func TestClocksDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receive = func(context.Context, outbox.Work) error { time.Sleep(9 * time.Second); return nil }
		behind := w.node()
		ahead := w.node(func(c *outbox.Config) { c.Now = func() time.Time { return time.Now().Add(10 * time.Second) } })
		w.enqueue(behind, outbox.Work{})
		defer run(t, behind)()
		for range 20 {
			time.Sleep(time.Second)
			require.Zero(t, w.deliver(ahead).Done)
		}
		require.Len(t, w.sendings(), 1)
		require.Empty(t, w.records())
	})
}

// Waits may be as short as one likes.
func TestShortWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receive = func(context.Context, outbox.Work) error { return errDown }
		o := w.node(func(c *outbox.Config) { c.First, c.Longest, c.Attempts = 1, 1, 5 })
		w.enqueue(o, outbox.Work{})
		for range 5 {
			w.deliver(o)
		}
		require.Len(t, w.sendings(), 5)
		require.Len(t, w.observed(outbox.GaveUp), 1)
	})
}

var errDied = errors.New("the node is dead")

// mortal is the store as a node sees it that dies.
type mortal struct {
	store.Store
	died atomic.Bool
}

func (m *mortal) Get(ctx context.Context, buf []byte, recs []store.Record) ([]byte, error) {
	if m.died.Load() {
		return buf, errDied
	}
	return m.Store.Get(ctx, buf, recs)
}

func (m *mortal) Put(ctx context.Context, rec store.Record, old uint64) error {
	if m.died.Load() {
		return errDied
	}
	return m.Store.Put(ctx, rec, old)
}

func (m *mortal) Delete(ctx context.Context, key store.Key, version uint64) error {
	if m.died.Load() {
		return errDied
	}
	return m.Store.Delete(ctx, key, version)
}

// A node that is told to stop hands on what it is at, and does not count it.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receive = hang
		o := w.node()
		w.enqueue(o, outbox.Work{})
		stop := run(t, o)
		time.Sleep(time.Second)
		require.Len(t, w.sendings(), 1)
		begin := time.Now()
		stop()
		require.Zero(t, time.Since(begin))
		w.receive = nil
		require.Equal(t, 1, w.deliver(w.node()).Done)
		require.Equal(t, 1, w.sendings()[1].work.Attempt)
		require.Empty(t, w.events)

		// What was done by then is written down.
		ctx, cancel := context.WithCancel(t.Context())
		w.receive = func(context.Context, outbox.Work) error { cancel(); return nil }
		w.enqueue(o, outbox.Work{})
		res, err := o.Deliver(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 1, res.Done)
		require.Empty(t, w.records())
	})
}

func TestPanic(t *testing.T) {
	w := newWorld(t)
	w.receive = func(context.Context, outbox.Work) error { panic("oops") }
	o := w.node()
	w.enqueue(o, outbox.Work{})
	require.Equal(t, 1, w.deliver(o).Retried)
	require.ErrorContains(t, w.observed(outbox.Retry)[0].Err, "oops")
}

// More than fits into memory is done in one go.
func TestBacklog(t *testing.T) {
	w := newWorld(t)
	o := w.node()
	for i := range 500 {
		w.enqueue(o, outbox.Work{Receiver: fmt.Sprint("r", i%2)})
	}
	require.Equal(t, 500, w.deliver(o).Done)
	require.Len(t, w.times(), 500)
	require.Empty(t, w.records())
}

// Two nodes that go for the same work do each piece once.
func TestTwoNodes(t *testing.T) {
	w := newWorld(t)
	var nodes [2]*outbox.Outbox
	for i := range nodes {
		nodes[i] = w.node()
	}
	const n = 400
	for i := range n {
		w.enqueue(nodes[i%2], outbox.Work{Receiver: fmt.Sprint("r", i%40)})
	}
	var total atomic.Int64
	var wg sync.WaitGroup
	for _, o := range nodes {
		for range 2 { // and twice on each node
			wg.Go(func() {
				res, err := o.Deliver(t.Context())
				if err != nil {
					t.Error(err)
				}
				total.Add(int64(res.Done))
			})
		}
	}
	wg.Wait()
	for id, times := range w.times() {
		require.Equal(t, 1, times, "%x", id)
	}
	require.Len(t, w.times(), n)
	require.EqualValues(t, n, total.Load())
	require.Empty(t, w.records())
}

// Whatever call of the store fails, and however: nothing is lost, and nothing is done
// twice unless the write that ends it was cut off.
func TestEveryFault(t *testing.T) {
	for _, fault := range []storetest.Fault{storetest.FailBefore, storetest.FailAfter, storetest.Hang} {
		for call, again := 1, true; again; call++ {
			synctest.Test(t, func(t *testing.T) {
				at := fmt.Sprintf("call %d %s", call, fault)
				w := newWorld(t)
				f := storetest.Faulty(store.NewMemory())
				w.store = f
				fails := 0
				w.receive = func(_ context.Context, work outbox.Work) error { // one attempt of each fails
					if work.Attempt == 1 {
						fails++
						return errDown
					}
					return nil
				}
				o := w.node(func(c *outbox.Config) { c.Parallel, c.PerReceiver = 1, 1 })
				f.Set(call, fault)
				ids := make(map[outbox.ID]bool)
				for i := range 2 {
					id := outbox.ID{byte(i + 1)}
					written := false
					for range 2 {
						ctx, cancel := context.WithTimeout(t.Context(), time.Second)
						_, err := o.Enqueue(ctx, outbox.Work{ID: id, Receiver: fmt.Sprint("r", i)})
						cancel()
						require.True(t, err == nil || f.Hit(), at)
						written = written || err == nil
					}
					require.True(t, written, at)
					ids[id] = true
				}
				for range 4 {
					_, err := o.Deliver(t.Context())
					require.True(t, err == nil || f.Hit(), at)
					time.Sleep(time.Minute)
				}
				again = f.Hit()
				f.Clear()
				require.Empty(t, w.records(), at)
				require.Empty(t, w.observed(outbox.GaveUp), at)
				done := make(map[outbox.ID]int)
				for _, s := range w.sendings() {
					if s.work.Attempt > 1 {
						done[s.work.ID]++
					}
				}
				require.Len(t, done, len(ids), at)
				for _, n := range done {
					require.LessOrEqual(t, n, 1+btoi(fault == storetest.Hang), at)
				}
			})
			require.Less(t, call, 1000)
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A store that is down for good is told, and keeps nobody longer than its limits.
func TestStoreDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		dead := &mortal{Store: w.store}
		w.store = dead
		o := w.node()
		w.enqueue(o, outbox.Work{})
		dead.died.Store(true)
		stop := run(t, o)
		time.Sleep(10 * time.Minute)
		require.NotEmpty(t, w.observed(outbox.Trouble))
		require.LessOrEqual(t, len(w.observed(outbox.Trouble)), 15, "one a look")
		for _, e := range w.observed(outbox.Trouble) {
			require.ErrorIs(t, e.Err, errDied)
			require.True(t, strings.HasPrefix(e.Err.Error(), "outbox: "))
		}
		dead.died.Store(false)
		time.Sleep(time.Minute)
		stop()
		require.Len(t, w.times(), 1)
	})
}
