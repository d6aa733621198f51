package authenticator

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// TOTPConfig says where the secrets of authenticator apps are.
type TOTPConfig struct {
	Store     store.Store   // required: keeps authenticators, counts attempts
	Namespace string        // required: people of one name space share their authenticators
	Sealer    *store.Sealer // required: seals the secrets in the store

	// Issuer is the name that the app shows beside the account. Required, and
	// without a colon.
	Issuer string

	// Options are those of new enrolments. Zero values are what every app can do.
	Options TOTPOptions

	// Limit is how many wrong codes lock the factor of a person, and CoolDown for
	// how long; 0 is 10, and one hour. Disable is how many, without a right one
	// between them, lock it until [TOTP.Unlock]; 0 is 50, and a negative number is
	// never: choose that where a code is a first factor, since anybody who knows a
	// name can then try codes, and could lock its owner out for good.
	Limit    int
	CoolDown time.Duration
	Disable  int

	Now func() time.Time // nil means time.Now
}

const (
	defaultTOTPCoolDown = time.Hour
	defaultTOTPDisable  = 50

	// totpKeep is how long failures, and the memory of the last code, stay after
	// they last changed.
	totpKeep = 30 * 24 * time.Hour
)

// TOTP is the factor that an authenticator app shows (RFC 6238). It is made by
// [NewTOTP].
//
// A code is accepted in its own time step, and in the one before and after, by
// the server's clock alone; and only if no code of that step or a later one was
// accepted before, from the same authenticator, at sign-in or at enrolment.
type TOTP struct {
	config   TOTPConfig
	space    space
	attempts *store.Attempts // at signing in: one counter a person
	enrols   *store.Attempts // at confirming: one counter an enrolment
	nobody   store.Record    // the authenticator of those who have none
}

// NewTOTP checks the configuration. An error names the field that is wrong.
func NewTOTP(c TOTPConfig) (*TOTP, error) {
	fail := func(err error) (*TOTP, error) {
		return nil, fmt.Errorf("authenticator: TOTPConfig.%w", err)
	}
	if err := checkLimits(c.Store, c.Namespace, &c.Limit, &c.CoolDown, defaultTOTPCoolDown); err != nil {
		return fail(err)
	}
	switch {
	case c.Sealer == nil:
		return fail(fieldError("Sealer", "is required"))
	case c.Issuer == "" || strings.Contains(c.Issuer, ":"):
		return fail(fieldError("Issuer", "is required, and must not contain a colon"))
	case c.Disable > maxLimit:
		return fail(fieldError("Disable", "must be at most %d", maxLimit))
	case c.Disable > 0 && c.Disable < c.Limit:
		return fail(fieldError("Disable", "is less than Limit"))
	case c.Disable == 0:
		c.Disable = max(defaultTOTPDisable, c.Limit)
	}
	if err := c.Options.complete(); err != nil {
		return fail(fmt.Errorf("Options.%w", err))
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	t := &TOTP{config: c, space: newSpace(c.Namespace)}
	t.attempts = &store.Attempts{
		Store: c.Store, Now: c.Now, Limit: c.Limit, CoolDown: c.CoolDown,
		Disable: max(c.Disable, 0), Keep: max(totpKeep, 2*c.CoolDown),
	}
	t.enrols = &store.Attempts{Store: c.Store, Now: c.Now, Limit: c.Limit, CoolDown: enrolLife, Keep: 2 * enrolLife}
	return t, t.makeNobody()
}

// makeNobody makes an authenticator with a secret that nobody has.
func (t *TOTP) makeNobody() error {
	secret := make([]byte, t.config.Options.secretSize())
	rand.Read(secret) // never fails, by its contract
	var err error
	t.nobody, err = t.record(t.space.totp("", ""), authenticator{TOTPOptions: t.config.Options, secret: secret})
	return err
}

// Verify implements [Verifier]; the method is "totp", its Device the id of the
// authenticator. A person with several may use any of them. They share one
// counter of attempts, because one guess is tried on all of them, and no memory
// of what was used.
//
// A code is exactly its digits: anything else, blanks too, is refused, and counts.
func (t *TOTP) Verify(ctx context.Context, id Identity, code string) (policy.Method, error) {
	ctx, cancel := detach(ctx)
	defer cancel()
	all, err := t.candidates(ctx, id)
	if err != nil {
		return policy.Method{}, unavailable("reading authenticators", err)
	}
	attempt, err := t.attempts.Reserve(ctx, t.space.attempts("totp", id))
	if err != nil {
		return policy.Method{}, reserveError(t.attempts, err)
	}
	used, err := decodeUsed(attempt.State())
	if err != nil {
		return policy.Method{}, unavailable("reading used codes", err)
	}
	now := t.config.Now()
	var found *authenticator
	for i := range all { // all of them, whichever matches
		a := &all[i]
		if err := a.match(code, now); err != nil {
			return policy.Method{}, unavailable("computing a code", err)
		}
		if found == nil && a.real && a.matched > max(a.step, used[a.id]) {
			found = a
		}
	}
	if found == nil {
		return policy.Method{}, ErrRefused
	}
	if err := attempt.Succeed(ctx, func(state []byte) ([]byte, error) { return spend(state, all, found, now) }); err != nil {
		return policy.Method{}, succeedError(err)
	}
	m := found.method()
	m.At = now
	return m, nil
}

// candidates are the authenticators that a code of the person could be of. Those
// who have none get nobody's, for the sake of time.
func (t *TOTP) candidates(ctx context.Context, id Identity) ([]authenticator, error) {
	all, err := t.load(ctx, id)
	if err != nil {
		return nil, err
	}
	n := 0
	for _, a := range all {
		if a.confirmed() {
			all[n], n = a, n+1
		}
	}
	all = all[:n]
	if n == 0 {
		nobody, err := t.decode(t.nobody)
		if err != nil {
			return nil, err
		}
		all = append(all, nobody)
	}
	for i := range all {
		if err := t.unseal(&all[i]); err != nil {
			return nil, err
		}
		all[i].real = n > 0 && id.Subject != ""
	}
	return all, nil
}

// Available implements [Verifier].
func (t *TOTP) Available(ctx context.Context, subject string) ([]policy.Method, error) {
	if subject == "" {
		return nil, nil
	}
	all, err := t.load(ctx, Identity{Subject: subject})
	if err != nil {
		return nil, unavailable("reading authenticators", err)
	}
	var methods []policy.Method
	for _, a := range all {
		if a.confirmed() {
			methods = append(methods, a.method())
		}
	}
	return methods, nil
}

// Unlock forgets the failures of a person, as an operator's act, also those that
// disabled the factor. What was used stays used.
func (t *TOTP) Unlock(ctx context.Context, subject string) error {
	if err := t.attempts.Reset(ctx, t.space.attempts("totp", Identity{Subject: subject})); err != nil {
		return unavailable("unlocking", err)
	}
	return nil
}
