package token

import "unicode/utf8"

// registered are the claims that the host cannot add: the structs of this package
// carry them, or (nbf) a verifier of this package goes by them.
var registered = []string{
	"iss", "sub", "aud", "exp", "nbf", "iat", "jti", // RFC 7519 section 4.1
	"client_id", "scope", "auth_time", "acr", "amr", "act", "cnf", // RFC 9068, 8693, 7800
	"nonce", "azp", "at_hash", "c_hash", "s_hash", "sid", // OpenID Connect
}

// Registered reports whether a claim, however its name is spelt, is one that the host
// cannot add: the server says it itself.
func Registered(name string) bool { return registeredClaim(name) != "" }

// registeredClaim returns the registered claim that the name is in some spelling, or
// "". Some readers (encoding/json is one) take names for equal that differ in case, with
// the two letters outside ASCII that fold into it.
func registeredClaim[T text](name T) string {
	var folded [16]byte
	n := 0
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case c < utf8.RuneSelf:
		case i+1 < len(name) && string(name[i:i+2]) == "\u017f": // long s
			c = 's'
			i++
		case i+2 < len(name) && string(name[i:i+3]) == "\u212a": // Kelvin
			c = 'k'
			i += 2
		default:
			return ""
		}
		if n == len(folded) {
			return ""
		}
		folded[n] = c
		n++
	}
	for _, r := range registered {
		if r == string(folded[:n]) {
			return r
		}
	}
	return ""
}

// checkMembers judges members without braces that are to be added to a payload.
func checkMembers(b []byte) error {
	if !utf8.Valid(b) {
		return &ClaimError{"", errUTF8.Error()}
	}
	var names nameSet[[]byte]
	for i := skipSpace(b, 0); ; {
		name, _, to, err := member(b, i, 1)
		if err != nil {
			return &ClaimError{printable(name), err.Error()}
		}
		if r := registeredClaim(name); r != "" {
			return &ClaimError{r, "cannot be set by extra members"}
		}
		if !names.add(name) {
			return &ClaimError{printable(name), errDuplicate.Error()}
		}
		if i = skipSpace(b, to); i == len(b) {
			return nil
		}
		if b[i] != ',' {
			return &ClaimError{"", errSyntax.Error()}
		}
		i = skipSpace(b, i+1)
	}
}

// checkObject judges a whole object.
func checkObject(b []byte) error {
	if !utf8.Valid(b) {
		return errUTF8
	}
	i := skipSpace(b, 0)
	if i == len(b) || b[i] != '{' {
		return errKind
	}
	end, err := skipObject(b, i+1, 1)
	if err != nil {
		return err
	}
	if skipSpace(b, end) != len(b) {
		return errSyntax
	}
	return nil
}

// printable is a copy of the name, not longer than an error should be.
func printable(name []byte) string {
	const limit = 64
	return string(name[:min(len(name), limit)])
}
