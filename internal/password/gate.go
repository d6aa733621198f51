package password

import (
	"context"
	"slices"
	"sync"
)

// gate admits work of a total weight, first come first served, and lets a
// bounded number wait.
type gate struct {
	size  int // the total
	queue int // how many may wait

	mu      sync.Mutex
	free    int
	waiting []*waiter
}

type waiter struct {
	weight   int
	admitted chan struct{} // closed when the weight was taken for it
}

// enter takes the weight, which is at most size. It returns [ErrBusy] if the queue
// is full, and the context's error if that ends first. Where there is room a
// context that is over does not matter.
func (g *gate) enter(ctx context.Context, weight int) error {
	g.mu.Lock()
	if len(g.waiting) == 0 && g.free >= weight {
		g.free -= weight
		g.mu.Unlock()
		return nil
	}
	if len(g.waiting) >= g.queue {
		g.mu.Unlock()
		return ErrBusy
	}
	w := &waiter{weight, make(chan struct{})}
	g.waiting = append(g.waiting, w)
	g.mu.Unlock()

	select {
	case <-w.admitted:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.waiting, w); i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
	} else {
		g.free += weight // it was admitted in the same moment
	}
	g.admit() // those behind it may fit now
	return ctx.Err()
}

// leave gives the weight back.
func (g *gate) leave(weight int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free += weight
	g.admit()
}

// admit lets in whoever is first, as long as they fit. Nobody overtakes, so that
// something heavy does get its turn.
func (g *gate) admit() {
	for len(g.waiting) > 0 && g.waiting[0].weight <= g.free {
		w := g.waiting[0]
		g.waiting = slices.Delete(g.waiting, 0, 1)
		g.free -= w.weight
		close(w.admitted)
	}
}
