package oauth

import (
	"strings"
	"unicode/utf8"
)

// maxParams bounds how many parameters a request may carry. The longest request
// of any specification has about thirty.
const maxParams = 64

// form holds the parameters of one request. It is read by hand and not by
// net/url because that is the largest avoidable cost of a token endpoint, and
// because net/url keeps repeated parameters and takes what it should refuse.
type form struct {
	pairs [maxParams]param
	spans [maxParams]span // scratch of parse
	n     int

	repeated bool // parse has met a parameter twice
}

// span is where a parameter stands in the decoded body.
type span struct{ start, eq, end int }

type param struct{ name, value string }

var (
	errMalformedForm = NewError(CodeInvalidRequest, ReasonMalformedForm, "The body is not a well-formed form")
	errTooManyParams = NewError(CodeInvalidRequest, ReasonTooMany, "The request has too many parameters")
	errRepeated      = NewError(CodeInvalidRequest, ReasonRepeated, "A parameter is repeated")
)

// parse reads an application/x-www-form-urlencoded body. It decodes in place,
// so body is spent; the values are substrings of one string.
//
// A parameter without a value counts as omitted, and a repeated one is refused
// (RFC 6749 section 3.2), except resource and audience (RFC 8707 section 2, RFC
// 8693 section 2.1). Control characters other than tab, and bytes that are not
// UTF-8, are refused (RFC 6749 appendix A).
//
// Where a repeated parameter is all that is wrong, the form can be read all the same:
// the authorization endpoint finds in it whom to tell.
func (f *form) parse(body []byte) error {
	spans := &f.spans
	n, w, ascii := 0, 0, true
	for r := 0; r < len(body); {
		s := span{start: w, eq: -1}
		for r < len(body) && body[r] != '&' {
			c := body[r]
			if ordinary[c] {
				body[w] = c
				w++
				r++
				continue
			}
			switch {
			case c == ';':
				return errMalformedForm // once a separator: two readers would disagree
			case c == '=' && s.eq < 0:
				s.eq = w
				r++
				continue
			case c == '+':
				c = ' '
			case c == '%':
				if r+2 >= len(body) {
					return errMalformedForm
				}
				hi, lo := unhex(body[r+1]), unhex(body[r+2])
				if hi > 15 || lo > 15 {
					return errMalformedForm
				}
				c = hi<<4 | lo
				r += 2
			}
			if c < ' ' && c != '\t' || c == 0x7f {
				return errMalformedForm
			}
			ascii = ascii && c < utf8.RuneSelf
			body[w] = c
			w++
			r++
		}
		r++ // the '&'
		s.end = w
		if s.eq < 0 || s.eq == w {
			w = s.start // no value: omitted
			continue
		}
		if n == maxParams {
			return errTooManyParams
		}
		spans[n] = s
		n++
	}
	all := string(body[:w])
	for i, s := range spans[:n] {
		p := param{all[s.start:s.eq], all[s.eq:s.end]}
		if !ascii && !(utf8.ValidString(p.name) && utf8.ValidString(p.value)) {
			return errMalformedForm
		}
		if p.name != "resource" && p.name != "audience" && f.has(p.name, i) {
			f.repeated = true
		}
		f.pairs[i] = p
		f.n = i + 1
	}
	if f.repeated {
		return errRepeated
	}
	return nil
}

// ordinary are the bytes that stand for themselves.
var ordinary = func() (t [256]bool) {
	for c := ' '; c < 0x7f; c++ {
		t[c] = c != '&' && c != '=' && c != '+' && c != '%' && c != ';'
	}
	return t
}()

func (f *form) has(name string, n int) bool {
	for i := range f.pairs[:n] {
		if f.pairs[i].name == name {
			return true
		}
	}
	return false
}

// value returns the parameter, or "" if it was omitted.
func (f *form) value(name string) string {
	for i := range f.pairs[:f.n] {
		if f.pairs[i].name == name {
			return f.pairs[i].value
		}
	}
	return ""
}

// repeats reports whether one of the parameters stands twice.
func (f *form) repeats(names ...string) bool {
	for i := range f.pairs[:f.n] {
		if f.has(f.pairs[i].name, i) && contains(names, f.pairs[i].name) {
			return true
		}
	}
	return false
}

// appendValues appends every value of a parameter that may repeat.
func (f *form) appendValues(dst []string, name string) []string {
	for i := range f.pairs[:f.n] {
		if f.pairs[i].name == name {
			dst = append(dst, f.pairs[i].value)
		}
	}
	return dst
}

// reset drops the strings, so that a pooled form keeps no secret alive.
func (f *form) reset() {
	clear(f.pairs[:f.n])
	f.n, f.repeated = 0, false
}

// unhex returns the value of a hexadecimal digit, or 255.
func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// fields yields the space-separated words of s (RFC 6749 section 3.3) into dst.
func fields(dst []string, s string) []string {
	for s != "" {
		word, rest, _ := strings.Cut(s, " ")
		if word != "" {
			dst = append(dst, word)
		}
		s = rest
	}
	return dst
}
