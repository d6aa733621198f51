package oauth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mintyard/mintyard/policy"
)

// Client authentication methods (RFC 7591 section 2).
const (
	AuthBasic = "client_secret_basic"
	AuthPost  = "client_secret_post"
	AuthNone  = "none" // a public client: it cannot keep a secret
)

// Access-token formats.
const (
	FormatJWT    = "jwt"    // RFC 9068: read by resource servers themselves
	FormatOpaque = "opaque" // a handle: asked about at introspection
)

// Clients is how the host tells the server its clients.
type Clients interface {
	// Client returns the client with the id, or ErrNoClient. The server asks at
	// every request and keeps nothing, so that what is changed counts at once.
	// It does not change what it is given; the host must not either, while it may
	// be in use: hand out a new value instead.
	Client(ctx context.Context, id string) (*Client, error)
}

// GrantLister is implemented by [Clients] that can say which grant types some
// client may use. Metadata then lists those grants that are for the operator's own
// apps only if there is such an app.
type GrantLister interface{ GrantTypes() []string }

// ErrNoClient is what Clients returns for an id that nobody has.
var ErrNoClient = errors.New("oauth: no such client")

// Client is an app that may ask for tokens.
type Client struct {
	ID   string // RFC 6749 section 2.2: printable ASCII, unique in the server
	Name string // for people

	// AuthMethod is how the client proves itself: one of the Auth constants.
	// "" is AuthBasic.
	AuthMethod string

	// Secrets are its live secrets: at most two, so that one can be replaced
	// without a gap. Nil for AuthNone.
	Secrets []Secret

	// GrantTypes are the grant types that it may use. None is none.
	GrantTypes []string

	// Scopes is the allow-list. Nil is every scope of the server.
	Scopes []string

	// AccessTokenFormat overrides the server's: FormatJWT or FormatOpaque.
	AccessTokenFormat string

	// AccessTokenTTL and Refresh override the server's. Zero and nil are the server's.
	AccessTokenTTL time.Duration
	Refresh        *RefreshConfig

	// SignIn is the policy that a person's sign-in to this client must satisfy.
	// Nil asks for one factor.
	SignIn *policy.Policy

	// Recovery is the policy that the recovery of a password must satisfy instead:
	// what the person proves is anything but the password. Nil asks for all that
	// SignIn asks for besides a password.
	Recovery *policy.Policy

	// RedirectURIs are where the person may be sent back to, compared character by
	// character (RFC 9700 section 2.1); see redirect.go for the two exceptions, which
	// Native and WildcardRedirects turn on.
	RedirectURIs []string

	// Native says that the app runs on the person's own machine: where a redirect URI
	// has a loopback address, its port may differ (RFC 8252 section 7.3).
	// LocalhostPorts lets it differ where the host is "localhost" too, which other
	// software may listen on (section 8.3).
	Native         bool
	LocalhostPorts bool

	// WildcardRedirects lets the leftmost label of an https redirect URI be "*": it
	// stands for one label. Whoever can put a page under such a name gets codes.
	WildcardRedirects bool

	// ResponseTypes are what it may ask for at the authorization endpoint. Nil is
	// "code" alone; "token", "id_token" and the combinations are a choice against the
	// advice of RFC 9700 section 2.1.2, and need "implicit" among GrantTypes.
	ResponseTypes []string

	// What people are shown of the client (RFC 7591 section 2): https URLs.
	URI       string
	LogoURI   string
	PolicyURI string
	TOSURI    string

	OpenID OpenID

	// OptionalPKCE lets a client that authenticates ask for an authorization code
	// without a code_challenge (RFC 7636). A public client never may.
	OptionalPKCE bool

	// ThirdParty says that the app is not the operator's own. It may not use grants
	// in which it sees what the person enters, whatever GrantTypes lists: it must
	// send the person to the server.
	ThirdParty bool

	// AssignedTo are the groups whose members may use the client. Nil is everyone.
	AssignedTo []string

	// ResourceServerFor lists the audiences that this client answers for: it may
	// introspect tokens meant for them (RFC 7662 section 4).
	ResourceServerFor []string

	// Registered is when the client was registered. A grant made before it is not
	// honoured: a client id that was deleted and given away again does not inherit
	// the grants of its former owner. Zero honours all.
	Registered time.Time

	// DangerousPlainPKCE accepts the code_challenge_method "plain", for old software
	// that has no SHA-256: whoever reads the authorization request can then redeem the code.
	DangerousPlainPKCE bool

	// Disabled clients are refused everywhere.
	Disabled bool
}

// ClientError says what is wrong with a client.
type ClientError struct {
	ID    string
	Field string // of Client, such as RedirectURIs[0]
	Why   string
}

// Error names the client and the field.
func (e *ClientError) Error() string {
	return fmt.Sprintf("oauth: client %q: %s: %s", e.ID, e.Field, e.Why)
}

// maxClientID bounds the id of a client, in bytes.
const maxClientID = 255

// Validate reports what is wrong with c: the error is a *ClientError. Hosts call it when a
// client is registered; the server is strict with whatever it is given.
func (c *Client) Validate() error {
	if c.ID == "" || len(c.ID) > maxClientID || !printable(c.ID) {
		return &ClientError{c.ID, "ID", "must be 1 to 255 printable ASCII characters"}
	}
	fail := func(field, why string) error { return &ClientError{c.ID, field, why} }
	switch c.method() {
	case AuthBasic, AuthPost:
		if len(c.Secrets) == 0 {
			return fail("Secrets", "a client that authenticates with a secret needs one")
		}
		if len(c.Secrets) > 2 {
			return fail("Secrets", "at most two may be live")
		}
		for i, s := range c.Secrets {
			if err := checkSecretHash(s.Hash); err != nil {
				return fail(fmt.Sprintf("Secrets[%d].Hash", i), err.Error())
			}
		}
	case AuthNone:
		if c.Secrets != nil {
			return fail("Secrets", "a public client has none")
		}
		if c.OptionalPKCE {
			return fail("OptionalPKCE", "a public client has nothing but PKCE to show that a code is its own (RFC 9700 section 2.1.1)")
		}
		if slices.Contains(c.GrantTypes, GrantClientCredentials) {
			return fail("GrantTypes", "client_credentials is for clients that authenticate (RFC 6749 section 4.4)")
		}
	default:
		return fail("AuthMethod", fmt.Sprintf("%q is not supported", c.AuthMethod))
	}
	if field, why := c.checkAuthorization(); why != "" {
		return fail(field, why)
	}
	switch c.AccessTokenFormat {
	case "", FormatJWT, FormatOpaque:
	default:
		return fail("AccessTokenFormat", fmt.Sprintf("%q is neither %q nor %q", c.AccessTokenFormat, FormatJWT, FormatOpaque))
	}
	if c.AccessTokenTTL < 0 {
		return fail("AccessTokenTTL", "is negative")
	}
	if c.Refresh != nil {
		if err := c.Refresh.validate(); err != nil {
			return fail("Refresh."+err.field, err.why)
		}
	}
	for _, s := range c.Scopes {
		if !scopeToken(s) {
			return fail("Scopes", fmt.Sprintf("%q is not a scope token (RFC 6749 section 3.3)", s))
		}
	}
	return nil
}

// Public reports whether the client cannot keep a secret.
func (c *Client) Public() bool { return c.method() == AuthNone }

func (c *Client) method() string {
	if c.AuthMethod == "" {
		return AuthBasic
	}
	return c.AuthMethod
}

// printable reports whether s is VSCHAR of RFC 6749 appendix A.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// scopeToken reports whether s is a scope-token of RFC 6749 section 3.3.
func scopeToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= 0x20 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return s != ""
}
