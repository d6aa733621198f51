package authenticator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mintyard/mintyard/internal/enrolment"
	"github.com/mintyard/mintyard/policy"
)

// Codes is the factor of a code that is sent: by text message, call or e-mail. It is
// an [OutOfBand] and a [Manager], made by [NewCodes].
//
// A code is good once, for a short time, and for whoever began its challenge. It is
// compared exactly. One that was sent later does not replace it: else a stranger who
// knows a name could end the sign-in of its owner. How many can be tried is bounded
// for the person, whatever the number of codes.
//
// Nobody is told who has a number: for a name that nobody has, or a person without
// one, the same is done and nothing delivered. That takes as long, and fails as
// often, as deliveries of this process did lately. Before the first one there is
// nothing to go by.
type Codes struct {
	config     CodesConfig
	space      space
	book       *enrolment.Book
	challenges *challenges
	sends      *sends
	countries  *countrySends // nil is no cap
	guard      *guard
	key        *destinationKey
	outcomes   outcomes
	caps       []sendCap
}

var (
	_ OutOfBand = (*Codes)(nil)
	_ Manager   = (*Codes)(nil)
)

// NewCodes checks the configuration. An error names the field that is wrong.
func NewCodes(c CodesConfig) (*Codes, error) {
	if err := c.complete(); err != nil {
		return nil, fmt.Errorf("authenticator: CodesConfig.%w", err)
	}
	sp := newSpace(c.Namespace)
	f := &Codes{
		config: c, space: sp,
		book: &enrolment.Book{
			Store: c.Store, Space: sp, Kind: kindCodes, Label: c.Channel, Person: kindPerson, Sealer: c.Sealer, Now: c.Now,
		},
		challenges: &challenges{store: c.Store, space: sp, factor: c.Channel, sealer: c.Sealer, now: c.Now},
		sends:      &sends{store: c.Store, space: sp, now: c.Now},
		guard:      newGuard(c.Store, sp, c.Channel, c.Limits, c.Now),
		key:        &destinationKey{store: c.Store, space: sp, sealer: c.Sealer},
		caps:       []sendCap{{c.PerHour, time.Hour}, {c.PerDay, 24 * time.Hour}},
	}
	if c.PerCountry > 0 {
		f.countries = &countrySends{store: c.Store, space: sp, now: c.Now, most: c.PerCountry}
	}
	return f, nil
}

// Channel implements [OutOfBand].
func (f *Codes) Channel() string { return f.config.Channel }

// Check implements [OutOfBand]. The entry is the code, exactly; the method is called
// as the channel, and its Device stands for the number or the address, so that a
// text message and a call to one telephone are one device.
//
// A wrong entry is [ErrRefused]. A challenge that is of somebody else, used or expired, or whose tries are used up, is [ErrOver], whatever the entry,
// and costs no attempt. While the factor is locked, an entry costs the code a try.
func (f *Codes) Check(ctx context.Context, id Identity, challengeID, entry string) (policy.Method, error) {
	ctx, cancel := detach(ctx)
	defer cancel()
	c, err := f.challenges.read(ctx, id, challengeID)
	if err != nil {
		return policy.Method{}, err
	}
	if !f.open(c) || c.purpose == PurposeEnrolment {
		return policy.Method{}, ErrOver
	}
	key, err := f.key.load(ctx)
	if err != nil {
		return policy.Method{}, err
	}
	// Both counts are stored before the entry is judged. That of the code comes first,
	// because it is the smaller one: racers with one right code cannot lock each other out.
	if err := f.challenges.attempt(ctx, c, f.config.Tries); err != nil {
		return policy.Method{}, err
	}
	attempt, err := f.guard.reserve(ctx, id)
	if err != nil {
		return policy.Method{}, err
	}
	if !c.matches(entry) || id.Subject == "" { // a decoy matches nothing
		return policy.Method{}, ErrRefused
	}
	if err := f.challenges.spend(ctx, c, challengeWaiting); err != nil {
		return policy.Method{}, err
	}
	now := f.config.Now()
	e, err := f.book.Change(ctx, id.Subject, c.target, func(e *enrolment.Entry) error {
		if e.Confirmed.IsZero() || !c.boundTo(f.destination(key, string(e.Secret))) {
			return enrolment.ErrNone
		}
		e.Used = now
		return nil
	})
	if errors.Is(err, enrolment.ErrNone) { // removed since, or another number now
		return policy.Method{}, ErrOver
	} else if err != nil {
		return policy.Method{}, unavailable("reading the destination", err)
	}
	if err := f.guard.succeed(ctx, attempt); err != nil {
		return policy.Method{}, err
	}
	m := f.method(key, id.Subject, &e)
	m.At = now
	return m, nil
}

// open reports whether an entry may be compared with the challenge's code: it waits,
// and has tries left.
func (f *Codes) open(c *challenge) bool {
	return c.state == challengeWaiting && c.tries < f.config.Tries
}

// method is what a code to the destination proves, without a time.
func (f *Codes) method(key []byte, subject string, e *enrolment.Entry) policy.Method {
	return policy.Method{
		Name: f.config.Channel, Types: policy.Possession,
		Device: deviceUnder(key, subject, string(e.Secret)),
	}
}

// Available implements [OutOfBand].
func (f *Codes) Available(ctx context.Context, subject string) ([]policy.Method, error) {
	if subject == "" {
		return nil, nil
	}
	all, err := f.confirmed(ctx, subject)
	if err != nil {
		return nil, err
	}
	key, err := f.key.load(ctx)
	if err != nil {
		return nil, err
	}
	var methods []policy.Method
	for i := range all {
		methods = append(methods, f.method(key, subject, &all[i]))
	}
	return methods, nil
}

// confirmed lists the person's destinations that codes may be sent to, oldest first.
func (f *Codes) confirmed(ctx context.Context, subject string) ([]enrolment.Entry, error) {
	all, err := f.book.List(ctx, subject)
	if err != nil {
		return nil, unavailable("reading destinations", err)
	}
	n := 0
	for _, e := range all {
		if !e.Confirmed.IsZero() {
			all[n], n = e, n+1
		}
	}
	return all[:n], nil
}

// Unlock forgets the wrong codes of a person, as an operator's act.
func (f *Codes) Unlock(ctx context.Context, subject string) error {
	return f.guard.unlock(ctx, subject)
}
