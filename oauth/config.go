package oauth

import (
	"context"
	"net/http"
	"net/netip"
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

	// AllowOrigin says whether pages of an origin, such as https://app.example, may ask
	// for tokens and read the answer: see [Server.CrossOrigin]. Nil: no page may, and
	// apps ask their own server.
	AllowOrigin func(ctx context.Context, origin string) bool

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
