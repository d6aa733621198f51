package store

import (
	"errors"
	"time"
)

// ErrLocked is what errors.Is finds in every [LockedError].
var ErrLocked = errors.New("store: locked after too many attempts")

// LockedError refuses an attempt, or a success that comes after the lock.
type LockedError struct {
	Until    time.Time // when attempts are possible again; zero if Disabled
	Disabled bool      // only [Attempts.Reset] ends it; a disablement that lapses is a lock
}

// Error says until when.
func (e *LockedError) Error() string {
	if e.Disabled {
		return ErrLocked.Error() + ": disabled"
	}
	return ErrLocked.Error() + " until " + e.Until.UTC().Format(time.RFC3339)
}

// Is reports that a LockedError is [ErrLocked].
func (e *LockedError) Is(target error) bool { return target == ErrLocked }
