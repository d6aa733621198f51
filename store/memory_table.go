package store

import "hash/maphash"

// pool is an array of T that grows without moving what is in it, and gives free
// places out again. Place 0 is nobody's: it stands for none.
type pool[T any] struct {
	chunks [][]T
	n      uint32   // places that were ever given out
	spare  []uint32 // places that were given back
}

const chunkBits = 8 // 256 places a chunk

func (p *pool[T]) at(i uint32) *T { return &p.chunks[i>>chunkBits][i&(1<<chunkBits-1)] }

// last is the last place that was ever given out.
func (p *pool[T]) last() uint32 { return p.n }

func (p *pool[T]) take() uint32 {
	if n := len(p.spare); n > 0 {
		i := p.spare[n-1]
		p.spare = p.spare[:n-1]
		return i
	}
	p.n++
	if int(p.n>>chunkBits) >= len(p.chunks) {
		p.chunks = append(p.chunks, make([]T, 1<<chunkBits))
	}
	return p.n
}

func (p *pool[T]) give(i uint32) {
	var zero T
	*p.at(i) = zero
	p.spare = append(p.spare, i)
}

// table finds places of a pool by key: open addressing with linear probing over
// place numbers, four bytes an entry where a map would keep the key again. Eight
// bits of the hash stand before each number, so that a look-up seldom touches the
// place of another key: what it costs among a million are misses of the cache.
type table[T interface{ slot | tagSlot }] struct {
	pool[T]
	seed    maphash.Seed
	buckets []uint32
	used    int
}

const (
	placeBits = 24
	placeMask = 1<<placeBits - 1
)

func newSeed() maphash.Seed { return maphash.MakeSeed() }

// hash is keyed, because some keys are made of what strangers send.
func (t *table[T]) hash(key *Key) uint64 { return maphash.Comparable(t.seed, *key) }

// mark is the part of a hash that stands in a bucket: bits that choose neither
// the shard nor, in a table of reasonable size, the bucket.
func mark(h uint64) uint32 { return uint32(h>>48) << placeBits }

func (t *table[T]) key(i uint32) *Key {
	switch v := any(t.at(i)).(type) {
	case *slot:
		return &v.key
	case *tagSlot:
		return &v.key
	}
	return nil
}

// find returns the place of a key, or 0.
func (t *table[T]) find(key *Key, h uint64) uint32 {
	if len(t.buckets) == 0 {
		return 0
	}
	mask, m := uint64(len(t.buckets)-1), mark(h)
	for b := h & mask; ; b = (b + 1) & mask {
		e := t.buckets[b]
		if e == 0 {
			return 0
		}
		if i := e & placeMask; e&^placeMask == m && *t.key(i) == *key {
			return i
		}
	}
}

// full reports whether no more places can be numbered.
func (t *table[T]) full() bool { return len(t.spare) == 0 && t.n == placeMask }

// insert makes a place for a key that is not there.
func (t *table[T]) insert(key *Key, h uint64) uint32 {
	if 4*(t.used+1) > 3*len(t.buckets) {
		t.grow()
	}
	i := t.take()
	*t.key(i) = *key
	t.link(i, h)
	t.used++
	return i
}

func (t *table[T]) link(i uint32, h uint64) {
	mask := uint64(len(t.buckets) - 1)
	b := h & mask
	for t.buckets[b] != 0 {
		b = (b + 1) & mask
	}
	t.buckets[b] = mark(h) | i
}

func (t *table[T]) grow() {
	old := t.buckets
	t.buckets = make([]uint32, max(16, 2*len(old)))
	for _, e := range old {
		if i := e & placeMask; i != 0 {
			t.link(i, t.hash(t.key(i)))
		}
	}
}

// remove frees a place. What follows it in its run moves up, so that no gap hides
// a key.
func (t *table[T]) remove(i uint32, h uint64) {
	mask := uint64(len(t.buckets) - 1)
	b := h & mask
	for t.buckets[b]&placeMask != i {
		b = (b + 1) & mask
	}
	for gap := b; ; {
		b = (b + 1) & mask
		e := t.buckets[b]
		if e == 0 {
			t.buckets[gap] = 0
			break
		}
		home := t.hash(t.key(e&placeMask)) & mask
		if (b-home)&mask >= (b-gap)&mask { // it may stand in the gap
			t.buckets[gap] = e
			gap = b
		}
	}
	t.give(i)
	t.used--
}
