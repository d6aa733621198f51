package directauth

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// The grant types of direct authentication.
const (
	GrantPassword = "password"                                  // RFC 6749 section 4.3
	GrantOTP      = "urn:okta:params:oauth:grant-type:otp"      // a one-time code as the first factor
	GrantMFAOTP   = "http://auth0.com/oauth/grant-type/mfa-otp" // a one-time code as a further factor
)

// Users finds the person whom an app names.
type Users interface {
	// Resolve returns the subject that a user name or login hint means. "" says
	// that nobody, or more than one person, answers to it: the two look alike, and
	// a sign-in then does the same work and is refused the same way as with a
	// wrong password.
	Resolve(ctx context.Context, hint string) (subject string, err error)
}

// UsersFunc lets a function be [Users].
type UsersFunc func(ctx context.Context, hint string) (subject string, err error)

// Resolve implements [Users].
func (f UsersFunc) Resolve(ctx context.Context, hint string) (string, error) { return f(ctx, hint) }

// Config says how people are found and what they can prove.
type Config struct {
	// Users is required.
	Users Users

	// Password and OTP verify a password and a one-time code:
	// *authenticator.Password and *authenticator.TOTP. A nil one is not offered,
	// and its grants are not there.
	Password authenticator.Verifier
	OTP      authenticator.Verifier

	// TransactionTTL is how long an mfa_token is good; 0 is 5 minutes, at most 10.
	TransactionTTL time.Duration
}

// Direct makes the direct grants, and answers when policy wants more. It is made
// by [New] and may serve several servers: it holds no state of any.
type Direct struct {
	config Config
}

// New checks the configuration. An error names the field that is wrong.
func New(c Config) (*Direct, error) {
	switch {
	case c.Users == nil:
		return nil, errors.New("directauth: Config.Users: is required")
	case c.Password == nil && c.OTP == nil:
		return nil, errors.New("directauth: Config: needs Password or OTP: nobody could prove anything")
	case c.TransactionTTL < 0 || c.TransactionTTL > 10*time.Minute:
		return nil, errors.New("directauth: Config.TransactionTTL: must be between 0 and 10m")
	}
	c.TransactionTTL = cmp.Or(c.TransactionTTL, 5*time.Minute)
	return &Direct{config: c}, nil
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
	return g
}

// grant is one direct grant.
type grant struct {
	name      string
	authorize func(ctx context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error)
}

func (g grant) Type() string      { return g.name }
func (g grant) NeedsStepUp() bool { return true }
func (g grant) Authorize(ctx context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error) {
	return g.authorize(ctx, r)
}

// factors are the verifiers with the grants that a client needs to use them as a
// further factor.
func (d *Direct) factors() []factor {
	var f []factor
	if d.config.OTP != nil {
		f = append(f, factor{d.config.OTP, GrantMFAOTP})
	}
	return f
}

type factor struct {
	verifier authenticator.Verifier
	grant    string
}

// available is what the person could still prove to this client.
func (d *Direct) available(ctx context.Context, r *oauth.TokenRequest, subject string) ([]policy.Method, error) {
	var all []policy.Method
	for _, f := range d.factors() {
		if !canUse(r, f.grant) {
			continue
		}
		m, err := f.verifier.Available(ctx, subject)
		if err != nil {
			return nil, err
		}
		all = append(all, m...)
	}
	return all, nil
}
