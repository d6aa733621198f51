package main

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/examples/authserver/servertest"
)

// passkey answers challenges with a credential.
type passkey struct {
	*servertest.Passkey
	count uint32
}

func newPasskey(t *testing.T) *passkey { return &passkey{Passkey: servertest.NewPasskey(t)} }

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
	signature, err := ecdsa.SignASN1(rand.Reader, p.Key, digest[:])
	require.NoError(t, err)
	b64 := base64.RawURLEncoding.EncodeToString
	return []string{"authenticatorData", b64(data), "clientDataJSON", b64(client), "signature", b64(signature)}
}
