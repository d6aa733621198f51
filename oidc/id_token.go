package oidc

import (
	"context"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// extend adds to an answer: with openid granted, every answer has an ID
// token (OpenID Connect Core section 2), whatever the grant.
func (p *Provider) extend(ctx context.Context, is *oauth.Issue) error {
	a := is.Authorization()
	if a.Subject == "" || !a.IncludesScope(ScopeOpenID) {
		return nil
	}
	base := p.server.Config()
	key := base.Keys.Signing.Active(p.config.IDTokenAlgorithm)
	if key == nil {
		return claimsFailure(errNoKey)
	}
	now := a.Request().Time
	t := token.IDToken{
		Issuer: base.Issuer, Subject: a.Subject, Audience: []string{a.Client().ID},
		IssuedAt: now.Unix(), Expires: now.Add(p.config.IDTokenTTL).Unix(), AuthTime: a.AuthTime.Unix(),
		AMR: base.AMR.Append(nil, a.Methods), ACR: a.ACR, SessionID: a.SessionID,
	}
	if access := is.AccessToken(); len(access) > 0 {
		t.AccessTokenHash = string(key.AppendHash(nil, access))
	}
	if code := is.Code(); code != "" {
		t.CodeHash = string(key.AppendHash(nil, []byte(code))) // section 3.3.2.11
	}
	if a.GrantType() != oauth.GrantRefreshToken {
		t.Nonce = a.Nonce // section 12.2: a refreshed ID token should have none
	}
	if p.config.ClaimsInIDToken {
		c, err := p.claims(ctx, ClaimsRequest{Subject: a.Subject, ClientID: a.Client().ID, Scopes: a.GrantedScopes(), Use: UseIDToken})
		if err != nil {
			return claimsFailure(err)
		}
		if t.Extra, err = c.members(); err != nil {
			return claimsFailure(err)
		}
	}
	return is.AddToken("id_token", func(dst []byte) ([]byte, error) { return key.AppendIDToken(dst, &t) })
}
