package oauth

import (
	"encoding/json"
	"time"

	"github.com/mintyard/mintyard/oauth/token"
)

// maxRequestAge is how long a person may take to sign in.
const maxRequestAge = time.Hour

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
	payload, err := json.Marshal(req)
	if err != nil {
		return "", errUnavailable.WithCause(err)
	}
	id, ok := req.id()
	if !ok {
		return "", errSealed
	}
	out, err := s.config.Keys.Handles.Append(nil, &token.Handle{Kind: token.HandleAuthorize, Record: id, Payload: payload}, nil)
	if err != nil {
		return "", errSealTooLong.WithCause(err)
	}
	return string(out), nil
}

// Open returns the request that was sealed. Errors are *Error, for a page: one that is
// not ours sends nobody anywhere.
func (s *Server) Open(sealed string) (*AuthorizationRequest, error) {
	h, _, err := s.config.Keys.Handles.Parse(nil, token.HandleAuthorize, sealed)
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
	if age := s.now().Unix() - req.Issued; age > int64(maxRequestAge/time.Second) || age < -int64(clockSkew/time.Second) {
		return nil, errSealedExpired
	}
	return req, nil
}
