package token

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/subtle"
	"sync"
)

// KeySet is a set of keys that verify: those of a JWKS document ([ParseKeySet]), of a
// ring ([Ring.KeySet]) or one alone ([Key.KeySet]). It never changes. Every key is for
// one algorithm, whatever a token says.
type KeySet struct {
	keys []verificationKey
	byID map[string]int // only for many keys
}

type verificationKey struct {
	id     string
	alg    Algorithm
	public crypto.PublicKey
	macs   *sync.Pool // HS256
}

// KeySource finds the keys of an issuer. The kid is that of a token that nobody has
// verified yet, and may be "": a source that asks over the network must bound how often
// strangers can make it do so. Its errors are passed on and do not match [ErrToken].
type KeySource interface {
	KeySet(ctx context.Context, kid string) (*KeySet, error)
}

// KeySet implements [KeySource]: the set itself, always.
func (s *KeySet) KeySet(context.Context, string) (*KeySet, error) { return s, nil }

// Len returns how many keys there are.
func (s *KeySet) Len() int { return len(s.keys) }

func newKeySet(keys ...verificationKey) *KeySet {
	s := &KeySet{keys: keys}
	if len(keys) > 8 {
		s.byID = make(map[string]int, len(keys))
		for i := range keys {
			s.byID[keys[i].id] = i
		}
	}
	return s
}

// find returns the key of this id. A token without one is for a set of one key.
func (s *KeySet) find(kid string) *verificationKey {
	if s == nil {
		return nil
	}
	if kid == "" && len(s.keys) == 1 {
		return &s.keys[0]
	}
	if kid == "" {
		return nil
	}
	if s.byID != nil {
		if i, ok := s.byID[kid]; ok {
			return &s.keys[i]
		}
		return nil
	}
	for i := range s.keys {
		if s.keys[i].id == kid {
			return &s.keys[i]
		}
	}
	return nil
}

// verify checks the signature over the message.
func (k *verificationKey) verify(message, sig []byte, s *scratch) bool {
	switch p := k.public.(type) {
	case ed25519.PublicKey:
		return len(sig) == ed25519.SignatureSize && ed25519.Verify(p, message, sig)
	case *ecdsa.PublicKey:
		if len(sig) != 2*k.alg.coordinateSize() {
			return false
		}
		return ecdsa.VerifyASN1(p, k.alg.sum(&s.digest, message), derSignature(s.signature[:0], sig))
	case *rsa.PublicKey:
		if len(sig) != p.Size() {
			return false
		}
		digest := k.alg.sum(&s.digest, message)
		if k.alg == PS256 {
			return rsa.VerifyPSS(p, crypto.SHA256, digest, sig, pssOptions) == nil
		}
		return rsa.VerifyPKCS1v15(p, crypto.SHA256, digest, sig) == nil
	}
	return k.macs != nil && subtle.ConstantTimeCompare(authenticate(k.macs, message, s), sig) == 1
}
