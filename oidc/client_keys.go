package oidc

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/mintyard/mintyard/oauth/token"
)

// Bounds of a client's key set, in bytes and keys.
const (
	maxClientJWKS = 64 << 10
	maxClientKeys = 32
)

// clientKey is a key of a client for encryption, as it is written.
type clientKey struct {
	kty, use, alg, kid string
	public             map[string]string // the members that make the key, and no others: no certificates, no addresses
	private            bool
	unfit              bool // key_ops do not allow it
}

// encryptionKey finds the key of a client's JWKS (RFC 7517 section 5) for a key
// algorithm: of its type, not for something else (use, key_ops, alg), the first that says
// use "enc", or else the first. A set with a private key in it is refused, whichever it is.
func encryptionKey(jwks []byte, alg string) (*jose.JSONWebKey, error) {
	if len(jwks) > maxClientJWKS {
		return nil, fmt.Errorf("more than %d bytes", maxClientJWKS)
	}
	keys, err := parseClientKeys(jwks)
	if err != nil {
		return nil, err
	}
	var fit []clientKey
	for _, k := range keys {
		if k.fits(alg) {
			fit = append(fit, k)
		}
	}
	if len(fit) == 0 {
		return nil, fmt.Errorf("has no key for encryption with %s", alg)
	}
	best := max(slices.IndexFunc(fit, func(k clientKey) bool { return k.use == "enc" }), 0)
	return fit[best].key()
}

func parseClientKeys(jwks []byte) ([]clientKey, error) {
	var list []clientKey
	found := false
	var doc token.Scanner
	for doc.Scan(string(jwks)); doc.Next(); {
		if doc.Name != "keys" {
			continue
		}
		found = true
		for raw := range doc.Elements() {
			if len(list) == maxClientKeys {
				return nil, fmt.Errorf("more than %d keys", maxClientKeys)
			}
			var k clientKey
			if err := k.scan(raw); err != nil {
				return nil, err
			}
			list = append(list, k)
		}
	}
	if err := doc.Err(); err != nil {
		return nil, err
	}
	if !found {
		return nil, errors.New(`no member "keys"`)
	}
	return list, nil
}

func (k *clientKey) scan(raw string) error {
	k.public = make(map[string]string)
	var sc token.Scanner
	for sc.Scan(raw); sc.Next(); {
		switch sc.Name {
		case "kty":
			k.kty = sc.String()
			k.public[sc.Name] = k.kty
		case "use":
			k.use = sc.String()
		case "alg":
			k.alg = sc.String()
		case "kid":
			k.kid = sc.String()
		case "crv", "n", "e", "x", "y":
			k.public[sc.Name] = sc.String()
		case "key_ops":
			k.unfit = !slices.ContainsFunc(sc.Strings(nil), func(op string) bool {
				return op == "encrypt" || op == "wrapKey" || op == "deriveKey" || op == "deriveBits"
			})
		case "d", "p", "q", "dp", "dq", "qi", "oth", "k":
			k.private = true
		}
	}
	if err := sc.Err(); err != nil {
		return err
	}
	if k.private {
		return errors.New("a key is private or secret")
	}
	return nil
}

// fits reports whether the key may be used with a key algorithm.
func (k *clientKey) fits(alg string) bool {
	kty := "RSA"
	if strings.HasPrefix(alg, "ECDH-ES") {
		kty = "EC"
	}
	return k.kty == kty && !k.unfit && (k.use == "" || k.use == "enc") && (k.alg == "" || k.alg == alg)
}

// key makes the key itself, and refuses one that is weak or broken (RFC 7518 section 4.3).
func (k *clientKey) key() (*jose.JSONWebKey, error) {
	raw, err := json.Marshal(k.public)
	if err != nil {
		return nil, err
	}
	var j jose.JSONWebKey
	if err := json.Unmarshal(raw, &j); err != nil || !j.Valid() {
		return nil, errors.Join(fmt.Errorf("key %q is broken", k.kid), err)
	}
	switch public := j.Key.(type) {
	case *rsa.PublicKey:
		if n := public.N.BitLen(); n < 2048 || n > 8192 || public.E < 3 || public.E&1 == 0 || public.N.Bit(0) == 0 {
			return nil, fmt.Errorf("key %q is no RSA key of 2048 to 8192 bits", k.kid)
		}
	case *ecdsa.PublicKey:
		if _, err := public.ECDH(); err != nil {
			return nil, fmt.Errorf("key %q is broken: %w", k.kid, err)
		}
	default:
		return nil, fmt.Errorf("key %q is of another type than it says", k.kid)
	}
	j.KeyID = k.kid
	return &j, nil
}
