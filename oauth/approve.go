package oauth

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"time"

	"github.com/mintyard/mintyard/policy"
)

// Approval is what a host says of the person who has signed in on its pages and allows
// what an authorization request asks for.
type Approval struct {
	Subject string // required

	// Methods are what the person has proved, and when; policy judges them. AuthTime
	// is when the last of it was; zero is the latest of Methods.
	Methods  []policy.Method
	AuthTime time.Time

	// Network is from where, if it was not where this request comes from.
	Network netip.Addr

	// Available is what the person could prove besides, if AvailableKnown.
	Available      []policy.Method
	AvailableKnown bool

	// Scopes are those that the person allows, of those asked for. Nil is all of them.
	Scopes []string

	// SessionID is the "sid" of the session, if the host has one.
	SessionID string
}

// Approve answers an authorization request: the browser is sent back with a code, or
// what else the response type names. The host calls it when it is done, on any node,
// however long that took and wherever the person went meanwhile. That the request is
// answered in the browser of the person who signed in is for the host to see to: see
// [Server.Seal].
//
// With an error nothing is written. A [*StepUpError] says what policy wants besides: the
// host asks for that factor and comes again with both. Other errors are *Error: see
// [Server.Deny].
func (s *Server) Approve(w http.ResponseWriter, r *http.Request, req *AuthorizationRequest, ap Approval) error {
	var resp *AuthorizationResponse
	err := s.Visit(r, req, func(ctx context.Context, tr *TokenRequest) error {
		a, err := tr.Begin(ctx, req)
		if err != nil {
			return err
		}
		if err := ap.apply(ctx, a, req); err != nil {
			return err
		}
		resp, err = tr.Answer(ctx, a, req)
		return err
	})
	if err == nil {
		resp.Write(w, r)
	}
	return err
}

// apply puts into the authorization what the host says.
func (ap *Approval) apply(ctx context.Context, a *Authorization, req *AuthorizationRequest) error {
	if err := a.req.About(ctx, a, ap.Subject); err != nil {
		return err
	}
	a.Methods, a.AuthTime = append(a.methods[:0], ap.Methods...), ap.AuthTime
	for _, m := range ap.Methods {
		if ap.AuthTime.IsZero() && m.At.After(a.AuthTime) {
			a.AuthTime = m.At
		}
	}
	if ap.Network.IsValid() {
		a.Network = ap.Network
	}
	a.Available, a.AvailableKnown, a.SessionID = ap.Available, ap.AvailableKnown, ap.SessionID
	return a.Allow(req, ap.Scopes)
}

var errAllowed = NewError(CodeInvalidScope, ReasonScopeExceeds, "More was allowed than was asked for")

// Allow narrows what the grant will have to the scopes that the person allows; nil is
// all that were asked for. That openid is left out makes it no OpenID Connect any more.
func (a *Authorization) Allow(req *AuthorizationRequest, scopes []string) error {
	if scopes == nil {
		return nil
	}
	switch {
	case len(scopes) == 0 || !subset(scopes, req.Scopes):
		return errAllowed
	case req.Yields("id_token") && !contains(scopes, scopeOpenID):
		return ErrDenied // nothing is left of what was asked for
	}
	a.Scopes = append(a.scopes[:0], scopes...)
	return nil
}

// Deny sends the browser back with an error: [ErrDenied] when the person says no, as nil
// does too, or what [Server.Approve] has returned, or whatever else the host has found.
// What was proved for this request is forgotten and what came of it is ended, unless the
// error is [ErrAnswered] or a failure of ours: another answer may stand.
//
// With an error nothing is written: the browser cannot be sent back, because client or
// redirect URI are no longer what they were, say. [Server.ShowError] tells the person.
func (s *Server) Deny(w http.ResponseWriter, r *http.Request, req *AuthorizationRequest, why error) error {
	if why == nil {
		why = ErrDenied
	}
	err := s.Visit(r, req, func(ctx context.Context, tr *TokenRequest) error {
		if errors.Is(why, ErrAnswered) || asError(why).HTTPStatus() >= 500 {
			return nil
		}
		return tr.Forget(ctx, req)
	})
	if err != nil {
		return err
	}
	s.Refuse(r.Context(), req, why).Write(w, r)
	return nil
}

// ErrDenied is what [Server.Deny] is given when the person says no.
var ErrDenied = NewError(CodeAccessDenied, ReasonDenied, "The person did not allow this")
