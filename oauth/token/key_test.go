package token_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

// published is a signer of which only the public key is known.
type published struct{ key crypto.PublicKey }

func (p published) Public() crypto.PublicKey { return p.key }
func (p published) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, io.ErrUnexpectedEOF
}

func rsaOf(bits uint, e int) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return &rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: e}
}

func TestKeyRefusals(t *testing.T) {
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	require.NoError(t, err)
	p256 := private(t, key(t, token.ES256)).(*ecdsa.PrivateKey)
	p384 := private(t, key(t, token.ES384)).(*ecdsa.PrivateKey)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	rs := private(t, key(t, token.RS256)).(*rsa.PrivateKey)
	ed := private(t, key(t, token.EdDSA)).(ed25519.PrivateKey)
	_, otherEd, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	mixedEd := append(ed25519.PrivateKey(nil), append(ed.Seed(), otherEd[32:]...)...)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	mixedEC := *p256
	mixedEC.PublicKey = other.PublicKey
	mixedRSA := *rs
	mixedRSA.D = new(big.Int).Add(rs.D, big.NewInt(2))

	for _, c := range []struct {
		name   string
		alg    token.Algorithm
		signer crypto.Signer
		opts   token.KeyOptions
	}{
		{"nil", token.ES256, nil, token.KeyOptions{}},
		{"no algorithm", "", p256, token.KeyOptions{}},
		{"none", "none", p256, token.KeyOptions{}},
		{"case", "es256", p256, token.KeyOptions{}},
		{"unknown", "ES512", p256, token.KeyOptions{}},
		{"HS256", token.HS256, p256, token.KeyOptions{}},
		{"P-224", token.ES256, p224, token.KeyOptions{}},
		{"P-384 for ES256", token.ES256, p384, token.KeyOptions{}},
		{"P-256 for ES384", token.ES384, p256, token.KeyOptions{}},
		{"EC for RS256", token.RS256, p256, token.KeyOptions{}},
		{"EC for EdDSA", token.EdDSA, p256, token.KeyOptions{}},
		{"RSA for ES256", token.ES256, rs, token.KeyOptions{}},
		{"Ed25519 for PS256", token.PS256, ed, token.KeyOptions{}},
		{"1024 bits", token.RS256, small, token.KeyOptions{}},
		{"1024 bits", token.PS256, small, token.KeyOptions{}},
		{"2047 bits", token.RS256, published{rsaOf(2047, 65537)}, token.KeyOptions{}},
		{"8193 bits", token.RS256, published{rsaOf(8193, 65537)}, token.KeyOptions{}},
		{"e = 1", token.RS256, published{rsaOf(2048, 1)}, token.KeyOptions{}},
		{"e = 4", token.RS256, published{rsaOf(2048, 4)}, token.KeyOptions{}},
		{"e = -3", token.RS256, published{rsaOf(2048, -3)}, token.KeyOptions{}},
		{"no public key", token.RS256, published{nil}, token.KeyOptions{}},
		{"by value", token.RS256, published{rs.PublicKey}, token.KeyOptions{}},
		{"empty RSA", token.RS256, &rsa.PrivateKey{}, token.KeyOptions{}},
		{"empty public RSA", token.RS256, published{&rsa.PublicKey{}}, token.KeyOptions{}},
		{"nil prime", token.RS256, &rsa.PrivateKey{PublicKey: rs.PublicKey, D: rs.D, Primes: []*big.Int{nil, nil}}, token.KeyOptions{}},
		{"no primes", token.RS256, &rsa.PrivateKey{PublicKey: rs.PublicKey, D: rs.D}, token.KeyOptions{}},
		{"nil RSA", token.RS256, (*rsa.PrivateKey)(nil), token.KeyOptions{}},
		{"nil public RSA", token.RS256, published{(*rsa.PublicKey)(nil)}, token.KeyOptions{}},
		{"mixed RSA", token.RS256, &mixedRSA, token.KeyOptions{}},
		{"nil EC", token.ES256, (*ecdsa.PrivateKey)(nil), token.KeyOptions{}},
		{"empty EC", token.ES256, &ecdsa.PrivateKey{}, token.KeyOptions{}},
		{"half EC", token.ES256, &ecdsa.PrivateKey{PublicKey: p256.PublicKey}, token.KeyOptions{}},
		{"nil public EC", token.ES256, published{(*ecdsa.PublicKey)(nil)}, token.KeyOptions{}},
		{"no point", token.ES256, published{&ecdsa.PublicKey{Curve: elliptic.P256()}}, token.KeyOptions{}},
		{"no curve", token.EdDSA, published{&ecdsa.PublicKey{}}, token.KeyOptions{}},
		{"off the curve", token.ES256, published{&ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}}, token.KeyOptions{}}, //lint:ignore SA1019 a broken key
		{"mixed EC", token.ES256, &mixedEC, token.KeyOptions{}},
		{"nil Ed25519", token.EdDSA, (*ed25519.PrivateKey)(nil), token.KeyOptions{}},
		{"empty Ed25519", token.EdDSA, ed25519.PrivateKey{}, token.KeyOptions{}},
		{"short Ed25519", token.EdDSA, ed[:63], token.KeyOptions{}},
		{"short public Ed25519", token.EdDSA, published{ed25519.PublicKey(ed[:31])}, token.KeyOptions{}},
		{"mixed Ed25519", token.EdDSA, mixedEd, token.KeyOptions{}},
		{"long id", token.ES256, p256, token.KeyOptions{ID: strings.Repeat("k", 256)}},
		{"id not UTF-8", token.ES256, p256, token.KeyOptions{ID: "\xff"}},
		{"deterministic Ed25519", token.EdDSA, ed, token.KeyOptions{Deterministic: true}},
		{"deterministic RSA", token.RS256, rs, token.KeyOptions{Deterministic: true}},
		{"deterministic elsewhere", token.ES256, published{p256.Public()}, token.KeyOptions{Deterministic: true}},
	} {
		k, err := token.NewKey(c.alg, c.signer, c.opts)
		require.Error(t, err, c.name)
		require.Nil(t, k, c.name)
	}
	_, err = token.NewSecretKey(make([]byte, 31), token.KeyOptions{})
	require.Error(t, err)
	_, err = token.NewSecretKey(make([]byte, 32), token.KeyOptions{Deterministic: true})
	require.Error(t, err)
	for _, alg := range []token.Algorithm{token.HS256, "", "none", "RS512"} {
		_, err := token.GenerateKey(alg)
		require.Error(t, err)
		require.False(t, alg.Asymmetric())
		require.Equal(t, alg == token.HS256, alg.Valid())
	}
}

func TestKeyRoundTrip(t *testing.T) {
	for _, alg := range algorithms {
		k := key(t, alg)
		require.Equal(t, alg, k.Algorithm())
		der, err := k.PKCS8()
		require.NoError(t, err)
		again, err := token.ParsePrivateKey(alg, der, token.KeyOptions{})
		require.NoError(t, err)
		require.Equal(t, k.ID(), again.ID())
		require.Equal(t, k.Public(), again.Public())
		_, _, err = k.KeySet().Verify(token.TypeAccessToken, mint(t, again, eightClaims()))
		require.NoError(t, err)

		named, err := token.ParsePrivateKey(alg, der, token.KeyOptions{ID: "2026-11"})
		require.NoError(t, err)
		require.Equal(t, "2026-11", named.ID())
		for _, other := range algorithms {
			_, err := token.ParsePrivateKey(other, der, token.KeyOptions{})
			same := other == alg || strings.HasSuffix(string(alg), "S256") && strings.HasSuffix(string(other), "S256") &&
				alg != token.ES256 && other != token.ES256 // RS256 and PS256 take the same keys
			require.Equal(t, same, err == nil, "%s as %s", alg, other)
		}
		_, err = token.ParsePrivateKey(alg, der[:len(der)-1], token.KeyOptions{})
		require.Error(t, err)
	}
	k, err := token.NewKey(token.RS256, published{private(t, key(t, token.RS256)).Public()}, token.KeyOptions{})
	require.NoError(t, err)
	_, err = k.PKCS8()
	require.Error(t, err)
	_, err = key(t, token.HS256).PKCS8()
	require.Error(t, err)
	require.Nil(t, key(t, token.HS256).Public())
	pointer := private(t, key(t, token.EdDSA)).(ed25519.PrivateKey)
	k, err = token.NewKey(token.EdDSA, &pointer, token.KeyOptions{})
	require.NoError(t, err)
	require.Equal(t, key(t, token.EdDSA).ID(), k.ID())
}

// The keys and thumbprints are those of RFC 7638 section 3.1 and RFC 8037 appendix A.3.
func TestThumbprint(t *testing.T) {
	decode := func(s string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(s)
		require.NoError(t, err)
		return b
	}
	n := new(big.Int).SetBytes(decode("0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"))
	k, err := token.NewKey(token.RS256, published{&rsa.PublicKey{N: n, E: 65537}}, token.KeyOptions{})
	require.NoError(t, err)
	require.Equal(t, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", k.ID())
	k, err = token.NewKey(token.EdDSA, published{ed25519.PublicKey(decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"))}, token.KeyOptions{})
	require.NoError(t, err)
	require.Equal(t, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", k.ID())
}

func TestKeysDoNotPrint(t *testing.T) {
	secret := "a secret of more than thirty-two bytes"
	k, err := token.NewSecretKey([]byte(secret), token.KeyOptions{ID: "the-kid"})
	require.NoError(t, err)
	seed := private(t, key(t, token.EdDSA)).(ed25519.PrivateKey).Seed()
	for _, k := range []*token.Key{k, key(t, token.EdDSA)} {
		for _, v := range []any{k, []*token.Key{k}, token.RingState{Active: []*token.Key{k}}, struct{ K *token.Key }{k}} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
				out := fmt.Sprintf(verb, v)
				require.NotContains(t, out, secret)
				require.NotContains(t, out, fmt.Sprintf("%x", secret))
				require.NotContains(t, out, fmt.Sprint([]byte(secret)))
				require.NotContains(t, out, fmt.Sprint(seed))
				require.NotContains(t, out, fmt.Sprintf("%x", seed))
			}
			out, err := json.Marshal(v)
			require.NoError(t, err)
			require.NotContains(t, string(out), secret)
			require.NotContains(t, string(out), base64.StdEncoding.EncodeToString(seed))
		}
	}
	require.Equal(t, "token.Key(HS256 the-kid)", k.String())
}
