package token

import "strconv"

// maxTime is the end of the year 9999. What is later is milliseconds.
const maxTime = 253402300799

// claimWriter writes the members of a payload, and keeps the first error.
type claimWriter struct {
	b   []byte
	err error
}

func (w *claimWriter) fail(claim, reason string) {
	if w.err == nil {
		w.err = &ClaimError{claim, reason}
	}
}

func (w *claimWriter) name(claim string) {
	if len(w.b) > 1 {
		w.b = append(w.b, ',')
	}
	w.b = append(append(append(w.b, '"'), claim...), '"', ':')
}

// string refuses what is not UTF-8: replacing it could make two people one.
func (w *claimWriter) string(claim, value string) {
	var ok bool
	if w.b, ok = appendString(w.b, value); !ok {
		w.fail(claim, "not UTF-8")
	}
}

func (w *claimWriter) required(claim, value string) {
	if value == "" {
		w.fail(claim, "missing")
		return
	}
	w.optional(claim, value)
}

func (w *claimWriter) optional(claim, value string) {
	if value != "" {
		w.name(claim)
		w.string(claim, value)
	}
}

func (w *claimWriter) list(claim string, values []string) {
	if len(values) == 0 {
		return
	}
	w.name(claim)
	w.b = append(w.b, '[')
	for i, v := range values {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		if v == "" {
			w.fail(claim, "an empty element")
		}
		w.string(claim, v)
	}
	w.b = append(w.b, ']')
}

func (w *claimWriter) audience(values []string) {
	switch len(values) {
	case 0:
		w.fail("aud", "missing")
	case 1:
		w.required("aud", values[0])
	default:
		w.list("aud", values)
	}
}

func (w *claimWriter) times(issued, expires, auth int64) {
	if issued <= 0 || issued > maxTime {
		w.fail("iat", "not a time in Unix seconds")
	}
	if expires <= issued || expires > maxTime {
		w.fail("exp", "not a time after iat in Unix seconds")
	}
	if auth < 0 || auth > maxTime {
		w.fail("auth_time", "not a time in Unix seconds")
	}
	w.name("exp")
	w.b = strconv.AppendInt(w.b, expires, 10)
	w.name("iat")
	w.b = strconv.AppendInt(w.b, issued, 10)
	if auth != 0 {
		w.name("auth_time")
		w.b = strconv.AppendInt(w.b, auth, 10)
	}
}

// scope refuses what is not a scope-token (RFC 6749 section 3.3): one with a space
// in it would be two.
func (w *claimWriter) scope(scopes []string) {
	if len(scopes) == 0 {
		return
	}
	w.name("scope")
	w.b = append(w.b, '"')
	for i, s := range scopes {
		if i > 0 {
			w.b = append(w.b, ' ')
		}
		if !validScope(s) {
			w.fail("scope", "not a scope")
		}
		n := len(w.b)
		w.b = AppendString(w.b, s)
		w.b = append(w.b[:n], w.b[n+1:len(w.b)-1]...) // without its quotes
	}
	w.b = append(w.b, '"')
}

func validScope(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return s != ""
}

func (w *claimWriter) confirmation(jkt, x5t string) {
	if jkt == "" && x5t == "" {
		return
	}
	w.name("cnf")
	w.b = append(w.b, '{')
	n := len(w.b)
	if jkt != "" {
		w.b = append(w.b, `"jkt":`...)
		w.string("cnf", jkt)
	}
	if x5t != "" {
		if len(w.b) > n {
			w.b = append(w.b, ',')
		}
		w.b = append(w.b, `"x5t#S256":`...)
		w.string("cnf", x5t)
	}
	w.b = append(w.b, '}')
}

func (w *claimWriter) object(claim string, value []byte) {
	if value == nil {
		return
	}
	if err := checkObject(value); err != nil {
		w.fail(claim, err.Error())
	}
	w.name(claim)
	w.b = append(w.b, value...)
}

// extra writes the host's own members. The function gets memory of its own: it could
// otherwise change what is written already.
func (w *claimWriter) extra(s *scratch, members []byte, more func([]byte) ([]byte, error)) {
	if w.err != nil {
		return
	}
	s.extra = append(s.extra[:0], members...)
	if more != nil {
		n := len(s.extra)
		if n > 0 {
			s.extra = append(s.extra, ',')
		}
		comma := len(s.extra)
		added, err := more(s.extra[comma:comma])
		if err != nil {
			w.err = err
			return
		}
		if s.extra = append(s.extra, added...); len(added) == 0 {
			s.extra = s.extra[:n]
		}
	}
	if len(s.extra) == 0 {
		return
	}
	if w.err = checkMembers(s.extra); w.err == nil {
		w.b = append(append(w.b, ','), s.extra...)
	}
}
