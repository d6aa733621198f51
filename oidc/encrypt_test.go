package oidc_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
)

// clientSecrets are the private keys of a client.
var clientSecrets = sync.OnceValue(func() map[string]crypto.Signer {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	m := map[string]crypto.Signer{"RSA": r}
	for name, curve := range map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()} {
		if m[name], err = ecdsa.GenerateKey(curve, rand.Reader); err != nil {
			panic(err)
		}
	}
	return m
})

func jwk(name, kid, use, alg string) jose.JSONWebKey {
	return jose.JSONWebKey{Key: clientSecrets()[name].Public(), KeyID: kid, Use: use, Algorithm: alg}
}

func jwks(t *testing.T, keys ...jose.JSONWebKey) []byte {
	b, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	require.NoError(t, err)
	return b
}

// open decrypts as the client does, and returns the signed token inside.
func open(t *testing.T, raw, alg, enc, kid string, key crypto.Signer) string {
	t.Helper()
	require.Equal(t, 4, strings.Count(raw, "."), raw)
	j, err := jose.ParseEncryptedCompact(raw, []jose.KeyAlgorithm{jose.KeyAlgorithm(alg)}, []jose.ContentEncryption{jose.ContentEncryption(enc)})
	require.NoError(t, err)
	require.Equal(t, kid, j.Header.KeyID)
	require.Equal(t, "JWT", j.Header.ExtraHeaders["cty"], "a nested JWT says so (RFC 7519 section 5.2)")
	require.NotContains(t, j.Header.ExtraHeaders, jose.HeaderKey("zip"))
	plain, err := j.Decrypt(key)
	require.NoError(t, err)
	return string(plain)
}

// Every pair of algorithms that metadata lists works, for ID tokens from both endpoints
// and for UserInfo.
func TestEncryption(t *testing.T) {
	meta := newTokens(t, nil).provider.Metadata()
	algorithms, contents := meta["id_token_encryption_alg_values_supported"].([]string), meta["id_token_encryption_enc_values_supported"].([]string)
	require.Len(t, algorithms, 5)
	require.Len(t, contents, 4)
	require.Equal(t, algorithms, meta["userinfo_encryption_alg_values_supported"])
	require.Equal(t, contents, meta["userinfo_encryption_enc_values_supported"])
	for _, alg := range algorithms {
		for _, enc := range append([]string{""}, contents...) {
			for name, secret := range clientSecrets() {
				if strings.HasPrefix(alg, "RSA") != (name == "RSA") || enc != "" && name > "P-256" && name != "RSA" {
					continue // the larger curves once
				}
				k := newTokens(t, func(k *tokens, _ *oauth.Config, _ *oidc.Config) {
					k.app.OpenID = oauth.OpenID{JWKS: jwks(t, jwk(name, "k-1", "enc", "")), UserInfoAlgorithm: token.ES256,
						IDTokenEncryption: oauth.Encryption{Algorithm: alg, Content: enc}, UserInfoEncryption: oauth.Encryption{Algorithm: alg, Content: enc}}
				})
				if enc == "" {
					enc = "A128CBC-HS256"
				}
				v := k.authorize("response_type", "code id_token")
				k.sent(v, "")
				a := k.redeem(v)
				require.Equal(t, http.StatusOK, a.status, a.raw)
				front := k.claims(open(t, v.params.Get("id_token"), alg, enc, "k-1", secret))
				require.NotEmpty(t, front.CodeHash)
				a.body["id_token"] = open(t, a.text("id_token"), alg, enc, "k-1", secret)
				k.verified(a, "n")
				u := k.raw(a.text("access_token"))
				require.Equal(t, "application/jwt", u.Header().Get("Content-Type"))
				require.Equal(t, "mia", k.payload(open(t, u.Body.String(), alg, enc, "k-1", secret))["sub"])
			}
		}
	}
}

// The key is one for encryption with the algorithm, and of several the one that says so.
func TestEncryptionKey(t *testing.T) {
	for _, c := range []struct {
		name string
		alg  string
		keys []jose.JSONWebKey
		kid  string
	}{
		{"use enc before none", "RSA-OAEP", []jose.JSONWebKey{jwk("RSA", "a", "", ""), jwk("RSA", "b", "enc", "")}, "b"},
		{"not one for signatures", "RSA-OAEP", []jose.JSONWebKey{jwk("RSA", "a", "sig", ""), jwk("RSA", "b", "", "")}, "b"},
		{"not of another alg", "RSA-OAEP-256", []jose.JSONWebKey{jwk("RSA", "a", "enc", "RSA-OAEP"), jwk("RSA", "b", "enc", "RSA-OAEP-256")}, "b"},
		{"not of another type", "ECDH-ES", []jose.JSONWebKey{jwk("RSA", "a", "enc", ""), jwk("P-256", "b", "", "")}, "b"},
		{"the first of equals", "ECDH-ES+A256KW", []jose.JSONWebKey{jwk("P-384", "a", "enc", ""), jwk("P-256", "b", "enc", "")}, "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newTokens(t, func(k *tokens, _ *oauth.Config, _ *oidc.Config) {
				k.app.OpenID.JWKS, k.app.OpenID.IDTokenEncryption = jwks(t, c.keys...), oauth.Encryption{Algorithm: c.alg}
			})
			header := strings.SplitN(k.direct("openid").text("id_token"), ".", 2)[0]
			require.Equal(t, c.kid, k.part(header+".e30.", 0)["kid"])
		})
	}
}

// A client whose keys have become unusable gets nothing, and nothing unencrypted.
func TestEncryptionFails(t *testing.T) {
	good := jwks(t, jwk("RSA", "a", "enc", ""))
	for name, o := range map[string]oauth.OpenID{
		"no keys":            {IDTokenEncryption: oauth.Encryption{Algorithm: "RSA-OAEP"}},
		"none of the type":   {IDTokenEncryption: oauth.Encryption{Algorithm: "ECDH-ES"}, JWKS: good},
		"RSA1_5":             {IDTokenEncryption: oauth.Encryption{Algorithm: "RSA1_5"}, JWKS: good},
		"dir":                {IDTokenEncryption: oauth.Encryption{Algorithm: "dir"}, JWKS: good},
		"PBES2":              {IDTokenEncryption: oauth.Encryption{Algorithm: "PBES2-HS256+A128KW"}, JWKS: good},
		"content of no kind": {IDTokenEncryption: oauth.Encryption{Algorithm: "RSA-OAEP", Content: "A192GCM"}, JWKS: good},
		"content alone":      {IDTokenEncryption: oauth.Encryption{Content: "A128GCM"}, JWKS: good},
		"garbage":            {IDTokenEncryption: oauth.Encryption{Algorithm: "RSA-OAEP"}, JWKS: []byte("x")},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTokens(t, func(k *tokens, c *oauth.Config, _ *oidc.Config) {
				spoiled := *k.app
				spoiled.OpenID = o
				c.Clients = oneClient{&spoiled}
			})
			a := k.signIn("openid")
			require.Equal(t, http.StatusServiceUnavailable, a.status, a.raw)
			require.NotContains(t, a.raw, "eyJ")
			require.Equal(t, http.StatusOK, k.signIn("orders").status, "what needs no encryption is served")
		})
	}
}
