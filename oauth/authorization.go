package oauth

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// Authorization says who may have tokens, for which client and what, and how and
// when the person proved it. Every grant ends in one, and [Server.Prepare] and
// [Server.Commit] turn it into tokens: there is no other way to a token.
//
// A Grant makes one with [TokenRequest.NewAuthorization], or gets the one that
// an earlier step left from [TokenRequest.Resume]. It is good until the request
// has been answered.
type Authorization struct {
	// Subject is the person; "" when the client asks for itself.
	Subject string

	// Scopes and Resources (RFC 8707) are what the grant as a whole allows.
	// Nil Resources is the server's audience.
	Scopes    []string
	Resources []string

	// TokenScopes and TokenResources narrow the one access token that is minted
	// now (RFC 6749 section 6, RFC 8707 section 2.2). Nil is the whole grant.
	TokenScopes    []string
	TokenResources []string

	// AuthTime is when the person last proved a factor, Methods what was proved,
	// Network from where, Risk how it looked and Device on what: facts of proof,
	// frozen when they are made. Policy sees them as they were, at redemption and at
	// every refresh.
	AuthTime time.Time
	Methods  []policy.Method
	Network  netip.Addr
	Risk     policy.Risk
	Device   policy.Device

	// ACR is the authentication context that was reached; "" lets Prepare take
	// the first of ACRValues that the methods satisfy. ACRValues is what the
	// client asked for.
	ACR       string
	ACRValues []string

	// Available is what the person could still prove, if AvailableKnown.
	Available      []policy.Method
	AvailableKnown bool

	SessionID string // "sid", when there is a session
	Nonce     string // OpenID Connect Core section 3.1.2.1
	Claims    string // the requested claims (OpenID Connect Core section 5.5), as JSON

	// Confirmation binds the tokens to a key of the sender. A grant that was made
	// under a key is good with that key only.
	Confirmation Confirmation

	// Recovery says that the person is getting back a lost password: such a
	// transaction grants scopes that are marked for it and no others, for a short
	// time and without a refresh token, and the policy for recoveries is asked
	// instead of the client's.
	Recovery bool

	// CodeChallenge (RFC 7636 section 4.2, S256) and RedirectURI are what an
	// authorization code will be held to. An authorization that has one of them is
	// to end in a code ([Server.IssueCode]) and never in tokens at once.
	CodeChallenge string
	RedirectURI   string

	// Attestation asks for an ID token that says which factor was proved, and for
	// nothing else: the app has verified the first one by itself. Prepare grants it if
	// the client's policy asks for more than that factor, and a password besides
	// would satisfy it.
	Attestation bool

	// Answer are members that the answer carries besides the tokens.
	Answer []Member

	// Data is what the flow wants to find again in its next step: JSON.
	Data string

	req         *TokenRequest
	client      *Client
	origin      origin
	parent      uint64 // version of the subject's cut-off record before anything was verified
	noted       string // the subject whose version that is
	besides     string // a grant type that policy is asked about too; "" is none
	parents     [maxParents]Parent
	parentCount int

	groups []string // the person's, when they were judged

	rehearsed bool // see Rehearse: nothing may be written

	page bool // a page asks: it is told what policy wants, and Config.StepUp is not

	// Backing arrays, so that a small authorization needs no memory of its own.
	scopes    [16]string
	resources [4]string
	methods   [4]policy.Method
	acrValues [4]string
}

// Confirmation is the key that tokens are bound to.
type Confirmation struct {
	JKT string // RFC 9449 section 6.1: SHA-256 thumbprint of the DPoP key, base64url
	X5T string // RFC 8705 section 3.1: SHA-256 of the client certificate, base64url
}

// origin is the record that an authorization promotes, and how. Only the verbs
// of TokenRequest set it, so that only what they have read and checked is spent.
type origin struct {
	step    step
	id      [16]byte
	version uint64 // of the record as it was read
	record  record
	used    uint32 // the refresh generation that was presented
	subject string // whose tag the record carries
}

// step is the transition that Commit makes.
type step byte

const (
	stepBirth     step = iota // no record yet: put if absent
	stepPromote               // pending becomes active
	stepRedeem                // an authorization code becomes active
	stepRotate                // refresh generation + 1
	stepRepeat                // the predecessor within grace: no write, the same successor
	stepPersist               // the refresh token stays: at most a touch
	stepStateless             // no record at all: a client for itself
	stepAgain                 // the authorization request was answered: the same answer, and no write
)

// Request returns the token request that a is for.
func (a *Authorization) Request() *TokenRequest { return a.req }

// Client returns the client that a is for.
func (a *Authorization) Client() *Client { return a.client }

// GrantType returns the grant type of the request.
func (a *Authorization) GrantType() string { return a.req.GrantType }

// Groups are the person's groups, as Config.Subjects says: an [Extension] finds those
// that were judged.
func (a *Authorization) Groups() []string { return a.groups }

// GrantedResources are those of the access token that is minted now; nil is the server's
// own audience.
func (a *Authorization) GrantedResources() []string { return a.tokenResources() }

// GrantedScopes returns the scopes of the access token that is minted now.
func (a *Authorization) GrantedScopes() []string { return a.tokenScopes() }

// GrantID returns the id of the grant, as events and jti carry it; "" for a
// client of its own.
func (a *Authorization) GrantID() string {
	if a.origin.step == stepStateless {
		return ""
	}
	return encodeID(a.origin.id)
}

// IncludesScope reports whether the access token to be minted has the scope.
func (a *Authorization) IncludesScope(scope string) bool {
	return contains(a.tokenScopes(), scope)
}

func (a *Authorization) tokenScopes() []string {
	if a.TokenScopes != nil {
		return a.TokenScopes
	}
	return a.Scopes
}

func (a *Authorization) tokenResources() []string {
	if a.TokenResources != nil {
		return a.TokenResources
	}
	return a.Resources
}

// validate refuses what no Grant may build; a host's own Grant is code like any other.
func (a *Authorization) validate(now time.Time) error {
	bad := func(why string) error {
		return NewError(CodeServerError, ReasonAuthorization, "The server cannot answer this request").
			WithCause(fmt.Errorf("oauth: the authorization of grant %q %s", a.req.GrantType, why))
	}
	switch {
	case a.Subject == "" && len(a.Methods) > 0:
		return bad("has methods but no subject")
	case len(a.Subject) > 255:
		return bad("has a subject of more than 255 bytes (OpenID Connect Core section 2)")
	case a.Subject != "" && a.AuthTime.After(now.Add(clockSkew)):
		return bad("was authenticated in the future")
	case a.Subject != "" && a.AuthTime.IsZero():
		return bad("has no authentication time")
	case !subset(a.TokenScopes, a.Scopes):
		return bad("asks for a token beyond its own scopes")
	case !subset(a.TokenResources, a.Resources):
		return bad("asks for a token beyond its own resources")
	}
	return nil
}

// clockSkew is how far the clocks of nodes are allowed to differ.
const clockSkew = 5 * time.Second

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func subset(some, all []string) bool {
	for _, s := range some {
		if !contains(all, s) {
			return false
		}
	}
	return true
}

func intersect(a, b []string) bool {
	for _, s := range a {
		if contains(b, s) {
			return true
		}
	}
	return false
}

// grantKey is the key of a grant's record.
func (s *Server) grantKey(id [16]byte) store.Key {
	return store.Key{Kind: kindGrant, Space: s.space, ID: id}
}
