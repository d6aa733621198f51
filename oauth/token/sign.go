package token

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
)

// errBadSignature: a key service has answered with something else.
var errBadSignature = errors.New("token: the signer returned what is not a signature")

// pssOptions: the salt is as long as the hash (RFC 7518 section 3.5).
var pssOptions = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}

// appendSignature appends the signature over message, which may be part of dst, in
// base64url.
func (k *Key) appendSignature(dst, message []byte, s *scratch) ([]byte, error) {
	if k.ed25519 != nil { // the signature stays on the stack
		return base64url.AppendEncode(dst, ed25519.Sign(k.ed25519, message)), nil
	}
	if k.macs != nil {
		return base64url.AppendEncode(dst, authenticate(k.macs, message, s)), nil
	}
	if k.signer != nil {
		sig, err := k.ask(message, s)
		if err != nil {
			return nil, err
		}
		return base64url.AppendEncode(dst, sig), nil
	}
	var sig []byte
	var err error
	digest := k.alg.sum(&s.digest, message)
	switch {
	case k.ecdsa == nil && k.alg == PS256:
		sig, err = rsa.SignPSS(rand.Reader, k.rsa, crypto.SHA256, digest, pssOptions)
	case k.ecdsa == nil:
		sig, err = rsa.SignPKCS1v15(nil, k.rsa, crypto.SHA256, digest)
	case k.deterministic:
		sig, err = k.ecdsa.Sign(nil, digest, k.alg.hash())
	default:
		sig, err = ecdsa.SignASN1(rand.Reader, k.ecdsa, digest)
	}
	if err == nil && k.ecdsa != nil {
		sig, err = rawSignature(s.signature[:k.size], sig)
	}
	if err != nil {
		return nil, fmt.Errorf("token: signing: %w", err)
	}
	return base64url.AppendEncode(dst, sig), nil
}

// ask has somebody else sign. He gets a copy: what he does with it must not change
// the token.
func (k *Key) ask(message []byte, s *scratch) ([]byte, error) {
	var opts crypto.SignerOpts
	switch k.alg {
	case EdDSA:
		message, opts = bytes.Clone(message), crypto.Hash(0)
	case PS256:
		message, opts = bytes.Clone(k.alg.sum(&s.digest, message)), pssOptions
	default:
		message, opts = bytes.Clone(k.alg.sum(&s.digest, message)), k.alg.hash()
	}
	sig, err := k.signer.Sign(rand.Reader, message, opts)
	if err != nil {
		return nil, fmt.Errorf("token: signing: %w", err)
	}
	if k.alg.coordinateSize() != 0 {
		return rawSignature(s.signature[:k.size], sig)
	}
	if len(sig) != k.size {
		return nil, errBadSignature
	}
	return sig, nil
}

// rawSignature turns the DER of an ECDSA signature, a sequence of two integers, into
// the two of fixed size that JWS has (RFC 7518 section 3.4). Both fit a short length.
func rawSignature(to, der []byte) ([]byte, error) {
	if len(der) < 2 || der[0] != 0x30 || int(der[1]) != len(der)-2 {
		return nil, errBadSignature
	}
	der = der[2:]
	clear(to)
	for half, rest := len(to)/2, to; len(rest) > 0; rest = rest[half:] {
		if len(der) < 2 || der[0] != 0x02 || len(der) < 2+int(der[1]) {
			return nil, errBadSignature
		}
		n := der[2 : 2+int(der[1])]
		der = der[2+len(n):]
		switch { // positive, not zero, and in as few bytes as possible
		case len(n) == 0 || n[0] >= 0x80 || len(n) == 1 && n[0] == 0 || len(n) > 1 && n[0] == 0 && n[1] < 0x80:
			return nil, errBadSignature
		case n[0] == 0:
			n = n[1:]
		}
		if len(n) > half {
			return nil, errBadSignature
		}
		copy(rest[half-len(n):half], n)
	}
	if len(der) != 0 {
		return nil, errBadSignature
	}
	return to, nil
}

// derSignature is the way back, into to. Its size has been checked.
func derSignature(to, raw []byte) []byte {
	to = append(to[:0], 0x30, 0)
	for half := len(raw) / 2; len(raw) > 0; raw = raw[half:] {
		n := bytes.TrimLeft(raw[:half], "\x00")
		if len(n) == 0 || n[0] >= 0x80 {
			to = append(append(to, 0x02, byte(len(n)+1), 0), n...)
		} else {
			to = append(append(to, 0x02, byte(len(n))), n...)
		}
	}
	to[1] = byte(len(to) - 2)
	return to
}
