package servertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"
)

// Passkey is a credential of somebody's (Web Authentication section 6), whose public key
// stands in the configuration.
type Passkey struct {
	ID  []byte
	Key *ecdsa.PrivateKey
}

// NewPasskey makes one.
func NewPasskey(t testing.TB) *Passkey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return &Passkey{ID: []byte("a credential of mia's"), Key: key}
}

// Credential is the id as the configuration has it, in base64url.
func (p *Passkey) Credential() string { return base64.RawURLEncoding.EncodeToString(p.ID) }

// COSE is the public key as an EC2 key of COSE (RFC 9053 section 7.1.1), in base64url.
func (p *Passkey) COSE(t testing.TB) string {
	t.Helper()
	point, err := p.Key.PublicKey.Bytes() // 4, x, y
	require.NoError(t, err)
	b := []byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}
	b = append(b, point[1:33]...)
	b = append(b, 0x22, 0x58, 0x20)
	return base64.RawURLEncoding.EncodeToString(append(b, point[33:]...))
}
