package directauth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/proving"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// The grant types of direct authentication.
const (
	GrantPassword        = "password"                                            // RFC 6749 section 4.3
	GrantOTP             = "urn:okta:params:oauth:grant-type:otp"                // a one-time code as the first factor
	GrantOOB             = "urn:okta:params:oauth:grant-type:oob"                // another channel as the first factor
	GrantWebAuthn        = "urn:okta:params:oauth:grant-type:webauthn"           // a passkey as the first factor
	GrantMFAOTP          = "http://auth0.com/oauth/grant-type/mfa-otp"           // a one-time code as a further factor
	GrantMFAOOB          = "http://auth0.com/oauth/grant-type/mfa-oob"           // another channel as a further factor
	GrantMFAWebAuthn     = "urn:okta:params:oauth:grant-type:mfa-webauthn"       // a passkey as a further factor
	GrantMFARecoveryCode = "http://auth0.com/oauth/grant-type/mfa-recovery-code" // a recovery code as a further factor
)

// Users finds the person whom an app names.
type Users = authenticator.Users

// Canonical is implemented by [Users] in which one person answers to several spellings.
type Canonical = authenticator.Canonical

// UsersFunc lets a function be [Users].
type UsersFunc = authenticator.UsersFunc

// RecoveryCodes is a factor whose codes are replaced as they are used;
// *authenticator.RecoveryCodes is one.
type RecoveryCodes = authenticator.Replacing

// Config says how people are found and what they can prove. A factor that is nil is
// not offered, and its grants are not there.
type Config struct {
	// Users is required.
	Users Users

	// Password and OTP verify a password and a one-time code:
	// *authenticator.Password, and *authenticator.TOTP or *authenticator.HOTP.
	Password authenticator.Verifier
	OTP      authenticator.Verifier

	// OutOfBand are the factors over other channels, one for each:
	// *authenticator.Codes, *authenticator.Push.
	OutOfBand []authenticator.OutOfBand

	// Passkeys verifies assertions: *webauthn.Passkeys of authenticator/webauthn.
	Passkeys authenticator.Passkeys

	// RecoveryCodes are for who has lost the other factors.
	RecoveryCodes RecoveryCodes

	// TransactionTTL is how long an mfa_token is good; 0 is 5 minutes, at most 10.
	TransactionTTL time.Duration

	// KnownDevice names the device that a request comes from, if the person has
	// signed in from it before, by a proof that the host has checked; "" if not.
	// Attempts of a device that is known are counted apart, so that strangers who
	// guess cannot lock its owner out. It is asked about the empty subject too, when
	// nobody answers to a name, and its answer then does not matter. Nil knows none.
	KnownDevice func(ctx context.Context, r *oauth.TokenRequest, subject string) string

	// OTPOverOOB accepts a one-time code as the binding_code of the mfa-oob grant
	// without an oob_code, as com.okta.kotlin:okta-direct-auth 1.0.0 sends it.
	OTPOverOOB bool

	// Enrolment says which authenticators a person must have, and which may be
	// added. A sign-in that policy allows, of somebody who lacks one that is required,
	// asks for it where the app can add it (Auth0), and is denied elsewhere. Nil
	// requires nothing, and lets nobody add anything.
	Enrolment *policy.Enrolment

	// Auth0 turns on the dialect of Auth0's MFA API. Nil is off.
	Auth0 *Auth0Config
}

// Direct makes the direct grants and their endpoints, and answers when policy wants
// more. It is made by [New] and may serve several servers: it holds no state of any.
type Direct struct {
	config Config
	oob    map[string]authenticator.OutOfBand // by channel
	proof  *proving.Set
	enrol  *proving.Enrolment
}

// New checks the configuration. An error names the field that is wrong.
func New(c Config) (*Direct, error) {
	d := &Direct{oob: make(map[string]authenticator.OutOfBand)}
	switch {
	case c.Users == nil:
		return nil, errors.New("directauth: Config.Users: is required")
	case c.Password == nil && c.OTP == nil && len(c.OutOfBand) == 0 && c.Passkeys == nil:
		return nil, errors.New("directauth: Config: needs Password, OTP, OutOfBand or Passkeys: nobody could prove anything")
	case c.TransactionTTL < 0 || c.TransactionTTL > 10*time.Minute:
		return nil, errors.New("directauth: Config.TransactionTTL: must be between 0 and 10m")
	}
	for i, f := range c.OutOfBand {
		if f == nil {
			return nil, fmt.Errorf("directauth: Config.OutOfBand[%d]: is nil", i)
		}
		channel := f.Channel()
		if _, twice := d.oob[channel]; twice {
			return nil, fmt.Errorf("directauth: Config.OutOfBand[%d]: channel %q stands twice", i, channel)
		}
		if !channels[channel] {
			return nil, fmt.Errorf("directauth: Config.OutOfBand[%d]: no client knows channel %q", i, channel)
		}
		d.oob[channel] = f
	}
	c.TransactionTTL = cmp.Or(c.TransactionTTL, 5*time.Minute)
	d.config = c
	d.proof = &proving.Set{
		Users: c.Users, Password: c.Password, OTP: c.OTP, OutOfBand: d.oob, Passkeys: c.Passkeys, KnownDevice: c.KnownDevice,
	}
	if c.Auth0 != nil {
		auth0 := *c.Auth0
		auth0.Authenticators = slices.Clone(auth0.Authenticators)
		d.config.Auth0 = &auth0
		if err := auth0.check(d); err != nil {
			return nil, err
		}
	}
	d.enrol = &proving.Enrolment{Policy: c.Enrolment}
	if d.config.Auth0 != nil {
		d.enrol.Managers = d.config.Auth0.Authenticators
	}
	for _, f := range d.factors() {
		d.enrol.Factors = append(d.enrol.Factors, f.Factor)
	}
	return d, nil
}

// channels are the values of channel_hint.
var channels = map[string]bool{
	authenticator.TypePush: true, authenticator.TypeSMS: true, authenticator.TypeVoice: true, authenticator.TypeEmail: true,
}

// Grants returns the grants for the factors that are configured, for
// [oauth.Config].Grants. The server must have d as its StepUp.
func (d *Direct) Grants() []oauth.Grant {
	var g []oauth.Grant
	if d.config.Password != nil {
		g = append(g, grant{GrantPassword, d.password})
	}
	if d.config.OTP != nil {
		g = append(g, grant{GrantOTP, d.otp}, grant{GrantMFAOTP, d.mfaOTP})
	}
	if len(d.oob) > 0 {
		g = append(g, grant{GrantOOB, d.primaryOOB}, grant{GrantMFAOOB, d.mfaOOB})
	}
	if d.config.Passkeys != nil {
		g = append(g, d.passkeyGrant(), grant{GrantMFAWebAuthn, d.mfaPasskey})
	}
	if d.config.RecoveryCodes != nil {
		g = append(g, grant{GrantMFARecoveryCode, d.mfaRecoveryCode})
	}
	return g
}

// grant is one direct grant.
type grant struct {
	name      string
	authorize func(ctx context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error)
}

func (g grant) Type() string      { return g.name }
func (g grant) NeedsStepUp() bool { return true }
func (g grant) FirstParty() bool  { return true }
func (g grant) Authorize(ctx context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error) {
	return g.authorize(ctx, r)
}
