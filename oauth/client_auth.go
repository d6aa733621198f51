package oauth

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/mintyard/mintyard/internal/password"
)

// credentials are the values of the Authorization header.
type credentials []string

var (
	errNoCredentials  = NewError(CodeInvalidClient, ReasonNoCredentials, "The client did not authenticate")
	errClient         = NewError(CodeInvalidClient, ReasonWrongSecret, "Client authentication failed")
	errTwoMethods     = NewError(CodeInvalidRequest, ReasonTwoMethods, "Use one method of client authentication")
	errAuthorization  = NewError(CodeInvalidClient, ReasonMalformedBasic, "The Authorization header is not well-formed Basic")
	errClientMismatch = NewError(CodeInvalidRequest, ReasonClientMismatch, "client_id is not the client that authenticated")
	errClientLimited  = NewError(CodeTooManyRequests, ReasonClientLimited, "Too many failed attempts; wait")
	errPublicClient   = NewError(CodeInvalidClient, ReasonPublicClient, "This needs a client that authenticates")
	errAssertion      = NewError(CodeInvalidClient, ReasonWrongMethod, "Client assertions are not supported")
)

// authenticate finds out which client is asking (RFC 6749 section 2.3). An
// unknown client, a wrong secret, a method that is not the client's own and a
// client that is disabled are all answered alike; the event says which it was.
func (s *Server) authenticate(ctx context.Context, q *request, h credentials) (*Client, error) {
	id, secret, method, err := q.credentials(h)
	if err != nil {
		s.event(ctx, Event{Type: EventClientRefused, Time: q.now, Addr: q.addr, ClientID: id, Reason: asError(err).Reason, Err: err})
		return nil, err
	}
	c, err := s.verifyClient(ctx, q, id, secret, method)
	if err != nil {
		s.event(ctx, Event{Type: EventClientRefused, Time: q.now, Addr: q.addr, ClientID: id, Reason: asError(err).Reason, Err: err})
		return nil, err
	}
	return c, nil
}

func (s *Server) verifyClient(ctx context.Context, q *request, id, secret, method string) (*Client, error) {
	c, err := s.config.Clients.Client(ctx, id)
	switch {
	case errors.Is(err, ErrNoClient):
		c = nil
	case err != nil:
		return nil, errUnavailable.WithCause(err)
	}
	if method == AuthNone {
		switch {
		case c == nil:
			return nil, refuseClient(ReasonUnknownClient)
		case c.method() != AuthNone:
			return nil, refuseClient(ReasonNoCredentials)
		case c.Disabled:
			return nil, refuseClient(ReasonDisabledClient)
		}
		return c, nil
	}
	known := c
	if known == nil {
		known = &s.nobody // as much work as for a client
	}
	// A secret that was generated cannot be guessed: one that is right passes,
	// whatever others have failed with.
	ok, limited := checkSecret(known, secret, q.now), false
	if !ok {
		limited = !s.limiter.allows(id, q.addr, q.now)
		if ok, err = s.checkSlowSecret(ctx, known, secret, q.now, !limited); err != nil {
			if errors.Is(err, password.ErrBusy) {
				return nil, errClientLimited.WithCause(err)
			}
			return nil, errUnavailable.WithCause(err)
		}
	}
	if ok && c != nil && c.method() == method && !c.Disabled {
		return c, nil
	}
	if limited {
		return nil, errClientLimited
	}
	s.limiter.failed(id, q.addr, q.now)
	switch {
	case c == nil:
		return nil, refuseClient(ReasonUnknownClient)
	case c.Disabled:
		return nil, refuseClient(ReasonDisabledClient)
	case c.method() != method:
		return nil, refuseClient(ReasonWrongMethod)
	}
	return nil, errClient
}

// refuseClient is errClient with a reason of its own.
func refuseClient(reason Reason) *Error {
	e := *errClient
	e.Reason = reason
	return &e
}

// credentials reads what the client sent, and refuses more than one method
// (RFC 6749 section 2.3).
func (q *request) credentials(h credentials) (id, secret, method string, err error) {
	id, secret = q.form.value("client_id"), q.form.value("client_secret")
	if q.form.value("client_assertion") != "" || q.form.value("client_assertion_type") != "" {
		if len(h) > 0 || secret != "" {
			return id, "", "", errTwoMethods
		}
		return id, "", "", errAssertion
	}
	switch {
	case len(h) > 1:
		return id, "", "", errTwoMethods
	case len(h) == 1:
		q.basicUser = "?" // the client used the header, whatever was in it
		user, pass, ok := q.basic(h[0])
		switch {
		case !ok:
			return id, "", "", errAuthorization
		case secret != "":
			return user, "", "", errTwoMethods
		case id != "" && id != user:
			return user, "", "", errClientMismatch
		}
		q.basicUser = user
		return user, pass, AuthBasic, nil
	case id == "":
		return "", "", "", errNoCredentials
	case secret != "":
		return id, secret, AuthPost, nil
	}
	return id, "", AuthNone, nil
}

// basic decodes a Basic header. Id and secret are form-encoded before they are
// joined (RFC 6749 section 2.3.1), so a raw "%" or "+" is not what it seems: it
// is decoded, and refused if it cannot be.
func (q *request) basic(header string) (user, pass string, ok bool) {
	scheme, encoded, found := strings.Cut(header, " ")
	if !found || !strings.EqualFold(scheme, "Basic") || len(encoded) > 4*maxSecret {
		return "", "", false
	}
	n := base64.StdEncoding.DecodedLen(len(encoded))
	if cap(q.handle) < len(encoded)+n {
		q.handle = make([]byte, 0, len(encoded)+n)
	}
	src := append(q.handle[:0], encoded...)
	dst := src[len(src) : len(src)+n]
	q.handle = src[:len(src)+n]
	n, err := base64.StdEncoding.Strict().Decode(dst, src)
	if err != nil {
		return "", "", false
	}
	dst = dst[:n]
	// Decode both halves in place, then make one string of them.
	w, colon := 0, -1
	for r := 0; r < len(dst); r++ {
		c := dst[r]
		switch {
		case c == ':' && colon < 0:
			colon = w
			continue
		case c == '+':
			c = ' '
		case c == '%':
			if r+2 >= len(dst) {
				return "", "", false
			}
			hi, lo := unhex(dst[r+1]), unhex(dst[r+2])
			if hi > 15 || lo > 15 {
				return "", "", false
			}
			c = hi<<4 | lo
			r += 2
		}
		if c < ' ' || c == 0x7f {
			return "", "", false
		}
		dst[w] = c
		w++
	}
	if colon <= 0 {
		return "", "", false
	}
	both := string(dst[:w])
	return both[:colon], both[colon:], true
}
