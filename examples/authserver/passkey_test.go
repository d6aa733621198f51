package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// passkey is a device of somebody's with one credential (Web Authentication
// section 6), whose public key stands in the configuration.
type passkey struct {
	id    []byte
	key   *ecdsa.PrivateKey
	count uint32
}

func newPasskey(t *testing.T) *passkey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return &passkey{id: []byte("a credential of mia's"), key: key}
}

// cose is the public key as an EC2 key of COSE (RFC 9053 section 7.1.1).
func (p *passkey) cose(t *testing.T) string {
	t.Helper()
	point, err := p.key.PublicKey.Bytes() // 4, x, y
	require.NoError(t, err)
	b := []byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}
	b = append(b, point[1:33]...)
	b = append(b, 0x22, 0x58, 0x20)
	return base64.RawURLEncoding.EncodeToString(append(b, point[33:]...))
}

// assert answers a challenge, as the parameters of a form.
func (p *passkey) assert(t *testing.T, a answer, origin string, verified bool) []string {
	t.Helper()
	options := a.body["publicKey"].(map[string]any)
	rpID := sha256.Sum256([]byte(options["rpId"].(string)))
	flags := byte(0x01) // the user is present
	if verified {
		flags |= 0x04
	}
	p.count++
	data := append(rpID[:], flags, byte(p.count>>24), byte(p.count>>16), byte(p.count>>8), byte(p.count))
	client, err := json.Marshal(map[string]any{
		"type": "webauthn.get", "challenge": options["challenge"], "origin": origin, "crossOrigin": false,
	})
	require.NoError(t, err)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(data[:len(data):len(data)], hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, p.key, digest[:])
	require.NoError(t, err)
	b64 := base64.RawURLEncoding.EncodeToString
	return []string{"authenticatorData", b64(data), "clientDataJSON", b64(client), "signature", b64(signature)}
}
