package oauth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/mintyard/mintyard/internal/password"
)

// Secret is a client secret as the host keeps it.
type Secret struct {
	// Hash is what NewSecret returned, or, for secrets from elsewhere, an argon2id
	// PHC string or a bcrypt string.
	Hash string

	// Expires is when the secret stops working; zero is never.
	Expires time.Time
}

// NewSecret makes a client secret of 256 random bits, and the hash that the host
// keeps of it. A secret that cannot be guessed needs no slow hash: the hash is
// SHA-256 under a random key of its own, which costs less than a microsecond
// where bcrypt takes a tenth of a second of every request.
func NewSecret() (secret, hash string) {
	var raw [32]byte
	var key [secretKeySize]byte
	rand.Read(raw[:])
	rand.Read(key[:])
	secret = "mint_cs_" + base64.RawURLEncoding.EncodeToString(raw[:])
	return secret, hashSecret(key, secret)
}

// HashSecret hashes a secret that a host has chosen itself, the fast way. It
// must be long and random: an error says that it has fewer than 32 bytes, and
// [github.com/mintyard/mintyard/authenticator] hashes what people choose.
func HashSecret(secret string) (string, error) {
	if len(secret) < 32 {
		return "", errors.New("oauth: HashSecret: fewer than 32 bytes can be guessed: use a slow hash (argon2id), or a longer secret")
	}
	var key [secretKeySize]byte
	rand.Read(key[:])
	return hashSecret(key, secret), nil
}

const (
	secretPrefix  = "$mint-sha256$"
	secretKeySize = 16
	secretKeyLen  = (secretKeySize*8 + 5) / 6 // in base64
	secretSumLen  = (sha256.Size*8 + 5) / 6
	maxSecret     = 1024 // bytes; longer is refused before any hashing
)

func hashSecret(key [secretKeySize]byte, secret string) string {
	sum := secretSum(key, secret)
	return secretPrefix + base64.RawStdEncoding.EncodeToString(key[:]) + "$" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// secretSum is SHA-256 over a key of fixed length and the secret. HMAC would
// add nothing: the sum is compared and never shown, so that it cannot be extended.
func secretSum(key [secretKeySize]byte, secret string) [sha256.Size]byte {
	var b [128]byte // long enough for what NewSecret makes
	return sha256.Sum256(append(append(b[:0], key[:]...), secret...))
}

// parseSecretHash reads the fast form.
func parseSecretHash(hash string) (key [secretKeySize]byte, sum [sha256.Size]byte, ok bool) {
	rest, ok := strings.CutPrefix(hash, secretPrefix)
	if !ok || len(rest) != secretKeyLen+1+secretSumLen || rest[secretKeyLen] != '$' {
		return key, sum, false
	}
	// Decode wants bytes with room for whole groups; the arrays stay on the stack.
	var src [secretSumLen]byte
	enc := base64.RawStdEncoding.Strict()
	if _, err := enc.Decode(key[:], src[:copy(src[:], rest[:secretKeyLen])]); err != nil {
		return key, sum, false
	}
	if _, err := enc.Decode(sum[:], src[:copy(src[:], rest[secretKeyLen+1:])]); err != nil {
		return key, sum, false
	}
	return key, sum, true
}

func checkSecretHash(hash string) error {
	if _, _, ok := parseSecretHash(hash); ok {
		return nil
	}
	return password.Check(hash)
}

// checkSecret reports whether secret is one of the client's whose hash is fast.
func checkSecret(c *Client, secret string, now time.Time) bool {
	if len(secret) > maxSecret {
		return false
	}
	for i := range c.Secrets {
		if key, sum, ok := parseSecretHash(c.Secrets[i].Hash); ok && c.Secrets[i].live(now) {
			got := secretSum(key, secret)
			if subtle.ConstantTimeCompare(got[:], sum[:]) == 1 {
				return true
			}
		}
	}
	return false
}

// checkSlowSecret does so for those with a slow hash. One that was verified lately
// is known without hashing; others are hashed only if hash says so.
func (s *Server) checkSlowSecret(ctx context.Context, c *Client, secret string, now time.Time, hash bool) (bool, error) {
	if len(secret) > maxSecret {
		return false, nil
	}
	for i := range c.Secrets {
		have := &c.Secrets[i]
		if strings.HasPrefix(have.Hash, secretPrefix) || !have.live(now) {
			continue
		}
		if s.verified.has(have.Hash, secret) {
			return true, nil
		}
		if !hash {
			continue
		}
		ok, _, err := s.hasher.Verify(ctx, have.Hash, secret)
		if err != nil {
			return false, err
		}
		if ok {
			s.verified.add(have.Hash, secret)
			return true, nil
		}
	}
	return false, nil
}

func (s *Secret) live(now time.Time) bool { return s.Expires.IsZero() || now.Before(s.Expires) }
