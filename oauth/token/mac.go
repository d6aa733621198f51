package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"
)

// mac is an HMAC that is used again, which spares the hashing of its key.
type mac struct{ hash.Hash }

func newMACs(secret []byte) *sync.Pool {
	secret = append([]byte(nil), secret...)
	return &sync.Pool{New: func() any { return &mac{hmac.New(sha256.New, secret)} }}
}

// authenticate returns the HMAC of the message, in the scratch.
func authenticate(macs *sync.Pool, message []byte, s *scratch) []byte {
	m := macs.Get().(*mac)
	m.Reset()
	m.Write(message)
	sum := m.Sum(s.signature[:0])
	macs.Put(m)
	return sum
}
