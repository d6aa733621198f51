package directauth

import (
	"errors"
	"net/http"
	"time"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
)

// CodeMFARequired is the error that asks for another factor.
const CodeMFARequired = "mfa_required"

// The reasons of this package.
const (
	ReasonRefused      oauth.Reason = "factor_refused"     // wrong, unknown, used
	ReasonLocked       oauth.Reason = "factor_locked"      // too many attempts
	ReasonBusy         oauth.Reason = "factor_busy"        // too many hashes at once
	ReasonScopeChanged oauth.Reason = "scope_changed"      // between two steps
	ReasonACRChanged   oauth.Reason = "acr_values_changed" // between two steps
	ReasonCannotStepUp oauth.Reason = "step_up_impossible" // for this app
	ReasonTransaction  oauth.Reason = "transaction_over"   // expired, or finished
)

var (
	errDenied       = oauth.NewError(oauth.CodeAccessDenied, oauth.ReasonPolicy, "Policy does not allow this")
	errCannot       = oauth.NewError(oauth.CodeAccessDenied, ReasonCannotStepUp, "Policy asks for a factor that the app cannot verify")
	errScopeChanged = oauth.NewError(oauth.CodeInvalidScope, ReasonScopeChanged, "The scope must stay the same for the whole sign-in")
	errACRChanged   = oauth.NewError(oauth.CodeInvalidRequest, ReasonACRChanged, "acr_values must stay the same for the whole sign-in")
	errSupported    = oauth.NewError(oauth.CodeInvalidRequest, oauth.ReasonMalformedValue, "grant_types_supported is not a list of grant types")
	errOtherClient  = oauth.NewError(oauth.CodeInvalidClient, oauth.ReasonClientMismatch, "Another client began this sign-in")
	errOver         = oauth.NewError(oauth.CodeAccessDenied, ReasonTransaction, "The sign-in is over; start again")
	errBusy         = oauth.NewError(oauth.CodeTemporarilyUnavailable, ReasonBusy, "The server is busy; try again")
)

// verifyError says what a refusal of a factor becomes on the wire. A name that
// nobody has, a wrong password and a used code are one answer.
func verifyError(err error, now time.Time) error {
	var locked *authenticator.LockedError
	switch {
	case errors.As(err, &locked):
		e := oauth.RefuseGrant(ReasonLocked, err).WithStatus(http.StatusTooManyRequests)
		e.Rate = &oauth.Rate{Limit: locked.Limit, Reset: locked.Until}
		return e
	case errors.Is(err, authenticator.ErrRefused):
		return oauth.RefuseGrant(ReasonRefused, err)
	case errors.Is(err, authenticator.ErrBusy):
		return errBusy.WithCause(err)
	}
	return err
}

// resumeError translates the refusal of an mfa_token. Clients of the dialect stop
// for good at 403 and start again, and go on asking for the code at 400.
func resumeError(err error) error {
	var e *oauth.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Reason {
	case oauth.ReasonClientMismatch:
		return errOtherClient
	case oauth.ReasonExpired, oauth.ReasonEnded, oauth.ReasonState, oauth.ReasonSuperseded, oauth.ReasonNoRecord, oauth.ReasonHandleKey:
		return errOver.WithCause(err)
	}
	return err
}
