package token

import "math/bits"

// Strings are looked through eight bytes at a time: a word has a bit set in each byte
// of which something holds. A borrow can set a bit too many, but only above one that is
// set rightly, so the lowest is always right.
const (
	ones = 0x0101010101010101
	tops = 0x8080808080808080
)

// word reads eight bytes.
func word[T text](in T, i int) uint64 {
	b := in[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// equal marks the bytes that are c.
func equal(w uint64, c byte) uint64 {
	w ^= ones * uint64(c)
	return (w - ones) &^ w & tops
}

// control marks the bytes below 0x20.
func control(w uint64) uint64 { return (w - ones*0x20) &^ w & tops }

// safeEnd returns the first place from i on that AppendString does not leave as it is,
// or that is not ASCII, or the end.
func safeEnd(s string, i int) int {
	for len(s)-i >= 8 {
		w := word(s, i)
		m := equal(w, '"') | equal(w, '\\') | control(w) | equal(w, '<') | equal(w, '>') | equal(w, '&') | w&tops
		if m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
		i += 8
	}
	for i < len(s) && s[i] < 0x80 && !escaped[s[i]] {
		i++
	}
	return i
}
