package token_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

// service stands for a key service: its answer is given, or that of a real key that it
// asks before it writes over what it was handed.
type service struct {
	key    crypto.Signer
	answer func(crypto.Signer, []byte, crypto.SignerOpts) ([]byte, error)
}

func (s service) Public() crypto.PublicKey { return s.key.Public() }
func (s service) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if s.answer != nil {
		return s.answer(s.key, digest, opts)
	}
	sig, err := s.key.Sign(r, digest, opts)
	clear(digest)
	return sig, err
}

func TestKeyService(t *testing.T) {
	for _, alg := range algorithms {
		k, err := token.NewKey(alg, service{key: private(t, key(t, alg))}, token.KeyOptions{})
		require.NoError(t, err)
		tok := mint(t, k, eightClaims())
		_, got, err := k.KeySet().Verify(token.TypeAccessToken, tok)
		require.NoError(t, err)
		require.Equal(t, alg, got)
		require.Equal(t, payloadOf(t, eightClaims()), segment(t, tok, 1))
	}
}

func TestHostileKeyService(t *testing.T) {
	integer := func(b ...byte) []byte { return append([]byte{0x02, byte(len(b))}, b...) }
	sequence := func(parts ...[]byte) []byte {
		b := bytes.Join(parts, nil)
		return append([]byte{0x30, byte(len(b))}, b...)
	}
	full := bytes.Repeat([]byte{0x7f}, 32)
	answers := map[string][]byte{
		"nothing": nil, "empty": {}, "short": make([]byte, 31), "raw": make([]byte, 64), "long": make([]byte, 4096),
		"sequence only": {0x30, 0}, "one integer": sequence(integer(1)), "three": sequence(integer(1), integer(1), integer(1)),
		"zero r": sequence(integer(0), integer(1)), "zero s": sequence(integer(1), integer(0)),
		"empty integer": sequence(integer(), integer(1)), "negative": sequence(integer(0x80), integer(1)),
		"padded": sequence(integer(0, 1), integer(1)), "trailing": append(sequence(integer(1), integer(1)), 0),
		"trailing inside": sequence(integer(1), integer(1), []byte{0}), "too large": sequence(integer(append([]byte{1}, make([]byte, 48)...)...), integer(1)),
		"length beyond": {0x30, 6, 2, 1, 1, 2, 9, 1}, "long form": append([]byte{0x30, 0x81, 6}, sequence(integer(1), integer(1))[2:]...),
		"indefinite": {0x30, 0x80, 2, 1, 1, 2, 1, 1, 0, 0}, "other tag": {0x31, 6, 2, 1, 1, 2, 1, 1}, "no integers": {0x30, 6, 4, 1, 1, 4, 1, 1},
		"cut": sequence(integer(full...), integer(full...))[:40], "one byte": {0x30},
	}
	for _, alg := range algorithms {
		for name, answer := range answers {
			if alg == token.EdDSA && len(answer) == ed25519.SignatureSize {
				continue // the right size
			}
			k, err := token.NewKey(alg, service{private(t, key(t, alg)), func(crypto.Signer, []byte, crypto.SignerOpts) ([]byte, error) {
				return answer, nil
			}}, token.KeyOptions{})
			require.NoError(t, err)
			out, err := k.AppendAccessToken([]byte("x"), eightClaims())
			require.Error(t, err, "%s %s", alg, name)
			require.NotErrorIs(t, err, token.ErrClaim)
			require.Equal(t, "x", string(out))
		}
		failure := errors.New("the key service is away")
		k, err := token.NewKey(alg, service{private(t, key(t, alg)), func(crypto.Signer, []byte, crypto.SignerOpts) ([]byte, error) {
			return make([]byte, 64), failure
		}}, token.KeyOptions{})
		require.NoError(t, err)
		tok, err := k.AccessTokenString(eightClaims())
		require.ErrorIs(t, err, failure)
		require.Empty(t, tok)
	}
}

// Signatures with few significant bytes keep their size.
func TestSmallSignatureHalves(t *testing.T) {
	for _, alg := range []token.Algorithm{token.ES256, token.ES384} {
		size := 32
		if alg == token.ES384 {
			size = 48
		}
		for _, r := range []*big.Int{big.NewInt(1), big.NewInt(0x80), big.NewInt(0x7fff), new(big.Int).Lsh(big.NewInt(1), uint(size*8-1)), new(big.Int).Lsh(big.NewInt(1), uint(size*8-9))} {
			s := big.NewInt(0xfedcba)
			k, err := token.NewKey(alg, service{private(t, key(t, alg)), func(crypto.Signer, []byte, crypto.SignerOpts) ([]byte, error) {
				return asn1.Marshal(struct{ R, S *big.Int }{r, s})
			}}, token.KeyOptions{})
			require.NoError(t, err)
			raw := segment(t, mint(t, k, eightClaims()), 2)
			require.Len(t, raw, 2*size)
			require.Zero(t, r.Cmp(new(big.Int).SetBytes(raw[:size])))
			require.Zero(t, s.Cmp(new(big.Int).SetBytes(raw[size:])))
		}
	}
}

func TestDeterministic(t *testing.T) {
	for _, alg := range []token.Algorithm{token.ES256, token.ES384} {
		p := private(t, key(t, alg))
		k, err := token.NewKey(alg, p, token.KeyOptions{Deterministic: true})
		require.NoError(t, err)
		tok := mint(t, k, eightClaims())
		require.Equal(t, tok, mint(t, k, eightClaims()))
		_, _, err = k.KeySet().Verify(token.TypeAccessToken, tok)
		require.NoError(t, err)
		hedged := key(t, alg)
		require.NotEqual(t, mint(t, hedged, eightClaims()), mint(t, hedged, eightClaims()))
	}
}

// The key is that of RFC 6979 appendix A.2.5; the signature was computed by the
// standard library, which has the vectors of the appendix in its own tests.
func TestDeterministicAgreesWithTheLibrary(t *testing.T) {
	raw, err := hex.DecodeString("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
	require.NoError(t, err)
	p, err := ecdsa.ParseRawPrivateKey(private(t, key(t, token.ES256)).(*ecdsa.PrivateKey).Curve, raw)
	require.NoError(t, err)
	k, err := token.NewKey(token.ES256, p, token.KeyOptions{Deterministic: true})
	require.NoError(t, err)
	tok := mint(t, k, eightClaims())
	digest := digestOf(tok)
	der, err := p.Sign(nil, digest, crypto.SHA256)
	require.NoError(t, err)
	var want struct{ R, S *big.Int }
	_, err = asn1.Unmarshal(der, &want)
	require.NoError(t, err)
	sig := segment(t, tok, 2)
	require.Equal(t, want.R.FillBytes(make([]byte, 32)), sig[:32])
	require.Equal(t, want.S.FillBytes(make([]byte, 32)), sig[32:])
}

func TestAppendSigned(t *testing.T) {
	for _, k := range testKeys(t) {
		for _, typ := range []string{token.TypeLogoutToken, token.TypeIntrospection, token.TypeIDToken, "secevent+jwt", "oauth-authz-resp+jwt"} {
			out, err := k.AppendSigned([]byte("x"), typ, []byte(` {"a":{"b":[1,2]}} `))
			require.NoError(t, err)
			payload, alg, err := k.KeySet().Verify(typ, string(out[1:]))
			require.NoError(t, err)
			require.Equal(t, k.Algorithm(), alg)
			require.Equal(t, ` {"a":{"b":[1,2]}} `, string(payload))
		}
		for _, typ := range []string{"", "at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt", "a b", "a\"", "a\x00", "é"} {
			out, err := k.AppendSigned([]byte("x"), typ, []byte(`{}`))
			require.Error(t, err, typ)
			require.Equal(t, "x", string(out))
		}
		for _, claims := range []string{"", "null", "[]", `"a"`, `{`, `{}{}`, `{"a":1,"a":2}`, "{\"a\":\"\xff\"}", `{"a":1,}`, `{"a":{"b":1,"\u0062":1}}`} {
			out, err := k.AppendSigned([]byte("x"), token.TypeLogoutToken, []byte(claims))
			require.ErrorIs(t, err, token.ErrClaim, claims)
			require.Equal(t, "x", string(out))
		}
	}
}

func TestPSSSalt(t *testing.T) {
	k := key(t, token.PS256)
	tok := mint(t, k, eightClaims())
	require.NoError(t, rsa.VerifyPSS(k.Public().(*rsa.PublicKey), crypto.SHA256, digestOf(tok), segment(t, tok, 2),
		&rsa.PSSOptions{SaltLength: 32}), "RFC 7518 section 3.5")
	k, err := token.NewKey(token.PS256, service{private(t, k), func(s crypto.Signer, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
		return s.Sign(rand.Reader, digest, &rsa.PSSOptions{SaltLength: 20, Hash: crypto.SHA256})
	}}, token.KeyOptions{})
	require.NoError(t, err)
	_, _, err = k.KeySet().Verify(token.TypeAccessToken, mint(t, k, eightClaims()))
	require.ErrorIs(t, err, token.ErrSignature)
}
