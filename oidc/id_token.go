package oidc

import (
	"cmp"
	"context"
	"errors"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

var errNoKey = errors.New("oidc: the server has no active key for this algorithm")

// extend adds to an answer: with openid granted, every answer has an ID
// token (OpenID Connect Core section 2), whatever the grant.
func (p *Provider) extend(ctx context.Context, is *oauth.Issue) error {
	a := is.Authorization()
	if a.Subject == "" || !a.IncludesScope(ScopeOpenID) {
		return nil
	}
	key, t, err := p.idToken(ctx, is)
	if err != nil {
		return claimsFailure(err)
	}
	e := a.Client().OpenID.IDTokenEncryption
	if e == (oauth.Encryption{}) {
		return is.AddToken("id_token", func(dst []byte) ([]byte, error) { return key.AppendIDToken(dst, t) })
	}
	return is.AddToken("id_token", func(dst []byte) ([]byte, error) {
		signed, err := key.AppendIDToken(nil, t)
		if err != nil {
			return dst, err
		}
		return appendEncrypted(dst, a.Client(), e, signed)
	})
}

// idToken is what the ID token will say, and the key that signs it.
func (p *Provider) idToken(ctx context.Context, is *oauth.Issue) (*token.Key, *token.IDToken, error) {
	a := is.Authorization()
	base, c := p.server.Config(), a.Client()
	key := base.Keys.Signing.Active(cmp.Or(c.OpenID.IDTokenAlgorithm, p.config.IDTokenAlgorithm))
	if key == nil {
		return nil, nil, errNoKey
	}
	sub, err := p.SubjectFor(c, a.Subject)
	if err != nil {
		return nil, nil, err
	}
	now := a.Request().Time
	t := &token.IDToken{ // one audience, so that there is no azp (section 2)
		Issuer: base.Issuer, Subject: sub, Audience: []string{c.ID},
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
	t.Extra, err = p.idTokenClaims(ctx, is)
	return key, t, err
}

// idTokenClaims are the claims of the host. Those of scopes are at UserInfo, unless no
// access token will come of the request with which to ask there (section 5.4).
func (p *Provider) idTokenClaims(ctx context.Context, is *oauth.Issue) ([]byte, error) {
	a := is.Authorization()
	r := p.fromAuthorization(UseIDToken, a)
	if err := p.release(&r, p.config.ClaimsInIDToken || is.ResponseType() == oauth.ResponseIDToken, a.Claims); err != nil {
		return nil, err
	}
	return p.members(ctx, &r)
}

// accessTokenClaims are those of the host in an access token.
func (p *Provider) accessTokenClaims(ctx context.Context, is *oauth.Issue) ([]byte, error) {
	if len(p.config.AccessTokenClaims) == 0 {
		return nil, nil
	}
	r := p.fromAuthorization(UseAccessToken, is.Authorization())
	if err := p.release(&r, false, ""); err != nil {
		return nil, err
	}
	return p.members(ctx, &r)
}
