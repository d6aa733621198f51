package token

import "encoding/binary"

// Bits is a set of small numbers: indexes into a list. Up to 64 take no memory of
// their own.
type Bits struct {
	low  uint64
	high []uint64 // from 64 on
}

// maxBits bounds the indexes; a list of scopes is never that long.
const maxBits = 1 << 10

// Set adds i. Numbers that are negative or over 1023 are left out.
func (b *Bits) Set(i int) {
	switch {
	case i < 0 || i >= maxBits:
	case i < 64:
		b.low |= 1 << i
	default:
		w := i/64 - 1
		for len(b.high) <= w {
			b.high = append(b.high, 0)
		}
		b.high[w] |= 1 << (i % 64)
	}
}

// Has reports whether i is in the set.
func (b *Bits) Has(i int) bool {
	if i < 0 || i >= maxBits {
		return false
	}
	if i < 64 {
		return b.low>>i&1 != 0
	}
	w := i/64 - 1
	return w < len(b.high) && b.high[w]>>(i%64)&1 != 0
}

// pick returns the strings at the indexes in the set.
func (b *Bits) pick(all []string, whole bool) []string {
	if whole {
		return all
	}
	var some []string
	for i, s := range all {
		if b.Has(i) {
			some = append(some, s)
		}
	}
	return some
}

// append writes the number of words and the words, the last of which is not 0.
func (b *Bits) append(dst []byte) []byte {
	n := len(b.high)
	for n > 0 && b.high[n-1] == 0 {
		n--
	}
	if n == 0 && b.low == 0 {
		return append(dst, 0)
	}
	dst = append(dst, byte(n+1))
	dst = binary.AppendUvarint(dst, b.low)
	for _, w := range b.high[:n] {
		dst = binary.AppendUvarint(dst, w)
	}
	return dst
}

// bits reads what append has written.
func (r *reader) bits() (b Bits) {
	n := int(r.byte())
	if n == 0 || r.bad {
		return b
	}
	if n > maxBits/64 {
		r.bad = true
		return b
	}
	b.low = r.uvarint(1<<64 - 1)
	last := b.low
	for range n - 1 {
		last = r.uvarint(1<<64 - 1)
		b.high = append(b.high, last)
	}
	r.bad = r.bad || last == 0
	return b
}
