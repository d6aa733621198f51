package directauth

import (
	"errors"
	"net/http"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
)

// The error codes of this package.
const (
	CodeMFARequired = "mfa_required"          // another factor is asked for
	CodePending     = "authorization_pending" // not answered on the other device yet
)

// The reasons of this package. After a first factor they are sent to the app too,
// as the member reason: before one, they would say who exists.
const (
	ReasonRefused       oauth.Reason = "factor_refused"        // wrong, unknown, used
	ReasonLocked        oauth.Reason = "factor_locked"         // too many attempts
	ReasonBusy          oauth.Reason = "factor_busy"           // too many hashes at once
	ReasonPending       oauth.Reason = "factor_pending"        // not answered yet
	ReasonRejected      oauth.Reason = "factor_rejected"       // on the other device
	ReasonOver          oauth.Reason = "challenge_over"        // expired, used, replaced
	ReasonNoChallenge   oauth.Reason = "challenge_unknown"     // of a passkey: none waits
	ReasonDelivery      oauth.Reason = "delivery_failed"       // by the host's sender
	ReasonNotEnrolled   oauth.Reason = "factor_not_available"  // to this person, app, or step
	ReasonChannel       oauth.Reason = "channel_unknown"       // channel_hint
	ReasonChallengeHint oauth.Reason = "challenge_unsupported" // challenge_hint, challenge_types_supported
	ReasonScopeChanged  oauth.Reason = "scope_changed"         // between two steps
	ReasonACRChanged    oauth.Reason = "acr_values_changed"    // between two steps
	ReasonIntent        oauth.Reason = "intent_unknown"
	ReasonIntentChanged oauth.Reason = "intent_changed"      // between two steps
	ReasonPasswordLost  oauth.Reason = "intent_and_password" // a password recovers no password
	ReasonCannotStepUp  oauth.Reason = "step_up_impossible"  // for this app
	ReasonTransaction   oauth.Reason = "transaction_over"    // expired, or finished
	ReasonOtherStep     oauth.Reason = "challenge_of_other_step"
	ReasonOtherServer   oauth.Reason = "transaction_of_other_server"
)

var (
	errDenied        = oauth.NewError(oauth.CodeAccessDenied, oauth.ReasonPolicy, "Policy does not allow this")
	errCannot        = oauth.NewError(oauth.CodeAccessDenied, ReasonCannotStepUp, "Policy asks for a factor that the app cannot verify")
	errNotEnrolled   = oauth.NewError(oauth.CodeAccessDenied, ReasonNotEnrolled, "None of these factors is available now")
	errScopeChanged  = oauth.NewError(oauth.CodeInvalidScope, ReasonScopeChanged, "The scope must stay the same for the whole sign-in")
	errACRChanged    = oauth.NewError(oauth.CodeInvalidRequest, ReasonACRChanged, "acr_values must stay the same for the whole sign-in")
	errIntent        = oauth.NewError(oauth.CodeInvalidRequest, ReasonIntent, "The intent is not known")
	errIntentChanged = oauth.NewError(oauth.CodeInvalidRequest, ReasonIntentChanged, "The intent must stay the same for the whole sign-in")
	errPasswordLost  = oauth.NewError(oauth.CodeInvalidRequest, ReasonPasswordLost, "A recovery proves other factors than the password")
	errSupported     = oauth.NewError(oauth.CodeInvalidRequest, oauth.ReasonMalformedValue, "grant_types_supported is not a list of grant types")
	errOtherClient   = oauth.NewError(oauth.CodeInvalidClient, oauth.ReasonClientMismatch, "Another client began this sign-in")
	errOver          = oauth.NewError(oauth.CodeAccessDenied, ReasonTransaction, "The sign-in is over; start again")
	errCodeOver      = oauth.NewError(oauth.CodeAccessDenied, ReasonOver, "The out-of-band code has expired; start again")
	errPending       = oauth.NewError(CodePending, ReasonPending, "Waiting for approval")
	errRejected      = oauth.NewError(oauth.CodeInvalidGrant, ReasonRejected, "The request was refused on the other device")
	errOtherStep     = oauth.NewError(oauth.CodeInvalidRequest, ReasonOtherStep, "The code is of another kind of sign-in step")
	errOtherServer   = oauth.NewError(oauth.CodeInvalidRequest, ReasonOtherServer, "Another authorization server began this sign-in")
	errNoChallenge   = oauth.NewError(oauth.CodeInvalidGrant, ReasonNoChallenge, "No challenge waits for this answer")
	errChannel       = oauth.NewError(oauth.CodeInvalidRequest, ReasonChannel, "channel_hint is not a channel of this server")
	errChallengeHint = oauth.NewError(oauth.CodeInvalidRequest, ReasonChallengeHint, "challenge_hint is not a challenge that begins a sign-in")
	errChallengeType = oauth.NewError(oauth.CodeInvalidRequest, ReasonChallengeHint, "challenge_types_supported names no challenge of this server")
	errAssertion     = oauth.NewError(oauth.CodeInvalidRequest, oauth.ReasonMalformedValue, "A field of the assertion is not well-formed")
	errDelivery      = oauth.NewError(oauth.CodeServerError, ReasonDelivery, "Could not start verification")
	errBusy          = oauth.NewError(oauth.CodeTemporarilyUnavailable, ReasonBusy, "The server is busy; try again")
	errUnavailable   = oauth.NewError(oauth.CodeTemporarilyUnavailable, oauth.ReasonUnavailable, "The server cannot answer now; try again")
)

// verifyError says what a refusal of a factor becomes on the wire. A name that
// nobody has, a wrong password and a used code are one answer; only an app whose
// person has proved something is told more.
func verifyError(err error, knows bool) *oauth.Error {
	e := factorError(err)
	if knows && e.HTTPStatus() < http.StatusInternalServerError {
		told := *e
		told.Extra = append(told.Extra[:len(told.Extra):len(told.Extra)], oauth.StringMember("reason", string(e.Reason)))
		return &told
	}
	return e
}

func factorError(err error) *oauth.Error {
	var locked *authenticator.LockedError
	switch {
	case errors.As(err, &locked):
		e := oauth.RefuseGrant(ReasonLocked, err).WithStatus(http.StatusTooManyRequests)
		e.Rate = &oauth.Rate{Limit: locked.Limit, Reset: locked.Until}
		return e
	case errors.Is(err, authenticator.ErrRefused):
		return oauth.RefuseGrant(ReasonRefused, err)
	case errors.Is(err, authenticator.ErrPending):
		return errPending
	case errors.Is(err, authenticator.ErrRejected):
		return errRejected.WithCause(err)
	case errors.Is(err, authenticator.ErrOver):
		return errCodeOver.WithCause(err)
	case errors.Is(err, authenticator.ErrDelivery):
		return errDelivery.WithCause(err)
	case errors.Is(err, authenticator.ErrNoAuthenticator):
		return errNotEnrolled.WithCause(err)
	case errors.Is(err, authenticator.ErrBusy):
		return errBusy.WithCause(err)
	}
	return errUnavailable.WithCause(err)
}

// resumeError translates the refusal of an mfa_token or an oob_code. Clients of the
// dialect stop for good at 403 and start again, and go on asking for the code at 400.
func resumeError(err error) error { return translate(err, errOver) }

func translate(err error, over *oauth.Error) error {
	var e *oauth.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Reason {
	case oauth.ReasonClientMismatch:
		return errOtherClient
	case oauth.ReasonHandleKey: // no key is gone as long as a sign-in of its time is under way
		return errOtherServer.WithCause(err)
	case oauth.ReasonExpired, oauth.ReasonEnded, oauth.ReasonState, oauth.ReasonSuperseded, oauth.ReasonNoRecord:
		return over.WithCause(err)
	}
	return err
}
