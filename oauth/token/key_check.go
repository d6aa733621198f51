package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
)

var (
	errOtherKey   = errors.New("the key is of another type or on another curve")
	errIncomplete = errors.New("the key is incomplete")
)

// take puts the signer where it belongs, and checks that a key in memory is whole: a
// public half of another key would be published, and with Ed25519 give the secret away.
func (k *Key) take(signer crypto.Signer) error {
	if p, ok := signer.(*ed25519.PrivateKey); ok {
		if p == nil {
			return errIncomplete
		}
		signer = *p
	}
	switch s := signer.(type) {
	case nil:
		return errors.New("the signer is nil")
	case *rsa.PrivateKey:
		if s == nil || s.N == nil || s.D == nil || slices.Contains(s.Primes, nil) {
			return errIncomplete
		}
		if err := checkPublicKey(k.alg, &s.PublicKey); err != nil {
			return err // before Validate, which takes long for a large one
		}
		whole := *s
		if err := whole.Validate(); err != nil {
			return err
		}
		whole.Precompute()
		k.rsa, k.public = &whole, &whole.PublicKey
	case *ecdsa.PrivateKey:
		if s == nil || s.Curve == nil || s.Curve != k.alg.curve() {
			return errOtherKey
		}
		//lint:ignore SA1019 a key without its number would panic in Bytes
		if s.D == nil || !pointed(&s.PublicKey) {
			return errIncomplete
		}
		raw, err := s.Bytes()
		if err != nil {
			return err
		}
		whole, err := ecdsa.ParseRawPrivateKey(s.Curve, raw)
		if err != nil {
			return err
		}
		if !whole.PublicKey.Equal(&s.PublicKey) {
			return errors.New("the public half belongs to another key")
		}
		k.ecdsa, k.public = whole, &whole.PublicKey
	case ed25519.PrivateKey:
		if len(s) != ed25519.PrivateKeySize {
			return errors.New("the Ed25519 key has another size")
		}
		whole := ed25519.NewKeyFromSeed(s.Seed())
		if !whole.Equal(s) {
			return errors.New("the public half belongs to another key")
		}
		k.ed25519, k.public = whole, whole.Public()
	default:
		k.signer, k.public = s, s.Public()
	}
	return nil
}

// checkPublicKey refuses a key that is weak or does not fit the algorithm.
func checkPublicKey(alg Algorithm, public crypto.PublicKey) error {
	switch p := public.(type) {
	case *rsa.PublicKey:
		if alg != RS256 && alg != PS256 {
			return errOtherKey
		}
		if p == nil || p.N == nil || p.N.Sign() <= 0 || p.N.Bit(0) == 0 || p.E < 3 || p.E&1 == 0 {
			return errors.New("not an RSA key")
		}
		if n := p.N.BitLen(); n < minRSABits || n > maxRSABits {
			return fmt.Errorf("an RSA key of %d bits: at least %d, at most %d", n, minRSABits, maxRSABits)
		}
		return nil
	case *ecdsa.PublicKey:
		if p == nil || p.Curve == nil || p.Curve != alg.curve() {
			return errOtherKey
		}
		if !pointed(p) {
			return errIncomplete
		}
		_, err := p.Bytes() // refuses what is not on the curve
		return err
	case ed25519.PublicKey:
		if alg != EdDSA || len(p) != ed25519.PublicKeySize {
			return errOtherKey
		}
		return nil
	}
	return errOtherKey
}

// pointed reports whether there is a point at all.
func pointed(p *ecdsa.PublicKey) bool {
	//lint:ignore SA1019 a key without its point would panic in Bytes
	return p.X != nil && p.Y != nil
}

// curve of ECDSA, or nil.
func (a Algorithm) curve() elliptic.Curve {
	switch a {
	case ES256:
		return elliptic.P256()
	case ES384:
		return elliptic.P384()
	}
	return nil
}
