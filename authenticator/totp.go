package authenticator

import (
	"context"
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

	Limits // of wrong codes of a person, whatever authenticators there are

	Now func() time.Time // nil means time.Now
}

// TOTPOptions are the parameters of an authenticator (RFC 6238 section 4). The
// zero value is SHA1, 6 digits and 30 seconds.
type TOTPOptions struct {
	Algorithm Algorithm
	Digits    int           // 6 or 8
	Period    time.Duration // 30 or 60 seconds
}

// options are the parameters, completed. An error names the one that is wrong.
func (o TOTPOptions) options() (otpOptions, error) {
	out := otpOptions{algorithm: o.Algorithm, digits: o.Digits, period: int64(o.Period / time.Second)}
	if err := out.complete(); err != nil {
		return out, err
	}
	switch o.Period {
	case 0:
		out.period = 30
	case 30 * time.Second, time.Minute:
	default:
		return out, fieldError("Period", "must be 30s or 60s")
	}
	return out, nil
}

// TOTP is the factor that an authenticator app shows (RFC 6238). It is a
// [Verifier] and a [Manager], made by [NewTOTP].
//
// A code is accepted in its own time step, and in the one before and after, by
// the server's clock alone; and only if no code of that step or a later one was
// accepted before, from the same authenticator, at sign-in or at enrolment.
type TOTP struct{ o *oneTime }

var (
	_ Verifier = (*TOTP)(nil)
	_ Manager  = (*TOTP)(nil)
)

// NewTOTP checks the configuration. An error names the field that is wrong.
func NewTOTP(c TOTPConfig) (*TOTP, error) {
	fail := func(err error) (*TOTP, error) {
		return nil, fmt.Errorf("authenticator: TOTPConfig.%w", err)
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
	if c.Now == nil {
		c.Now = time.Now
	}
	o := newOneTime(TypeTOTP, kindTOTP, c.Store, newSpace(c.Namespace), c.Sealer, c.Limits, c.Now)
	o.issuer, o.defaults, o.spread = c.Issuer, options, steps
	return &TOTP{o}, nil
}

// checkOneTime checks what both kinds are configured with.
func checkOneTime(s store.Store, namespace string, sealer *store.Sealer, issuer string) error {
	switch {
	case s == nil:
		return fieldError("Store", "is required")
	case namespace == "":
		return fieldError("Namespace", "is required")
	case sealer == nil:
		return fieldError("Sealer", "is required")
	case issuer == "" || strings.Contains(issuer, ":"):
		return fieldError("Issuer", "is required, and must not contain a colon")
	}
	return nil
}

// Verify implements [Verifier]; the method is "totp", its Device the id of the
// authenticator. A person with several may use any of them. They share their
// counters of attempts, because one guess is tried on all of them, and no memory
// of what was used.
//
// A code is exactly its digits: anything else, blanks too, is refused, and counts.
func (t *TOTP) Verify(ctx context.Context, id Identity, code string) (policy.Method, error) {
	return t.o.verify(ctx, id, code)
}

// Available implements [Verifier].
func (t *TOTP) Available(ctx context.Context, subject string) ([]policy.Method, error) {
	return t.o.available(ctx, subject)
}

// Enrol makes a secret for a new authenticator app of the person. The account is
// the name that the app shows. Nothing can be proved with it until
// [TOTP.Confirm].
//
// Whoever asks must have proved as much as the person's account demands: this
// package cannot know (NIST SP 800-63B-4 section 4.1.2).
func (t *TOTP) Enrol(ctx context.Context, subject, account string) (*Enrolment, error) {
	return t.o.enrol(ctx, subject, account)
}

// Confirm takes a first code as the proof that the person's app has the secret.
// That code, and any before it, is then not good for signing in.
//
// A wrong one is [ErrRefused], and too many a [LockedError]; neither touches the
// counters of sign-ins. [ErrNoAuthenticator] says that there is no such enrolment,
// or that it has expired. To confirm again with the same code changes nothing and
// is no error: the first answer may have been lost.
func (t *TOTP) Confirm(ctx context.Context, subject, id, code string) error {
	return t.o.confirm(ctx, subject, id, code)
}

// Import gives a person an authenticator app that was enrolled elsewhere, under
// an id of the host's. The secret is base32; lower case, blanks, hyphens and
// padding do not matter. To import the same again changes nothing, so that a host
// may do it at every start; another secret or other options under the id replace
// what was there. No code becomes good a second time.
func (t *TOTP) Import(ctx context.Context, subject, id, secret string, o TOTPOptions) error {
	options, err := o.options()
	if err != nil {
		return fmt.Errorf("authenticator: Import: TOTPOptions.%w", err)
	}
	return t.o.importSecret(ctx, subject, id, secret, options, 0)
}

// Type implements [Manager].
func (t *TOTP) Type() string { return t.o.name }

// Authenticators implements [Manager].
func (t *TOTP) Authenticators(ctx context.Context, subject string) ([]Authenticator, error) {
	return t.o.authenticators(ctx, subject)
}

// Rename implements [Manager].
func (t *TOTP) Rename(ctx context.Context, subject, id, name string) error {
	return rename(ctx, t.o.book, "authenticator", subject, id, name)
}

// Remove implements [Manager], for an enrolment that was not confirmed too. What
// was used is remembered for a day, so that removing and importing again makes no
// code good twice.
func (t *TOTP) Remove(ctx context.Context, subject, id string) error {
	return t.o.remove(ctx, subject, id)
}

// Unlock forgets the failures of a person, as an operator's act, also those that
// disabled the factor. What was used stays used.
func (t *TOTP) Unlock(ctx context.Context, subject string) error {
	return t.o.guard.unlock(ctx, subject)
}
