package oidc

import (
	"iter"
	"net/http"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// Pages are what people see of a provider: who they are is found out there, and what
// they allow. Package signin has a complete set. One value may serve several providers:
// each hands itself over.
type Pages interface {
	// Routes yields the path and the handler of each page. They are mounted with the
	// provider's endpoints.
	Routes(p *Provider) iter.Seq2[string, http.Handler]

	// Interact takes over the browser of an authorization request that cannot be
	// answered before something was done. When it is done, [Provider.Complete] answers.
	Interact(w http.ResponseWriter, r *http.Request, p *Provider, in *Interaction)

	// Error shows a page for what cannot be answered by sending the person back:
	// see [oauth.Config].ErrorPage.
	Error(w http.ResponseWriter, r *http.Request, p *Provider, err *oauth.Error, ref string)
}

// Creating is implemented by [Pages] that send people to where they make an account
// (Initiating User Registration via OpenID Connect 1.0). Without, or if Creates says no,
// prompt=create is refused.
type Creating interface{ Creates() bool }

// Interaction is what must be done before an authorization request can be answered.
type Interaction struct {
	Request *oauth.AuthorizationRequest
	Need    Need

	// Subject is the person who is signed in, where Need is not NeedLogin: whoever
	// proves more, or allows something, must be that person. With NeedLogin it is the
	// one that the client means (id_token_hint), or "".
	Subject string

	// Decision says what would satisfy the policy, for NeedStepUp.
	Decision policy.Decision

	// Missing are the types of the authenticators that must be added, for NeedEnrolment.
	Missing []string

	// Consent are the scopes that the person is asked about, for NeedConsent.
	Consent []string
}

// Need is what is missing.
type Need string

// The needs, in the order in which they are met.
const (
	NeedAccount   Need = "select_account" // the person chooses among those signed in, or another
	NeedLogin     Need = "login"          // nobody is signed in, or somebody must sign in again
	NeedCreate    Need = "create"         // an account is to be made
	NeedStepUp    Need = "step_up"        // more is to be proved
	NeedEnrolment Need = "enrolment"      // an authenticator must be added ([Enrolling])
	NeedConsent   Need = "consent"        // the person is to be asked
)

// NeedError is what [Provider.Complete] returns as long as something is missing.
type NeedError struct{ Interaction }

// Error names the need.
func (e *NeedError) Error() string { return "oidc: not yet: " + string(e.Need) }

// Unwrap is what a client is told that wants no pages (OpenID Connect Core section
// 3.1.2.6).
func (e *NeedError) Unwrap() error { return refusals[e.Need] }

var refusals = map[Need]error{
	NeedAccount:   oauth.NewError(oauth.CodeAccountSelectionRequired, ReasonPrompt, "The person must choose an account"),
	NeedLogin:     oauth.NewError(oauth.CodeLoginRequired, ReasonPrompt, "The person must sign in"),
	NeedCreate:    oauth.NewError(oauth.CodeInteractionRequired, ReasonPrompt, "The person must make an account"),
	NeedStepUp:    oauth.NewError(oauth.CodeInteractionRequired, ReasonPrompt, "The person must prove more"),
	NeedEnrolment: oauth.NewError(oauth.CodeInteractionRequired, ReasonPrompt, "The person must add an authenticator"),
	NeedConsent:   oauth.NewError(oauth.CodeConsentRequired, ReasonPrompt, "The person must be asked"),
}

// The reasons of this package.
const (
	ReasonPrompt oauth.Reason = "interaction_required"   // and the client wants none
	ReasonHint   oauth.Reason = "id_token_hint_invalid"  // not an ID token of ours for the client
	ReasonPerson oauth.Reason = "signed_in_as_another"   // than id_token_hint or claims mean
	ReasonClaims oauth.Reason = "claims_request_invalid" // the claims parameter

	ReasonConsentRevoked oauth.Reason = "consent_revoked"
	ReasonSignedOut      oauth.Reason = "signed_out" // by the person
	ReasonNotice         oauth.Reason = "logout_notice_undelivered"
	ReasonLogoutRedirect oauth.Reason = "post_logout_redirect_uri_unregistered"
)
