package oauth

import (
	"context"
	"errors"

	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// checkAgain reports whether the answer that was given to an authorization request may
// be given once more: to the same person, who allows all that it stands for, and as long
// as its code is not used.
func (a *Authorization) checkAgain(req *AuthorizationRequest) error {
	rec := &a.origin.record
	over, ended := rec.ended(a.req.Time)
	switch {
	case ended:
		return errors.Join(ErrAnswered, errEndedFor(over))
	case rec.Subject != a.Subject || !subset(rec.Scopes, a.Scopes):
		return ErrAnswered
	case req.Yields("code") && (rec.State != stateCode || rec.CodeEnds != 0 && a.req.Time.Unix() >= rec.CodeEnds):
		return ErrAnswered
	case !req.Yields("code") && rec.State != stateActive:
		return ErrAnswered
	}
	return nil
}

// answerSecond is for who loses the race for an authorization request: what the winner
// got is good for the same person, too.
func (s *Server) answerSecond(ctx context.Context, a *Authorization, req *AuthorizationRequest, d policy.Decision) (*AuthorizationResponse, error) {
	if err := a.req.read(ctx, a, a.origin.id); err != nil {
		return nil, err
	}
	if a.origin.record.State == statePending { // another tab has begun anew
		return nil, errRace
	}
	a.origin.step = stepAgain
	if err := a.checkAgain(req); err != nil {
		return nil, err
	}
	return s.answerAgain(ctx, a, req, d)
}

// answerAgain gives the same answer as before. Policy was asked about what the person
// has proved now; the answer stands for what was granted then.
func (s *Server) answerAgain(ctx context.Context, a *Authorization, req *AuthorizationRequest, d policy.Decision) (*AuthorizationResponse, error) {
	if err := s.joinParents(ctx, a); err != nil {
		return nil, err
	}
	a.fromRecord()
	a.TokenScopes = nil
	if err := s.checkScopes(a); err != nil {
		return nil, err
	}
	return s.answer(ctx, a, req, d)
}

// joinParents hangs a grant on the parents of who gets its answer again: two clicks on
// one button may have made two sessions, and the browser keeps the later one.
func (s *Server) joinParents(ctx context.Context, a *Authorization) error {
	if a.parentCount > 0 && a.SessionID != a.origin.record.SessionID {
		if err := s.put(ctx, a); errors.Is(err, store.ErrConflict) {
			return errRace
		} else if err != nil {
			return errUnavailable.WithCause(err)
		}
	}
	return s.recheckParents(ctx, a)
}
