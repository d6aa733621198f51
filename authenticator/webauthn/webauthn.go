package webauthn

import (
	"context"
	"fmt"
	"time"

	library "github.com/go-webauthn/webauthn/webauthn"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/internal/enrolment"
	"github.com/mintyard/mintyard/store"
)

// Config says who the relying party is, and where its credentials are.
type Config struct {
	Store     store.Store // required: keeps credentials and registrations, counts attempts
	Namespace string      // required: people of one name space share their authenticators

	// RPID is the domain that credentials belong to (Level 3, section 4), and
	// RPName what a client shows for it. Both are required. A credential is good for
	// its RPID only: with another one, nobody has any. A loopback address suits tests
	// with a device that is a program: browsers offer no credentials there.
	RPID   string
	RPName string

	// Origins are all that may use the credentials, exactly as clients write them:
	// "https://login.example.com", of apps "android:apk-key-hash:…" (the unpadded
	// base64url of the SHA-256 of the signing certificate) or "ios:bundle-id:…".
	// Plain http is for loopback hosts alone. Required.
	Origins []string

	// UserVerification is what clients are asked for. With "required", an assertion
	// without it is refused. The default, "preferred", accepts one, as a proof of
	// possession only. "discouraged" suits passkeys beside another factor.
	UserVerification UserVerification

	// Conveyance is which attestation clients are asked for: "none" is the default,
	// "indirect", "direct", "enterprise". Attestation judges what came; nil accepts
	// all, and knows of none that its key is in hardware.
	Conveyance  string
	Attestation func(context.Context, Attested) (Verdict, error)

	// CounterRegression is told that a signature was right but its counter did not
	// go up, though that credential counts: there may be a clone (section 6.1.1). Nil
	// from it accepts the assertion; an error refuses it, with [ErrCloned]. Without a
	// hook all of them are refused.
	CounterRegression func(context.Context, Regression) error

	// DecoyKey makes up the credentials of those who have none. It is a secret of its
	// own, the same on all nodes, and must never change: somebody whose credentials
	// change without a registration has none. Required.
	DecoyKey store.MasterKey

	// Timeout is how long a client may take for a ceremony; 0 is five minutes.
	Timeout time.Duration

	// Limit is how many wrong assertions about a person are told to come later, and
	// CoolDown how much later; 0 is 10, and one minute. There is nothing to guess here:
	// one that is right is accepted meanwhile, so that strangers keep nobody out.
	Limit    int
	CoolDown time.Duration

	Now func() time.Time // nil means time.Now
}

// UserVerification is whether an authenticator must verify the person, by PIN or
// sensor, before it signs (Level 3, section 5.8.6).
type UserVerification string

// The user verification requirements.
const (
	Preferred   UserVerification = "preferred"
	Required    UserVerification = "required"
	Discouraged UserVerification = "discouraged"
)

const (
	defaultTimeout  = 5 * time.Minute
	defaultCoolDown = time.Minute

	// maxLimit is the most consecutive failures that NIST SP 800-63B-4 section 3.2.2
	// admits.
	maxLimit = 100

	// attemptsKeep is how long failures stay after the last one.
	attemptsKeep = 24 * time.Hour
)

// The kinds of record that this package writes.
const (
	kindCredential   store.Kind = 'w' // one credential of a person
	kindAttempts     store.Kind = 'a' // wrong assertions
	kindRegistration store.Kind = 'c' // the challenge of a registration
	kindHandle       store.Kind = 'i' // whose a user handle is
	kindPerson       store.Kind = 'u' // a tag: whose credential it is
)

// Passkeys is the factor. It implements [authenticator.Passkeys] and
// [authenticator.Manager], and is made by [New].
type Passkeys struct {
	config   Config
	space    [16]byte
	book     *enrolment.Book
	attempts *store.Attempts
	library  *library.WebAuthn
	nobody   credential // whose private key nobody has
	blank    enrolment.Entry
}

var (
	_ authenticator.Passkeys        = (*Passkeys)(nil)
	_ authenticator.Manager         = (*Passkeys)(nil)
	_ authenticator.PasskeyEnroller = (*Passkeys)(nil)
)

// New checks the configuration. An error names the field that is wrong.
func New(c Config) (*Passkeys, error) {
	if err := c.complete(); err != nil {
		return nil, fmt.Errorf("webauthn: Config.%w", err)
	}
	p := &Passkeys{
		config: c,
		space:  store.Digest("authenticator", c.Namespace),
		attempts: &store.Attempts{
			Store: c.Store, Now: c.Now, Limit: c.Limit, CoolDown: c.CoolDown,
			Keep: max(attemptsKeep, 2*c.CoolDown),
		},
	}
	p.book = &enrolment.Book{
		Store: c.Store, Space: p.space, Kind: kindCredential, Person: kindPerson, Now: c.Now,
		Label: "webauthn/" + c.RPID,
	}
	var err error
	domain := c.RPID
	if loopback(domain) {
		domain = "localhost" // what the library can do without; the RPID is put in later
	}
	p.library, err = library.New(&library.Config{
		RPID: domain, RPDisplayName: c.RPName, RPOrigins: c.Origins,
		AttestationPreference: protocol.ConveyancePreference(c.Conveyance),
		// What was not asked for is not looked at; to fail for it helps nobody.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("webauthn: Config: %w", err)
	}
	if p.nobody, err = newNobody(); err != nil {
		return nil, err
	}
	p.blank.Data, err = p.nobody.encode()
	return p, err
}

// complete checks the fields, and fills in what is 0.
func (c *Config) complete() error {
	switch {
	case c.Store == nil:
		return fieldError("Store", "is required")
	case c.Namespace == "":
		return fieldError("Namespace", "is required")
	case c.RPName == "":
		return fieldError("RPName", "is required")
	case c.DecoyKey == (store.MasterKey{}):
		return fieldError("DecoyKey", "is required")
	case c.Timeout < 0:
		return fieldError("Timeout", "is negative")
	case c.Limit < 0 || c.Limit > maxLimit:
		return fieldError("Limit", "must be between 1 and %d, or 0 for %d", maxLimit, store.DefaultLimit)
	case c.CoolDown < 0:
		return fieldError("CoolDown", "is negative")
	}
	if err := protocol.ValidateRPID(c.RPID); err != nil && !loopback(c.RPID) {
		return fieldError("RPID", "must be a domain: %v", err)
	}
	if len(c.Origins) == 0 {
		return fieldError("Origins", "is required")
	}
	for i, origin := range c.Origins {
		if err := checkOrigin(origin); err != nil {
			return fieldError(fmt.Sprintf("Origins[%d]", i), "%v", err)
		}
	}
	switch c.UserVerification {
	case "":
		c.UserVerification = Preferred
	case Preferred, Required, Discouraged:
	default:
		return fieldError("UserVerification", "must be %s, %s or %s", Preferred, Required, Discouraged)
	}
	switch c.Conveyance {
	case "":
		c.Conveyance = "none"
	case "none", "indirect", "direct", "enterprise":
	default:
		return fieldError("Conveyance", "must be none, indirect, direct or enterprise")
	}
	c.Limit = orDefault(c.Limit, store.DefaultLimit)
	c.CoolDown = orDefault(c.CoolDown, defaultCoolDown)
	c.Timeout = orDefault(c.Timeout, defaultTimeout)
	if c.Now == nil {
		c.Now = time.Now
	}
	return nil
}

func orDefault[T int | time.Duration](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}

// fieldError names the wrong field of a configuration.
func fieldError(field, format string, args ...any) error {
	return fmt.Errorf(field+": "+format, args...)
}

// ceremonyLimit bounds what nobody waits for any more.
const ceremonyLimit = 15 * time.Second

// detach returns a context that does not end when the caller goes away, but does
// when the caller's deadline comes: what is burned or counted must also be judged.
func detach(ctx context.Context) (context.Context, context.CancelFunc) {
	detached := context.WithoutCancel(ctx)
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < ceremonyLimit {
		return context.WithDeadline(detached, deadline)
	}
	return context.WithTimeout(detached, ceremonyLimit)
}
