package oauth

import (
	"context"
	"errors"

	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/store"
)

// serveRevoke is the revocation endpoint (RFC 7009). A refresh token takes its
// whole grant with it; an access token is marked alone. A token that is not good,
// or another client's, is answered like one that was revoked: there is nothing
// the client could do better (section 2.2). Success means that the end is durable.
func (s *Server) serveRevoke(ctx context.Context, q *request, h credentials) error {
	c, err := s.authenticate(ctx, q, h)
	if err != nil {
		return err
	}
	tok := q.form.value("token")
	if tok == "" {
		return errTokenMissing
	}
	q.out = q.out[:0]
	if kind, ok := token.HandleKindOf(tok); ok && kind == token.HandleRefresh {
		return s.revokeRefresh(ctx, q, c, tok)
	}
	t := &q.info
	if err := s.inspect(ctx, q, tok, t); err != nil {
		if e := asError(err); e.Code != CodeInvalidToken {
			return err
		}
		return nil
	}
	if t.ClientID != c.ID {
		return nil
	}
	rec := store.Record{Key: s.revokedKey(t.ID), Version: store.NewVersion(), Expires: revokedUntil(t), Value: []byte(`{}`)}
	if err := store.Insert(ctx, s.config.Store, rec); err != nil && !errors.Is(err, store.ErrConflict) {
		return errUnavailable.WithCause(err)
	}
	s.event(ctx, Event{Type: EventTokenRevoked, Time: q.now, ClientID: c.ID, Subject: t.Subject, Grant: encodeID(t.Grant), Addr: q.addr})
	return nil
}

// revokeRefresh ends the grant of a refresh token of any generation: whoever
// holds an old one and wants it ended is served as well.
func (s *Server) revokeRefresh(ctx context.Context, q *request, c *Client, tok string) error {
	h, err := s.parseHandle(ctx, q, token.HandleRefresh, tok)
	if err != nil {
		return nil
	}
	r := &q.tokenReq
	r.Server, r.Client, r.Time, r.q = s, c, q.now, q
	a := r.authorization()
	if err := r.load(ctx, a, h.Record); err != nil {
		if asError(err).Code == CodeInvalidGrant {
			return nil
		}
		return err
	}
	salt, ok := a.origin.record.salt()
	if !ok || !s.config.Keys.Handles.CheckSalt(&h, &salt) || a.origin.record.Client != c.ID {
		return nil
	}
	return s.endGrant(ctx, h.Record, ReasonTokenRevoked)
}
