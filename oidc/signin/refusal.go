package signin

import (
	"context"
	"errors"
	"net/http"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
)

var (
	errMethod  = oauth.NewError(oauth.CodeInvalidRequest, oauth.ReasonMethod, "Use GET or POST").WithStatus(http.StatusMethodNotAllowed)
	errForm    = oauth.NewError(oauth.CodeInvalidRequest, oauth.ReasonMalformedForm, "The form cannot be read")
	errCookie  = oauth.NewError(oauth.CodeInvalidRequest, ReasonCookie, "The browser has no cookie of this sign-in")
	errForeign = oauth.NewError(oauth.CodeInvalidRequest, ReasonCrossSite, "The form comes from another site").WithStatus(http.StatusForbidden)
	errStep    = oauth.NewError(oauth.CodeInvalidRequest, oauth.ReasonMalformedValue, "There is no such step")
)

// The reasons of this package.
const (
	ReasonCookie    oauth.Reason = "browser_cookie"     // the sign-in was begun in another browser, or cookies are off
	ReasonCrossSite oauth.Reason = "browser_cross_site" // a form of another site
)

// end says what becomes of a sign-in that cannot go on: what the client should know it
// is told, and what is ours, or can be tried again, is a page.
func (f *flow) end(err error) {
	var e *oauth.Error
	switch {
	case !errors.As(err, &e) || e.HTTPStatus() >= 500:
		f.fail(err)
	case over(e):
		f.fail(e)
	default:
		if err := f.op.Server().Deny(f.w, f.r, f.req, err); err != nil {
			f.fail(err)
		}
	}
}

// over reports whether the sign-in is over, or another one: the person begins again.
func over(e *oauth.Error) bool {
	switch e.Reason {
	case oauth.ReasonExpired, oauth.ReasonEnded, oauth.ReasonState, oauth.ReasonSuperseded, oauth.ReasonNoRecord, oauth.ReasonHandle,
		oauth.ReasonHandleKey, oauth.ReasonOtherTransaction, oauth.ReasonClientMismatch, oauth.ReasonRace, oauth.ReasonMalformedValue:
		return true
	}
	return false
}

// refused says what was wrong, for the page that is shown again, and tells the event
// stream. Before anything is proved all refusals are one.
func (f *flow) refused(ctx context.Context, err error) (message string, status, retry int) {
	message, status = "unavailable", http.StatusServiceUnavailable
	var locked *authenticator.LockedError
	switch {
	case errors.As(err, &locked):
		message, status = "locked", http.StatusTooManyRequests
		retry = max(1, int(locked.Until.Sub(f.tr.Time).Seconds()))
	case errors.Is(err, authenticator.ErrRefused), errors.Is(err, authenticator.ErrDestination):
		message, status = "refused", http.StatusUnprocessableEntity
	case errors.Is(err, authenticator.ErrPending):
		return "pending", http.StatusOK, 0
	case errors.Is(err, authenticator.ErrRejected):
		message, status = "rejected", http.StatusUnprocessableEntity
	case errors.Is(err, authenticator.ErrOver):
		message, status = "over", http.StatusUnprocessableEntity
	case errors.Is(err, authenticator.ErrDelivery):
		message, status = "delivery", http.StatusServiceUnavailable
	case errors.Is(err, authenticator.ErrNoAuthenticator), errors.Is(err, authenticator.ErrTooMany):
		message, status = "not_available", http.StatusUnprocessableEntity
	case errors.Is(err, authenticator.ErrBusy):
		message, status = "busy", http.StatusServiceUnavailable
	}
	f.tr.Observe(ctx, oauth.Event{Type: oauth.EventFactorRefused, Endpoint: "signin", Reason: oauth.Reason("factor_" + message), Err: err})
	return message, status, retry
}
