package oauth

import "context"

var (
	errUnknownGrant = NewError(CodeUnsupportedGrantType, ReasonUnknownGrant, "The server does not have this grant type")
	errThirdParty   = NewError(CodeUnauthorizedClient, ReasonThirdParty, "This grant type is for the operator's own apps")
	errGrantNotFor  = NewError(CodeUnauthorizedClient, ReasonGrantNotFor, "The client may not use this grant type")
)

// serveToken is the token endpoint (RFC 6749 section 3.2): parse, authenticate,
// judge, prepare, commit. Parsing has been done, and writing is done by
// the caller.
func (s *Server) serveToken(ctx context.Context, q *request, h credentials) error {
	c, err := s.authenticate(ctx, q, h)
	if err != nil {
		return err
	}
	r := &q.tokenReq
	r.Server, r.Client, r.Time, r.Addr, r.q = s, c, q.now, q.addr, q
	if r.GrantType, err = r.Require("grant_type"); err == nil {
		err = s.issue(ctx, r)
	}
	if err != nil {
		e := asError(err)
		s.event(ctx, Event{Type: refusalType(e), Time: q.now, Addr: q.addr, ClientID: c.ID, Subject: q.auth.Subject,
			GrantType: r.GrantType, Reason: e.Reason, Err: err})
		return err
	}
	if s.config.Observe != nil {
		s.event(ctx, Event{Type: EventTokenIssued, Time: q.now, Addr: q.addr, ClientID: c.ID, Subject: q.auth.Subject,
			GrantType: r.GrantType, Grant: q.auth.GrantID(), Methods: methodNames(&q.auth)})
	}
	return nil
}

// issue is the one path to a token: Prepare and Commit are called from here only.
func (s *Server) issue(ctx context.Context, r *TokenRequest) error {
	if err := r.Use(r.GrantType); err != nil {
		return err
	}
	grant := s.grants[r.GrantType]
	a, err := grant.Authorize(ctx, r)
	if err != nil {
		return err
	}
	is, err := s.Prepare(ctx, a)
	if err != nil {
		return err
	}
	for _, e := range s.extensions {
		if err := e.Extend(ctx, is); err != nil {
			return err
		}
	}
	_, err = s.Commit(ctx, is)
	return err
}

func refusalType(e *Error) EventType {
	switch {
	case e.HTTPStatus() >= 500:
		return EventFailure
	case e.Reason == ReasonStepUp:
		return EventStepUp
	}
	return EventTokenRefused
}

func methodNames(a *Authorization) []string {
	names := make([]string, len(a.Methods))
	for i := range a.Methods {
		names[i] = a.Methods[i].Name
	}
	return names
}
