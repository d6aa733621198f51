package token

import "encoding/binary"

// Bits is a set of small numbers: indexes into a list. It takes no memory of its own,
// and a copy is a copy.
type Bits struct{ words [maxBits / 64]uint64 }

// maxBits bounds the indexes; a list of scopes is never that long.
const maxBits = 1 << 10

// Set adds i. Numbers that are negative or over 1023 are left out.
func (b *Bits) Set(i int) {
	if i >= 0 && i < maxBits {
		b.words[i/64] |= 1 << (i % 64)
	}
}

// Has reports whether i is in the set.
func (b *Bits) Has(i int) bool {
	return i >= 0 && i < maxBits && b.words[i/64]>>(i%64)&1 != 0
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
	n := len(b.words)
	for n > 0 && b.words[n-1] == 0 {
		n--
	}
	dst = append(dst, byte(n))
	for _, w := range b.words[:n] {
		dst = binary.AppendUvarint(dst, w)
	}
	return dst
}

// bits reads what append has written.
func (r *reader) bits() (b Bits) {
	n := int(r.byte())
	if n > len(b.words) {
		r.bad = true
		return b
	}
	for i := range n {
		b.words[i] = r.uvarint(1<<64 - 1)
	}
	r.bad = r.bad || n > 0 && b.words[n-1] == 0
	return b
}
