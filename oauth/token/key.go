package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"unicode/utf8"
)

// Sizes of keys that are taken (RFC 7518 sections 3.2 and 3.3). Above the upper one a
// signature takes so long that it serves whoever wants to keep the server busy.
const (
	minRSABits    = 2048
	maxRSABits    = 8192
	minSecretSize = 32
	maxKeyID      = 255
)

// Key signs with one algorithm. It is prepared once and is safe for concurrent use.
// It prints as its algorithm and id, never as its secret.
type Key struct {
	id     string
	alg    Algorithm
	public crypto.PublicKey // nil for HS256

	// One of these signs.
	rsa           *rsa.PrivateKey
	ecdsa         *ecdsa.PrivateKey
	deterministic bool
	ed25519       ed25519.PrivateKey
	macs          *sync.Pool // of *mac
	signer        crypto.Signer

	size    int // of a signature
	headers [len(preparedTypes)]string
}

// KeyOptions says what need not be said of a key.
type KeyOptions struct {
	// ID is the kid: at most 255 bytes of UTF-8. "" is the thumbprint of the public
	// key (RFC 7638). A secret key gets none, since its thumbprint would tell of it,
	// and the client has but one.
	ID string

	// Deterministic makes ES256 and ES384 draw the nonce from key and message
	// (RFC 6979) instead of from both and fresh randomness. That costs 17 to 25 %
	// less, depending on the processor. What it gives up is the hedge against fault attacks: an attacker who can
	// disturb the processor in one of two signatures over the same bytes can compute
	// the key. Tokens differ in their jti, so signing the same bytes twice does not
	// happen by itself. Only for a key in memory.
	Deterministic bool
}

// NewKey prepares a key for signing. The signer may be a key in memory
// (*rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey) or stand for one in an HSM
// or a key service. It is refused if it does not fit the algorithm, if it is an RSA
// key of less than 2048 or more than 8192 bits, or if its halves do not belong
// together. For HS256 there is [NewSecretKey].
func NewKey(alg Algorithm, signer crypto.Signer, opts KeyOptions) (*Key, error) {
	if !alg.Asymmetric() {
		return nil, fmt.Errorf("token: NewKey: %q is not an algorithm with a public key", alg)
	}
	k := &Key{alg: alg, deterministic: opts.Deterministic}
	if err := k.take(signer); err != nil {
		return nil, fmt.Errorf("token: NewKey: %s: %w", alg, err)
	}
	if err := checkPublicKey(alg, k.public); err != nil {
		return nil, fmt.Errorf("token: NewKey: %s: %w", alg, err)
	}
	if k.deterministic && k.ecdsa == nil {
		return nil, fmt.Errorf("token: NewKey: %s: KeyOptions.Deterministic is for ECDSA keys in memory", alg)
	}
	switch p := k.public.(type) {
	case *rsa.PublicKey:
		k.size = p.Size()
	case *ecdsa.PublicKey:
		k.size = 2 * alg.coordinateSize()
	case ed25519.PublicKey:
		k.size = ed25519.SignatureSize
	}
	if opts.ID == "" {
		opts.ID = thumbprint(k.public)
	}
	return k.prepare(opts.ID)
}

// NewSecretKey prepares an HS256 key: a client's own secret, for ID tokens to that
// client alone (OpenID Connect Core section 10.1). Less than 32 bytes are refused
// (RFC 7518 section 3.2).
func NewSecretKey(secret []byte, opts KeyOptions) (*Key, error) {
	if len(secret) < minSecretSize {
		return nil, fmt.Errorf("token: NewSecretKey: a secret of less than %d bytes", minSecretSize)
	}
	if opts.Deterministic {
		return nil, errors.New("token: NewSecretKey: KeyOptions.Deterministic is for ECDSA keys in memory")
	}
	k := &Key{alg: HS256, size: sha256.Size, macs: newMACs(secret)}
	return k.prepare(opts.ID)
}

// GenerateKey makes a key: RSA of 2048 bits, or on the curve that the algorithm
// names. There are none for HS256, which takes a client's secret.
func GenerateKey(alg Algorithm) (*Key, error) {
	var signer crypto.Signer
	var err error
	switch alg {
	case RS256, PS256:
		signer, err = rsa.GenerateKey(rand.Reader, minRSABits)
	case ES256:
		signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case ES384:
		signer, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case EdDSA:
		_, signer, err = ed25519.GenerateKey(rand.Reader)
	default:
		return nil, fmt.Errorf("token: GenerateKey: %q is not an algorithm with a public key", alg)
	}
	if err != nil {
		return nil, fmt.Errorf("token: GenerateKey: %w", err)
	}
	return NewKey(alg, signer, KeyOptions{})
}

// prepare does once what every signature would need again.
func (k *Key) prepare(id string) (*Key, error) {
	if len(id) > maxKeyID || !utf8.ValidString(id) {
		return nil, fmt.Errorf("token: KeyOptions.ID: more than %d bytes, or not UTF-8", maxKeyID)
	}
	k.id = id
	for i, typ := range preparedTypes {
		k.headers[i] = string(k.appendHeader(nil, typ))
	}
	return k, nil
}

// ID returns the kid, "" for a secret key without one.
func (k *Key) ID() string { return k.id }

// Algorithm returns what the key signs with.
func (k *Key) Algorithm() Algorithm { return k.alg }

// Public returns the public key, which the caller must not change; nil for HS256.
func (k *Key) Public() crypto.PublicKey { return k.public }

// KeySet returns the set of this key alone, to verify what it has signed. This is the
// only way to a set that verifies HS256.
func (k *Key) KeySet() *KeySet { return newKeySet(k.verification()) }

func (k *Key) verification() verificationKey {
	return verificationKey{id: k.id, alg: k.alg, public: k.public, macs: k.macs}
}

// String describes the key without its secret.
func (k *Key) String() string { return "token.Key(" + string(k.alg) + " " + k.id + ")" }

// GoString does as String.
func (k *Key) GoString() string { return k.String() }
