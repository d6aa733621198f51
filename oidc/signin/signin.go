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
	"slices"
	"strings"
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

	// Question is asked as a further factor, and never alone: *authenticator.Question.
	Question Question

	// Enrolment says which authenticators a person must have, and which may be added, as
	// in package directauth. A sign-in that policy allows, of somebody who lacks one that is
	// required, asks for it; and where policy wants more than the person has, what may be
	// added is offered. What can be added on a page is a factor above that is one of the
	// enrollers of package authenticator, pushes excepted. Nil requires nothing, and lets
	// nobody add anything.
	Enrolment *policy.Enrolment

	// Others are factors that people may have and that no page here proves. They count as
	// something that the person has: nothing is added before it is proved. Types that stand
	// above count once.
	Others []authenticator.Manager

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

	// CreateURL is the host's page on which people make an account: a path of this site,
	// or an https URL. It is sent the browser with prompt=create, and sends it back to
	// the path of the pages, each with the parameter request. "": nobody makes one, and
	// prompt=create is refused.
	CreateURL string

	// KnownDevice is as in package directauth.
	KnownDevice func(ctx context.Context, r *oauth.TokenRequest, subject string) string

	// StepTTL is how long a person may take from one page to the next once something
	// is proved; 0 is 5 minutes, at most 10.
	StepTTL time.Duration

	// AppPath is a page of the host's on the issuer's origin that takes the place of ours:
	// the browser is sent there, with the parameter request, and a script asks our page with
	// JSON what to show. "" is ours. See docs/pages.md.
	AppPath string

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

// Question is a factor whose question is the person's own.
type Question interface {
	authenticator.Verifier

	// Text is the question; "" of who has none.
	Text(ctx context.Context, subject string) (string, error)
}

// ErrWeakPassword is what Config.SetPassword returns for a password that the host does
// not take.
var ErrWeakPassword = errors.New("signin: the password is not good enough")

// Pages implements [oidc.Pages]. It may serve several providers: it holds no state of any.
type Pages struct {
	config Config
	set    *proving.Set
	enrol  *proving.Enrolment
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
	if c.AppPath != "" && (!strings.HasPrefix(c.AppPath, "/") || strings.HasPrefix(c.AppPath, "//") || strings.ContainsAny(c.AppPath, "\\?# ")) {
		return nil, errors.New("signin: Config.AppPath: must be a path that begins with /, without a query")
	}
	rooted := strings.HasPrefix(c.CreateURL, "/") && !strings.HasPrefix(c.CreateURL, "//") && !strings.Contains(c.CreateURL, "\\")
	if !rooted && c.CreateURL != "" && oauth.CheckWebURL(c.CreateURL) != nil {
		return nil, errors.New("signin: Config.CreateURL: is neither a path nor an https URL")
	}
	p.config = c
	p.config.Others = slices.Clone(c.Others)
	var err error
	if p.enrol, err = p.enrolment(); err != nil {
		return nil, err
	}
	if p.first, err = p.firstFactors(); err != nil {
		return nil, err
	}
	if p.render, err = newRenderer(c.Brand, c.Templates, c.Messages); err != nil {
		return nil, err
	}
	return p, nil
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
