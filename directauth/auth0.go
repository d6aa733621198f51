package directauth

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// Auth0Config turns on the dialect of Auth0's MFA API: the same sign-ins, the same
// mfa_token and the same rules, under the paths and in the shapes that Auth0's
// clients know. What an app begins in one dialect it may end in the other.
//
// The paths are /mfa/authenticators, /mfa/associate, /mfa/challenge,
// /passkey/challenge, /passkey/register and /oauth/token. Clients look for them at
// the origin, so that they work with a server whose issuer has no path.
type Auth0Config struct {
	// Prefix is put before the paths, and after that of the issuer: "" or "/…".
	Prefix string

	// Authenticators are what a person has: every factor of the host's that can be
	// managed, also one that no grant here proves, because what a person has decides
	// what may be added. Those that are an [AppEnroller], a [CodeEnroller] or a
	// [DeviceEnroller] can be associated, if policy lets them be, and those of a
	// [RecoveryEnroller] are given out with the first one. Required.
	Authenticators []authenticator.Manager

	// Account says what is known of a person, to associate something. Required with
	// [Config].Enrolment, which says what may be associated.
	Account func(ctx context.Context, subject string) (Account, error)
}

// Account is what is known of a person.
type Account struct {
	Name  string // what an authenticator app shows; "" is the subject
	Email string // where a code by e-mail goes if the app names no address; "" is none
}

// The ways in which an authenticator is associated.
type (
	AppEnroller      = authenticator.AppEnroller      // a secret for an app
	CodeEnroller     = authenticator.CodeEnroller     // a first code to a number or an address
	DeviceEnroller   = authenticator.DeviceEnroller   // a device that activates itself
	RecoveryEnroller = authenticator.RecoveryEnroller // codes that are given out with the first one
)

// The events of this dialect.
const (
	EventAssociated oauth.EventType = "authenticator.associated" // and from now on a factor
	EventRemoved    oauth.EventType = "authenticator.removed"
)

// check names the field that is wrong.
func (c *Auth0Config) check(d *Direct) error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("directauth: Config.Auth0."+format, args...)
	}
	switch {
	case c.Prefix != "" && (!strings.HasPrefix(c.Prefix, "/") || strings.HasSuffix(c.Prefix, "/") || strings.ContainsAny(c.Prefix, " ?#{}")):
		return fail("Prefix: %q is not an absolute path", c.Prefix)
	case len(c.Authenticators) == 0:
		return fail("Authenticators: is required")
	case d.config.Enrolment != nil && c.Account == nil:
		return fail("Account: is required with Config.Enrolment")
	}
	seen := make(map[string]bool)
	for i, m := range c.Authenticators {
		if m == nil {
			return fail("Authenticators[%d]: is nil", i)
		}
		if seen[m.Type()] {
			return fail("Authenticators[%d]: type %q stands twice", i, m.Type())
		}
		seen[m.Type()] = true
	}
	// What can be proved must be in the list: an account that has it is no longer
	// one to which anything may be added after a password alone.
	for _, f := range d.factors() {
		if m, ok := f.Lister.(authenticator.Manager); ok && !seen[m.Type()] {
			return fail("Authenticators: lacks type %q, of which Config has a factor", m.Type())
		}
	}
	return nil
}

// auth0Routes are the endpoints of the dialect.
func (d *Direct) auth0Routes(s *oauth.Server) iter.Seq2[string, http.Handler] {
	return func(yield func(string, http.Handler) bool) {
		c := d.config.Auth0
		if c == nil {
			return
		}
		at := s.IssuerPath() + c.Prefix
		holder := func(name, method, scope string, body oauth.JSONBody, serve func(context.Context, *oauth.TokenRequest, *oauth.Authorization) ([]byte, error)) http.Handler {
			return s.HolderHandler(oauth.HolderEndpoint{
				Name: name, Method: method, Kind: token.HandleMFA, Param: "mfa_token", JSON: body, Scope: scope,
				Serve: serve, Translate: auth0Error,
			})
		}
		if path := at + "/oauth/token"; path != s.Config().Paths.Token && !yield(path, s.TokenHandler()) {
			return
		}
		_ = yield(at+"/mfa/authenticators", holder("mfa/authenticators", http.MethodGet, ScopeReadAuthenticators, oauth.JSONBody{}, d.listAuthenticators)) &&
			yield(at+"/mfa/authenticators/{id}", holder("mfa/authenticators", http.MethodDelete, ScopeRemoveAuthenticators, oauth.JSONBody{}, d.deleteAuthenticator)) &&
			yield(at+"/mfa/associate", holder("mfa/associate", http.MethodPost, "",
				oauth.JSONBody{Lists: []string{"authenticator_types", "oob_channels"}}, d.associate)) &&
			yield(at+"/mfa/challenge", s.ClientJSONHandler("mfa/challenge", oauth.JSONBody{}, d.serveAuth0Challenge)) &&
			yield(at+"/passkey/register", s.ClientJSONHandler("passkey/register", signUpBody, refuseSignUp)) &&
			(d.config.Passkeys == nil || yield(at+"/passkey/challenge", s.ClientJSONHandler("passkey/challenge", oauth.JSONBody{}, d.servePasskeyChallenge)))
	}
}

// Scopes with which an access token of the person's, too, opens two of the endpoints.
// A server that lists none of them in its configuration has no such tokens.
const (
	ScopeReadAuthenticators   = "read:authenticators"
	ScopeRemoveAuthenticators = "remove:authenticators"
)

// ask takes what a sign-in is to end with from the request. The dialect's name of the
// resource parameter (RFC 8707) is audience; who names one that is not here must not
// get a token for another.
func (d *Direct) ask(r *oauth.TokenRequest, a *oauth.Authorization) error {
	if err := ask(r, a); err != nil {
		return err
	}
	audience := r.Param("audience")
	if d.config.Auth0 == nil || audience == "" || len(a.Resources) > 0 {
		return nil
	}
	c := r.Server.Config()
	if audience != c.Audience && !slices.Contains(c.Resources, audience) {
		return errAudience
	}
	a.Resources = []string{audience}
	return nil
}

// sameAudience holds a later step to the audience of the sign-in.
func (d *Direct) sameAudience(r *oauth.TokenRequest, a *oauth.Authorization) error {
	audience := r.Param("audience")
	switch {
	case d.config.Auth0 == nil || audience == "":
		return nil
	case len(a.Resources) == 0 && audience == r.Server.Config().Audience:
		return nil
	case !slices.Contains(a.Resources, audience):
		return errAudience
	}
	a.TokenResources = []string{audience}
	return nil
}
