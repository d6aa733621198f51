package authenticator

import (
	"errors"
	"fmt"
	"time"

	"github.com/mintyard/mintyard/store"
)

var (
	// ErrRefused says that the entry proves nothing: it is wrong, or used, or the
	// person has no such factor, or nobody has that name.
	ErrRefused = errors.New("authenticator: refused")

	// ErrLocked is what errors.Is finds in every [LockedError].
	ErrLocked = errors.New("authenticator: too many attempts")

	// ErrBusy says that the server has too much to do just now. Nothing was
	// judged and nothing counted.
	ErrBusy = errors.New("authenticator: too many verifications at once")

	// ErrUnavailable says that the store, or the host's data, could not be read or
	// written. It says nothing about right or wrong; the attempt may be counted.
	ErrUnavailable = errors.New("authenticator: unavailable")
)

// LockedError refuses an attempt that was not judged, because too many before it
// were wrong. Names that nobody has are locked in the same way.
type LockedError struct {
	// Until is when to try again. If the factor is Disabled that will not help,
	// but whoever hears it cannot tell the two apart.
	Until time.Time

	// Limit is how many wrong attempts lock.
	Limit int

	// Disabled says that only the factor's Unlock ends it.
	Disabled bool
}

// Error does not say until when: that depends on who asks.
func (e *LockedError) Error() string { return ErrLocked.Error() }

// Is reports that a LockedError is [ErrLocked].
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

// unavailable wraps what the store or the host said.
func unavailable(doing string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrUnavailable, doing, err)
}

// reserveError translates the error of a reservation.
func reserveError(a *store.Attempts, err error) error {
	var locked *store.LockedError
	if !errors.As(err, &locked) {
		return unavailable("counting the attempt", err)
	}
	e := &LockedError{Until: locked.Until, Limit: a.Limit, Disabled: locked.Disabled}
	if locked.Disabled {
		e.Until = a.Now().Add(a.CoolDown)
	}
	return e
}

// succeedError translates the error of a success that could not be stored. One
// that a lock overtook is refused like a wrong entry: to be told "locked" where
// a wrong one is told "refused" would say that the guess was right.
func succeedError(err error) error {
	if errors.Is(err, store.ErrLocked) || errors.Is(err, errUsed) {
		return ErrRefused
	}
	return unavailable("storing the success", err)
}

// errUsed says that another attempt has used the code.
var errUsed = errors.New("authenticator: the code was used")

// fieldError names the wrong field of a configuration.
func fieldError(field, format string, args ...any) error {
	return fmt.Errorf(field+": "+format, args...)
}

// maxLimit is the most consecutive failures that NIST SP 800-63B-4 section 3.2.2
// admits.
const maxLimit = 100
