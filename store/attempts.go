package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Defaults of [Attempts].
const (
	DefaultLimit    = 10
	DefaultCoolDown = time.Hour
)

// reserveLimit bounds a reservation that nobody waits for any more.
const reserveLimit = 5 * time.Second

// Attempts counts attempts before they are judged, so that any number of
// parallel guesses costs a guesser as many tries as it would one after the
// other: the count is committed first, and whoever does not report a success
// has failed, also by crashing or by hanging up.
//
// One record per key holds the count, when the lock ends, and a state of the
// caller's, such as the last time step of a one-time code, which changes in the
// same compare-and-swap that resets the count.
//
// Every Limit failures without a success between them lock the key for
// CoolDown; Disable of them, however many locks lie between, disable it for
// DisableFor, or until [Attempts.Reset]. Ceiling bounds the failures of a Window
// whatever succeeded between them, so that an owner who signs in daily does not
// hand a guesser a fresh Disable every day. While the key is locked nobody
// writes, so racing guesses cannot keep the record busy.
type Attempts struct {
	Store    Store            // required
	Now      func() time.Time // nil means time.Now
	Limit    int              // failures that lock; 0 means DefaultLimit
	CoolDown time.Duration    // how long; 0 means DefaultCoolDown

	// Disable is how many failures disable; 0 means never. DisableFor is how long;
	// 0 means until [Attempts.Reset]. When it has lapsed, all failures but those
	// of the Window are forgotten.
	Disable    int
	DisableFor time.Duration

	// Ceiling is how many failures there can be in one Window; then the key is
	// locked until the window ends. Successes do not matter. A window begins with
	// the first failure after the one before it, so a guesser who waits for the
	// end of one gets at most two ceilings in a time as long as one. Both are 0, for
	// no ceiling, or neither.
	Ceiling int
	Window  time.Duration

	// Keep is how long a record stays after its last change; 0 means for ever. It
	// always outlives a lock, a disablement that lapses and a window in which
	// something was counted; one that is disabled until a Reset stays for ever. A
	// shorter life suits keys that strangers can make up; it must still be longer
	// than whatever the state guards, and longer than CoolDown if failures are to
	// add up to Disable.
	Keep time.Duration
}

// Reserve counts one attempt and commits the count; only then may the caller
// judge. It returns a [LockedError] if the key is locked. After any other error
// nothing may be judged, and the answer must say nothing about right or wrong.
//
// The caller's disconnecting does not stop it: it runs until the caller's
// deadline, or five seconds. The tags are written with the first attempt only.
func (a *Attempts) Reserve(ctx context.Context, key Key, tags ...Key) (*Attempt, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	ctx, cancel := detach(ctx, reserveLimit, resolveMin)
	defer cancel()
	t := &Attempt{attempts: a, key: key}
	rec, err := Update(ctx, a.Store, key, func(cur Record) (Record, error) {
		now := a.now()
		c, err := a.decode(cur, now)
		if err != nil {
			return Record{}, err
		}
		if err := c.locked(now, a.Ceiling); err != nil {
			return Record{}, err
		}
		c.count(now, a)
		t.counter, t.window = c, c.window
		if cur.Version != 0 {
			return a.record(c, now, nil)
		}
		return a.record(c, now, tags)
	})
	if err != nil {
		return nil, err
	}
	t.version = rec.Version
	return t, nil
}

// Reset forgets all failures, those of the window too, and ends lock and
// disablement; the caller's state stays. It is for operators, and for a proof that is stronger than the counter.
func (a *Attempts) Reset(ctx context.Context, key Key) error {
	if err := a.check(); err != nil {
		return err
	}
	_, err := Update(ctx, a.Store, key, func(cur Record) (Record, error) {
		if cur.Version == 0 {
			return Record{}, errNothing
		}
		c, err := decodeCounter(cur.Value)
		if err != nil {
			return Record{}, err
		}
		c.reset()
		c.window, c.windowed = 0, 0
		return a.record(c, a.now(), nil)
	})
	if err == errNothing {
		return nil
	}
	return err
}

// errNothing ends an Update that has nothing to write.
var errNothing = errors.New("store: nothing to write")

// Attempt is one attempt that is counted and not yet judged. It is for one
// goroutine.
type Attempt struct {
	attempts *Attempts
	key      Key
	version  uint64 // that the reservation wrote
	window   int64  // in which it was counted
	counter  counter
}

// State returns the caller's state at the time of the reservation; nil if none
// was ever stored. The caller must not change it.
func (t *Attempt) State() []byte { return t.counter.state }

// Succeed reports that the attempt was right: one compare-and-swap that resets
// the count, takes this attempt (and no other) from those of the window, and
// stores the state that next makes of the old one. Nil keeps the state. Only
// after it returned nil may the caller grant anything, and then it must not call
// Succeed again.
//
// If another attempt came between, Succeed reads again. It returns a
// [LockedError] if the key was locked meanwhile, and otherwise calls next with
// the state that is there now. An error of next (the code was used by another)
// ends Succeed, which returns it; the attempt then stays counted. If the record
// was deleted meanwhile, it returns [ErrConflict].
func (t *Attempt) Succeed(ctx context.Context, next func(state []byte) ([]byte, error)) error {
	a, c, version := t.attempts, t.counter, t.version
	for try := 0; ; try++ {
		if next != nil {
			state, err := next(c.state)
			if err != nil {
				return err
			}
			c.state = state
		}
		c.reset()
		if c.window == t.window && c.windowed > 0 {
			c.windowed--
		}
		rec, err := a.record(c, a.now(), nil)
		if err != nil {
			return err
		}
		rec.Key = t.key
		if err = Swap(ctx, a.Store, rec, version); !errors.Is(err, ErrConflict) {
			return err
		}
		if err = pause(ctx, try); err != nil {
			return err
		}
		cur, err := read(ctx, a.Store, t.key)
		if err != nil {
			return err
		}
		if cur.Version == 0 {
			return fmt.Errorf("store: the counter is gone: %w", ErrConflict)
		}
		if c, err = decodeCounter(cur.Value); err != nil {
			return err
		}
		if err = c.locked(a.now(), a.Ceiling); err != nil {
			return err
		}
		version = cur.Version
	}
}

func (a *Attempts) check() error {
	switch {
	case a.Store == nil:
		return errors.New("store: Attempts: Store is required")
	case a.Limit < 0, a.CoolDown < 0, a.Disable < 0, a.DisableFor < 0, a.Ceiling < 0, a.Window < 0, a.Keep < 0:
		return errors.New("store: Attempts: Limit, CoolDown, Disable, DisableFor, Ceiling, Window and Keep must not be negative")
	case (a.Ceiling > 0) != (a.Window > 0):
		return errors.New("store: Attempts: Ceiling and Window go together")
	}
	return nil
}

// decode reads the counter of a record; an expired one counts as none.
func (a *Attempts) decode(cur Record, now time.Time) (counter, error) {
	if cur.Version == 0 || expired(cur.Expires, now) {
		return counter{}, nil
	}
	return decodeCounter(cur.Value)
}

// record makes the record of a counter, without key and version.
func (a *Attempts) record(c counter, now time.Time, tags []Key) (Record, error) {
	value, err := c.encode()
	rec := Record{Tags: tags, Value: value}
	if a.Keep > 0 && (!c.disabled || c.lapses != 0) {
		rec.Expires = max(ceilUnix(now.Add(a.Keep)), c.until, c.lapses)
		if c.windowed > 0 {
			rec.Expires = max(rec.Expires, c.window)
		}
	}
	return rec, err
}

func (a *Attempts) now() time.Time {
	if a.Now != nil {
		return a.Now()
	}
	return time.Now()
}

func (a *Attempts) limit() int {
	if a.Limit > 0 {
		return a.Limit
	}
	return DefaultLimit
}

func (a *Attempts) coolDown() time.Duration {
	if a.CoolDown > 0 {
		return a.CoolDown
	}
	return DefaultCoolDown
}
