package oauth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
)

var (
	errChallengeMissing = NewError(CodeInvalidRequest, ReasonChallengeMissing, "Send code_challenge and code_challenge_method=S256")
	errChallengeMethod  = NewError(CodeInvalidRequest, ReasonChallengeMethod, "code_challenge_method must be S256")
	errChallengeForm    = NewError(CodeInvalidRequest, ReasonMalformedValue, "code_challenge is not a SHA-256 digest in base64url")
	errVerifierForm     = NewError(CodeInvalidRequest, ReasonMalformedValue, "code_verifier is not 43 to 128 unreserved characters")
	errVerifier         = NewError(CodeInvalidGrant, ReasonVerifier, refusedGrant)
	errVerifierMissing  = NewError(CodeInvalidGrant, ReasonVerifierMissing, refusedGrant)
	errVerifierUnasked  = NewError(CodeInvalidGrant, ReasonVerifierUnasked, refusedGrant)
)

// MethodS256 is the code_challenge_method (RFC 7636 section 4.2). With "plain" whoever
// reads the request has the verifier: see [Client].DangerousPlainPKCE.
const MethodS256 = "S256"

// plainMark stands before a challenge of method plain where it is kept: no digest in
// base64url begins with it.
const plainMark = "plain "

// codeChallenge reads the challenge of a request. A method that is left out means
// plain (RFC 7636 section 4.3), so it is not taken for S256.
func (r *TokenRequest) codeChallenge() (string, error) {
	challenge, method := r.Param("code_challenge"), r.Param("code_challenge_method")
	switch {
	case challenge == "" && method == "":
		return "", nil
	case challenge == "":
		return "", errChallengeMissing
	case r.Client.DangerousPlainPKCE && (method == "plain" || method == ""):
		if !verifierForm(challenge) {
			return "", errChallengeForm
		}
		return plainMark + challenge, nil
	case method != MethodS256:
		return "", errChallengeMethod
	}
	if _, ok := decodeChallenge(challenge); !ok {
		return "", errChallengeForm
	}
	return challenge, nil
}

// codeVerifier reads the verifier of a request; "" is none.
func (r *TokenRequest) codeVerifier() (string, error) {
	v := r.Param("code_verifier")
	if v != "" && !verifierForm(v) {
		return "", errVerifierForm
	}
	return v, nil
}

// checkVerifier compares verifier and challenge, both ways: a verifier without a
// challenge says that somebody has taken the challenge away (RFC 9700 section 4.8.2).
func checkVerifier(challenge, verifier string, required bool) error {
	switch {
	case challenge == "" && verifier != "":
		return errVerifierUnasked
	case challenge == "" && required:
		return errVerifierMissing
	case challenge == "":
		return nil
	case verifier == "":
		return errVerifierMissing
	}
	if plain, ok := strings.CutPrefix(challenge, plainMark); ok {
		if subtle.ConstantTimeCompare([]byte(plain), []byte(verifier)) != 1 {
			return errVerifier
		}
		return nil
	}
	want, ok := decodeChallenge(challenge)
	got := sha256.Sum256([]byte(verifier))
	if subtle.ConstantTimeCompare(want[:], got[:]) != 1 || !ok {
		return errVerifier
	}
	return nil
}

func decodeChallenge(s string) (sum [sha256.Size]byte, ok bool) {
	var src [(sha256.Size*8 + 5) / 6]byte
	if len(s) != len(src) {
		return sum, false
	}
	copy(src[:], s)
	n, err := base64.RawURLEncoding.Strict().Decode(sum[:], src[:])
	return sum, err == nil && n == len(sum)
}

// verifierForm is the syntax of RFC 7636 section 4.1.
func verifierForm(s string) bool {
	if len(s) < 43 || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~':
		default:
			return false
		}
	}
	return true
}

// needsPKCE reports whether a code for the client must have a challenge.
func (c *Client) needsPKCE() bool { return c.Public() || !c.OptionalPKCE }
