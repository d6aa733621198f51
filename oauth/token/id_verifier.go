package token

import (
	"context"
	"errors"
	"time"
)

// IDTokenVerifier verifies ID tokens as a client must (OpenID Connect Core section
// 3.1.3.7). It is a plain value: set its fields once, then use it from anywhere.
type IDTokenVerifier struct {
	Issuer     string           // exactly as in the provider's metadata; required
	ClientID   string           // of this client; required
	Keys       KeySource        // the provider's keys; required
	Algorithms []Algorithm      // nil: all with a public key. HS256 is taken only if named, from [Key.KeySet]
	Leeway     time.Duration    // as of [Verifier]
	Now        func() time.Time // nil means [time.Now]
}

// IDTokenExpectation is what the client knows of the answer that the token came with.
type IDTokenExpectation struct {
	// Nonce is what the authorization request sent. If it sent none, the token must
	// have none: it would be that of another request.
	Nonce string

	// AccessToken and Code came together with the token. If they are not empty, at_hash
	// and c_hash must be there and match (sections 3.1.3.8 and 3.3.2.11).
	AccessToken string
	Code        string

	// Refreshed says that the token came from a refresh (section 12.2). It may then be
	// without the Nonce. Set Subject too.
	Refreshed bool

	// Subject is the person that the token must be about; "" means any.
	Subject string

	// MaxAge is max_age of the request, in whole seconds: auth_time must be there and
	// not be longer ago, apart from the verifier's leeway. 0 means that it had none.
	MaxAge time.Duration
}

// Verify returns the claims of a good token. Errors are as of
// [Verifier.VerifyAccessToken].
func (v *IDTokenVerifier) Verify(ctx context.Context, token string, want IDTokenExpectation) (*Claims, error) {
	r := recipient{"IDTokenVerifier", v.Issuer, v.ClientID, v.Algorithms, v.Leeway, v.Now}
	if v.ClientID == "" {
		return nil, errors.New("token: IDTokenVerifier.ClientID: is empty")
	}
	c, alg, err := r.verify(ctx, v.Keys, token, TypeIDToken)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Subject == "":
		return nil, missing("sub")
	case c.AuthorizedParty != "" && c.AuthorizedParty != v.ClientID:
		return nil, &ClaimError{"azp", "names another client"}
	case c.AuthorizedParty == "" && len(c.Audience) > 1:
		return nil, missing("azp")
	case c.Nonce != want.Nonce && (c.Nonce != "" || !want.Refreshed):
		return nil, &ClaimError{"nonce", "is not that of the request"}
	case want.AccessToken != "" && c.AccessTokenHash != string(alg.appendHash(nil, []byte(want.AccessToken))):
		return nil, &ClaimError{"at_hash", "is not that of the access token"}
	case want.Code != "" && c.CodeHash != string(alg.appendHash(nil, []byte(want.Code))):
		return nil, &ClaimError{"c_hash", "is not that of the code"}
	case want.Subject != "" && c.Subject != want.Subject:
		return nil, &ClaimError{"sub", "is about somebody else"}
	}
	if want.MaxAge != 0 {
		now := time.Now
		if v.Now != nil {
			now = v.Now
		}
		if c.AuthTime == 0 {
			return nil, missing("auth_time")
		}
		if now().Unix() > c.AuthTime+int64(want.MaxAge/time.Second)+int64(v.Leeway/time.Second) {
			return nil, &ClaimError{"auth_time", "is longer ago than max_age allows"}
		}
	}
	return c, nil
}
