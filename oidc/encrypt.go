package oidc

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/mintyard/mintyard/oauth"
)

// keyAlgorithms and contentAlgorithms are what tokens can be encrypted with (RFC 7518
// sections 4.1 and 5.1). RSA1_5 is not among them (RFC 8725 section 3.2), nor is what
// goes by a secret: the server has no secret of a client, only a hash.
var (
	keyAlgorithms     = []string{"RSA-OAEP", "RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"}
	contentAlgorithms = []string{"A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM"}
)

// defaultContent is used where a client names none (OpenID Connect Registration section 2).
const defaultContent = "A128CBC-HS256"

// appendEncrypted appends a signed token encrypted for its client: a nested JWT (RFC 7519
// appendix A.2), which says so in cty.
func appendEncrypted(dst []byte, c *oauth.Client, e oauth.Encryption, signed []byte) ([]byte, error) {
	if err := checkEncryption(e); err != nil {
		return dst, err
	}
	key, err := encryptionKey(c.OpenID.JWKS, e.Algorithm)
	if err != nil {
		return dst, fmt.Errorf("oidc: client %q: OpenID.JWKS: %w", c.ID, err)
	}
	enc, err := jose.NewEncrypter(
		jose.ContentEncryption(cmp.Or(e.Content, defaultContent)),
		jose.Recipient{Algorithm: jose.KeyAlgorithm(e.Algorithm), Key: key.Key, KeyID: key.KeyID},
		(&jose.EncrypterOptions{}).WithType("JWT").WithContentType("JWT"),
	)
	if err != nil {
		return dst, err
	}
	sealed, err := enc.Encrypt(signed)
	if err != nil {
		return dst, err
	}
	text, err := sealed.CompactSerialize()
	return append(dst, text...), err
}

// checkEncryption refuses what the provider does not encrypt with.
func checkEncryption(e oauth.Encryption) error {
	switch {
	case e.Algorithm == "":
		return errors.New("the algorithm for the key is missing")
	case !slices.Contains(keyAlgorithms, e.Algorithm):
		return fmt.Errorf("the algorithm %q for the key is not supported", e.Algorithm)
	case e.Content != "" && !slices.Contains(contentAlgorithms, e.Content):
		return fmt.Errorf("the algorithm %q for the content is not supported", e.Content)
	}
	return nil
}
