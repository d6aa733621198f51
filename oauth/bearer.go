package oauth

import (
	"context"
	"net/http"
	"strings"
)

var (
	errNoToken   = NewError(CodeInvalidToken, ReasonNoToken, "")
	errTwoTokens = NewError(CodeInvalidRequest, ReasonTwoTokens, "Send the token once")
	errBound     = NewError(CodeInvalidToken, ReasonSenderKey, "The token is bound to a key that was not proved")
	errScope     = NewError(CodeInsufficientScope, ReasonInsufficientScope, "The token lacks a scope")
)

// Bearer authorizes a request to an endpoint of the server itself, or of a
// resource server in the same process (RFC 6750): it finds the access token in
// the Authorization header, or in the form of a POST, and inspects it. A token
// in the query is refused, and one that is bound to a key is not a bearer token.
//
// On error it has written the answer.
func (s *Server) Bearer(w http.ResponseWriter, r *http.Request, scope string) (*TokenInfo, bool) {
	t, err := s.bearer(r.Context(), r, scope)
	if err == nil {
		return t, true
	}
	e := asError(err)
	s.event(r.Context(), Event{Type: EventRequestRefused, Addr: s.clientAddr(r), Reason: e.Reason, Err: err})
	q := requests.Get().(*request)
	defer q.release()
	q.now = s.now()
	w.Header()["Www-Authenticate"] = []string{challenge(e, scope)}
	if e == errNoToken { // RFC 6750 section 3.1: no error code for one who did not try
		writeJSON(w, http.StatusUnauthorized, nil)
		return nil, false
	}
	writeError(w, q, e)
	return nil, false
}

func (s *Server) bearer(ctx context.Context, r *http.Request, scope string) (*TokenInfo, error) {
	tok, err := bearerToken(r)
	if err != nil {
		return nil, err
	}
	t, err := s.Inspect(ctx, tok)
	switch {
	case err != nil:
		return nil, err
	case t.Kind.String() != "access":
		return nil, errInactive
	case t.Confirmation != Confirmation{}:
		return nil, errBound
	case scope != "" && !t.HasScope(scope):
		return nil, errScope
	}
	return t, nil
}

// bearerToken finds the one token of the request.
func bearerToken(r *http.Request) (string, error) {
	if strings.Contains(r.URL.RawQuery, "access_token=") {
		return "", errTwoTokens // RFC 9700 section 4.3.2: query parameters end up in logs
	}
	var tok string
	switch h := r.Header["Authorization"]; len(h) {
	case 0:
	case 1:
		scheme, value, _ := strings.Cut(h[0], " ")
		if !strings.EqualFold(scheme, "Bearer") || value == "" {
			return "", errNoToken
		}
		tok = value
	default:
		return "", errTwoTokens
	}
	if r.Method == http.MethodPost && formType(r.Header["Content-Type"]) {
		q := requests.Get().(*request)
		defer q.release()
		if err := q.read(r, nil); err != nil {
			return "", err
		}
		if v := q.form.value("access_token"); v != "" {
			if tok != "" {
				return "", errTwoTokens
			}
			tok = v
		}
	}
	if tok == "" {
		return "", errNoToken
	}
	return tok, nil
}

// challenge is the value of WWW-Authenticate (RFC 6750 section 3).
func challenge(e *Error, scope string) string {
	if e == errNoToken {
		return "Bearer"
	}
	b := append([]byte(`Bearer error="`), e.Code...)
	b = append(b, `", error_description="`...)
	b = appendDescription(b, e.Description)
	b = append(b, '"')
	if e.Code == CodeInsufficientScope {
		b = append(append(append(b, `, scope="`...), scope...), '"')
	}
	return string(b)
}
