package authenticator

import (
	"context"
	"fmt"
	"time"

	"github.com/mintyard/mintyard/store"
)

// Limits bound the wrong entries of a person at one factor. They are counted in the
// store before an entry is judged: neither a restart, another node or address, nor
// a new sign-in starts the count again.
//
// Three counters are kept apart: of attempts by anybody who knows a name, of those
// in a sign-in where another factor was proved, and of those from a device that the
// caller has recognised. The first one always lapses, so that a stranger can lock
// nobody out for good, and not at all out of a sign-in that begins with another factor.
type Limits struct {
	// Limit is how many wrong entries lock the factor, and CoolDown for how long;
	// 0 is 10, and one hour, or what the factor says.
	Limit    int
	CoolDown time.Duration

	// Disable is how many without a right one between them disable it: for a day,
	// or, where another factor was proved, until Unlock. 0 is 50 or what the
	// factor says, and a negative number is never.
	Disable int

	// Ceiling is how many there can be in 30 days, right ones between them or not;
	// 0 is 200 or what the factor says, and a negative number is no ceiling.
	Ceiling int
}

// limits are the defaults of a factor that guesses can beat.
var limits = Limits{Limit: store.DefaultLimit, CoolDown: time.Hour, Disable: 50, Ceiling: 200}

const (
	disabledFor    = 24 * time.Hour
	ceilingWindow  = 30 * 24 * time.Hour
	maxCeiling     = 1000
	attemptsKeep   = 24 * time.Hour // of counters that strangers make up
	attemptsProved = 30 * 24 * time.Hour
)

// complete checks the limits and fills in the defaults.
func (l *Limits) complete(defaults Limits) error {
	switch {
	case l.Limit < 0 || l.Limit > maxLimit:
		return fieldError("Limit", "must be between 1 and %d, or 0 for %d", maxLimit, defaults.Limit)
	case l.CoolDown < 0:
		return fieldError("CoolDown", "is negative")
	case l.Disable > maxLimit:
		return fieldError("Disable", "must be at most %d", maxLimit)
	case l.Ceiling > maxCeiling:
		return fieldError("Ceiling", "must be at most %d", maxCeiling)
	}
	if l.Limit == 0 {
		l.Limit = defaults.Limit
	}
	if l.CoolDown == 0 {
		l.CoolDown = defaults.CoolDown
	}
	switch {
	case l.Disable > 0 && l.Disable < l.Limit:
		return fieldError("Disable", "is less than Limit")
	case l.Disable == 0:
		l.Disable = defaults.Disable
		if l.Disable > 0 {
			l.Disable = max(l.Disable, l.Limit)
		}
	}
	switch {
	case l.Ceiling > 0 && l.Ceiling < l.Limit:
		return fieldError("Ceiling", "is less than Limit")
	case l.Ceiling == 0:
		l.Ceiling = defaults.Ceiling
		if l.Ceiling > 0 {
			l.Ceiling = max(l.Ceiling, l.Limit)
		}
	}
	return nil
}

// guard counts the attempts at one factor.
type guard struct {
	space  space
	factor string

	strangers *store.Attempts
	proved    *store.Attempts
}

// newGuard makes a guard with limits that are complete.
func newGuard(s store.Store, sp space, factor string, l Limits, now func() time.Time) *guard {
	a := store.Attempts{Store: s, Now: now, Limit: l.Limit, CoolDown: l.CoolDown, Disable: max(l.Disable, 0)}
	if l.Ceiling > 0 {
		a.Ceiling, a.Window = l.Ceiling, ceilingWindow
	}
	g := &guard{space: sp, factor: factor}
	strangers, proved := a, a
	strangers.Keep = max(attemptsKeep, 2*l.CoolDown)
	if a.Disable > 0 {
		strangers.DisableFor = disabledFor
	}
	proved.Keep = max(attemptsProved, 2*l.CoolDown)
	g.strangers, g.proved = &strangers, &proved
	return g
}

// counter is where the attempts of an identity are counted.
func (g *guard) counter(id Identity) (*store.Attempts, store.Key) {
	switch {
	case id.Subject == "": // who does not exist has neither devices nor proofs
		return g.strangers, g.space.attempts(g.factor, id)
	case id.Device != "": // first, or whoever knows the password could use up what its owner needs there
		return g.strangers, store.Key{Kind: kindAttempts, Space: g.space, ID: id.digest("attempts, device", g.factor, id.Device)}
	case id.Proved:
		return g.proved, store.Key{Kind: kindAttempts, Space: g.space, ID: id.digest("attempts, proved", g.factor)}
	}
	return g.strangers, g.space.attempts(g.factor, id)
}

// reserve counts an attempt before it is judged. Errors are [LockedError] and
// [ErrUnavailable]; success is reported with [guard.succeed].
func (g *guard) reserve(ctx context.Context, id Identity) (*store.Attempt, error) {
	a, key := g.counter(id)
	attempt, err := a.Reserve(ctx, key)
	if err != nil {
		return nil, reserveError(a, err)
	}
	return attempt, nil
}

// succeed reports that an attempt was right; only after nil may anything be granted.
func (g *guard) succeed(ctx context.Context, attempt *store.Attempt) error {
	if err := attempt.Succeed(ctx, nil); err != nil {
		return succeedError(err)
	}
	return nil
}

// unlock forgets the failures of a person, as an operator's act. Those of a device
// lapse by themselves, or end with the device.
func (g *guard) unlock(ctx context.Context, subject string) error {
	for _, id := range []Identity{{Subject: subject}, {Subject: subject, Proved: true}} {
		a, key := g.counter(id)
		if err := a.Reset(ctx, key); err != nil {
			return unavailable("unlocking", err)
		}
	}
	return nil
}

var errName = fmt.Errorf("authenticator: a name has at most %d characters, and no control characters", maxLabel)

// maxLabel is the most characters of an authenticator's name.
const maxLabel = 100

// checkName refuses a name of an authenticator that cannot be shown.
func checkName(name string) error {
	n := 0
	for _, r := range name {
		if n++; r < ' ' || r == 0x7f || r == 0xfffd || n > maxLabel {
			return errName
		}
	}
	return nil
}
