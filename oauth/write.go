package oauth

import (
	"net/http"
	"strconv"
	"time"

	"github.com/mintyard/mintyard/oauth/token"
)

// The header values of every answer, shared so that setting them costs nothing.
// The content type has no parameter: direct-authentication clients compare the
// whole string.
var (
	jsonType = []string{"application/json"}
	noStore  = []string{"no-store"}
	noCache  = []string{"no-cache"}
	nosniff  = []string{"nosniff"}
	closing  = []string{"close"}
	postOnly = []string{http.MethodPost}
	retry    = []string{"1"} // seconds
	basic    = []string{`Basic realm="token", charset="UTF-8"`}
)

// writeJSON writes an answer that nobody may keep (RFC 6749 section 5.1).
func writeJSON(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h["Cache-Control"] = noStore
	h["Pragma"] = noCache
	h["X-Content-Type-Options"] = nosniff
	if len(body) > 0 { // a successful revocation says nothing (RFC 7009 section 2.2)
		h["Content-Type"] = jsonType
	}
	w.WriteHeader(status)
	if len(body) > 0 {
		_, _ = w.Write(body) // the client is gone; there is nobody to tell
	}
}

// writeError writes an error answer (RFC 6749 section 5.2).
func writeError(w http.ResponseWriter, q *request, e *Error) {
	status := e.HTTPStatus()
	h := w.Header()
	switch status {
	case http.StatusMethodNotAllowed:
		h["Allow"] = postOnly
	case http.StatusRequestEntityTooLarge:
		h["Connection"] = closing // the rest of the body is not read
	case http.StatusUnauthorized:
		if e.Code == CodeInvalidClient && q.basicUser != "" {
			h["Www-Authenticate"] = basic // RFC 6749 section 5.2: the scheme the client used
		}
	}
	e.header(h, q.now)
	clear(q.out) // what was minted for an answer that is not given
	q.out = appendError(q.out[:0], e)
	writeJSON(w, status, q.out)
}

// header says when to come again.
func (e *Error) header(h http.Header, now time.Time) {
	switch e.HTTPStatus() {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h["Retry-After"] = retry
	}
	if e.Rate != nil {
		e.Rate.header(h, now)
	}
}

// WriteError answers with an error, as the server's own endpoints do, and tells
// the event stream; for endpoints of a host or of an extension.
func (s *Server) WriteError(w http.ResponseWriter, r *http.Request, err error) {
	q := requests.Get().(*request)
	defer q.release()
	q.now = s.now()
	e := asError(err)
	s.event(r.Context(), Event{Type: refusalType(e), Time: q.now, Addr: s.clientAddr(r), Reason: e.Reason, Err: err})
	writeError(w, q, e)
}

// appendError appends the JSON object of an error. A failure of ours also
// carries errorCode and errorSummary, without which a client of the direct
// grants cannot read it.
func appendError(dst []byte, e *Error) []byte {
	dst = append(dst, `{"error":`...)
	dst = token.AppendString(dst, e.Code)
	if e.Description != "" {
		dst = append(dst, `,"error_description":"`...)
		dst = appendDescription(dst, e.Description)
		dst = append(dst, '"')
	}
	if e.HTTPStatus() >= 500 {
		dst = append(dst, `,"errorCode":"E0000009","errorSummary":"`...)
		dst = appendDescription(dst, e.Description)
		dst = append(dst, '"')
	}
	for _, m := range e.Extra {
		switch m.Name {
		case "error", "error_description", "error_uri":
			continue
		}
		dst = append(dst, ',')
		dst = token.AppendString(dst, m.Name)
		dst = append(dst, ':')
		dst = append(dst, m.Value...)
	}
	return append(dst, '}')
}

// appendDescription keeps to the characters of error_description (RFC 6749
// section 5.2); others become a question mark.
func appendDescription(dst []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			c = '?'
		}
		dst = append(dst, c)
	}
	return dst
}

// StringMember returns a member whose value is text.
func StringMember(name, value string) Member {
	return Member{name, string(token.AppendString(nil, value))}
}

// IntMember returns a member whose value is a number.
func IntMember(name string, value int64) Member {
	return Member{name, strconv.FormatInt(value, 10)}
}

// header names are written in lower case because that is how the clients that
// read them look them up.
func (r *Rate) header(h http.Header, now time.Time) {
	wait := max(1, int64(r.Reset.Sub(now).Round(time.Second)/time.Second))
	h["Retry-After"] = []string{strconv.FormatInt(wait, 10)}
	h["x-rate-limit-limit"] = []string{strconv.Itoa(r.Limit)}
	h["x-rate-limit-remaining"] = []string{"0"}
	h["x-rate-limit-reset"] = []string{strconv.FormatInt(now.Unix()+wait, 10)}
}
