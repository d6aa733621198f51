package token

import "errors"

// ErrToken is the one error to ask a verifier for: every refusal of a JWT matches it.
// An error of a verifier that does not match it says that the verifier could not find
// out: it is set up wrongly, or its keys cannot be had.
var ErrToken = errors.New("token: refused")

// Why a token is refused. All match [ErrToken]; so does [ErrClaim].
var (
	ErrMalformed    error = refusal("malformed")                                  // not a JWS in compact form, or not strictly so
	ErrType         error = refusal("of another type")                            // typ is not the one that is expected (RFC 8725 section 3.11)
	ErrAlgorithm    error = refusal("signed with an algorithm that is not taken") // not allowed, or not that of the key
	ErrKey          error = refusal("signed with an unknown key")
	ErrSignature    error = refusal("the signature is wrong")
	ErrExpired      error = refusal("expired")
	ErrNotYetValid  error = refusal("not valid yet")
	ErrIssuer       error = refusal("from another issuer")
	ErrAudience     error = refusal("for another audience")
	ErrConfirmation error = refusal("bound to a key or certificate of its sender") // see Verifier.SenderBound
)

type refusal string

func (r refusal) Error() string        { return "token: " + string(r) }
func (r refusal) Is(target error) bool { return target == ErrToken }

// ErrClaim matches every [ClaimError].
var ErrClaim = errors.New("token: bad claim")

// ClaimError says which claim is at fault, in minting or in verifying. It matches
// [ErrClaim] and [ErrToken].
type ClaimError struct {
	Claim  string // its name; "" if the claims cannot be told apart
	Reason string
}

func (e *ClaimError) Error() string {
	if e.Claim == "" {
		return "token: claims: " + e.Reason
	}
	return "token: claim " + string(AppendString(nil, e.Claim)) + ": " + e.Reason
}

// Is implements what errors.Is asks.
func (e *ClaimError) Is(target error) bool { return target == ErrClaim || target == ErrToken }

// ErrJSON matches every error of a [Scanner].
var ErrJSON = errors.New("token: not the JSON that is expected")

var (
	errSyntax    error = jsonError("syntax")
	errUTF8      error = jsonError("not UTF-8")
	errDepth     error = jsonError("nested too deep")
	errDuplicate error = jsonError("two members of one name")
	errKind      error = jsonError("a value of another type than expected")
)

type jsonError string

func (e jsonError) Error() string        { return "token: JSON: " + string(e) }
func (e jsonError) Is(target error) bool { return target == ErrJSON }
