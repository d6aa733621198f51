package outbox_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/internal/outbox"
)

// Woken work goes out at once, also where its Due leaves time for another write. What
// nobody woke is found by any node when it is due.
func TestWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		o := w.node()
		defer run(t, o)()
		time.Sleep(100 * time.Second)
		begin := time.Now()
		woken := w.enqueue(o, outbox.Work{Due: begin.Add(30 * time.Second)})
		w.enqueue(w.node(), outbox.Work{Due: begin.Add(30 * time.Second)})
		o.Wake(woken, outbox.ID{1: 9}) // and one that is not there
		synctest.Wait()
		require.Equal(t, map[outbox.ID]int{woken: 1}, w.times())
		require.Zero(t, w.sendings()[0].at.Sub(begin))

		time.Sleep(29 * time.Second)
		require.Len(t, w.times(), 1)
		time.Sleep(62 * time.Second)
		require.Len(t, w.times(), 2)
		require.Empty(t, w.records())
	})
}

// Only the first attempt can be had early.
func TestWakeHeedsTheBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receive = func(context.Context, outbox.Work) error { return errDown }
		o := w.node()
		id := w.enqueue(o, outbox.Work{})
		for range 10 {
			o.Wake(id)
			w.deliver(o)
		}
		require.Len(t, w.sendings(), 1)
	})
}

// Three thousand are woken at once, which is more than are remembered by name.
func TestWakeMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		o := w.node()
		defer run(t, o)()
		time.Sleep(time.Second)
		var ids []outbox.ID
		for i := range 3000 {
			ids = append(ids, w.enqueue(o, outbox.Work{Receiver: fmt.Sprint("r", i%100)}))
		}
		o.Wake(ids...)
		synctest.Wait()
		require.Len(t, w.times(), 3000)
		require.Len(t, w.sendings(), 3000)
		require.Empty(t, w.records())
	})
}

// Woken work that waits for its receiver keeps its place when Run looks through the
// store in the meantime, where it is not due.
func TestWokenWorkKeepsItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receive = func(context.Context, outbox.Work) error { time.Sleep(10 * time.Second); return nil }
		o := w.node(func(c *outbox.Config) { c.PerReceiver, c.Timeout = 1, time.Minute })
		defer run(t, o)()
		later := time.Now().Add(time.Hour)
		begin := time.Now()
		for range 3 {
			o.Wake(w.enqueue(o, outbox.Work{Due: later}))
		}
		synctest.Wait()
		o.Wake(make([]outbox.ID, 2000)...) // too many to remember: it looks for all that is due
		time.Sleep(time.Minute)
		sent := w.sendings()
		require.Len(t, sent, 3)
		require.Equal(t, 20*time.Second, sent[2].at.Sub(begin))
	})
}

// Sixty receivers that begin to hang hold up nobody who answered before: what is
// woken goes out at once (back-channel logout: a slow relying party does not stall
// others). When each is known for what it is, they hold up no stranger either.
func TestHangingReceivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receive = func(ctx context.Context, work outbox.Work) error {
			if strings.HasPrefix(work.Receiver, "dead") {
				return hang(ctx, work)
			}
			return nil
		}
		o := w.node()
		defer run(t, o)()
		waited := func(receiver string) time.Duration {
			begin := time.Now()
			id := w.enqueue(o, outbox.Work{Receiver: receiver})
			o.Wake(id)
			for {
				synctest.Wait()
				if at, ok := w.sentAt(id); ok {
					return at.Sub(begin)
				}
				time.Sleep(time.Second)
			}
		}
		for i := range 3 {
			require.Zero(t, waited(fmt.Sprint("alive", i)))
		}
		for i := range 60 {
			for range 4 {
				o.Wake(w.enqueue(o, outbox.Work{Receiver: fmt.Sprint("dead", i)}))
			}
		}
		for i := range 100 {
			require.Zero(t, waited(fmt.Sprint("alive", i%3)), "work %d", i)
			time.Sleep(2731 * time.Millisecond)
		}
		for i := range 20 {
			require.Zero(t, waited(fmt.Sprint("stranger", i)))
			time.Sleep(2731 * time.Millisecond)
		}

		// And what another node left behind is found.
		id := w.enqueue(w.node(), outbox.Work{Receiver: "elsewhere"})
		time.Sleep(time.Minute)
		require.Equal(t, 1, w.times()[id])
	})
}

// The limits hold on a node, whoever calls Deliver, and receivers that failed get less.
func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		running, most, all, mostAll := make(map[string]int), make(map[string]int), 0, 0
		w := newWorld(t)
		w.receive = func(ctx context.Context, work outbox.Work) error {
			mu.Lock()
			running[work.Receiver]++
			all++
			most[work.Receiver], mostAll = max(most[work.Receiver], running[work.Receiver]), max(mostAll, all)
			mu.Unlock()
			defer func() {
				mu.Lock()
				running[work.Receiver]--
				all--
				mu.Unlock()
			}()
			if strings.HasPrefix(work.Receiver, "dead") {
				return hang(ctx, work)
			}
			time.Sleep(time.Second)
			return nil
		}
		o := w.node(func(c *outbox.Config) { c.Parallel, c.PerReceiver = 6, 2 })
		for range 10 {
			w.enqueue(o, outbox.Work{Receiver: "alive"})
		}
		w.deliver(o)
		require.Equal(t, map[string]int{"alive": 2}, most)
		for i := range 40 {
			w.enqueue(o, outbox.Work{Receiver: fmt.Sprint("alive", i%10)})
			w.enqueue(o, outbox.Work{Receiver: fmt.Sprint("dead", i%10)})
		}
		deliver := func() {
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() { w.deliver(o) })
			}
			wg.Wait()
		}
		deliver()
		require.Equal(t, 6, mostAll)
		for receiver, n := range most {
			require.LessOrEqual(t, n, 2, receiver)
		}

		clear(most)
		mostAll = 0
		time.Sleep(time.Minute)
		before := len(w.sendings())
		deliver()
		require.Equal(t, 3, mostAll, "half of the places")
		for receiver, n := range most {
			require.Equal(t, 1, n, receiver)
		}
		require.LessOrEqual(t, len(w.sendings())-before, 3*10, "a hanging receiver costs an attempt a call")
	})
}

// A receiver that comes back gets all that waits for it.
func TestComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receive = hang
		o := w.node()
		for range 200 {
			w.enqueue(o, outbox.Work{})
		}
		defer run(t, o)()
		time.Sleep(5 * time.Minute)
		require.Less(t, len(w.sendings()), 100)
		w.mu.Lock()
		w.receive = nil
		w.mu.Unlock()
		time.Sleep(10 * time.Minute)
		require.Len(t, w.times(), 200)
		require.Empty(t, w.records())
		require.Empty(t, w.observed(outbox.GaveUp))
	})
}
