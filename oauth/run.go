package oauth

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/mintyard/mintyard/store"
)

// runEvery is the pace of Run.
const runEvery = time.Minute

// Runner is implemented by an [Extension] that has work of its own that can wait, such
// as telling clients that somebody has signed out: it does so until the context ends.
type Runner interface {
	Run(ctx context.Context)
}

// Run does the work that can wait until the context ends: it sweeps expired
// records out of the store, reads keys that other nodes have changed, and lets
// extensions do theirs. It may run on any number of nodes. Without it nothing is
// unsafe: the store grows, a key of another node is found at its first use, and what
// extensions have promised to do stays undone.
//
// What fails is told to Config.Observe and tried again a minute later.
func (s *Server) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, e := range s.joined.all() {
		if r, ok := e.(Runner); ok {
			wg.Go(func() { r.Run(ctx) })
		}
	}
	tick := time.NewTicker(runEvery)
	defer tick.Stop()
	for {
		s.maintain(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Server) maintain(ctx context.Context) {
	err := s.config.Keys.Reload(ctx)
	if sweeper, ok := s.config.Store.(store.Sweeper); ok {
		err = errors.Join(err, s.sweep(ctx, sweeper))
	}
	if err != nil && ctx.Err() == nil {
		s.event(ctx, Event{Type: EventFailure, Reason: ReasonUnavailable, Err: err})
	}
}

// sweep drops what has expired, a batch at a time.
func (s *Server) sweep(ctx context.Context, sweeper store.Sweeper) error {
	const batch = 1000
	for {
		n, err := sweeper.Sweep(ctx, s.now(), batch)
		if err != nil || n < batch {
			return err
		}
	}
}
