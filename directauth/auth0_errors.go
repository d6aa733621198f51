package directauth

import (
	"errors"
	"net/http"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
)

// The error codes of Auth0's dialect, at its own endpoints. The token endpoint, which
// the dialects share, says access_denied where these say expired_token.
const (
	CodeExpiredToken        = "expired_token"              // the mfa_token, or the sign-in, is over
	CodeAssociationRequired = "association_required"       // the person has no second factor yet
	CodeUnsupportedType     = "unsupported_challenge_type" // unknown, or not for this person and app
)

// The reasons of this dialect.
const (
	ReasonAssurance     oauth.Reason = "association_needs_assurance" // the person has a factor that was not proved
	ReasonEnrolment     oauth.Reason = "enrolment_not_allowed"       // by policy
	ReasonNothing       oauth.Reason = "association_required"
	ReasonType          oauth.Reason = "authenticator_type_unknown"
	ReasonDestination   oauth.Reason = "destination_invalid"
	ReasonTooMany       oauth.Reason = "authenticators_too_many"
	ReasonAuthenticator oauth.Reason = "authenticator_unknown" // of this person
	ReasonSignUp        oauth.Reason = "sign_up_unsupported"
)

var (
	errAudience     = oauth.NewError(oauth.CodeInvalidTarget, oauth.ReasonTarget, "The server does not know the audience")
	errExpiredToken = oauth.NewError(CodeExpiredToken, ReasonTransaction, "The mfa_token has expired; start again").WithStatus(http.StatusForbidden)
	errAssociate    = oauth.NewError(CodeAssociationRequired, ReasonNothing, "The person has no second factor; associate one first").WithStatus(http.StatusForbidden)
	errUnsupported  = oauth.NewError(CodeUnsupportedType, ReasonChallengeHint, "None of these challenge types is available now")
	errAssurance    = oauth.NewError(oauth.CodeAccessDenied, ReasonAssurance, "The person has an authenticator already; prove it first")
	errEnrolment    = oauth.NewError(oauth.CodeAccessDenied, ReasonEnrolment, "This authenticator cannot be associated now")
	errType         = oauth.NewError(oauth.CodeInvalidRequest, ReasonType, "authenticator_types or oob_channels names nothing of this server")
	errDestination  = oauth.NewError(oauth.CodeInvalidRequest, ReasonDestination, "phone_number or email is missing or not well-formed")
	errTooMany      = oauth.NewError(oauth.CodeAccessDenied, ReasonTooMany, "The person has too many authenticators")
	errUnknownID    = oauth.NewError(oauth.CodeInvalidRequest, ReasonAuthenticator, "The person has no such authenticator")
	errNoSuchID     = errUnknownID.WithStatus(http.StatusNotFound)
	errRemoval      = oauth.NewError(oauth.CodeAccessDenied, ReasonAssurance, "Prove two factors, and lately, to remove an authenticator")
	errSignUp       = oauth.NewError(oauth.CodeAccessDenied, ReasonSignUp, "This server makes no accounts; passkeys are registered by the host's own pages")
	errCredential   = oauth.NewError(oauth.CodeInvalidRequest, oauth.ReasonMalformedValue, "authn_response is not an answer to auth_session")
)

// auth0Error says in this dialect what became of an mfa_token. Of one that is not
// good it says nothing more.
func auth0Error(err error) error {
	var e *oauth.Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case e.Reason == oauth.ReasonExpired, e.Reason == oauth.ReasonEnded, e.Reason == oauth.ReasonState, e.Reason == oauth.ReasonSuperseded,
		e.Reason == oauth.ReasonNoRecord, e.Reason == oauth.ReasonHandleKey, e.Reason == ReasonTransaction:
		return errExpiredToken.WithCause(err)
	case e.Reason == oauth.ReasonHandle, e.Reason == oauth.ReasonClientRenewed, e.Reason == oauth.ReasonClientMismatch && e.Code == oauth.CodeInvalidGrant:
		return oauth.RefuseGrant(e.Reason, err).WithStatus(http.StatusUnauthorized)
	}
	return err
}

// associateError says what a refusal of an enrolment becomes.
func associateError(err error) error {
	switch {
	case errors.Is(err, authenticator.ErrDestination):
		return errDestination.WithCause(err)
	case errors.Is(err, authenticator.ErrTooMany):
		return errTooMany.WithCause(err)
	}
	return verifyError(err, true)
}
