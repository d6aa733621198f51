package authenticator

import (
	"context"
	"fmt"
	"time"

	"github.com/mintyard/mintyard/internal/enrolment"
	"github.com/mintyard/mintyard/policy"
)

// Push is the factor of a device that is asked whether it is the person who signs
// in. It is an [OutOfBand] and a [Manager], made by [NewPush].
//
// A device has a key of its own and answers with a signature over the challenge, the
// numbers it was shown and the decision. Of three numbers the app shows one, which
// the device never learns: who approves a sign-in of somebody else's is wrong two
// times of three, and a wrong number denies. The first answer is final.
type Push struct {
	config     PushConfig
	space      space
	book       *enrolment.Book
	challenges *challenges
	codes      *challenges // of activation
	sends      *sends
	outcomes   outcomes
	caps       []sendCap
}

var (
	_ OutOfBand = (*Push)(nil)
	_ Manager   = (*Push)(nil)
)

// NewPush checks the configuration. An error names the field that is wrong.
func NewPush(c PushConfig) (*Push, error) {
	if err := c.complete(); err != nil {
		return nil, fmt.Errorf("authenticator: PushConfig.%w", err)
	}
	sp := newSpace(c.Namespace)
	return &Push{
		config: c, space: sp,
		book: &enrolment.Book{
			Store: c.Store, Space: sp, Kind: kindPush, Label: TypePush, Person: kindPerson, Sealer: c.Sealer, Now: c.Now,
		},
		challenges: &challenges{store: c.Store, space: sp, factor: TypePush, sealer: c.Sealer, now: c.Now},
		codes:      &challenges{store: c.Store, space: sp, factor: "push activation", sealer: c.Sealer, now: c.Now},
		sends:      &sends{store: c.Store, space: sp, now: c.Now},
		caps:       []sendCap{{c.PerTenMinutes, 10 * time.Minute}, {c.PerDay, 24 * time.Hour}},
	}, nil
}

// Channel implements [OutOfBand].
func (f *Push) Channel() string { return TypePush }

// method is what an answer of a device proves, without a time.
func (f *Push) method(id string, d *pushDevice, verified bool) policy.Method {
	m := policy.Method{Name: TypePush, Types: policy.Possession, Device: id}
	m.Hardware = d.Hardware && f.config.TrustDevices
	if verified {
		m.Types |= policy.Inherence
		m.UserVerified = true
	}
	return m
}

// Available implements [OutOfBand].
func (f *Push) Available(ctx context.Context, subject string) ([]policy.Method, error) {
	if subject == "" {
		return nil, nil
	}
	all, err := f.confirmed(ctx, subject)
	if err != nil {
		return nil, err
	}
	var methods []policy.Method
	for i := range all {
		d, err := decodeDevice(&all[i])
		if err != nil {
			return nil, unavailable("reading devices", err)
		}
		methods = append(methods, f.method(all[i].ID, d, d.Verifies && f.config.TrustDevices))
	}
	return methods, nil
}

// confirmed lists the person's devices that can answer, oldest first.
func (f *Push) confirmed(ctx context.Context, subject string) ([]enrolment.Entry, error) {
	all, err := f.book.List(ctx, subject)
	if err != nil {
		return nil, unavailable("reading devices", err)
	}
	n := 0
	for _, e := range all {
		if !e.Confirmed.IsZero() {
			all[n], n = e, n+1
		}
	}
	return all[:n], nil
}

// Unlock forgets the pushes and the denials of a person, as an operator's act. Those
// from a recognised device lapse by themselves.
func (f *Push) Unlock(ctx context.Context, subject string) error {
	for _, pool := range []string{poolStranger, poolProved} {
		if err := f.sends.forget(ctx, f.counter(Identity{Subject: subject}, pool)); err != nil {
			return err
		}
	}
	return nil
}
