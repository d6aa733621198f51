package authenticator

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// outcomes remembers what became of the last deliveries, so that a decoy can look
// like one of them: a delivery takes long enough to be told from none. Of each
// destination only the last one counts, so that nobody can fill the memory with
// failures of one's own, and then tell others by their success.
type outcomes struct {
	mu   sync.Mutex
	last [32]outcome
	n    int // filled
	next int // to be overwritten, when all are
}

// outcome is what became of a delivery.
type outcome struct {
	to     [16]byte // digest of the destination
	took   time.Duration
	failed bool
	until  time.Time // the country's cap was reached, and for how long
}

// note remembers the outcome of a delivery to a destination.
func (o *outcomes) note(to [16]byte, x outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	x.to = to
	for i := range o.last[:o.n] {
		if o.last[i].to == to {
			o.last[i] = x
			return
		}
	}
	if o.n < len(o.last) {
		o.last[o.n] = x
		o.n++
		return
	}
	o.last[o.next] = x
	o.next = (o.next + 1) % len(o.last)
}

// pick returns one of them by chance; none if nothing was delivered yet.
func (o *outcomes) pick() outcome {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.n == 0 {
		return outcome{}
	}
	return o.last[rand.IntN(o.n)]
}

// imitate takes as long as the delivery did, and fails if it failed.
func (x outcome) imitate(ctx context.Context) error {
	t := time.NewTimer(x.took)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
		return ErrDelivery
	}
	if x.failed {
		return ErrDelivery
	}
	return nil
}
