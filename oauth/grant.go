package oauth

import (
	"context"
	"iter"
	"net/http"

	"github.com/mintyard/mintyard/policy"
)

// Grant is a way to ask for tokens. It judges what the client sent and says who
// may have what; everything else (client authentication before; policy, minting,
// lifetimes, rotation after) is done for it, the same for every grant.
//
// Grants hold no state of a server: one value may be listed in several.
type Grant interface {
	// Type is the grant_type it answers to.
	Type() string

	// Authorize judges the request. What it returns may be granted or not: policy
	// is still to be asked. It must not write anything that gives; what takes
	// away (counting an attempt, spending a code) is written here.
	Authorize(ctx context.Context, req *TokenRequest) (*Authorization, error)
}

// The grant types of this package.
const (
	GrantClientCredentials = "client_credentials" // RFC 6749 section 4.4
	GrantRefreshToken      = "refresh_token"      // RFC 6749 section 6
	GrantAuthorizationCode = "authorization_code" // RFC 6749 section 4.1.3
	GrantInteractionCode   = "interaction_code"   // another name of the same, that some clients use
)

// StepUp answers when a policy wants more proof. Package directauth implements it
// with mfa_required.
type StepUp interface {
	// StepUp keeps what was proved ([TokenRequest.Suspend]) and returns the *Error
	// that tells the client how to go on.
	StepUp(ctx context.Context, a *Authorization, d policy.Decision) error
}

// NeedsStepUp is implemented by grants that cannot do without [Config].StepUp:
// New refuses one that is listed without.
type NeedsStepUp interface{ NeedsStepUp() bool }

// FirstParty is implemented by grants in which the app itself sees what a person
// enters: they are refused to clients that are a [Client].ThirdParty.
type FirstParty interface{ FirstParty() bool }

// Module is implemented by a [StepUp] that has endpoints of its own. They are
// mounted and advertised with the server's.
type Module interface {
	// Routes yields the path and the handler of each: see [Server.ClientHandler].
	Routes(s *Server) iter.Seq2[string, http.Handler]

	// Describe adds to the metadata.
	Describe(s *Server, m Metadata)
}
