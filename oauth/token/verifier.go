package token

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// maxLeeway is more than clocks that are kept at all differ.
const maxLeeway = 5 * time.Minute

// Verifier verifies access tokens as a resource server must (RFC 9068 section 4). It is
// a plain value: set its fields once, then use it from anywhere.
type Verifier struct {
	// Issuer is the authorization server, exactly as in its metadata. Required.
	Issuer string

	// Audience is what the resource server is called in tokens: one of the audiences
	// of a token must be it. Required.
	Audience string

	// Keys has the issuer's keys: a [KeySet], or what fetches one. Required.
	Keys KeySource

	// Algorithms are those that are taken; nil means all with a public key. The key
	// has the last word.
	Algorithms []Algorithm

	// Leeway is how much the issuer's clock may differ, in whole seconds, at most 5
	// minutes. 0: not at all.
	Leeway time.Duration

	// SenderBound takes tokens that are bound to a key or certificate of the sender.
	// Whoever sets it must compare [Claims].JKT and X5T, where they are not empty, with
	// what the request proves (RFC 9449 section 7.1, RFC 8705 section 3). Without it,
	// such a token is refused: taking it as a bearer token would undo the binding.
	SenderBound bool

	// Now is the clock; nil means [time.Now].
	Now func() time.Time
}

// VerifyAccessToken returns the claims of a good token. An error that matches [ErrToken]
// is a refusal; any other says that the verifier could not find out.
func (v *Verifier) VerifyAccessToken(ctx context.Context, token string) (*Claims, error) {
	r := recipient{"Verifier", v.Issuer, v.Audience, v.Algorithms, v.Leeway, v.Now}
	if v.Audience == "" {
		return nil, errors.New("token: Verifier.Audience: is empty")
	}
	c, _, err := r.verify(ctx, v.Keys, token, TypeAccessToken)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Subject == "":
		return nil, missing("sub")
	case c.ClientID == "":
		return nil, missing("client_id")
	case c.ID == "":
		return nil, missing("jti")
	case c.otherConfirmation, !v.SenderBound && (c.JKT != "" || c.X5T != ""):
		return nil, ErrConfirmation
	}
	return c, nil
}

// recipient is what verifiers of both kinds have in common.
type recipient struct {
	kind       string
	issuer     string
	audience   string
	algorithms []Algorithm
	leeway     time.Duration
	now        func() time.Time
}

func (r *recipient) verify(ctx context.Context, keys KeySource, token, typ string) (*Claims, Algorithm, error) {
	if err := r.check(keys); err != nil {
		return nil, "", err
	}
	v := verification{source: keys, algorithms: r.algorithms, typ: typ, untyped: typ == TypeIDToken}
	if v.algorithms == nil {
		v.algorithms = asymmetric
	}
	payload, err := v.run(ctx, token)
	if err != nil {
		return nil, "", err
	}
	c, err := ParseClaims(payload)
	if err != nil {
		return nil, "", err
	}
	now := time.Now
	if r.now != nil {
		now = r.now
	}
	leeway := int64(r.leeway / time.Second)
	switch t := now().Unix(); {
	case c.Issuer != r.issuer:
		return nil, "", ErrIssuer
	case !slices.Contains(c.Audience, r.audience):
		return nil, "", ErrAudience
	case c.Expires == 0:
		return nil, "", missing("exp")
	case c.IssuedAt == 0:
		return nil, "", missing("iat")
	case t >= c.Expires+leeway:
		return nil, "", ErrExpired
	case t < c.NotBefore-leeway:
		return nil, "", ErrNotYetValid
	}
	return c, v.alg, nil
}

func (r *recipient) check(keys KeySource) error {
	switch {
	case r.issuer == "":
		return fmt.Errorf("token: %s.Issuer: is empty", r.kind)
	case keys == nil:
		return fmt.Errorf("token: %s.Keys: is nil", r.kind)
	case r.leeway < 0 || r.leeway > maxLeeway:
		return fmt.Errorf("token: %s.Leeway: must be between 0 and %s", r.kind, maxLeeway)
	case r.algorithms != nil && len(r.algorithms) == 0:
		return fmt.Errorf("token: %s.Algorithms: is empty, but not nil", r.kind)
	}
	for _, a := range r.algorithms {
		if !a.Valid() {
			return fmt.Errorf("token: %s.Algorithms: %q is none of this package", r.kind, a)
		}
	}
	return nil
}

func missing(claim string) error { return &ClaimError{claim, "missing"} }
