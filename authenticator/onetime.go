package authenticator

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/mintyard/mintyard/internal/enrolment"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// oneTime is what [TOTP] and [HOTP] have in common. Both are computed from a secret
// and a moving factor, a time step or a counter (RFC 4226 section 5.1); the record of
// an authenticator says from which one on it is still good, and a code is
// spent by moving that on. It is common to all counters of attempts, so that one
// code is good once, whoever was recognised by what.
type oneTime struct {
	name     string // the type
	book     *enrolment.Book
	guard    *guard          // of sign-ins: one count a person
	enrols   *store.Attempts // of confirmations: one count an enrolment
	space    space
	issuer   string
	defaults otpOptions // of new enrolments
	spread   spread
	nobody   []byte // the sealed secret of those who have none
}

// spread says which moving factors are accepted at a time, of an authenticator
// that is good from next on: those from first to last.
type spread func(o *otpOptions, next int64, now time.Time) (first, last int64)

// newOneTime makes the book and the counters; the configuration has been checked.
func newOneTime(name string, kind store.Kind, s store.Store, sp space, sealer *store.Sealer, l Limits, now func() time.Time) *oneTime {
	o := &oneTime{
		name: name, space: sp, guard: newGuard(s, sp, name, l, now),
		book:   &enrolment.Book{Store: s, Space: sp, Kind: kind, Label: name, Person: kindPerson, Sealer: sealer, Now: now},
		enrols: &store.Attempts{Store: s, Now: now, Limit: l.Limit, CoolDown: enrolLife, Keep: 2 * enrolLife},
	}
	secret := make([]byte, 20)
	rand.Read(secret) // never fails, by its contract
	o.nobody = sealer.Seal(nil, store.Key{}, nobodyLabel, secret)
	return o
}

const nobodyLabel = "nobody's secret"

// verify judges a code of whichever authenticator of the person.
func (o *oneTime) verify(ctx context.Context, id Identity, code string) (policy.Method, error) {
	ctx, cancel := detach(ctx)
	defer cancel()
	all, err := o.candidates(ctx, id.Subject)
	if err != nil {
		return policy.Method{}, unavailable("reading authenticators", err)
	}
	attempt, err := o.guard.reserve(ctx, id)
	if err != nil {
		return policy.Method{}, err
	}
	now := o.book.Now()
	matched, err := o.match(all, code, now)
	if err != nil {
		return policy.Method{}, unavailable("computing a code", err)
	}
	if len(matched) == 0 {
		return policy.Method{}, ErrRefused
	}
	if err := o.spend(ctx, id.Subject, matched, now); err != nil {
		return policy.Method{}, err
	}
	if err := o.guard.succeed(ctx, attempt); err != nil {
		return policy.Method{}, err
	}
	m := o.method(matched[0].ID)
	m.At = now
	return m, nil
}

// candidates are the authenticators that a code of the person could be of. Those
// who have none get nobody's, for the sake of time.
func (o *oneTime) candidates(ctx context.Context, subject string) ([]otpEntry, error) {
	all, err := o.active(ctx, subject)
	if err != nil || len(all) > 0 {
		return all, err
	}
	nobody := otpEntry{otpOptions: o.defaults}
	nobody.Secret, err = o.book.Sealer.Open(nil, store.Key{}, nobodyLabel, o.nobody)
	return []otpEntry{nobody}, err
}

// active are the authenticators that can prove something, oldest first.
func (o *oneTime) active(ctx context.Context, subject string) ([]otpEntry, error) {
	all, err := o.book.List(ctx, subject)
	if err != nil {
		return nil, err
	}
	var active []otpEntry
	for _, e := range all {
		a, err := o.decode(e)
		if err != nil {
			return nil, err
		}
		if !a.Confirmed.IsZero() && !a.off {
			active = append(active, a)
		}
	}
	return active, nil
}

// match returns the authenticators of which code is a code, in their order. It
// computes and compares as much whichever they are, and if there are none.
//
// If the first of them has no use for it any more, there is none: two
// authenticators may have one secret, and then their codes are one code.
func (o *oneTime) match(all []otpEntry, code string, now time.Time) (matched []otpEntry, err error) {
	for i := range all {
		a := &all[i]
		first, last := o.spread(&a.otpOptions, a.next, now)
		found, err := a.find(code, first, last)
		if err != nil {
			return nil, err
		}
		if found && a.ID != "" { // nobody's has none
			matched = append(matched, *a)
		}
	}
	if len(matched) > 0 && matched[0].moving < matched[0].next {
		return nil, nil
	}
	return matched, nil
}

// spend moves on all that the code is of. Racers with one code meet at the first
// of them, where one of them wins.
func (o *oneTime) spend(ctx context.Context, subject string, matched []otpEntry, now time.Time) error {
	for i := range matched {
		a := &matched[i]
		_, err := o.book.Change(ctx, subject, a.ID, func(e *enrolment.Entry) error {
			cur, err := o.decode(*e)
			switch {
			case err != nil:
				return err
			case cur.Confirmed.IsZero(), cur.off, cur.next > a.moving, !bytes.Equal(cur.Secret, a.Secret):
				return errUsed
			}
			e.Used = now
			return moveOn(e, a.moving+1)
		})
		switch {
		case err == nil:
		case !errors.Is(err, errUsed) && !errors.Is(err, enrolment.ErrNone):
			return unavailable("spending the code", err)
		case i == 0:
			return ErrRefused
		}
	}
	return nil
}

func (o *oneTime) available(ctx context.Context, subject string) ([]policy.Method, error) {
	if subject == "" {
		return nil, nil
	}
	all, err := o.active(ctx, subject)
	if err != nil {
		return nil, unavailable("reading authenticators", err)
	}
	var methods []policy.Method
	for i := range all {
		methods = append(methods, o.method(all[i].ID))
	}
	return methods, nil
}

// method is what an authenticator proves.
func (o *oneTime) method(id string) policy.Method {
	return policy.Method{Name: o.name, Types: policy.Possession, Device: id}
}
