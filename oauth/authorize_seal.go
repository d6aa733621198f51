package oauth

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/mintyard/mintyard/oauth/token"
)

// maxRequestAge is how long a person may take to sign in.
const maxRequestAge = time.Hour

// reloadTime bounds the reading of keys where there is no request to bound it.
const reloadTime = 5 * time.Second

var (
	errSealTooLong   = NewError(CodeInvalidRequest, ReasonRequestTooLong, "The authorization request is too long")
	errSealed        = NewError(CodeInvalidRequest, ReasonHandle, "The sign-in is not one of this server's; start again at the app")
	errSealedExpired = NewError(CodeInvalidRequest, ReasonExpired, "The sign-in took too long; start again at the app")
)

// Seal makes a text of a request, for a URL or a hidden field, that [Server.Open] takes
// back for an hour. Whoever carries it can read it (the browser brought most of it) and
// cannot change it. It is good in any browser: a host that does not bind it to one, by
// a cookie whose digest is in Data, lets a person finish a sign-in that somebody else
// has begun.
//
// The error says that the request is too long: some 4 KiB.
func (s *Server) Seal(req *AuthorizationRequest) (string, error) {
	id, ok := req.id()
	if !ok {
		return "", errSealed
	}
	var payload bytes.Buffer
	e := json.NewEncoder(&payload)
	e.SetEscapeHTML(false) // a state is full of & at times, and this is no HTML
	if err := e.Encode(req); err != nil {
		return "", errUnavailable.WithCause(err)
	}
	h := token.Handle{Kind: token.HandleAuthorize, Record: id, Payload: bytes.TrimSuffix(payload.Bytes(), []byte("\n"))}
	out, err := s.config.Keys.Handles.Append(nil, &h, nil)
	if err != nil {
		return "", errSealTooLong.WithCause(err)
	}
	return string(out), nil
}

// Open returns the request that was sealed. Errors are *Error, for a page: one that is
// not ours sends nobody anywhere.
func (s *Server) Open(sealed string) (*AuthorizationRequest, error) {
	q := requests.Get().(*request)
	defer q.release()
	q.now = s.now()
	// Another node may have sealed it under a key that is read here for the first time.
	ctx, cancel := context.WithTimeout(context.Background(), reloadTime)
	defer cancel()
	h, err := s.parseHandle(ctx, q, token.HandleAuthorize, sealed)
	if err != nil {
		return nil, errSealed.WithCause(err)
	}
	req := new(AuthorizationRequest)
	if err := json.Unmarshal(h.Payload, req); err != nil {
		return nil, errSealed.WithCause(err)
	}
	if id, ok := req.id(); !ok || id != h.Record {
		return nil, errSealed
	}
	if age := q.now.Unix() - req.Issued; age > int64(maxRequestAge/time.Second) || age < -int64(clockSkew/time.Second) {
		return nil, errSealedExpired
	}
	return req, nil
}
