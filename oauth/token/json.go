package token

import "unicode/utf8"

// AppendString appends s as a JSON string with its quotes. What is not UTF-8 becomes
// U+FFFD, and besides what RFC 8259 section 7 asks for, <, >, & and U+2028 and U+2029
// are escaped, so that the result can stand in a page or a script.
func AppendString(dst []byte, s string) []byte {
	dst, _ = appendString(dst, s)
	return dst
}

// appendString also reports whether s was UTF-8.
func appendString(dst []byte, s string) ([]byte, bool) {
	const hex = "0123456789abcdef"
	valid, start := true, 0
	dst = append(dst, '"')
	for i := 0; ; {
		if i = safeEnd(s, i); i == len(s) {
			break
		}
		if c := s[i]; c < utf8.RuneSelf {
			dst = append(dst, s[start:i]...)
			if short := shortEscape[c]; short != 0 {
				dst = append(dst, '\\', short)
			} else {
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			i++
			start = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			valid = false
			dst = append(dst, s[start:i]...)
			dst = append(dst, "\uFFFD"...)
			start = i + n
		case r == '\u2028' || r == '\u2029':
			dst = append(dst, s[start:i]...)
			dst = append(dst, '\\', 'u', '2', '0', '2', hex[r&15])
			start = i + n
		}
		i += n
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"'), valid
}

// escaped are the ASCII characters that do not stand for themselves.
var escaped = func() (e [utf8.RuneSelf]bool) {
	for c := range 0x20 {
		e[c] = true
	}
	for _, c := range `"\<>&` {
		e[c] = true
	}
	return e
}()

// shortEscape has the letter of those escapes that have one.
var shortEscape = [utf8.RuneSelf]byte{
	'"': '"', '\\': '\\', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't',
}
