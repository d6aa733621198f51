//go:build !race

// The race detector allocates, and drops what is pooled.

package token_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

// floors are the allocations of the bare signature, measured here and now.
func floors(t *testing.T) map[string]float64 {
	digest := digestOf(mint(t, key(t, token.ES256), eightClaims()))
	long := append(digest, digest[:16]...)
	es256 := private(t, key(t, token.ES256)).(*ecdsa.PrivateKey)
	es384 := private(t, key(t, token.ES384)).(*ecdsa.PrivateKey)
	rs := private(t, key(t, token.RS256)).(*rsa.PrivateKey)
	pss := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	measure := func(sign func() ([]byte, error)) float64 {
		return testing.AllocsPerRun(30, func() {
			if _, err := sign(); err != nil {
				t.Fatal(err)
			}
		})
	}
	return map[string]float64{
		"EdDSA": 0, "HS256": 0, "RS256": 2,
		"ES256":         measure(func() ([]byte, error) { return ecdsa.SignASN1(rand.Reader, es256, digest) }),
		"ES384":         measure(func() ([]byte, error) { return ecdsa.SignASN1(rand.Reader, es384, long) }),
		"PS256":         measure(func() ([]byte, error) { return rsa.SignPSS(rand.Reader, rs, crypto.SHA256, digest, pss) }),
		"deterministic": measure(func() ([]byte, error) { return es256.Sign(nil, digest, crypto.SHA256) }),
	}
}

func TestMintAllocations(t *testing.T) {
	deterministic, err := token.NewKey(token.ES256, private(t, key(t, token.ES256)), token.KeyOptions{Deterministic: true})
	require.NoError(t, err)
	keys := map[string]*token.Key{"deterministic": deterministic}
	for _, k := range testKeys(t) {
		keys[string(k.Algorithm())] = k
	}
	floor := floors(t)
	at, id, dst := eightClaims(), idToken(), make([]byte, 0, 2048)
	at.AMR, at.JKT, at.Extra = id.AMR, "thumbprint", []byte(`"groups":["a","b"],"tenant":"x"`)
	at.AppendExtra = func(dst []byte) ([]byte, error) { return append(dst, `"more":true`...), nil }
	logout := []byte(`{"iss":"x","events":{}}`)
	for name, k := range keys {
		for _, c := range []struct {
			what string
			more float64
			mint func() error
		}{
			{"AppendAccessToken", 0, func() (err error) { dst, err = k.AppendAccessToken(dst[:0], at); return }},
			{"AppendIDToken", 0, func() (err error) { dst, err = k.AppendIDToken(dst[:0], id); return }},
			{"AppendSigned", 0, func() (err error) { dst, err = k.AppendSigned(dst[:0], token.TypeLogoutToken, logout); return }},
			{"AccessTokenString", 1, func() (err error) { _, err = k.AccessTokenString(at); return }},
			{"IDTokenString", 1, func() (err error) { _, err = k.IDTokenString(id); return }},
		} {
			got := testing.AllocsPerRun(30, func() {
				if err := c.mint(); err != nil {
					t.Fatal(err)
				}
			})
			require.Equal(t, floor[name]+c.more, got, "%s %s", name, c.what)
		}
		t.Logf("%s: %v, all of them in the signature", name, floor[name])
	}
}

func TestOtherAllocations(t *testing.T) {
	r, err := token.NewRing(token.RingState{Active: []*token.Key{key(t, token.RS256), key(t, token.EdDSA)}})
	require.NoError(t, err)
	dst := make([]byte, 0, 256)
	access := []byte("an access token")
	var sc token.Scanner
	scopes := make([]string, 0, 8)
	for what, do := range map[string]func(){
		"JWKS":         func() { _ = r.JWKS() },
		"Active":       func() { _ = r.Active(token.EdDSA) },
		"KeySet":       func() { _ = r.KeySet() },
		"AppendHash":   func() { dst = r.Active(token.EdDSA).AppendHash(dst[:0], access) },
		"AppendString": func() { dst = token.AppendString(dst[:0], "a<b\u2028\xff") },
		"Scanner":      func() { scopes = scanRecord(t, &sc, scopes[:0]) },
	} {
		require.Zero(t, testing.AllocsPerRun(100, do), what)
	}
	// The header, the payload as bytes and as text, and the audience.
	tok := mint(t, key(t, token.EdDSA), eightClaims())
	var c token.Claims
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		if err := r.KeySet().VerifyInto(&c, token.TypeAccessToken, tok); err != nil {
			t.Fatal(err)
		}
	}), 4.0)
}
