package password_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/internal/password"
)

func TestParallelHashesAreBounded(t *testing.T) {
	const parallel, queue = 3, 5
	h := newHasher(t, password.Config{Parallel: parallel, Queue: queue})
	var slots []*password.Slot
	for range parallel {
		slot, err := h.Enter(t.Context(), "")
		require.NoError(t, err)
		slots = append(slots, slot)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	var busy, gone atomic.Int32
	for range 20 {
		wg.Go(func() {
			switch _, err := h.Enter(ctx, ""); err {
			case password.ErrBusy:
				if busy.Add(1) == 20-queue {
					cancel() // the others wait
				}
			case context.Canceled:
				gone.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 20-queue, busy.Load())
	require.EqualValues(t, queue, gone.Load(), "who waits can go away")
	for _, slot := range slots {
		slot.Leave()
	}
	ok, _, err := h.Verify(ctx, mustHash(t, h, "x"), "x")
	require.NoError(t, err, "where there is room, a context that is over does not matter")
	require.True(t, ok)
}

func mustHash(t testing.TB, h *password.Hasher, s string) string {
	hash, err := h.Hash(t.Context(), s)
	require.NoError(t, err)
	return hash
}

// A record that needs the memory of several takes the place of several, and is
// not overtaken for ever.
func TestHeavyRecordTakesSeveralPlaces(t *testing.T) {
	h := newHasher(t, password.Config{Parallel: 4, Queue: 10})
	heavy := mustHash(t, newHasher(t, password.Config{Params: password.Params{Memory: 3 * 64, Time: 1, Threads: 1}}), "x")
	huge := mustHash(t, newHasher(t, password.Config{Params: password.Params{Memory: 100 * 64, Time: 1, Threads: 1}}), "x")

	first, err := h.Enter(t.Context(), heavy) // 3 of 4
	require.NoError(t, err)
	second, err := h.Enter(t.Context(), "") // 4 of 4
	require.NoError(t, err)

	order := make(chan string, 2)
	waiting := func(name, hash string) func() {
		return func() {
			slot, err := h.Enter(t.Context(), hash)
			require.NoError(t, err)
			order <- name
			slot.Leave()
		}
	}
	var wg sync.WaitGroup
	wg.Go(waiting("huge", huge))
	require.Eventually(t, func() bool { return h.Waiting() == 1 }, password.TestTimeout, time.Millisecond)
	wg.Go(waiting("light", ""))
	require.Eventually(t, func() bool { return h.Waiting() == 2 }, password.TestTimeout, time.Millisecond)
	second.Leave() // room for the light one, which may not overtake
	require.Equal(t, 2, h.Waiting())
	first.Leave()
	wg.Wait()
	require.Equal(t, "huge", <-order)
	require.Equal(t, "light", <-order)
	require.Zero(t, h.Waiting())
}

func TestHammerGate(t *testing.T) {
	h := newHasher(t, password.Config{Parallel: 2, Queue: 4})
	var inside, most atomic.Int32
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			if i%3 == 0 {
				cancel()
			}
			defer cancel()
			for range 50 {
				slot, err := h.Enter(ctx, "")
				if err != nil {
					continue
				}
				n := inside.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				inside.Add(-1)
				slot.Leave()
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, most.Load(), int32(2))
	// Everything was given back.
	for range 2 {
		_, err := h.Enter(t.Context(), "")
		require.NoError(t, err)
	}
	require.Zero(t, h.Waiting())
}
