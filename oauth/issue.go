package oauth

import (
	"context"

	"github.com/mintyard/mintyard/oauth/token"
)

// Issue is what Prepare has minted and Commit has not granted yet. Only Prepare
// makes one. It has no String, and what is in it is erased if Commit fails.
type Issue struct {
	auth  *Authorization
	lives lifetimes

	accessStart, accessEnd int // of the access token in the answer

	responseType string // of the authorization endpoint
	code         string // that goes with the answer there
}

// Authorization returns what the tokens are for.
func (is *Issue) Authorization() *Authorization { return is.auth }

// AccessToken returns the access token, for hashes over it. It is good until
// something is added.
func (is *Issue) AccessToken() []byte {
	return is.auth.req.q.out[is.accessStart:is.accessEnd]
}

// ResponseType is that of the authorization request, if its answer is what is made
// now; "" at the token endpoint.
func (is *Issue) ResponseType() string { return is.responseType }

// Code returns the authorization code that goes with the answer of the authorization
// endpoint, for hashes over it.
func (is *Issue) Code() string { return is.code }

// AddToken adds a member whose value is a token that mint appends: characters
// that need no escaping in JSON. The member must not be one that is there already.
func (is *Issue) AddToken(name string, mint func(dst []byte) ([]byte, error)) error {
	q := is.auth.req.q
	out := append(q.out, ',')
	out = token.AppendString(out, name)
	out = append(out, ':', '"')
	out, err := mint(out)
	if err != nil {
		clear(out[len(q.out):])
		return errUnavailable.WithCause(err)
	}
	q.out = append(out, '"')
	return nil
}

// Add adds a member whose value is JSON.
func (is *Issue) Add(m Member) {
	q := is.auth.req.q
	q.out = append(q.out, ',')
	q.out = token.AppendString(q.out, m.Name)
	q.out = append(q.out, ':')
	q.out = append(q.out, m.Value...)
}

// Extension adds to what a server answers, whatever the grant. Package oidc is one.
type Extension interface {
	// Extend adds to the answer, between Prepare and Commit: an error grants nothing.
	Extend(ctx context.Context, is *Issue) error
}
