package oauth

import (
	"time"

	"github.com/mintyard/mintyard/oauth/token"
)

// OpenID is what a client has besides at an OpenID Provider (OpenID Connect Dynamic
// Client Registration section 2, and the logout specifications). The authorization
// server keeps it and does not read it; package oidc does, and checks it in its own
// ValidateClient.
type OpenID struct {
	// SubjectType is "public" or "pairwise"; "" is public. SectorIdentifier is the
	// host for which a pairwise subject is the same; "" is the host of the redirect
	// URIs, if that is one (OpenID Connect Core section 8.1).
	SubjectType      string
	SectorIdentifier string

	// IDTokenAlgorithm signs its ID tokens; "" is the provider's. UserInfoAlgorithm
	// signs what UserInfo answers; "" answers with plain JSON.
	IDTokenAlgorithm  token.Algorithm
	UserInfoAlgorithm token.Algorithm

	// IDTokenEncryption and UserInfoEncryption encrypt for a key of JWKS.
	IDTokenEncryption  Encryption
	UserInfoEncryption Encryption

	// JWKS are the client's public keys, a JSON Web Key Set (RFC 7517 section 5).
	JWKS []byte

	// DefaultMaxAge holds where a request has no max_age; nil is no limit.
	DefaultMaxAge *time.Duration

	// DefaultACRValues hold where a request asks for no context.
	DefaultACRValues []string

	// ConsentRequired asks people what the client may have even if it is the
	// operator's own. A [Client].ThirdParty asks in any case.
	ConsentRequired bool

	// Groups filters and names the groups that its tokens carry: nil carries none.
	Groups *GroupsClaim

	// PostLogoutRedirectURIs are where the person may be sent after signing out,
	// compared as redirect URIs are (OpenID Connect RP-Initiated Logout section 3.1).
	PostLogoutRedirectURIs []string

	// BackchannelLogoutURI is told of the end of a session (OpenID Connect
	// Back-Channel Logout section 2.2), FrontchannelLogoutURI is loaded in a frame
	// (Front-Channel Logout section 2). SessionRequired asks for sid, and iss, there.
	BackchannelLogoutURI              string
	BackchannelLogoutSessionRequired  bool
	FrontchannelLogoutURI             string
	FrontchannelLogoutSessionRequired bool

	// InitiateLoginURI is where a sign-in at the client begins (OpenID Connect Core
	// section 4).
	InitiateLoginURI string
}

// Encryption says how something is encrypted: the JWE "alg" and "enc" (RFC 7518
// sections 4.1 and 5.1). The zero value does not encrypt.
type Encryption struct {
	Algorithm string // RSA-OAEP-256, ECDH-ES, ECDH-ES+A256KW, …
	Content   string // "" is A128CBC-HS256 (OpenID Connect Registration section 2)
}

// GroupsClaim says which of a person's groups a client's tokens carry, and as which claim.
type GroupsClaim struct {
	Name  string // of the claim; "" is groups
	Match string // GroupsStartsWith, GroupsEquals, GroupsContains, GroupsRegex or GroupsExpression
	Value string
}

// The ways to match a group.
const (
	GroupsStartsWith = "starts_with"
	GroupsEquals     = "equals"
	GroupsContains   = "contains"
	GroupsRegex      = "regex"      // RE2, and the whole name
	GroupsExpression = "expression" // the host evaluates it: Config.Groups of package oidc
)
