// Package signin is a complete set of pages for an OpenID Provider: signing in with
// every factor of package authenticator, in the steps that policy asks for; consent;
// choosing among accounts. It is where a host begins, and what it replaces page by page.
//
//	pages, err := signin.New(signin.Config{Users: people, Password: password, OTP: totp})
//	provider, err := oidc.New(server, oidc.Config{Pages: pages, …})
//	provider.Mount(mux) // the pages with it
//
// The pages are plain forms that work without a script, passkeys and the live status of
// a push excepted. Elements have stable names and ids: username, password, otp, code,
// factor, and buttons named action with the values continue, approve, deny, again, other.
//
// Every sign-in is bound to the browser in which it was begun.
package signin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net/http"
	"time"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/proving"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/policy"
)

// Config says how people are found, what they can prove and how the pages look. A factor
// that is nil is not offered.
type Config struct {
	// Users is required.
	Users authenticator.Users

	// Account says what is shown of a person: on the pages of consent and of choosing an
	// account. Nil shows the subject.
	Account func(ctx context.Context, subject string) (Account, error)

	// The factors, as in package directauth.
	Password      authenticator.Verifier
	OTP           authenticator.Verifier
	OutOfBand     []authenticator.OutOfBand
	Passkeys      authenticator.Passkeys
	RecoveryCodes authenticator.Replacing

	// First are the types of the factors that a sign-in may begin with, the one that is
	// asked for first in front. Nil is the password, or else the first that is there. They
	// are offered to everybody alike: who has which is nobody's business before something
	// is proved. A passkey is offered on the first page in any case.
	First []string

	// SetPassword sets a new password for who has lost the old one and has proved what
	// policy asks of a recovery. It judges the password: its error is one of those of
	// [authenticator.Password.Check], [ErrWeakPassword], or a failure. It ends what hangs
	// on the old one ([oauth.Server.EndSubject]). Nil: lost passwords are not replaced here.
	SetPassword func(ctx context.Context, subject, password string) error

	// KnownDevice is as in package directauth.
	KnownDevice func(ctx context.Context, r *oauth.TokenRequest, subject string) string

	// StepTTL is how long a person may take from one page to the next once something
	// is proved; 0 is 5 minutes, at most 10.
	StepTTL time.Duration

	// Brand is the look. Templates and Messages replace files by name; see
	// docs/pages.md.
	Brand     Brand
	Templates fs.FS
	Messages  fs.FS
}

// Account is what is shown of a person.
type Account struct {
	Name   string // "Mia Chen"
	Detail string // "mia@example.test"
}

// ErrWeakPassword is what Config.SetPassword returns for a password that the host does
// not take.
var ErrWeakPassword = errors.New("signin: the password is not good enough")

// Pages implements [oidc.Pages]. It may serve several providers: it holds no state of any.
type Pages struct {
	config Config
	set    *proving.Set
	render *renderer
	first  []string
}

// New checks the configuration. An error names the field that is wrong.
func New(c Config) (*Pages, error) {
	p := &Pages{set: &proving.Set{
		Users: c.Users, Password: c.Password, OTP: c.OTP, Passkeys: c.Passkeys, KnownDevice: c.KnownDevice,
		OutOfBand: make(map[string]authenticator.OutOfBand),
	}}
	if c.Users == nil {
		return nil, errors.New("signin: Config.Users: is required")
	}
	for i, f := range c.OutOfBand {
		if f == nil || p.set.OutOfBand[f.Channel()] != nil {
			return nil, fmt.Errorf("signin: Config.OutOfBand[%d]: is nil, or its channel stands twice", i)
		}
		p.set.OutOfBand[f.Channel()] = f
	}
	if c.StepTTL == 0 {
		c.StepTTL = 5 * time.Minute
	}
	if c.StepTTL < time.Minute || c.StepTTL > 10*time.Minute {
		return nil, errors.New("signin: Config.StepTTL: must be between 1m and 10m")
	}
	p.config = c
	var err error
	if p.first, err = p.firstFactors(); err != nil {
		return nil, err
	}
	if p.render, err = newRenderer(c.Brand, c.Templates, c.Messages); err != nil {
		return nil, err
	}
	return p, nil
}

// firstFactors are what a sign-in may begin with.
func (p *Pages) firstFactors() ([]string, error) {
	if p.config.First == nil {
		for _, t := range []string{authenticator.TypePassword, authenticator.TypeWebAuthn, authenticator.TypeEmail, authenticator.TypeSMS,
			authenticator.TypeTOTP, authenticator.TypeHOTP, authenticator.TypePush, authenticator.TypeVoice} {
			if p.has(t) {
				return []string{t}, nil
			}
		}
		return nil, errors.New("signin: Config: needs Password, OTP, OutOfBand or Passkeys: nobody could prove anything")
	}
	if len(p.config.First) == 0 {
		return nil, errors.New("signin: Config.First: is empty; leave it out for the password")
	}
	for i, t := range p.config.First {
		if !p.has(t) || t == authenticator.TypeRecoveryCodes {
			return nil, fmt.Errorf("signin: Config.First[%d]: %q is no factor that is configured and can come first", i, t)
		}
	}
	return p.config.First, nil
}

// has reports whether there is a factor of a type.
func (p *Pages) has(factor string) bool {
	switch factor {
	case authenticator.TypePassword:
		return p.config.Password != nil
	case authenticator.TypeTOTP, authenticator.TypeHOTP:
		return p.config.OTP != nil && typeOf(p.config.OTP, authenticator.TypeTOTP) == factor
	case authenticator.TypeWebAuthn:
		return p.config.Passkeys != nil
	case authenticator.TypeRecoveryCodes:
		return p.config.RecoveryCodes != nil
	}
	return p.set.OutOfBand[factor] != nil
}

// typeOf is the type that a factor says it is, or else a default.
func typeOf(f any, otherwise string) string {
	if m, ok := f.(authenticator.Manager); ok {
		return m.Type()
	}
	return otherwise
}

// Available returns what a person could prove, for [oidc.Config].Available.
func (p *Pages) Available(ctx context.Context, subject string) ([]policy.Method, error) {
	var all []policy.Method
	for _, f := range p.factors() {
		m, err := f.Available(ctx, subject)
		if err != nil {
			return nil, err
		}
		all = append(all, m...)
	}
	return all, nil
}

// lister tells what a person could prove.
type lister interface {
	Available(ctx context.Context, subject string) ([]policy.Method, error)
}

// factors are all that are configured.
func (p *Pages) factors() []lister {
	var all []lister
	for _, f := range p.config.OutOfBand {
		all = append(all, f)
	}
	if p.config.Passkeys != nil {
		all = append(all, p.config.Passkeys)
	}
	for _, f := range []authenticator.Verifier{p.config.OTP, p.config.Password} {
		if f != nil {
			all = append(all, f)
		}
	}
	if p.config.RecoveryCodes != nil {
		all = append(all, p.config.RecoveryCodes)
	}
	return all
}

// Routes implements [oidc.Pages]: one page, whose step is in the form; what scripts ask;
// and the files.
func (p *Pages) Routes(op *oidc.Provider) iter.Seq2[string, http.Handler] {
	base := path(op)
	return func(yield func(string, http.Handler) bool) {
		if !yield(base, p.handler(op)) || !yield(base+"/passkey", p.passkeyHandler(op)) || !yield(base+"/push", p.pushHandler(op)) {
			return
		}
		for name, h := range p.render.static() {
			if !yield(base+"/"+name, h) {
				return
			}
		}
	}
}

// path is where the pages of a provider are.
func path(op *oidc.Provider) string { return op.Server().Config().Paths.Beside("signin") }
