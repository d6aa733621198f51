package oauth

import (
	"context"
	"crypto/rand"
	"strconv"

	"github.com/mintyard/mintyard/policy"
)

// mint makes the access token and the answer up to what Commit adds.
func (s *Server) mint(ctx context.Context, a *Authorization, d policy.Decision) (*Issue, error) {
	q := a.req.q
	is := &q.issue
	*is = Issue{auth: a, lives: s.lifetimes(a, d)}
	rand.Read(q.view.random[:])
	if (a.origin.step == stepBirth || a.origin.step == stepStateless) && a.origin.id == [16]byte{} {
		copy(a.origin.id[:], q.view.random[:])
	}
	if a.Attestation {
		q.out = append(q.out[:0], `{"access_token":null,"token_type":"Bearer","expires_in":0,"scope":"`...)
		q.out = append(appendWords(q.out, a.tokenScopes()), '"')
		return is, nil
	}
	if err := s.mintAccess(ctx, is); err != nil {
		return nil, err
	}
	for _, m := range a.Answer {
		is.Add(m)
	}
	return is, nil
}

// mintAccess begins the answer with an access token and what goes with it.
func (s *Server) mintAccess(ctx context.Context, is *Issue) error {
	a := is.auth
	q := a.req.q
	var err error
	out := append(q.out[:0], `{"access_token":"`...)
	is.accessStart = len(out)
	if out, err = s.appendAccessToken(ctx, out, is); err != nil {
		q.out = out
		return errUnavailable.WithCause(err)
	}
	is.accessEnd = len(out)
	out = append(out, `","token_type":"`...)
	out = append(out, a.Confirmation.tokenType()...)
	out = append(out, `","expires_in":`...)
	out = strconv.AppendInt(out, is.lives.token-a.req.Time.Unix(), 10)
	if scopes := a.tokenScopes(); len(scopes) > 0 {
		out = append(out, `,"scope":"`...)
		out = append(appendWords(out, scopes), '"')
	}
	q.out = out
	return nil
}

func (c Confirmation) tokenType() string {
	if c.JKT != "" {
		return "DPoP" // RFC 9449 section 5
	}
	return "Bearer"
}
