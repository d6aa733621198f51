package token

import (
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"slices"
)

// Algorithm is a JWS signature algorithm (RFC 7518 section 3, RFC 8037).
type Algorithm string

// The algorithms of this package. HS256 is only for ID tokens under a client's own
// secret (OpenID Connect Core section 10.1): it is never in a JWKS document, and a
// verifier takes it only when it is named.
const (
	RS256 Algorithm = "RS256" // RSASSA-PKCS1-v1_5 with SHA-256
	PS256 Algorithm = "PS256" // RSASSA-PSS with SHA-256
	ES256 Algorithm = "ES256" // ECDSA with P-256 and SHA-256
	ES384 Algorithm = "ES384" // ECDSA with P-384 and SHA-384
	EdDSA Algorithm = "EdDSA" // Ed25519
	HS256 Algorithm = "HS256" // HMAC with SHA-256
)

// asymmetric are the algorithms whose keys may be published.
var asymmetric = []Algorithm{RS256, PS256, ES256, ES384, EdDSA}

// Valid reports whether a is one of the algorithms of this package.
func (a Algorithm) Valid() bool { return a == HS256 || a.Asymmetric() }

// Asymmetric reports whether a is an algorithm of this package with a public key.
func (a Algorithm) Asymmetric() bool { return slices.Contains(asymmetric, a) }

// hash is what is signed, and what at_hash is made with. Ed25519 hashes with
// SHA-512 inside, and at_hash follows it.
func (a Algorithm) hash() crypto.Hash {
	switch a {
	case ES384:
		return crypto.SHA384
	case EdDSA:
		return crypto.SHA512
	}
	return crypto.SHA256
}

// sum writes the digest of b to the beginning of to and returns that part.
func (a Algorithm) sum(to *[sha512.Size]byte, b []byte) []byte {
	switch a.hash() {
	case crypto.SHA384:
		d := sha512.Sum384(b)
		return to[:copy(to[:], d[:])]
	case crypto.SHA512:
		*to = sha512.Sum512(b)
		return to[:]
	}
	d := sha256.Sum256(b)
	return to[:copy(to[:], d[:])]
}

// appendHash appends the left half of the digest of b, in base64url.
func (a Algorithm) appendHash(dst, b []byte) []byte {
	var to [sha512.Size]byte
	d := a.sum(&to, b)
	return base64url.AppendEncode(dst, d[:len(d)/2])
}

// coordinateSize is the size of one half of an ECDSA signature, or 0.
func (a Algorithm) coordinateSize() int {
	switch a {
	case ES256:
		return 32
	case ES384:
		return 48
	}
	return 0
}
