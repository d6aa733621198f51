package oauth

import (
	"context"
	"slices"
	"sync"
)

// SubjectNamer is implemented by an [Extension] that gives a person another name for
// each client (OpenID Connect Core section 8.1). It is the sub of access tokens, and of
// what introspection says about them, whoever asks: what a resource server reads in a
// token and what it is told of one agree. Whom a token is about the server itself finds
// in the grant's record, and not by that name.
type SubjectNamer interface {
	SubjectFor(c *Client, subject string) (string, error)
}

// AccessTokenExtender is implemented by an [Extension] that adds claims to the access
// tokens that resource servers read themselves (FormatJWT), also those of a client for
// itself. It is asked before the token is minted, when everything has been judged. The
// claims are as [token.AccessToken].Extra; none cost nothing.
type AccessTokenExtender interface {
	ExtendAccessToken(ctx context.Context, is *Issue) (extra []byte, err error)
}

// RequestReader is implemented by an [Extension] that judges what it has defined of an
// authorization request, before anybody is asked anything: an error goes back to the
// client.
type RequestReader interface {
	ReadRequest(ctx context.Context, c *Client, req *AuthorizationRequest) error
}

// With returns a server that is s and, besides, lets e add to every answer. Keys,
// store and limits are shared with s, and so is what e keeps of persons ([SubjectEnder])
// and does in the background ([Runner]).
// Of several extensions that name subjects, or extend access tokens, the last one counts.
func (s *Server) With(e Extension) *Server {
	t := *s
	t.extensions = append(slices.Clip(s.extensions), e)
	s.joined.add(e)
	if n, ok := e.(SubjectNamer); ok {
		t.namer = n
	}
	if x, ok := e.(AccessTokenExtender); ok {
		t.extender = x
	}
	return &t
}

// joinedExtensions are those of a server and of all that With has made of it: what they
// keep of a person ends, and their work is done, whichever of the servers a host asks.
type joinedExtensions struct {
	mu   sync.Mutex
	list []Extension
}

func (j *joinedExtensions) add(e Extension) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.list = append(slices.Clip(j.list), e) // those that are being asked keep theirs
}

func (j *joinedExtensions) all() []Extension {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.list
}

// subjectFor is the person's name for a client.
func (s *Server) subjectFor(c *Client, subject string) (string, error) {
	if s.namer == nil || subject == "" {
		return subject, nil
	}
	return s.namer.SubjectFor(c, subject)
}

// readRequest lets the extensions judge an authorization request that is in order.
func (s *Server) readRequest(ctx context.Context, c *Client, req *AuthorizationRequest) error {
	for _, e := range s.extensions {
		if r, ok := e.(RequestReader); ok {
			if err := r.ReadRequest(ctx, c, req); err != nil {
				return err
			}
		}
	}
	return nil
}
