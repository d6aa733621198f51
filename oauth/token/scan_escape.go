package token

import "unicode/utf8"

// unescape reads the escape at i, and its length; 0 if it is none. Half a surrogate
// pair is none: it has no meaning, and two names with different ones would look alike.
func unescape[T text](in T, i int) (r rune, n int) {
	if i+1 >= len(in) || in[i] != '\\' {
		return 0, 0
	}
	switch c := in[i+1]; c {
	case '"', '\\', '/':
		return rune(c), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		r, ok := hex4(in, i+2)
		switch {
		case !ok || r >= 0xDC00 && r <= 0xDFFF:
			return 0, 0
		case r < 0xD800 || r > 0xDFFF:
			return r, 6
		}
		if i+7 >= len(in) || in[i+6] != '\\' || in[i+7] != 'u' {
			return 0, 0
		}
		low, ok := hex4(in, i+8)
		if !ok || low < 0xDC00 || low > 0xDFFF {
			return 0, 0
		}
		return (r-0xD800)<<10 + (low - 0xDC00) + 0x10000, 12
	}
	return 0, 0
}

func hex4[T text](in T, i int) (r rune, ok bool) {
	if i+4 > len(in) {
		return 0, false
	}
	for j := i; j < i+4; j++ {
		c := in[j]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// appendUnescaped decodes the inside of a string that skipString has judged.
func appendUnescaped[T text](dst []byte, in T) []byte {
	for i := 0; i < len(in); {
		if in[i] != '\\' {
			dst = append(dst, in[i])
			i++
			continue
		}
		r, n := unescape(in, i)
		if n == 0 { // cannot be, and must not loop
			return dst
		}
		dst = utf8.AppendRune(dst, r)
		i += n
	}
	return dst
}
