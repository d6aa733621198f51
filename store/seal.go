package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

// MasterKey seals what must be kept in a form that can be read again. It does not
// print.
type MasterKey [32]byte

// ParseMasterKey reads a master key from base64, of either alphabet, with or
// without padding.
func ParseMasterKey(s string) (MasterKey, error) {
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if b, err := e.DecodeString(s); err == nil && len(b) == len(MasterKey{}) {
			return MasterKey(b), nil
		}
	}
	return MasterKey{}, errors.New("store: a master key is 32 random bytes in base64")
}

// Format prints no key, whatever the verb.
func (MasterKey) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("master key")) }

// MarshalText writes no key: whoever keeps one says so.
func (MasterKey) MarshalText() ([]byte, error) { return []byte("master key"), nil }

// ErrSeal is returned by Open: the value was sealed under another master key, for
// another record or another field, or it was altered.
var ErrSeal = errors.New("store: cannot open a sealed value: another master key, or altered data")

// Sealer seals fields of records with AES-256-GCM. The record's key and the name
// of the field are authenticated with them, so that a sealed value is good in its
// own place only. Nonces are random: a master key is good for 2^32 seals
// (NIST SP 800-38D section 8.3).
type Sealer struct{ keys []sealKey } // the first one seals

type sealKey struct {
	id   [4]byte
	aead cipher.AEAD
}

// sealVersion is the first byte of a sealed value; the id of its key follows.
const sealVersion = 1

// NewSealer seals under active, and opens under the retiring ones too.
func NewSealer(active MasterKey, retiring ...MasterKey) *Sealer {
	s := new(Sealer)
	for _, master := range append([]MasterKey{active}, retiring...) {
		s.keys = append(s.keys, newSealKey(master))
	}
	return s
}

func newSealKey(master MasterKey) sealKey {
	derive := func(info string, n int) []byte {
		b, err := hkdf.Key(sha256.New, master[:], nil, "mintyard seal "+info, n)
		if err != nil {
			panic(err) // the lengths are constant, and allowed
		}
		return b
	}
	block, err := aes.NewCipher(derive("key", 32))
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the block size of GCM
	}
	return sealKey{id: [4]byte(derive("id", 4)), aead: aead}
}

// Seal appends the sealed form of plain to dst. label names the field.
func (s *Sealer) Seal(dst []byte, key Key, label string, plain []byte) []byte {
	k := &s.keys[0]
	dst = append(dst, sealVersion)
	dst = append(dst, k.id[:]...)
	nonce := make([]byte, k.aead.NonceSize())
	rand.Read(nonce)
	dst = append(dst, nonce...)
	return k.aead.Seal(dst, nonce, plain, sealContext(key, label))
}

// Open appends what was sealed to dst, or returns an error that is [ErrSeal].
func (s *Sealer) Open(dst []byte, key Key, label string, sealed []byte) ([]byte, error) {
	const head = 1 + len(sealKey{}.id)
	if len(sealed) < head || sealed[0] != sealVersion {
		return dst, fmt.Errorf("%w: not a sealed value", ErrSeal)
	}
	for i := range s.keys {
		k := &s.keys[i]
		if k.id != [4]byte(sealed[1:head]) {
			continue
		}
		n := head + k.aead.NonceSize()
		if len(sealed) < n {
			return dst, ErrSeal
		}
		plain, err := k.aead.Open(dst, sealed[head:n], sealed[n:], sealContext(key, label))
		if err != nil {
			return dst, ErrSeal
		}
		return plain, nil
	}
	return dst, fmt.Errorf("%w: no such master key here", ErrSeal)
}

// sealContext is what a sealed value is bound to: 33 bytes of the key, and the label.
func sealContext(key Key, label string) []byte {
	b := append(make([]byte, 0, 64), byte(key.Kind))
	b = append(b, key.Space[:]...)
	b = append(b, key.ID[:]...)
	return append(b, label...)
}
