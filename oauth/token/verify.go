package token

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MaxSize is the size of the largest token that is looked at, in bytes.
const MaxSize = 16 << 10

// Verify checks type, key, algorithm and signature of a token that the holder of the
// keys has signed, and returns its payload: one JSON object, strictly. It does not look
// at claims: whoever uses it must check issuer, audience and times himself. The type is
// compared as it is, but "application/" may stand before it (RFC 7515 section 4.1.9).
func (s *KeySet) Verify(typ, token string) (payload []byte, alg Algorithm, err error) {
	v := verification{source: s, typ: typ}
	if payload, err = v.run(context.Background(), token); err != nil {
		return nil, "", err
	}
	if err := checkObject(payload); err != nil {
		return nil, "", malformed(err)
	}
	return payload, v.alg, nil
}

// VerifyInto does as Verify and reads the claims into c, which is empty after an error.
func (s *KeySet) VerifyInto(c *Claims, typ, token string) error {
	v := verification{source: s, typ: typ}
	payload, err := v.run(context.Background(), token)
	if err == nil {
		err = c.parse(payload)
	}
	if err != nil {
		*c = Claims{}
	}
	return err
}

// verification is what is asked of a token, and what its header says.
type verification struct {
	source     KeySource
	algorithms []Algorithm // nil: that of the key
	typ        string
	untyped    bool // typ may also be absent

	alg Algorithm
	kid string
}

// run returns the payload of a token whose signature is good. Nothing is believed
// before that but kid, and nothing of the header beside alg, kid and typ is used:
// keys in it or behind its addresses are the sender's (RFC 8725 section 3.10).
func (v *verification) run(ctx context.Context, token string) ([]byte, error) {
	// 1. Size and shape.
	if len(token) > MaxSize {
		return nil, malformed(errSize)
	}
	first := strings.IndexByte(token, '.')
	last := strings.LastIndexByte(token, '.')
	if first < 0 || first == last || strings.IndexByte(token[first+1:last], '.') >= 0 {
		return nil, malformed(errSegments)
	}
	s := scratches.Get().(*scratch)
	defer s.release()

	// 2. Header.
	var err error
	if s.extra, err = decodeBase64(s.extra[:0], token[:first]); err != nil {
		return nil, malformed(err)
	}
	if err := v.header(string(s.extra)); err != nil {
		return nil, err
	}

	// 3. Key, and its algorithm.
	set, err := v.source.KeySet(ctx, v.kid)
	if err != nil {
		return nil, fmt.Errorf("token: keys: %w", err)
	}
	key := set.find(v.kid)
	if key == nil {
		return nil, ErrKey
	}
	if key.alg != v.alg {
		return nil, ErrAlgorithm
	}

	// 4. Signature.
	if s.extra, err = decodeBase64(s.extra[:0], token[last+1:]); err != nil {
		return nil, malformed(err)
	}
	s.payload = append(s.payload[:0], token[:last]...)
	if !key.verify(s.payload, s.extra, s) {
		return nil, ErrSignature
	}

	// 5. Payload.
	part := token[first+1 : last]
	payload, err := decodeBase64(make([]byte, 0, base64url.DecodedLen(len(part))), part)
	if err != nil {
		return nil, malformed(err)
	}
	return payload, nil
}

// header reads the header and judges it.
func (v *verification) header(in string) error {
	typ, typed, critical := "", false, false
	var sc Scanner
	for sc.Scan(in); sc.Next(); {
		switch sc.Name {
		case "alg":
			v.alg = Algorithm(sc.String())
		case "kid":
			v.kid = sc.String()
		case "typ":
			typ, typed = sc.String(), true
		case "crit":
			critical = true
		}
	}
	if err := sc.Err(); err != nil {
		return malformed(err)
	}
	switch {
	case critical: // no extension is understood (RFC 7515 section 4.1.11)
		return malformed(errCritical)
	case len(v.kid) > maxKeyID:
		return ErrKey
	case !v.alg.Valid() || v.algorithms != nil && !slices.Contains(v.algorithms, v.alg):
		return ErrAlgorithm
	case !typed && v.untyped:
		return nil
	case strings.TrimPrefix(typ, "application/") != v.typ || v.typ == "":
		return ErrType
	}
	return nil
}

// malformedError says what is wrong with the form.
type malformedError struct{ cause error }

func malformed(cause error) error { return &malformedError{cause} }

func (e *malformedError) Error() string   { return "token: malformed: " + e.cause.Error() }
func (e *malformedError) Unwrap() []error { return []error{ErrMalformed, e.cause} }

var (
	errSize     = errors.New("more than 16 KiB")
	errSegments = errors.New("not three segments")
	errCritical = errors.New("crit is not understood")
	errBase64   = errors.New("not base64url, or not in its one form")
)

var strictBase64url = base64url.Strict()

// decodeBase64 appends what s stands for: base64url without padding, in the one form
// that there is for it (RFC 7515 section 2). The standard library skips line breaks.
func decodeBase64(dst []byte, s string) ([]byte, error) {
	if strings.IndexByte(s, '\n') >= 0 || strings.IndexByte(s, '\r') >= 0 {
		return dst, errBase64
	}
	out, err := strictBase64url.AppendDecode(dst, []byte(s))
	if err != nil {
		return dst, errBase64
	}
	return out, nil
}
