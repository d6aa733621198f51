package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/mintyard/mintyard/store"
)

// sweepBatch is how many records one statement of Sweep drops, so that it holds
// locks for milliseconds.
const sweepBatch = 500

// Sweep implements [store.Sweeper], oldest first, in batches of 500 that each
// commit by themselves. Any number of nodes may sweep at once: on PostgreSQL they
// pass over what another holds.
func (s *Store) Sweep(ctx context.Context, now time.Time, limit int) (int, error) {
	cut := now.Add(-store.SweepMargin)
	before := cut.Unix()
	if cut.Nanosecond() > 0 {
		before++ // the second that has begun is past too
	}
	dropped := 0
	for dropped < limit {
		want := min(limit-dropped, sweepBatch)
		seen, n, err := s.sweepBatch(ctx, before, want)
		dropped += n
		if err != nil {
			return dropped, fmt.Errorf("sqlstore: sweep: %w", err)
		}
		if seen < want {
			break
		}
	}
	return dropped, nil
}

// sweepBatch returns how many expired records it saw and how many of them it
// dropped.
func (s *Store) sweepBatch(ctx context.Context, before int64, want int) (seen, dropped int, err error) {
	if s.dialect == SQLite {
		n, _, err := s.write(ctx, s.sql.sweep, before, want)
		return int(n), int(n), err
	}
	_, err = retry(ctx, func() error {
		return s.db.QueryRowContext(ctx, s.sql.sweep.text, before, want).Scan(&seen, &dropped)
	})
	return seen, dropped, err
}
