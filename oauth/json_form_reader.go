package oauth

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Bounds of what is skipped.
const (
	maxJSONDepth   = 16
	maxJSONMembers = 256 // of one object
)

// jsonReader reads JSON from the left to the right, and refuses whatever it does not
// expect. Package encoding/json keeps the last of two members with one name, and
// takes what is not text for text.
type jsonReader struct {
	b []byte // valid UTF-8
	i int
}

// blank steps over white space.
func (r *jsonReader) blank() {
	for r.i < len(r.b) {
		switch r.b[r.i] {
		case ' ', '\t', '\n', '\r':
			r.i++
		default:
			return
		}
	}
}

// peek is the next byte that is no white space; 0 is the end.
func (r *jsonReader) peek() byte {
	if r.blank(); r.i < len(r.b) {
		return r.b[r.i]
	}
	return 0
}

// take reads one of the bytes, and returns 0 if there is another.
func (r *jsonReader) take(bytes string) byte {
	if c := r.peek(); c != 0 && strings.IndexByte(bytes, c) >= 0 {
		r.i++
		return c
	}
	return 0
}

// members reads an object: value reads what belongs to a name.
func (r *jsonReader) members(value func(name string) error) error {
	var seen []string
	return r.sequence("{", "}", func() error {
		name, err := r.text()
		switch {
		case err != nil:
			return err
		case contains(seen, name):
			return errRepeated
		case len(seen) == maxJSONMembers:
			return errTooManyParams
		case r.take(":") == 0:
			return errMalformedJSON
		}
		seen = append(seen, name)
		return value(name)
	})
}

// elements reads a list.
func (r *jsonReader) elements(value func() error) error { return r.sequence("[", "]", value) }

func (r *jsonReader) sequence(begin, end string, item func() error) error {
	if r.take(begin) == 0 {
		return errMalformedJSON
	}
	if r.take(end) != 0 {
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		switch r.take("," + end) {
		case ',':
		case end[0]:
			return nil
		default:
			return errMalformedJSON
		}
	}
}

// text reads a string.
func (r *jsonReader) text() (string, error) {
	if r.take(`"`) == 0 {
		return "", errMalformedJSON
	}
	start := r.i
	for r.i < len(r.b) && r.b[r.i] != '"' && r.b[r.i] != '\\' && r.b[r.i] >= ' ' {
		r.i++
	}
	out := append([]byte(nil), r.b[start:r.i]...)
	for r.i < len(r.b) {
		c := r.b[r.i]
		r.i++
		switch {
		case c == '"':
			return string(out), nil
		case c < ' ':
			return "", errMalformedJSON
		case c != '\\':
			out = append(out, c)
			continue
		}
		char, ok := r.escape()
		if !ok {
			return "", errMalformedJSON
		}
		out = utf8.AppendRune(out, char)
	}
	return "", errMalformedJSON
}

// escape reads what follows a backslash.
func (r *jsonReader) escape() (rune, bool) {
	if r.i == len(r.b) {
		return 0, false
	}
	c := r.b[r.i]
	r.i++
	switch c {
	case '"', '\\', '/':
		return rune(c), true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'u':
	default:
		return 0, false
	}
	char, ok := r.hex()
	if !ok || !utf16.IsSurrogate(char) {
		return char, ok
	}
	if r.i+1 >= len(r.b) || r.b[r.i] != '\\' || r.b[r.i+1] != 'u' {
		return 0, false
	}
	r.i += 2
	low, ok := r.hex()
	char = utf16.DecodeRune(char, low)
	return char, ok && char != utf8.RuneError
}

// hex reads four hexadecimal digits.
func (r *jsonReader) hex() (char rune, ok bool) {
	if r.i+4 > len(r.b) {
		return 0, false
	}
	for _, c := range r.b[r.i : r.i+4] {
		digit := unhex(c)
		if digit > 15 {
			return 0, false
		}
		char = char<<4 | rune(digit)
	}
	r.i += 4
	return char, true
}

// word reads a literal name.
func (r *jsonReader) word(s string) error {
	r.blank()
	if !strings.HasPrefix(string(r.b[r.i:min(len(r.b), r.i+len(s))]), s) {
		return errMalformedJSON
	}
	r.i += len(s)
	return nil
}

// skip reads any value of at most so many levels.
func (r *jsonReader) skip(levels int) error {
	if levels == 0 {
		return errMalformedJSON
	}
	switch c := r.peek(); {
	case c == '{':
		return r.members(func(string) error { return r.skip(levels - 1) })
	case c == '[':
		return r.elements(func() error { return r.skip(levels - 1) })
	case c == '"':
		_, err := r.text()
		return err
	case c == 't':
		return r.word("true")
	case c == 'f':
		return r.word("false")
	case c == 'n':
		return r.word("null")
	}
	return r.number()
}

// number reads a number (RFC 8259 section 6).
func (r *jsonReader) number() error {
	digits := func() bool {
		start := r.i
		for r.i < len(r.b) && r.b[r.i] >= '0' && r.b[r.i] <= '9' {
			r.i++
		}
		return r.i > start
	}
	next := func(set string) bool {
		if r.i < len(r.b) && strings.IndexByte(set, r.b[r.i]) >= 0 {
			r.i++
			return true
		}
		return false
	}
	next("-")
	if !next("0") && !digits() {
		return errMalformedJSON
	}
	if next(".") && !digits() {
		return errMalformedJSON
	}
	if next("eE") {
		next("+-")
		if !digits() {
			return errMalformedJSON
		}
	}
	return nil
}
