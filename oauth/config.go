package oauth

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// Config describes one authorization server. [New] checks and copies it.
type Config struct {
	// ID names the server in keys and handles. It must stay the same when the
	// issuer's URL changes, and differ from every other server that uses the same
	// store. Required.
	ID string

	// Issuer is the URL that names the server (RFC 8414 section 2): https, or http
	// on a loopback host; no query, fragment or trailing slash. Required.
	Issuer string

	// Store keeps grants. Several servers, and several processes, may share one.
	// Required.
	Store store.Store

	// Keys signs tokens and makes handles: [GenerateKeys], or a [Vault]'s. Required.
	Keys *Keys

	// Clients are the apps. Required.
	Clients Clients

	// Subjects are the persons. Required if any grant acts for one.
	Subjects Subjects

	// Grants are the grant types that are served: what is listed is served,
	// mounted and advertised, and nothing else. Required.
	Grants []Grant

	// ResponseTypes are what the authorization endpoint answers with, in the spelling of
	// the Response constants. Nil is ResponseCode, if there is a grant that redeems codes.
	// Those that put tokens into an address are a choice against RFC 9700 section 2.1.2;
	// those with id_token need package oidc.
	ResponseTypes []string

	// Interact gets every authorization request that is in order, with the browser that
	// brought it: the host finds out who it is and what they allow, now or after any
	// number of pages of its own, and answers with [Server.Approve] or [Server.Deny]. Nil:
	// nobody signs in on a page, unless an extension does ([Interactor]).
	Interact func(w http.ResponseWriter, r *http.Request, req *AuthorizationRequest)

	// ErrorPage answers a browser whose authorization request cannot be answered by
	// sending it back: client and redirect URI are not proven. The status is
	// err.HTTPStatus(), and ref names the event. Nil is a plain page.
	ErrorPage func(w http.ResponseWriter, r *http.Request, err *Error, ref string)

	// Scopes are what can be asked for.
	Scopes []Scope

	// Audience is the "aud" of access tokens for which no resource was asked.
	// "" is the issuer.
	Audience string

	// Resources are the further resource servers that a client may name with the
	// resource parameter (RFC 8707): absolute URIs without a fragment.
	Resources []string

	// AccessToken and Refresh are the server's defaults; a client may override them.
	AccessToken AccessTokenConfig
	Refresh     RefreshConfig

	// CodeTTL is how long an authorization code is good: at most 10 minutes (RFC 6749
	// section 4.1.2). 0 is one minute.
	CodeTTL time.Duration

	// Policy is asked about every token: the server's own rules. Nil allows.
	// The client's sign-in policy is asked besides.
	Policy *policy.Policy

	// StepUp answers when a policy wants more proof than there is. Nil refuses
	// with access_denied.
	StepUp StepUp

	// Paths is where the endpoints are, below the origin of the issuer. The zero
	// value is [DefaultPaths] of the issuer.
	Paths Paths

	// ClientAddr says where a request comes from. Nil takes the address of the
	// connection; behind a proxy, the host reads the header that its own proxy
	// writes. The zero address is "unknown", which no policy trusts.
	ClientAddr func(*http.Request) netip.Addr

	// AMR replaces the authentication method references that tokens carry for a method,
	// for relying parties that know others. Nil is RFC 8176's.
	AMR policy.AMRTable

	// Signals says what else the host knows of a request: how risky it looks, and the
	// device it comes from. Nil knows nothing; a policy that asks then denies.
	Signals func(*http.Request) Signals

	// Observe hears every event, on the request's goroutine. Nil is silence.
	Observe func(context.Context, Event)

	// Now is the clock; nil is time.Now.
	Now func() time.Time

	// Attestation lets a client that authenticates ask for an ID token about a second
	// factor alone: see [Authorization].Attestation.
	Attestation bool

	// ParallelHashes bounds how many slow client secrets (argon2id, bcrypt) are
	// verified at once. 0 is the number of processors.
	ParallelHashes int
}

// Signals are facts about a request that a policy may ask for. They are frozen with
// what the person proves.
type Signals struct {
	Risk   policy.Risk
	Device policy.Device
}

// Scope is something that a client may ask for.
type Scope struct {
	Name        string // RFC 6749 section 3.3
	Description string // for people

	// Default scopes are granted when a client asks for none.
	Default bool

	// Person scopes are about a person: a client that asks for itself is refused.
	Person bool

	// Consent scopes are those that people are asked about, whoever the client is. What
	// a third party asks for they are asked about in any case.
	Consent bool

	// Recovery scopes are granted to who is getting back a lost password, together
	// with no other scope, and in no other transaction.
	Recovery bool
}

// ScopeOfflineAccess asks for a refresh token (OpenID Connect Core section 11).
const ScopeOfflineAccess = "offline_access"

// AccessTokenConfig says what access tokens are like.
type AccessTokenConfig struct {
	Format    string          // FormatJWT or FormatOpaque; "" is FormatJWT
	Algorithm token.Algorithm // of FormatJWT; "" is the first of the active keys
	TTL       time.Duration   // at most a day; 0 is 10 minutes
}

// check names the field that is wrong.
func (c *Config) check() error {
	fail := func(field, format string, args ...any) error {
		return fmt.Errorf("oauth: Config.%s: %s", field, fmt.Sprintf(format, args...))
	}
	if c.ID == "" || len(c.ID) > 255 || !printable(c.ID) {
		return fail("ID", "must be 1 to 255 printable ASCII characters")
	}
	if err := checkIssuer(c.Issuer); err != nil {
		return fail("Issuer", "%v", err)
	}
	if c.Store == nil {
		return fail("Store", "is required; store.NewMemory() is one")
	}
	if c.Keys == nil || c.Keys.Signing == nil || c.Keys.Handles == nil {
		return fail("Keys", "is required; GenerateKeys makes some, a Vault keeps them")
	}
	if c.Keys.server != c.ID {
		return fail("Keys", "were made for server %q", c.Keys.server)
	}
	if c.Clients == nil {
		return fail("Clients", "is required")
	}
	if err := c.checkGrants(); err != nil {
		return err
	}
	seen := make(map[string]bool)
	for i, s := range c.Scopes {
		if !scopeToken(s.Name) {
			return fail(fmt.Sprintf("Scopes[%d].Name", i), "%q is not a scope token (RFC 6749 section 3.3)", s.Name)
		}
		if seen[s.Name] {
			return fail(fmt.Sprintf("Scopes[%d].Name", i), "%q stands twice", s.Name)
		}
		seen[s.Name] = true
	}
	for i, r := range c.Resources {
		if !absoluteURI(r) {
			return fail(fmt.Sprintf("Resources[%d]", i), "%q is not an absolute URI without fragment (RFC 8707 section 2)", r)
		}
	}
	switch c.AccessToken.Format {
	case "", FormatJWT, FormatOpaque:
	default:
		return fail("AccessToken.Format", "%q is neither %q nor %q", c.AccessToken.Format, FormatJWT, FormatOpaque)
	}
	if a := c.AccessToken.Algorithm; a != "" && c.Keys.Signing.Active(a) == nil {
		return fail("AccessToken.Algorithm", "Keys has no active key for %s", a)
	}
	if c.AccessToken.Algorithm == "" && len(c.Keys.Signing.Algorithms()) == 0 {
		return fail("Keys", "has no active signing key")
	}
	if c.AccessToken.TTL < 0 || c.AccessToken.TTL > 24*time.Hour {
		return fail("AccessToken.TTL", "must be between 0 and 24h")
	}
	if err := c.Refresh.validate(); err != nil {
		return fail("Refresh."+err.field, "%s", err.why)
	}
	if c.CodeTTL < 0 || c.CodeTTL > maxCodeTTL {
		return fail("CodeTTL", "must be between 0 and 10m")
	}
	if c.ParallelHashes < 0 {
		return fail("ParallelHashes", "is negative")
	}
	for i, t := range c.ResponseTypes {
		switch at := fmt.Sprintf("ResponseTypes[%d]", i); {
		case t == "" || responseType(t) != t:
			return fail(at, "%q is not one of the Response constants", t)
		case yields(t, "code") && !c.redeemsCodes():
			return fail(at, "%q needs AuthorizationCode among Grants", t)
		}
	}
	return c.Paths.check(c.Issuer)
}

func (c *Config) redeemsCodes() bool {
	for _, g := range c.Grants {
		if g.Type() == GrantAuthorizationCode || g.Type() == GrantInteractionCode {
			return true
		}
	}
	return false
}

func (c *Config) checkGrants() error {
	if len(c.Grants) == 0 {
		return fmt.Errorf("oauth: Config.Grants: is required: a server without a grant issues nothing")
	}
	seen := make(map[string]bool)
	for i, g := range c.Grants {
		switch {
		case g == nil:
			return fmt.Errorf("oauth: Config.Grants[%d]: is nil", i)
		case g.Type() == "":
			return fmt.Errorf("oauth: Config.Grants[%d]: has no type", i)
		case seen[g.Type()]:
			return fmt.Errorf("oauth: Config.Grants[%d]: %q stands twice", i, g.Type())
		}
		seen[g.Type()] = true
		if p, ok := g.(NeedsStepUp); ok && c.StepUp == nil && p.NeedsStepUp() {
			return fmt.Errorf("oauth: Config.StepUp: is required by grant %q", g.Type())
		}
		if g.Type() != GrantClientCredentials && c.Subjects == nil {
			return fmt.Errorf("oauth: Config.Subjects: is required by grant %q", g.Type())
		}
	}
	return nil
}

func checkIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	switch {
	case issuer == "":
		return fmt.Errorf("is required")
	case err != nil || u.Host == "" || u.Opaque != "" || u.User != nil:
		return fmt.Errorf("%q is not an absolute URL", issuer)
	case u.Scheme != "https" && !(u.Scheme == "http" && Loopback(u.Hostname())):
		return fmt.Errorf("%q is not https (RFC 8414 section 2); http is allowed on a loopback host only", issuer)
	case strings.ContainsAny(issuer, "?#") || strings.HasSuffix(issuer, "/"):
		return fmt.Errorf("%q has a query, a fragment or a trailing slash", issuer)
	case u.String() != issuer:
		return fmt.Errorf("%q is not in its normal form %q", issuer, u.String())
	}
	return nil
}

// Loopback reports whether host is localhost or a loopback address literal.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

func absoluteURI(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.IsAbs() && !strings.Contains(s, "#") && printable(s) && !strings.Contains(s, " ")
}
