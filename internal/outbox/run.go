package outbox

import (
	"context"
	"math/rand/v2"
	"time"
)

// How often Run looks through the store if nothing is known to be due: for the work
// that other nodes left behind. Half as much again is left to chance.
const runEvery = 40 * time.Second

// Run does what is due until the context ends, and what is woken at once. It may run on
// any number of nodes. Without it work waits for the next Deliver.
func (o *Outbox) Run(ctx context.Context) {
	p := o.newPass(func(err error) {
		o.config.Observe(ctx, Event{Type: Trouble, Err: err})
	})
	defer p.drain()
	s := schedule{o: o}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		changed := o.gate.wait()
		p.start(ctx)
		if s.looked {
			timer.Reset(s.wait(p))
		}
		select {
		case out := <-p.outcomes:
			p.ended(out)
		case <-o.woken.signal:
			p.takeWoken(ctx)
		case <-timer.C:
			begin := time.Now()
			p.collect(ctx)
			s.collected(begin)
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// schedule says when Run looks through the store again.
type schedule struct {
	o             *Outbox
	looked        bool
	earliest, end time.Time // of the next look
}

// collected takes note of a look. The next one comes a second later at the earliest,
// and so much later that looking takes a twentieth of the time at most.
func (s *schedule) collected(begin time.Time) {
	now := time.Now()
	s.looked = true
	s.earliest = now.Add(max(time.Second, 20*now.Sub(begin)))
	s.end = now.Add(max(runEvery+rand.N(runEvery/2), 20*now.Sub(begin)))
}

// wait is the time until then: when the first work that was seen is due, or when there
// is room for what the last look left in the store.
func (s *schedule) wait(p *pass) time.Duration {
	at := s.end
	if next := p.result.Next; !next.IsZero() {
		if due := time.Now().Add(next.Sub(s.o.config.Now())); due.Before(at) {
			at = due
		}
	}
	if p.idle() && p.full && p.progress || at.Before(s.earliest) {
		at = s.earliest
	}
	return max(0, time.Until(at))
}
