package oidc

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// Bounds of the claims parameter: bytes of all of it and of a name, and claims that are
// asked for in one artefact. How deep it may be nested the scanner bounds.
const (
	maxClaimsParameter = 4 << 10
	maxClaimName       = 128
	maxRequestedClaims = 64
)

var errClaimsParameter = oauth.NewError(oauth.CodeInvalidRequest, ReasonClaims, "The claims parameter is not one of OpenID Connect Core section 5.5, or too large")

// RequestedClaim is a claim that a client asks for by name (OpenID Connect Core section
// 5.5.1).
type RequestedClaim struct {
	Name      string
	Essential bool

	// Values are those that the client can use, as JSON; nil is any. A claim that has
	// another one is left out.
	Values []string
}

// requestedClaims are a claims parameter.
type requestedClaims struct{ userinfo, idToken []RequestedClaim }

func (c *requestedClaims) of(u Use) []RequestedClaim {
	if u == UseIDToken {
		return c.idToken
	}
	return c.userinfo
}

// find is the request for one claim in the ID token; nil if there is none.
func (c *requestedClaims) find(name string) *RequestedClaim {
	if i := slices.IndexFunc(c.idToken, func(r RequestedClaim) bool { return r.Name == name }); i >= 0 {
		return &c.idToken[i]
	}
	return nil
}

// parseClaims reads the claims parameter: strict JSON. Members that the section does not
// define are ignored, as it asks. "" asks for nothing.
func parseClaims(s string) (*requestedClaims, error) {
	c := new(requestedClaims)
	if s == "" {
		return c, nil
	}
	if len(s) > maxClaimsParameter {
		return nil, errClaimsParameter
	}
	var sc token.Scanner
	for sc.Scan(s); sc.Next(); {
		var err error
		switch sc.Name {
		case "userinfo":
			c.userinfo, err = parseRequested(sc.Raw)
		case "id_token":
			c.idToken, err = parseRequested(sc.Raw)
		}
		if err != nil {
			return nil, errClaimsParameter.WithCause(err)
		}
	}
	if err := sc.Err(); err != nil {
		return nil, errClaimsParameter.WithCause(err)
	}
	return c, nil
}

// parseRequested reads one of the two objects.
func parseRequested(raw string) ([]RequestedClaim, error) {
	var list []RequestedClaim
	var sc token.Scanner
	for sc.Scan(raw); sc.Next(); {
		c := RequestedClaim{Name: sc.Name}
		if sc.Name == "" || len(sc.Name) > maxClaimName || len(list) == maxRequestedClaims {
			return nil, fmt.Errorf("oidc: more than %d claims, or a name of none or more than %d bytes", maxRequestedClaims, maxClaimName)
		}
		if sc.Raw != "null" {
			if err := c.parse(sc.Raw); err != nil {
				return nil, fmt.Errorf("oidc: claim %q: %w", sc.Name, err)
			}
		}
		list = append(list, c)
	}
	return list, sc.Err()
}

// parse reads how a claim is asked for.
func (c *RequestedClaim) parse(raw string) error {
	var sc token.Scanner
	for sc.Scan(raw); sc.Next(); {
		switch sc.Name {
		case "essential":
			c.Essential = sc.Bool()
		case "value", "values":
			if c.Values != nil {
				return fmt.Errorf("both value and values")
			}
			c.Values = []string{sc.Raw}
			if sc.Name == "values" {
				c.Values = slices.AppendSeq(c.Values[:0], sc.Elements())
			}
			if len(c.Values) == 0 && sc.Err() == nil {
				return fmt.Errorf("no value would do")
			}
		}
	}
	return sc.Err()
}

// text are the values that are strings.
func (c *RequestedClaim) text() []string {
	var list []string
	for _, v := range c.Values {
		var s string
		if json.Unmarshal([]byte(v), &s) == nil {
			list = append(list, s)
		}
	}
	return list
}

// matches reports whether a claim has one of the values that the client can use, if it
// has said which.
func matches(raw []byte, requested []RequestedClaim, name string) bool {
	i := slices.IndexFunc(requested, func(c RequestedClaim) bool { return c.Name == name })
	if i < 0 || requested[i].Values == nil {
		return true
	}
	return slices.ContainsFunc(requested[i].Values, func(v string) bool { return sameJSON(raw, []byte(v)) })
}

// sameJSON compares two values, however they are written.
func sameJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}
