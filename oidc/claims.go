package oidc

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/mintyard/mintyard/oauth"
)

// Claims are what a host says of a person, by name. Values are what encoding/json
// can write.
type Claims map[string]any

// ClaimsRequest says for what claims are wanted.
type ClaimsRequest struct {
	Subject  string
	ClientID string
	Scopes   []string // granted
	Names    []string // the claims that these scopes release; others are dropped
	Use      Use
}

// Use is where claims go.
type Use string

// The uses of claims.
const (
	UseUserInfo Use = "userinfo"
	UseIDToken  Use = "id_token"
)

// standardClaims are those of OpenID Connect Core section 5.4.
var standardClaims = map[string][]string{
	"profile": {"name", "family_name", "given_name", "middle_name", "nickname", "preferred_username",
		"profile", "picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at"},
	"email":   {"email", "email_verified"},
	"address": {"address"},
	"phone":   {"phone_number", "phone_number_verified"},
}

func (p *Provider) scopeClaims(scope string) []string {
	if own, ok := p.config.ScopeClaims[scope]; ok {
		return own
	}
	return standardClaims[scope]
}

// claims asks the host, and keeps only what the scopes release and what is not
// empty: a claim without a value is left out (section 5.3.2).
func (p *Provider) claims(ctx context.Context, r ClaimsRequest) (Claims, error) {
	for _, s := range r.Scopes {
		r.Names = append(r.Names, p.scopeClaims(s)...)
	}
	kept := make(Claims)
	if p.config.Claims == nil || len(r.Names) == 0 {
		return kept, nil
	}
	all, err := p.config.Claims(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, name := range r.Names {
		if v, ok := all[name]; ok && v != nil && v != "" {
			kept[name] = v
		}
	}
	delete(kept, "sub")
	return kept, nil
}

// members writes claims as members of an object, without the braces.
func (c Claims) members() ([]byte, error) {
	if len(c) == 0 {
		return nil, nil
	}
	b, err := json.Marshal(map[string]any(c))
	if err != nil {
		return nil, err
	}
	return b[1 : len(b)-1], nil
}

var errClaims = errors.New("oidc: the claims of a person could not be had")

func claimsFailure(err error) error {
	return oauth.NewError(oauth.CodeTemporarilyUnavailable, oauth.ReasonUnavailable, "The server cannot answer now; try again").
		WithCause(errors.Join(errClaims, err))
}
