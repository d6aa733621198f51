package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
)

// maxJWKS is the largest document that is parsed, in bytes.
const maxJWKS = 1 << 20

// appendJWKS appends the document of these keys, public members only.
func appendJWKS(dst []byte, keys []*Key) []byte {
	dst = append(dst, `{"keys":[`...)
	for i, k := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendString(append(dst, `{"kid":`...), k.id)
		dst = append(append(append(dst, `,"use":"sig","alg":"`...), k.alg...), `",`...)
		dst = append(appendRequired(dst, k.public), '}')
	}
	return append(dst, `]}`...)
}

// ParseKeySet reads a JWKS document (RFC 7517 section 5). Keys that are not for
// signatures, or of a type, curve or algorithm that this package does not know, are
// left out. The whole document is refused if it is not strict JSON, if any key in it
// is private or secret, or if one that would be taken is weak, broken, at odds with its
// alg, or has the id of another. An RSA key without alg is taken for RS256.
func ParseKeySet(jwks []byte) (*KeySet, error) {
	if len(jwks) > maxJWKS {
		return nil, fmt.Errorf("token: ParseKeySet: more than %d bytes", maxJWKS)
	}
	var keys []verificationKey
	ids := make(map[string]bool)
	found := false
	var doc Scanner
	for doc.Scan(string(jwks)); doc.Next(); {
		if doc.Name != "keys" {
			continue
		}
		found = true
		for raw := range doc.Elements() {
			k, ok, err := parseJWK(raw)
			switch {
			case err != nil:
				return nil, fmt.Errorf("token: ParseKeySet: key %q: %w", printable([]byte(k.id)), err)
			case !ok:
				continue
			case ids[k.id]:
				return nil, fmt.Errorf("token: ParseKeySet: two keys have the id %q", printable([]byte(k.id)))
			}
			ids[k.id] = true
			keys = append(keys, k)
		}
	}
	if err := doc.Err(); err != nil {
		return nil, fmt.Errorf("token: ParseKeySet: %w", err)
	}
	if !found {
		return nil, errors.New("token: ParseKeySet: no member \"keys\"")
	}
	return newKeySet(keys...), nil
}

// jwk is a key as it is written (RFC 7517 section 4, RFC 7518 section 6, RFC 8037).
type jwk struct {
	kty, crv, alg, use, kid string
	n, e, x, y              string
	verifies                bool // key_ops, if there are any, allow it
}

// parseJWK reads one key; false if it is none of ours.
func parseJWK(raw string) (k verificationKey, ok bool, err error) {
	j := jwk{verifies: true}
	if err := j.scan(raw); err != nil {
		return verificationKey{id: j.kid}, false, err
	}
	k.id = j.kid
	if j.use != "" && j.use != "sig" || !j.verifies {
		return k, false, nil
	}
	switch j.kty + " " + j.crv {
	case "RSA ":
		k.alg = RS256
		k.public, err = j.rsa()
	case "EC P-256":
		k.alg = ES256
		k.public, err = j.ecdsa(ES256)
	case "EC P-384":
		k.alg = ES384
		k.public, err = j.ecdsa(ES384)
	case "OKP Ed25519":
		k.alg = EdDSA
		k.public, err = j.ed25519()
	default:
		return k, false, nil
	}
	if j.alg != "" {
		k.alg = Algorithm(j.alg)
		if !k.alg.Valid() {
			return k, false, nil
		}
	}
	if err == nil {
		err = checkPublicKey(k.alg, k.public)
	}
	return k, err == nil, err
}

func (j *jwk) scan(raw string) error {
	private := false
	var sc Scanner
	for sc.Scan(raw); sc.Next(); {
		switch sc.Name {
		case "kty":
			j.kty = sc.String()
		case "crv":
			j.crv = sc.String()
		case "alg":
			j.alg = sc.String()
		case "use":
			j.use = sc.String()
		case "kid":
			j.kid = sc.String()
		case "n":
			j.n = sc.String()
		case "e":
			j.e = sc.String()
		case "x":
			j.x = sc.String()
		case "y":
			j.y = sc.String()
		case "key_ops":
			j.verifies = false
			for _, op := range sc.Strings(nil) {
				j.verifies = j.verifies || op == "verify"
			}
		case "d", "p", "q", "dp", "dq", "qi", "oth", "k":
			private = true
		}
	}
	if err := sc.Err(); err != nil {
		return err
	}
	if private {
		return errors.New("it is private or secret")
	}
	return nil
}

var errJWK = errors.New("a member is missing or broken")

func (j *jwk) rsa() (crypto.PublicKey, error) {
	n, err := decodeBase64(nil, j.n)
	if err != nil {
		return nil, errJWK
	}
	e, err := decodeBase64(nil, j.e)
	if err != nil || len(e) == 0 || len(e) > 4 || e[0] >= 0x80 && len(e) == 4 {
		return nil, errJWK
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, nil
}

func (j *jwk) ecdsa(alg Algorithm) (crypto.PublicKey, error) {
	size := alg.coordinateSize()
	x, err := decodeBase64(nil, j.x)
	if err != nil || len(x) != size {
		return nil, errJWK
	}
	y, err := decodeBase64(nil, j.y)
	if err != nil || len(y) != size {
		return nil, errJWK
	}
	p, err := ecdsa.ParseUncompressedPublicKey(alg.curve(), append(append([]byte{4}, x...), y...))
	if err != nil {
		return nil, errors.New("not a point of its curve")
	}
	return p, nil
}

func (j *jwk) ed25519() (crypto.PublicKey, error) {
	x, err := decodeBase64(nil, j.x)
	if err != nil || len(x) != ed25519.PublicKeySize {
		return nil, errJWK
	}
	return ed25519.PublicKey(x), nil
}
