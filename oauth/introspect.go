package oauth

import (
	"context"
	"strconv"

	"github.com/mintyard/mintyard/oauth/token"
)

// serveIntrospect is the introspection endpoint (RFC 7662). It tells a client
// that authenticates about tokens that were issued to it, and about access tokens for
// an audience that it answers for; everything else is inactive to it, whatever
// the cause, and the hint is only a hint.
func (s *Server) serveIntrospect(ctx context.Context, q *request, h credentials) error {
	c, err := s.authenticate(ctx, q, h)
	if err != nil {
		return err
	}
	if c.Public() {
		return errPublicClient // RFC 7662 section 2.1: the endpoint must not be open
	}
	tok := q.form.value("token")
	if tok == "" {
		return errTokenMissing
	}
	t := &q.info
	if err := s.inspect(ctx, q, tok, t); err != nil {
		if e := asError(err); e.Code != CodeInvalidToken {
			return err
		}
		q.out = append(q.out[:0], inactiveAnswer...)
		return nil
	}
	if !mayIntrospect(c, t) {
		q.out = append(q.out[:0], inactiveAnswer...)
		return nil
	}
	sub, err := s.subjectFor(t.Client, t.Subject)
	if err != nil {
		return err
	}
	q.out = s.appendIntrospection(q.out[:0], q, t, sub)
	return nil
}

// inactiveAnswer is the whole answer for a token that is not good (RFC 7662
// section 2.2): nothing says why.
const inactiveAnswer = `{"active":false}`

var errTokenMissing = NewError(CodeInvalidRequest, ReasonMissing, "Parameter token is missing")

// mayIntrospect: refresh tokens are nobody's business but their client's.
func mayIntrospect(c *Client, t *TokenInfo) bool {
	if t.ClientID == c.ID {
		return true
	}
	if t.Kind == token.HandleRefresh {
		return false
	}
	for _, aud := range t.Audience {
		if contains(c.ResourceServerFor, aud) {
			return true
		}
	}
	return false
}

// appendIntrospection writes what a token means; sub is what its client calls the person.
func (s *Server) appendIntrospection(b []byte, q *request, t *TokenInfo, sub string) []byte {
	b = append(b, `{"active":true,"iss":`...)
	b = token.AppendString(b, s.config.Issuer)
	b = append(b, `,"client_id":`...)
	b = token.AppendString(b, t.ClientID)
	b = append(b, `,"sub":`...)
	if t.Subject == "" {
		b = token.AppendString(b, t.ClientID) // as in the token itself (RFC 9068 section 2.2)
	} else {
		b = token.AppendString(b, sub)
	}
	if len(t.Scopes) > 0 {
		b = append(b, `,"scope":"`...)
		b = appendWords(b, t.Scopes)
		b = append(b, '"')
	}
	b = append(b, `,"aud":`...)
	b = appendAudience(b, t.Audience)
	if t.Kind == token.HandleAccess {
		b = append(b, `,"token_type":"`...)
		b = append(b, t.Confirmation.tokenType()...)
		b = append(b, `","jti":`...)
		b = token.AppendString(b, t.ID)
	}
	b = append(b, `,"iat":`...)
	b = strconv.AppendInt(b, t.IssuedAt, 10)
	if t.Expires != 0 {
		b = append(b, `,"exp":`...)
		b = strconv.AppendInt(b, t.Expires, 10)
	}
	if t.Subject != "" {
		b = append(b, `,"auth_time":`...)
		b = strconv.AppendInt(b, t.AuthTime, 10)
		q.view.amr = s.config.AMR.Append(q.view.amr[:0], t.Methods)
		b = append(b, `,"amr":`...)
		b = appendStrings(b, q.view.amr)
	}
	b = appendText(b, `,"acr":`, t.ACR)
	b = appendText(b, `,"sid":`, t.SessionID)
	switch {
	case t.Confirmation.JKT != "":
		b = append(b, `,"cnf":{"jkt":`...)
		b = append(token.AppendString(b, t.Confirmation.JKT), '}')
	case t.Confirmation.X5T != "":
		b = append(b, `,"cnf":{"x5t#S256":`...)
		b = append(token.AppendString(b, t.Confirmation.X5T), '}')
	}
	return append(b, '}')
}

// appendAudience writes one audience as a string and several as an array.
func appendAudience(b []byte, list []string) []byte {
	if len(list) == 1 {
		return token.AppendString(b, list[0])
	}
	return appendStrings(b, list)
}

func appendStrings(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = token.AppendString(b, s)
	}
	return append(b, ']')
}

// appendWords writes scope tokens, which need no escaping, with spaces between.
func appendWords(b []byte, words []string) []byte {
	for i, w := range words {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, w...)
	}
	return b
}
