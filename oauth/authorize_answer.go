package oauth

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

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
// code.
//
// Everything that can fail comes before the one write that grants, as it does between
// [Server.Prepare] and [Server.Commit]. When policy wants more, the error is a
// [*StepUpError] and nothing was written; others are *Error.
func (r *TokenRequest) Answer(ctx context.Context, a *Authorization, req *AuthorizationRequest) (*AuthorizationResponse, error) {
	if id, ok := req.id(); !ok || id != a.origin.id || req.ClientID != r.Client.ID {
		return nil, errOfAnother
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
	err = r.keep(ctx, a)
	if errors.Is(err, errRace) {
		subject, scopes := strings.Clone(a.Subject), a.Scopes
		if err := r.load(ctx, a, a.origin.id); err != nil {
			return nil, err
		}
		if a.Subject != subject || !subset(a.Scopes, scopes) {
			return nil, ErrAnswered
		}
		a.origin.step = stepAgain
		return s.answerAgain(ctx, a, req, d)
	}
	if err != nil {
		return nil, err
	}
	s.event(ctx, Event{Type: EventCodeIssued, Time: r.Time, Addr: r.Addr, ClientID: r.Client.ID, Subject: a.Subject,
		GrantType: r.GrantType, Endpoint: "authorize", Grant: encodeID(a.origin.id), Methods: methodNames(a)})
	return resp, nil
}

// checkAnswer refuses what no answer may be given for.
func (a *Authorization) checkAnswer(req *AuthorizationRequest) error {
	again := a.origin.step == stepAgain
	switch {
	case again || !req.Yields("code"):
	default:
		return a.checkCode()
	}
	switch {
	case a.Subject == "":
		return errNobody()
	case !again && a.origin.step != stepBirth && a.origin.step != stepPromote:
		return errGrantState
	case again && a.origin.record.Subject != a.Subject:
		return ErrAnswered
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
	if a.origin.step == stepAgain {
		l.token = min(l.token, a.origin.record.Ends)
	}
	l.refresh, l.idle, l.ends = false, 0, l.token
	return l
}

// answerAgain gives the same answer to whom it was given before, as long as its code is
// not used. Nothing is written.
func (s *Server) answerAgain(ctx context.Context, a *Authorization, req *AuthorizationRequest, d policy.Decision) (*AuthorizationResponse, error) {
	rec := &a.origin.record
	over, ended := rec.ended(a.req.Time)
	switch {
	case ended:
		return nil, ErrAnswered.WithCause(errEndedFor(over))
	case req.Yields("code") && (rec.State != stateCode || rec.CodeEnds != 0 && a.req.Time.Unix() >= rec.CodeEnds):
		return nil, ErrAnswered
	}
	return s.answer(ctx, a, req, d)
}
