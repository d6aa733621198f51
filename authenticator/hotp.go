package authenticator

import (
	"context"
	"fmt"
	"time"

	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// HOTPConfig says where the secrets of counting tokens are.
type HOTPConfig struct {
	Store     store.Store   // required: keeps authenticators, counts attempts
	Namespace string        // required: people of one name space share their authenticators
	Sealer    *store.Sealer // required: seals the secrets in the store

	// Issuer is the name that an app shows beside the account. Required, and
	// without a colon.
	Issuer string

	// Options are those of new enrolments. Zero values are what every app can do.
	Options HOTPOptions

	// Window is how many codes may be skipped, for a button that was pressed in
	// vain (RFC 4226 section 7.4): 0 is 3, the most is 10, and a negative number is
	// none. Each one makes a guess that much more likely to be right.
	Window int

	Limits // of wrong codes of a person, whatever authenticators there are

	Now func() time.Time // nil means time.Now
}

// HOTPOptions are the parameters of an authenticator (RFC 4226 section 5). The zero
// value is SHA1 and 6 digits.
type HOTPOptions struct {
	Algorithm Algorithm
	Digits    int // 6 or 8
}

func (o HOTPOptions) options() (otpOptions, error) {
	out := otpOptions{algorithm: o.Algorithm, digits: o.Digits}
	return out, out.complete()
}

const (
	defaultWindow = 3
	maxWindow     = 10

	// resyncWindow is how far a token may have run away that two codes bring back.
	resyncWindow = 100
)

// HOTP is the factor of a token, or an app, that counts its codes (RFC 4226). It is
// a [Verifier] and a [Manager], made by [NewHOTP].
//
// A code is accepted if it is the one after the last that was accepted, at sign-in
// or at enrolment, or one of a few that follow; those before it are then not good
// any more. A token that has run further away is brought back by
// [HOTP.Resynchronise].
type HOTP struct {
	o      *oneTime
	window int64
}

var (
	_ Verifier = (*HOTP)(nil)
	_ Manager  = (*HOTP)(nil)
)

// NewHOTP checks the configuration. An error names the field that is wrong.
func NewHOTP(c HOTPConfig) (*HOTP, error) {
	fail := func(err error) (*HOTP, error) {
		return nil, fmt.Errorf("authenticator: HOTPConfig.%w", err)
	}
	if err := checkOneTime(c.Store, c.Namespace, c.Sealer, c.Issuer); err != nil {
		return fail(err)
	}
	if err := c.Limits.complete(limits); err != nil {
		return fail(err)
	}
	options, err := c.Options.options()
	if err != nil {
		return fail(fmt.Errorf("Options.%w", err))
	}
	switch {
	case c.Window > maxWindow:
		return fail(fieldError("Window", "must be at most %d", maxWindow))
	case c.Window == 0:
		c.Window = defaultWindow
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	h := &HOTP{window: int64(max(c.Window, 0))}
	h.o = newOneTime(TypeHOTP, kindHOTP, c.Store, newSpace(c.Namespace), c.Sealer, c.Limits, c.Now)
	h.o.issuer, h.o.defaults = c.Issuer, options
	h.o.spread = func(_ *otpOptions, next int64, _ time.Time) (first, last int64) { return next, next + h.window }
	return h, nil
}

// Verify implements [Verifier]; the method is "hotp", its Device the id of the
// authenticator. As for several authenticators and what a code is, see
// [TOTP.Verify].
func (h *HOTP) Verify(ctx context.Context, id Identity, code string) (policy.Method, error) {
	return h.o.verify(ctx, id, code)
}

// Available implements [Verifier].
func (h *HOTP) Available(ctx context.Context, subject string) ([]policy.Method, error) {
	return h.o.available(ctx, subject)
}

// Enrol makes a secret for a new authenticator of the person, which counts from 0.
// The account is the name that an app shows. Nothing can be proved with it until
// [HOTP.Confirm]. As for who may ask, see [TOTP.Enrol].
func (h *HOTP) Enrol(ctx context.Context, subject, account string) (*Enrolment, error) {
	return h.o.enrol(ctx, subject, account)
}

// Confirm takes a first code as the proof that the person's device has the secret.
// Errors are those of [TOTP.Confirm].
func (h *HOTP) Confirm(ctx context.Context, subject, id, code string) error {
	return h.o.confirm(ctx, subject, id, code)
}

// Import gives a person a token whose secret is known, under an id of the host's.
// The counter is that of the code which it shows next. As for the form of the
// secret, and for importing again, see [TOTP.Import]: the counter of one that is
// there never goes back. That of one that was removed is the host's to know, from
// a day after the removal on.
func (h *HOTP) Import(ctx context.Context, subject, id, secret string, counter int64, o HOTPOptions) error {
	options, err := o.options()
	if err != nil {
		return fmt.Errorf("authenticator: Import: HOTPOptions.%w", err)
	}
	if counter < 0 || counter > maxMoving/2 {
		return fmt.Errorf("authenticator: Import: the counter is out of range")
	}
	return h.o.importSecret(ctx, subject, id, secret, options, counter)
}

// Type implements [Manager].
func (h *HOTP) Type() string { return h.o.name }

// Authenticators implements [Manager].
func (h *HOTP) Authenticators(ctx context.Context, subject string) ([]Authenticator, error) {
	return h.o.authenticators(ctx, subject)
}

// Rename implements [Manager].
func (h *HOTP) Rename(ctx context.Context, subject, id, name string) error {
	return rename(ctx, h.o.book, "authenticator", subject, id, name)
}

// Remove implements [Manager], for an enrolment that was not confirmed too.
func (h *HOTP) Remove(ctx context.Context, subject, id string) error {
	return h.o.remove(ctx, subject, id)
}

// Unlock forgets the failures of a person, as an operator's act, also those that
// disabled the factor. What was used stays used.
func (h *HOTP) Unlock(ctx context.Context, subject string) error {
	return h.o.guard.unlock(ctx, subject)
}
