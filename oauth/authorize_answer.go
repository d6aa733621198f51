package oauth

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/mintyard/mintyard/policy"
)

// StepUpError says that policy wants more proof than a page has brought, and what would
// do: the page asks for the next factor.
type StepUpError struct{ Decision policy.Decision }

// Error says which rule wants it.
func (e *StepUpError) Error() string {
	return "oauth: policy rule " + e.Decision.Rule + " asks for more than was proved"
}

// Unwrap is the *Error for a client that is told.
func (e *StepUpError) Unwrap() error { return errStepUp }

// Answer ends the sign-in for an authorization request: policy is asked, as at every
// other door, and the answer has what the response type names. It may be asked twice,
// as it is when a button is pressed twice: of one request and one person comes the same
// code, unless the person now allows less than it stands for.
//
// Everything that can fail comes before the one write that grants, as it does between
// [Server.Prepare] and [Server.Commit]. When policy wants more, the error is a
// [*StepUpError] and nothing was written; others are *Error. [ErrAnswered] says that
// another answer was given, which stands.
func (r *TokenRequest) Answer(ctx context.Context, a *Authorization, req *AuthorizationRequest) (*AuthorizationResponse, error) {
	if id, ok := req.id(); !ok || id != a.origin.id || req.ClientID != r.Client.ID {
		return nil, errOfAnother
	}
	if err := r.mayAnswer(req.ResponseType); err != nil { // today: the request may be an hour old
		return nil, err
	}
	if err := a.checkAnswer(req); err != nil {
		return nil, err
	}
	s := r.Server
	d, err := s.judge(ctx, a)
	if err != nil {
		return nil, err
	}
	if a.origin.step == stepAgain {
		return s.answerAgain(ctx, a, req, d)
	}
	resp, err := s.answer(ctx, a, req, d)
	if err != nil {
		return nil, err
	}
	switch err := r.keep(ctx, a); {
	case errors.Is(err, errRace):
		return s.answerSecond(ctx, a, req, d)
	case err != nil:
		return nil, err
	}
	e := Event{Type: EventCodeIssued, Time: r.Time, Addr: r.Addr, ClientID: r.Client.ID, Subject: a.Subject,
		GrantType: r.GrantType, Endpoint: "authorize", Grant: encodeID(a.origin.id), Methods: methodNames(a)}
	if !req.Yields("code") {
		e.Type = EventTokenIssued
	}
	s.event(ctx, e)
	return resp, nil
}

// checkAnswer refuses what no answer may be given for.
func (a *Authorization) checkAnswer(req *AuthorizationRequest) error {
	switch {
	case a.Subject == "":
		return errNobody()
	case a.origin.step == stepAgain:
		return a.checkAgain(req)
	case req.Yields("code"):
		return a.checkCode()
	case a.origin.step != stepBirth && a.origin.step != stepPromote:
		return errGrantState
	}
	return nil
}

// answer mints what goes through the browser and brings the record into its next state,
// without writing it.
func (s *Server) answer(ctx context.Context, a *Authorization, req *AuthorizationRequest, d policy.Decision) (*AuthorizationResponse, error) {
	rand.Read(a.req.q.view.random[:])
	is := &a.req.q.issue
	*is = Issue{auth: a, lives: s.frontLives(a, d), responseType: req.ResponseType}
	again := a.origin.step == stepAgain
	switch {
	case again:
	case req.Yields("code"):
		a.enterCode()
		if req.ResponseType != ResponseCode {
			rec := &a.origin.record
			rec.CodeEnds = rec.Ends
			rec.Ends = max(rec.Ends, is.lives.token)
		}
	default:
		if a.origin.version == 0 {
			a.born()
		}
		a.activate(is)
	}
	var params []Param
	var err error
	if req.Yields("code") {
		if is.code, err = s.code(a); err != nil {
			return nil, err
		}
		params = append(params, Param{"code", is.code})
	}
	if req.ResponseType != ResponseCode {
		more, err := s.front(ctx, is)
		if err != nil {
			return nil, err
		}
		params = append(params, more...)
	}
	return s.response(req, params...), nil
}

// front mints the tokens of a response type.
func (s *Server) front(ctx context.Context, is *Issue) ([]Param, error) {
	q := is.auth.req.q
	if yields(is.responseType, "token") {
		if err := s.mintAccess(ctx, is); err != nil {
			return nil, err
		}
	} else {
		q.out = append(q.out[:0], `{"scope":""`...)
	}
	if yields(is.responseType, "id_token") {
		for _, e := range s.extensions {
			if err := e.Extend(ctx, is); err != nil {
				return nil, err
			}
		}
	}
	params, err := frontParams(append(q.out, '}'))
	if err != nil {
		return nil, errUnavailable.WithCause(err)
	}
	for _, p := range params {
		if p.Name == "id_token" {
			return params, nil
		}
	}
	if yields(is.responseType, "id_token") {
		return nil, errUnavailable.WithCause(errNoIDTokens)
	}
	return params, nil
}

// frontLives: what comes through a browser is never refreshed, and ends with its token.
func (s *Server) frontLives(a *Authorization, d policy.Decision) lifetimes {
	l := s.lifetimes(a, d)
	l.refresh, l.idle, l.ends = false, 0, l.token
	return l
}
