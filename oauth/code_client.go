package oauth

import (
	"context"
	"errors"
	"net/http"

	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/store"
)

// CodeInvalidSession says that the auth_session of an authorization challenge is not
// good (draft-ietf-oauth-first-party-apps section 5.2.2).
const CodeInvalidSession = "invalid_session"

var errSession = NewError(CodeInvalidSession, ReasonHandle, "The session is not valid; start again")

// SessionHandler is [Server.ClientHandler] for an endpoint at which a flow goes step
// by step, with a handle in the parameter param: a later request may leave out
// client_id, and is then from the client that began the flow, if that is a public
// one (draft-ietf-oauth-first-party-apps section 5.1). A client that authenticates
// does so at every step.
func (s *Server) SessionHandler(name, param string, kind token.HandleKind, serve func(ctx context.Context, r *TokenRequest) ([]byte, error)) http.Handler {
	identify := func(ctx context.Context, q *request, h credentials) (*Client, error) {
		handle := q.form.value(param)
		if handle == "" || len(h) > 0 || q.form.value("client_id") != "" || q.form.value("client_secret") != "" ||
			q.form.value("client_assertion") != "" || q.form.value("client_assertion_type") != "" {
			return s.authenticate(ctx, q, h)
		}
		c, err := s.clientOf(ctx, q, kind, handle)
		if err != nil {
			s.event(ctx, Event{Type: EventClientRefused, Time: q.now, Addr: q.addr, Endpoint: name, Reason: asError(err).Reason, Err: err})
		}
		return c, err
	}
	return s.clientHandler(name, nil, identify, serve)
}

// clientOf is the public client that a handle was given to. What the handle is worth
// is judged when it is resumed.
func (s *Server) clientOf(ctx context.Context, q *request, kind token.HandleKind, handle string) (*Client, error) {
	h, err := s.parseHandle(ctx, q, kind, handle)
	if err != nil {
		return nil, errSession.WithCause(err)
	}
	q.recs[0] = store.Record{Key: s.grantKey(h.Record)}
	if q.values, err = s.config.Store.Get(ctx, q.values[:0], q.recs[:1]); err != nil {
		return nil, errUnavailable.WithCause(err)
	}
	if q.recs[0].Version == 0 {
		return nil, errSession.WithCause(errNoRecord)
	}
	var rec record
	if err := rec.decode(string(q.recs[0].Value)); err != nil {
		return nil, errUnavailable.WithCause(err)
	}
	c, err := s.config.Clients.Client(ctx, rec.Client)
	switch {
	case errors.Is(err, ErrNoClient):
		return nil, refuseClient(ReasonUnknownClient)
	case err != nil:
		return nil, errUnavailable.WithCause(err)
	case c.Disabled:
		return nil, refuseClient(ReasonDisabledClient)
	case !c.Public():
		return nil, refuseClient(ReasonNoCredentials)
	}
	return c, nil
}
