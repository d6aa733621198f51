package oauth

import (
	"context"
	"errors"
	"time"

	"github.com/mintyard/mintyard/store"
)

// runEvery is the pace of Run.
const runEvery = time.Minute

// Run does the work that can wait until the context ends: it sweeps expired
// records out of the store and reads keys that other nodes have changed. It may
// run on any number of nodes. Without it nothing is unsafe: the store grows, and
// a key of another node is found at its first use.
//
// What fails is told to Config.Observe and tried again a minute later.
func (s *Server) Run(ctx context.Context) {
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
