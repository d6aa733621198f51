package oauth

import (
	"crypto/rand"
	"crypto/sha256"
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// limiter slows down failed attempts, by client and network, in bounded memory.
// It counts in this process only: what it protects is the processor and secrets
// too short to be called random; a generated secret cannot be guessed at any pace.
type limiter struct {
	mu    sync.Mutex
	seed  maphash.Seed
	slots []limiterSlot
	burst int
	each  time.Duration // one attempt comes back after this long
}

// limiterSlot is a bucket that leaks: full is the time at which it is empty again.
type limiterSlot struct {
	id   uint64
	full int64 // Unix nanoseconds
}

func newLimiter(burst int, each time.Duration) *limiter {
	return &limiter{seed: maphash.MakeSeed(), slots: make([]limiterSlot, 4096), burst: burst, each: each}
}

// allows reports whether another attempt may fail.
func (l *limiter) allows(client string, addr netip.Addr, now time.Time) bool {
	id := l.id(client, addr)
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &l.slots[id%uint64(len(l.slots))]
	ahead := time.Duration(s.full - now.UnixNano())
	return s.id != id || ahead <= l.each*time.Duration(l.burst-1)
}

// failed counts a failure. Two that fall into one slot take it from each other
// and the wait stays with it: memory is bounded, and nobody can aim for a slot
// because the seed is this process's own.
func (l *limiter) failed(client string, addr netip.Addr, now time.Time) {
	id := l.id(client, addr)
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &l.slots[id%uint64(len(l.slots))]
	s.id = id
	s.full = max(s.full, now.UnixNano()) + int64(l.each)
}

// id hashes the client with its network: a person who has an IPv6 address has
// 2^64 of them.
func (l *limiter) id(client string, addr netip.Addr) uint64 {
	addr = addr.Unmap()
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			addr = p.Addr()
		}
	}
	b := addr.As16()
	var h maphash.Hash
	h.SetSeed(l.seed)
	h.Write(b[:])
	h.WriteString(client)
	return h.Sum64()
}

// verifiedSecrets remembers which secrets were found right lately, so that a
// slow hash costs its time once and not at every request. It holds keyed digests
// over the stored hash too, so that a changed hash is a miss.
type verifiedSecrets struct {
	mu   sync.Mutex
	key  [32]byte
	seen map[[sha256.Size]byte]struct{}
}

const maxVerifiedSecrets = 1024

func newVerifiedSecrets() *verifiedSecrets {
	v := &verifiedSecrets{seen: make(map[[sha256.Size]byte]struct{})}
	rand.Read(v.key[:])
	return v
}

func (v *verifiedSecrets) has(hash, secret string) bool {
	d := v.digest(hash, secret)
	v.mu.Lock()
	defer v.mu.Unlock()
	_, ok := v.seen[d]
	return ok
}

func (v *verifiedSecrets) add(hash, secret string) {
	d := v.digest(hash, secret)
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.seen) >= maxVerifiedSecrets {
		for old := range v.seen { // any: the map's order is random
			delete(v.seen, old)
			break
		}
	}
	v.seen[d] = struct{}{}
}

func (v *verifiedSecrets) digest(hash, secret string) [sha256.Size]byte {
	h := sha256.New()
	h.Write(v.key[:])
	h.Write([]byte(hash)) // a hash has no NUL, so that the two cannot run together
	h.Write([]byte{0})
	h.Write([]byte(secret))
	var d [sha256.Size]byte
	h.Sum(d[:0])
	return d
}
