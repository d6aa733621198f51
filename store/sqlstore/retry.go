package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// maxStale bounds how many dead connections of the pool one call will throw away
// to find one that lives, after the server was restarted.
const maxStale = 64

// retry runs op until it succeeds, fails for good, or the context ends. Only a
// failure without effect is repeated.
//
// maybe reports that a driver answered driver.ErrBadConn for an earlier attempt.
// By its contract nothing was sent then, but drivers have been wrong about it, so
// a caller that finds its write done already must not call that a conflict.
// database/sql would repeat such a statement by itself and keep it secret, which
// is why writes take a connection first (see [Store.exec]).
func retry(ctx context.Context, op func() error) (maybe bool, err error) {
	var refusal error // why it took so long, should the context end
	stale, wait := 0, time.Millisecond
	for {
		err := op()
		switch {
		case err == nil:
			return maybe, nil
		case errors.Is(err, driver.ErrBadConn) && stale < maxStale && ctx.Err() == nil:
			stale, maybe = stale+1, true
			continue
		case !withoutEffect(err):
			if refusal != nil && ctx.Err() != nil {
				err = fmt.Errorf("%w, after waiting for: %w", err, refusal)
			}
			return maybe, err
		}
		refusal = err

		t := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return maybe, fmt.Errorf("%w, after waiting for: %w", ctx.Err(), refusal)
		}
		wait = min(2*wait, 100*time.Millisecond)
	}
}

// withoutEffect reports whether the database refused a statement because of
// others at work, having undone all of it.
func withoutEffect(err error) bool {
	if pg, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		switch pg.SQLState() {
		case "40001", "40P01": // serialization_failure, deadlock_detected
			return true
		}
		return false
	}
	if lite, ok := errors.AsType[interface {
		error
		Code() int
	}](err); ok {
		switch lite.Code() & 0xff { // the rest says which kind of busy
		case 5, 6: // SQLITE_BUSY, SQLITE_LOCKED
			return true
		}
	}
	return false
}
