package oidc

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// Claims are what a host says of a person, or of a client that asks for itself, by
// name. Values are what encoding/json can write; nil and "" are left out (OpenID Connect
// Core section 5.3.2). Names with a language ("name#de") are names like any other.
//
// Aggregated and distributed claims are the members _claim_names and _claim_sources, as
// section 5.6.2 has them: they go through, as far as the claims that they name may.
type Claims map[string]any

// ClaimsRequest says for whom and for what claims are wanted. Its slices and the client
// are not to be changed.
type ClaimsRequest struct {
	Use     Use
	Client  *oauth.Client
	Subject string // the person, as the host knows them; "" for a client of its own
	Groups  []string
	Scopes  []string // granted
	Grant   Grant

	// Names are the claims that may go out, in this artefact and to this client; others
	// are dropped. Requested are those of them that the client has asked for one by one
	// (the claims parameter, section 5.5).
	Names     []string
	Requested []RequestedClaim
}

// Grant is what the claims function learns of the grant, and of how the person was
// authenticated for it.
type Grant struct {
	ID       string   // as events carry it; "" for a client of its own
	Type     string   // of the token request; at UserInfo, the one that made the grant
	Audience []string // of the access token: the resources of RFC 8707, or the server's own

	AuthTime  time.Time // zero for a client of its own
	Methods   []policy.Method
	ACR       string
	SessionID string
}

// Use is where claims go.
type Use string

// The uses of claims.
const (
	UseUserInfo    Use = "userinfo"
	UseIDToken     Use = "id_token"
	UseAccessToken Use = "access_token" // that resource servers read themselves
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

// fromAuthorization is the request for what is minted now.
func (p *Provider) fromAuthorization(use Use, a *oauth.Authorization) ClaimsRequest {
	audience := a.GrantedResources()
	if len(audience) == 0 {
		audience = []string{p.server.Config().Audience}
	}
	return ClaimsRequest{
		Use: use, Client: a.Client(), Subject: a.Subject, Groups: a.Groups(), Scopes: a.GrantedScopes(),
		Grant: Grant{ID: a.GrantID(), Type: a.GrantType(), Audience: audience,
			AuthTime: a.AuthTime, Methods: a.Methods, ACR: a.ACR, SessionID: a.SessionID},
	}
}

// fromToken is the request of who brings an access token.
func fromToken(use Use, t *oauth.TokenInfo) ClaimsRequest {
	return ClaimsRequest{
		Use: use, Client: t.Client, Subject: t.Subject, Groups: t.Groups, Scopes: t.Scopes,
		Grant: Grant{ID: t.GrantID(), Type: t.GrantType, Audience: t.Audience,
			AuthTime: time.Unix(t.AuthTime, 0), Methods: t.Methods, ACR: t.ACR, SessionID: t.SessionID},
	}
}

// ask asks the host. What is in memory of the request is copied: a host may keep it.
func (p *Provider) ask(ctx context.Context, r ClaimsRequest) (Claims, error) {
	if p.config.Claims == nil || len(r.Names) == 0 {
		return nil, nil
	}
	r.Scopes, r.Grant.Methods = slices.Clone(r.Scopes), slices.Clone(r.Grant.Methods)
	r.Grant.Audience = slices.Clone(r.Grant.Audience)
	return p.config.Claims(ctx, r)
}

var errClaims = errors.New("oidc: the claims of a person could not be had")

// claimsFailure is what the client is told when there is a failure of ours. What is an
// *oauth.Error already stays as it is.
func claimsFailure(err error) error {
	var e *oauth.Error
	if errors.As(err, &e) {
		return e
	}
	return oauth.NewError(oauth.CodeTemporarilyUnavailable, oauth.ReasonUnavailable, "The server cannot answer now; try again").
		WithCause(errors.Join(errClaims, err))
}
