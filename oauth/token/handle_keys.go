package token

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
)

// HandleKey is a secret under which handles are made. Whoever has it and a grant's
// salt can make the handles of that grant.
//
// It does not print, nor do structs and lists that show it in exported fields. Package
// fmt asks no method for a value in an unexported field of another package's struct, nor
// for a verb that is a mistake (%p, or %w, which is for errors): keep keys behind a pointer
// in what might be printed.
type HandleKey struct {
	ID     uint32 // never 0
	Secret [32]byte
}

// Format prints the id and no secret, whatever the verb.
func (k HandleKey) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "handle key %d", k.ID) }

// LogValue is the id and no secret, for every handler.
func (k HandleKey) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(k)) }

// MarshalJSON does not show the secret: whoever keeps keys names what it writes.
func (k HandleKey) MarshalJSON() ([]byte, error) {
	return strconv.AppendUint(nil, uint64(k.ID), 10), nil
}

// MarshalText does for XML and the like what MarshalJSON does.
func (k HandleKey) MarshalText() ([]byte, error) { return k.MarshalJSON() }

// NewHandleKey makes a key with a random id.
func NewHandleKey() HandleKey {
	var k HandleKey
	rand.Read(k.Secret[:])
	for k.ID == 0 {
		var b [4]byte
		rand.Read(b[:])
		k.ID = binary.BigEndian.Uint32(b[:])
	}
	return k
}

// HandleKeys are the keys of a server: the active one makes handles, and the
// retiring ones are good as long as a handle can live that was made under them.
type HandleKeys struct {
	Active   HandleKey
	Retiring []HandleKey
}

// Handles makes and checks the handles of one server. It is safe for concurrent use.
type Handles struct {
	server string
	set    atomic.Pointer[handleSet]
}

// handleSet does not change; a rotation puts another in its place.
type handleSet struct {
	active uint32
	keys   []*handleKey
}

// find is nil for an unknown id, and in a Handles that NewHandles has not made.
func (s *handleSet) find(id uint32) *handleKey {
	if s == nil {
		return nil
	}
	for _, k := range s.keys {
		if k.id == id {
			return k
		}
	}
	return nil
}

// handleKey has a pool of prepared HMACs a kind, each under a key derived for
// server and kind.
type handleKey struct {
	id   uint32
	macs [handleKinds]sync.Pool
}

// NewHandles prepares the keys for the server with the id, which must stay the
// same as long as handles live.
func NewHandles(server string, keys HandleKeys) (*Handles, error) {
	if server == "" || len(server) > 255 {
		return nil, errors.New("token: NewHandles: the server needs an id of at most 255 bytes")
	}
	h := &Handles{server: server}
	if err := h.Replace(keys); err != nil {
		return nil, err
	}
	return h, nil
}

// Replace puts other keys in place of those that are there.
func (h *Handles) Replace(keys HandleKeys) error {
	set := &handleSet{active: keys.Active.ID}
	for _, k := range slices.Concat([]HandleKey{keys.Active}, keys.Retiring) {
		switch {
		case k.ID == 0:
			return errors.New("token: a handle key has no id")
		case k.Secret == [32]byte{}:
			return fmt.Errorf("token: handle key %d has no secret", k.ID)
		case set.find(k.ID) != nil:
			return fmt.Errorf("token: two handle keys have the id %d", k.ID)
		}
		prepared, err := h.prepare(k)
		if err != nil {
			return err
		}
		set.keys = append(set.keys, prepared)
	}
	h.set.Store(set)
	return nil
}

// ActiveKey returns the id of the key under which handles are made now.
func (h *Handles) ActiveKey() uint32 {
	if set := h.set.Load(); set != nil {
		return set.active
	}
	return 0
}

func (h *Handles) prepare(key HandleKey) (*handleKey, error) {
	k := &handleKey{id: key.ID}
	for kind := HandleKind(1); kind < handleKinds; kind++ {
		info := "mintyard handle " + kind.String() + "\x00" + h.server
		secret, err := hkdf.Key(sha256.New, key.Secret[:], nil, info, sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("token: deriving a handle key: %w", err)
		}
		// What a MAC is over begins with what the handle itself does not say.
		head := binary.BigEndian.AppendUint16([]byte{handleVersion, byte(kind)}, uint16(len(h.server)))
		head = append(head, h.server...)
		k.macs[kind].New = func() any { return &macState{mac: hmac.New(sha256.New, secret), head: head} }
	}
	return k, nil
}

// macState computes the MACs of one key and kind, and has memory for a handle.
type macState struct {
	mac  hash.Hash
	head []byte
	out  [sha256.Size]byte
	salt [16]byte // a copy, so that the caller's stays on its stack
	buf  []byte
}

func (m *macState) free(pool *sync.Pool) {
	clear(m.buf)
	clear(m.out[:])
	clear(m.salt[:])
	m.buf = m.buf[:0]
	pool.Put(m)
}

// sum is the MAC over the bytes of a handle.
func (m *macState) sum(b []byte) []byte {
	m.mac.Reset()
	m.mac.Write(m.head)
	m.mac.Write(b)
	return m.mac.Sum(m.out[:0])[:macSize]
}

// sumSalt is the second MAC: under the same key, over the handle with its first
// MAC, and the salt. It needs both the key and the salt, and what it is over can
// be no input of the first MAC, which always begins with the version.
func (m *macState) sumSalt(b []byte, salt *[16]byte) []byte {
	m.mac.Reset()
	m.mac.Write(saltLabel)
	m.salt = *salt
	m.mac.Write(m.salt[:])
	m.mac.Write(m.head)
	m.mac.Write(b)
	return m.mac.Sum(m.out[:0])[:macSize]
}

var saltLabel = []byte{0, 's', 'a', 'l', 't'}
