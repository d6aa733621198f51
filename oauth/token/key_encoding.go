package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
)

// ParsePrivateKey makes a key from its PKCS #8 form (RFC 5958), as [Key.PKCS8] and
// openssl write it. It refuses what [NewKey] refuses.
func ParsePrivateKey(alg Algorithm, pkcs8 []byte, opts KeyOptions) (*Key, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil, errors.New("token: ParsePrivateKey: not a private key in PKCS #8") // the cause may quote the input
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("token: ParsePrivateKey: a key of type %T does not sign", parsed)
	}
	return NewKey(alg, signer, opts)
}

// PKCS8 returns the private key for safekeeping (RFC 5958): it must be sealed at rest.
// It fails if the key is not in memory, and for HS256.
func (k *Key) PKCS8() ([]byte, error) {
	var private any
	switch {
	case k.rsa != nil:
		private = k.rsa
	case k.ecdsa != nil:
		private = k.ecdsa
	case k.ed25519 != nil:
		private = k.ed25519
	default:
		return nil, fmt.Errorf("token: PKCS8: key %q has no private key in memory", k.id)
	}
	return x509.MarshalPKCS8PrivateKey(private)
}

// appendRequired appends the members of a JWK that its thumbprint is made of, in
// their order (RFC 7638 section 3.2), without braces. The key has been checked.
func appendRequired(dst []byte, public crypto.PublicKey) []byte {
	switch p := public.(type) {
	case *rsa.PublicKey:
		dst = appendBase64Member(dst, `"e":"`, big.NewInt(int64(p.E)).Bytes())
		dst = append(dst, `,"kty":"RSA",`...)
		dst = appendBase64Member(dst, `"n":"`, p.N.Bytes())
	case *ecdsa.PublicKey:
		point, err := p.Bytes() // 4, x, y (SEC 1 section 2.3.3)
		if err != nil {
			return dst
		}
		x, y := point[1:1+len(point)/2], point[1+len(point)/2:]
		dst = append(append(append(dst, `"crv":"`...), p.Params().Name...), `","kty":"EC",`...)
		dst = appendBase64Member(dst, `"x":"`, x)
		dst = append(dst, ',')
		dst = appendBase64Member(dst, `"y":"`, y)
	case ed25519.PublicKey:
		dst = append(dst, `"crv":"Ed25519","kty":"OKP",`...)
		dst = appendBase64Member(dst, `"x":"`, p)
	}
	return dst
}

func appendBase64Member(dst []byte, name string, value []byte) []byte {
	dst = base64url.AppendEncode(append(dst, name...), value)
	return append(dst, '"')
}

// thumbprint is that of RFC 7638, with SHA-256.
func thumbprint(public crypto.PublicKey) string {
	h := sha256.Sum256(append(appendRequired([]byte{'{'}, public), '}'))
	return base64url.EncodeToString(h[:])
}
