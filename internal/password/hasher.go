// Package password verifies and makes slow hashes: of passwords that people
// choose, and of client secrets that were hashed elsewhere.
//
// A [Hasher] makes argon2id records in the PHC string format (RFC 9106 for the
// function) and verifies those and bcrypt's. Hashing is meant to be expensive, so
// it is also the cheapest way to bring a server down: a Hasher runs a bounded
// number at once, lets a bounded number wait, and answers [ErrBusy] to the rest.
// What a record may ask for in memory and time is bounded too.
package password

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
)

// MaxLength is the longest input, in bytes, that is ever hashed.
const MaxLength = 1024

var (
	// ErrBusy says that too many hashes are being computed; nothing was judged.
	ErrBusy = errors.New("password: too many hashes at once")

	// ErrTooLong says that an input has more than [MaxLength] bytes.
	ErrTooLong = errors.New("password: longer than 1024 bytes")

	// ErrFormat says that a record is none that can be verified here, or asks for
	// more memory or time than is admitted. It does not repeat the record.
	ErrFormat = errors.New("password: not an argon2id or bcrypt record within the limits")
)

// Config says how a [Hasher] hashes.
type Config struct {
	Params Params // of new records; the zero value means [DefaultParams]

	// Parallel is how many hashes with these parameters run at once; 0 is the
	// number of processors. A record that needs more memory than they do takes
	// the place of several, so Parallel bounds memory as well.
	Parallel int

	// Queue is how many more may wait; 0 is 16 for each of Parallel, and a
	// negative number is none.
	Queue int
}

// Hasher verifies and makes slow hashes. It is safe for concurrent use.
type Hasher struct {
	params Params
	gate   gate
	nobody record // what is verified for those who have no record

	hashes, filled atomic.Uint64
}

// New checks the configuration.
func New(c Config) (*Hasher, error) {
	if c.Params == (Params{}) {
		c.Params = DefaultParams()
	}
	if err := c.Params.check(); err != nil {
		return nil, err
	}
	if c.Parallel < 0 {
		return nil, fieldError("Parallel", "is negative")
	}
	return newHasher(c), nil
}

// NewHasher returns a Hasher with [DefaultParams] that runs parallel hashes at
// once; 0 or less is the number of processors.
func NewHasher(parallel int) *Hasher {
	return newHasher(Config{Params: DefaultParams(), Parallel: max(parallel, 0)})
}

// newHasher fills in what is 0.
func newHasher(c Config) *Hasher {
	if c.Parallel == 0 {
		c.Parallel = runtime.GOMAXPROCS(0)
	}
	if c.Queue == 0 {
		c.Queue = 16 * c.Parallel
	}
	h := &Hasher{params: c.Params, gate: gate{size: c.Parallel, free: c.Parallel, queue: max(c.Queue, 0)}}
	h.nobody = argon2idRecord(c.Params, newSalt(), make([]byte, keyLength))
	return h
}

// Hash makes an argon2id record of the plaintext under a new salt.
func (h *Hasher) Hash(ctx context.Context, plaintext string) (string, error) {
	if len(plaintext) > MaxLength {
		return "", ErrTooLong
	}
	r := argon2idRecord(h.params, newSalt(), nil)
	if err := h.gate.enter(ctx, 1); err != nil {
		return "", err
	}
	defer h.gate.leave(1)
	h.count(&r)
	r.key = r.derive(plaintext, keyLength)
	return r.encode(), nil
}

// Verify reports whether plaintext is what the record was made of, and whether
// the record should be replaced because it is bcrypt or weaker than the Hasher's
// own. After an error nothing was judged: [ErrFormat], [ErrBusy], or the
// context's. An input longer than [MaxLength] is wrong, without any hashing.
func (h *Hasher) Verify(ctx context.Context, hash, plaintext string) (ok, rehash bool, err error) {
	if len(plaintext) > MaxLength {
		return false, false, nil
	}
	if hash == "" {
		return false, false, ErrFormat
	}
	slot, err := h.Enter(ctx, hash)
	if err != nil {
		return false, false, err
	}
	defer slot.Leave()
	ok, rehash = slot.Verify(plaintext)
	return ok, rehash, nil
}

// Computed returns how many records were hashed or verified so far, and how many
// KiB argon2id filled for them: what the Hasher has cost.
func (h *Hasher) Computed() (hashes, filled uint64) { return h.hashes.Load(), h.filled.Load() }

func (h *Hasher) count(r *record) {
	h.hashes.Add(1)
	h.filled.Add(r.params.work())
}

// Check returns [ErrFormat] if no Hasher could verify the record.
func Check(hash string) error {
	_, err := parse(hash)
	return err
}

// Slot is a place among the hashes that run at once, for one record. A caller who
// has to do something between getting the place and judging, such as counting
// the attempt, takes a Slot; others call [Hasher.Verify].
type Slot struct {
	hasher *Hasher
	record record
	real   bool
	weight int
}

// Enter waits for a place to verify the record. The empty hash is the record of
// nobody: it costs as much as one of the Hasher's own, and nothing matches it.
func (h *Hasher) Enter(ctx context.Context, hash string) (*Slot, error) {
	s := &Slot{hasher: h, record: h.nobody}
	if hash != "" {
		r, err := parse(hash)
		if err != nil {
			return nil, err
		}
		s.record, s.real = r, true
	}
	s.weight = h.weight(s.record)
	if err := h.gate.enter(ctx, s.weight); err != nil {
		return nil, err
	}
	return s, nil
}

// Verify is [Hasher.Verify] within the place. It is not bounded by any context:
// a hash once begun cannot be stopped.
func (s *Slot) Verify(plaintext string) (ok, rehash bool) {
	if len(plaintext) > MaxLength {
		return false, false
	}
	s.hasher.count(&s.record)
	ok = s.record.matches(plaintext) && s.real
	return ok, s.real && s.record.weakerThan(s.hasher.params)
}

// Leave gives the place back. It must be called once.
func (s *Slot) Leave() { s.hasher.gate.leave(s.weight) }

// weight is how many places a record takes, by its memory.
func (h *Hasher) weight(r record) int {
	if r.bcrypt != "" {
		return 1
	}
	places := (uint64(r.params.Memory) + uint64(h.params.Memory) - 1) / uint64(h.params.Memory)
	return int(min(max(places, 1), uint64(h.gate.size)))
}

func newSalt() []byte {
	salt := make([]byte, saltLength)
	rand.Read(salt) // never fails, by its contract
	return salt
}

// fieldError names the wrong field of a configuration.
func fieldError(field, format string, args ...any) error {
	return fmt.Errorf(field+": "+format, args...)
}
