package oauth

import (
	"context"
	"errors"
	"net/http"
	"slices"
)

// ClientHandler makes an endpoint of a module or a host that is like the token
// endpoint: a form by POST, from a client that is authenticated. What serve returns
// is the JSON of the answer. Errors are written as the token endpoint writes them.
func (s *Server) ClientHandler(name string, serve func(ctx context.Context, r *TokenRequest) ([]byte, error)) http.Handler {
	return s.clientHandler(name, nil, s.authenticate, serve)
}

// ClientJSONHandler is a ClientHandler that takes a JSON object too.
func (s *Server) ClientJSONHandler(name string, json JSONBody, serve func(ctx context.Context, r *TokenRequest) ([]byte, error)) http.Handler {
	return s.clientHandler(name, &json, s.authenticate, serve)
}

func (s *Server) clientHandler(name string, json *JSONBody, identify func(context.Context, *request, credentials) (*Client, error),
	serve func(ctx context.Context, r *TokenRequest) ([]byte, error)) http.Handler {
	return s.door(json, func(ctx context.Context, q *request, h credentials) error {
		c, err := identify(ctx, q, h)
		if err != nil {
			return err
		}
		r := &q.tokenReq
		r.Server, r.Client, r.Time, r.Addr, r.q = s, c, q.now, q.addr, q
		answer, err := serve(ctx, r)
		if err != nil {
			e := asError(err)
			s.event(ctx, Event{Type: refusalType(e), Time: q.now, Addr: q.addr, ClientID: c.ID, Subject: q.auth.Subject,
				Endpoint: name, Grant: q.auth.transactionID(), Reason: e.Reason, Err: err})
			return err
		}
		q.out = append(q.out[:0], answer...)
		return nil
	})
}

// transactionID is the id of a grant that is known; "" before there is one.
func (a *Authorization) transactionID() string {
	if a.origin.version == 0 {
		return ""
	}
	return encodeID(a.origin.id)
}

// Observe tells the event stream of something that happened in this request, with
// the client and the person that are known.
func (r *TokenRequest) Observe(ctx context.Context, e Event) {
	e.Time, e.Addr, e.ClientID, e.GrantType = r.Time, r.Addr, r.Client.ID, r.GrantType
	if e.Subject == "" {
		e.Subject = r.q.auth.Subject
	}
	if e.Grant == "" {
		e.Grant = r.q.auth.transactionID()
	}
	r.Server.event(ctx, e)
}

// Use reports whether the client may use a grant type that the server has: for
// endpoints that begin what a grant finishes. The error is that of the token endpoint.
func (r *TokenRequest) Use(grantType string) error {
	g := r.Server.grants[grantType]
	if g == nil {
		return errUnknownGrant
	}
	if !slices.Contains(r.Client.GrantTypes, grantType) {
		return errGrantNotFor
	}
	if p, ok := g.(FirstParty); ok && r.Client.ThirdParty && p.FirstParty() {
		return errThirdParty
	}
	return nil
}

// Active reports whether a person may have tokens at all, for steps that begin
// something before anything is proved. "" is nobody, and takes as long to ask about.
func (r *TokenRequest) Active(ctx context.Context, subject string) (bool, error) {
	s, err := r.Server.config.Subjects.Subject(ctx, subject)
	switch {
	case errors.Is(err, ErrNoSubject):
		return false, nil
	case err != nil:
		return false, errUnavailable.WithCause(err)
	}
	return s.Active && subject != "", nil
}
