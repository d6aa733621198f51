package token_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

// private takes a key out of its wrapping.
func private(tb testing.TB, k *token.Key) crypto.Signer {
	tb.Helper()
	der, err := k.PKCS8()
	require.NoError(tb, err)
	p, err := x509.ParsePKCS8PrivateKey(der)
	require.NoError(tb, err)
	return p.(crypto.Signer)
}

// forge signs whatever it is given, with an Ed25519 key.
func forge(tb testing.TB, k *token.Key, header, payload string) string {
	tb.Helper()
	signed := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	return signed + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(private(tb, k).(ed25519.PrivateKey), []byte(signed)))
}

// digestOf is the SHA-256 of what a token signs.
func digestOf(tok string) []byte {
	h := sha256.Sum256([]byte(tok[:strings.LastIndexByte(tok, '.')]))
	return h[:]
}
