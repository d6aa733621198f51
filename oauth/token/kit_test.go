package token_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

const (
	issuer   = "https://login.example"
	audience = "https://orders.example"
	clientID = "shop"
	person   = "user-0123456789abcdef"
)

// noon is when every test takes place.
var noon = time.Unix(1_790_000_000, 0)

func now() time.Time { return noon }

var algorithms = []token.Algorithm{token.RS256, token.PS256, token.ES256, token.ES384, token.EdDSA}

var hs256Secret = []byte("the secret of a client: 256 bits or more")

// keys are made once: RSA keys take their time. The others are always the same, so that
// the workers of a fuzz target verify what its seeds have signed.
var keys = sync.OnceValues(func() (map[token.Algorithm]*token.Key, error) {
	m := make(map[token.Algorithm]*token.Key)
	p256, err256 := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{1}, 32))
	p384, err384 := ecdsa.ParseRawPrivateKey(elliptic.P384(), bytes.Repeat([]byte{2}, 48))
	rs, errRS := rsa.GenerateKey(rand.Reader, 2048)
	ps, errPS := rsa.GenerateKey(rand.Reader, 2048)
	if err := errors.Join(err256, err384, errRS, errPS); err != nil {
		return nil, err
	}
	for alg, signer := range map[token.Algorithm]crypto.Signer{
		token.RS256: rs, token.PS256: ps, token.ES256: p256, token.ES384: p384,
		token.EdDSA: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, 32)),
	} {
		k, err := token.NewKey(alg, signer, token.KeyOptions{})
		if err != nil {
			return nil, err
		}
		m[alg] = k
	}
	var err error
	m[token.HS256], err = token.NewSecretKey(hs256Secret, token.KeyOptions{})
	return m, err
})

func key(tb testing.TB, alg token.Algorithm) *token.Key {
	m, err := keys()
	require.NoError(tb, err)
	return m[alg]
}

// testKeys has a key for every algorithm, HS256 too.
func testKeys(tb testing.TB) (list []*token.Key) {
	for _, alg := range append(algorithms, token.HS256) {
		list = append(list, key(tb, alg))
	}
	return list
}

// eightClaims is a token of the usual size.
func eightClaims() *token.AccessToken {
	return &token.AccessToken{
		Issuer: issuer, Subject: person, ClientID: clientID, ID: "Y2Vjb25kLWhhbGYtb2YtdGhlLWlk",
		Audience: []string{audience}, Scopes: []string{"orders.read", "orders.write"},
		IssuedAt: noon.Unix(), Expires: noon.Add(5 * time.Minute).Unix(),
	}
}

func idToken() *token.IDToken {
	return &token.IDToken{
		Issuer: issuer, Subject: person, Audience: []string{clientID}, Nonce: "n-0S6_WzA2Mj",
		IssuedAt: noon.Unix(), Expires: noon.Add(time.Hour).Unix(), AuthTime: noon.Unix() - 60,
		AMR: []string{"pwd", "otp", "mfa"}, ACR: "urn:example:mfa",
	}
}

func mint(tb testing.TB, k *token.Key, t *token.AccessToken) string {
	tb.Helper()
	tok, err := k.AccessTokenString(t)
	require.NoError(tb, err)
	return tok
}

// payloadOf is what is inside a token with these claims.
func payloadOf(tb testing.TB, t *token.AccessToken) []byte {
	tb.Helper()
	return segment(tb, mint(tb, key(tb, token.EdDSA), t), 1)
}

func segment(tb testing.TB, tok string, i int) []byte {
	tb.Helper()
	b, err := base64.RawURLEncoding.Strict().DecodeString(strings.Split(tok, ".")[i])
	require.NoError(tb, err)
	return b
}
