package token

import (
	"iter"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Scanner reads the members of a JSON object one by one, strictly and without
// allocating: names and strings are parts of the input unless they have an escape.
// It refuses two members of one name (also further in, and also if one of the names
// is written with escapes), what is not UTF-8, half a surrogate pair, what is nested
// deeper than 32 levels, and anything that is not exactly one object.
//
//	var sc token.Scanner
//	for sc.Scan(in); sc.Next(); {
//		switch sc.Name {
//		case "id":
//			id = sc.String()
//		}
//	}
//	if err := sc.Err(); err != nil {
//
// The input is judged as far as it is read, so nothing counts before Err is nil.
// The zero Scanner is ready to Scan, and may Scan again.
type Scanner struct {
	Name string // of the member, decoded
	Raw  string // its value as it is written, without the space around it

	in    string
	pos   int
	state scanState
	err   error
	names nameSet[string]
}

type scanState uint8

const (
	scanDone scanState = iota // also before Scan
	scanStart
	scanMember
)

// Scan begins with the object in the input.
func (s *Scanner) Scan(in string) {
	s.Name, s.Raw, s.in, s.pos, s.state, s.err = "", "", in, 0, scanStart, nil
	s.names.reset()
	if !utf8.ValidString(in) {
		s.fail(errUTF8)
	}
}

// Next goes to the next member. It returns false at the end and at the first error,
// also one of the methods that read a value.
func (s *Scanner) Next() bool {
	in, i := s.in, s.pos
	switch {
	case s.state == scanMember && i < len(in) && in[i] == ',': // there is no space before it
		i++
	case s.state == scanDone:
		return false
	default:
		var more bool
		if i, more = s.separator(skipSpace(in, i)); !more {
			return false
		}
	}
	name, from, to, err := member(in, skipSpace(in, i), 1)
	if err != nil {
		return s.fail(err)
	}
	if !s.names.add(name) {
		return s.fail(errDuplicate)
	}
	s.Name, s.Raw, s.pos = name, in[from:to], to
	return true
}

// separator passes what is before a member: the opening brace or a comma. It is false
// at the end.
func (s *Scanner) separator(i int) (after int, more bool) {
	first := s.state == scanStart
	s.state = scanMember
	switch {
	case i == len(s.in):
		return i, s.fail(errSyntax)
	case first && s.in[i] != '{':
		return i, s.fail(errKind)
	case first:
		if after = skipSpace(s.in, i+1); after < len(s.in) && s.in[after] == '}' {
			return i, s.end(after)
		}
		return after, true
	case s.in[i] == '}':
		return i, s.end(i)
	case s.in[i] != ',':
		return i, s.fail(errSyntax)
	}
	return i + 1, true
}

// end is at the closing brace.
func (s *Scanner) end(i int) bool {
	if skipSpace(s.in, i+1) != len(s.in) {
		return s.fail(errSyntax)
	}
	return s.fail(nil)
}

func (s *Scanner) fail(err error) bool {
	s.Name, s.Raw, s.state = "", "", scanDone
	if s.err == nil {
		s.err = err
	}
	return false
}

// Err returns the first error, which matches [ErrJSON], or nil.
func (s *Scanner) Err() error { return s.err }

// String returns the value, which must be a string.
func (s *Scanner) String() string {
	if len(s.Raw) < 2 || s.Raw[0] != '"' {
		s.fail(errKind)
		return ""
	}
	v := s.Raw[1 : len(s.Raw)-1]
	if strings.IndexByte(v, '\\') >= 0 {
		v = string(appendUnescaped(make([]byte, 0, len(v)), v))
	}
	return v
}

// Int returns the value, which must be a whole number of 64 bits without fraction
// or exponent.
func (s *Scanner) Int() int64 {
	if len(s.Raw) <= 18 { // cannot overflow
		n, i := int64(0), 0
		for ; i < len(s.Raw) && s.Raw[i]-'0' <= 9; i++ {
			n = n*10 + int64(s.Raw[i]-'0')
		}
		if i == len(s.Raw) && i > 0 {
			return n
		}
	}
	n, err := strconv.ParseInt(s.Raw, 10, 64)
	if err != nil {
		s.fail(errKind)
		return 0
	}
	return n
}

// Bool returns the value, which must be true or false.
func (s *Scanner) Bool() bool {
	if s.Raw != "true" && s.Raw != "false" {
		s.fail(errKind)
	}
	return s.Raw == "true"
}

// Strings appends the elements of the value, which must be an array of strings.
func (s *Scanner) Strings(dst []string) []string {
	raw, n := s.Raw, len(dst)
	if raw == "" || raw[0] != '[' {
		s.fail(errKind)
		return dst
	}
	for i := skipSpace(raw, 1); i < len(raw) && raw[i] != ']'; {
		if raw[i] != '"' {
			s.fail(errKind)
			return dst[:n]
		}
		end, plain := skipString(raw, i+1)
		if end < 0 {
			s.fail(errSyntax)
			return dst[:n]
		}
		v := raw[i+1 : end-1]
		if !plain {
			v = string(appendUnescaped(nil, v))
		}
		dst = append(dst, v)
		if i = skipSpace(raw, end); i < len(raw) && raw[i] == ',' {
			i = skipSpace(raw, i+1)
		}
	}
	return dst
}

// Elements iterates over the elements of the value, which must be an array, as they
// are written.
func (s *Scanner) Elements() iter.Seq[string] {
	return func(yield func(string) bool) {
		raw := s.Raw
		if raw == "" || raw[0] != '[' {
			s.fail(errKind)
			return
		}
		for i := skipSpace(raw, 1); i < len(raw) && raw[i] != ']'; {
			end := judgedEnd(raw, i)
			if end < 0 {
				s.fail(errSyntax)
				return
			}
			if !yield(raw[i:end]) {
				return
			}
			if i = skipSpace(raw, end); i < len(raw) && raw[i] == ',' {
				i = skipSpace(raw, i+1)
			}
		}
	}
}

// judgedEnd finds the end of a value inside one that Next has judged.
func judgedEnd(in string, i int) int {
	for depth := 0; i < len(in); i++ {
		switch in[i] {
		case '"':
			if i, _ = skipString(in, i+1); i < 0 {
				return -1
			}
			i--
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
		case ',', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return i
			}
		}
	}
	return -1
}
