package oidc

import (
	"context"
	"net/http"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// UserInfoHandler is the UserInfo endpoint (OpenID Connect Core section 5.3). It
// takes GET and POST, an access token with openid, and answers with what the
// token's scopes release today, and what its client has asked for by name: as JSON, or
// signed, or signed and encrypted, as the client is registered. Errors are those of
// RFC 6750.
//
// Pages may read answers and errors if their origin may ask for tokens: see
// [oauth.Server.CrossOrigin].
func (p *Provider) UserInfoHandler() http.Handler {
	return p.server.CrossOrigin(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodPost {
			w.Header().Set("Allow", "GET, POST")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		t, ok := p.server.Bearer(w, r, ScopeOpenID)
		if !ok {
			return
		}
		kind, body, err := p.userInfo(r.Context(), t)
		if err != nil {
			p.server.WriteError(w, r, claimsFailure(err))
			return
		}
		h := w.Header()
		h.Set("Content-Type", kind)
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(body)
	}))
}

// userInfo is the answer about the person of a token, in the form that its client wants.
func (p *Provider) userInfo(ctx context.Context, t *oauth.TokenInfo) (contentType string, body []byte, err error) {
	r := fromToken(UseUserInfo, t)
	plain, err := p.userInfoClaims(ctx, r, t.Claims)
	c := t.Client
	if err != nil || c.OpenID.UserInfoAlgorithm == "" {
		return "application/json", plain, err
	}
	key := p.server.Config().Keys.Signing.Active(c.OpenID.UserInfoAlgorithm)
	if key == nil {
		return "", nil, errNoKey
	}
	claims := append([]byte(`{"iss":`), token.AppendString(nil, p.server.Config().Issuer)...)
	claims = append(append(claims, `,"aud":`...), token.AppendString(nil, c.ID)...)
	claims = append(append(claims, ','), plain[1:]...)
	// It has no exp, so that nobody takes it for an ID token, which must have one.
	signed, err := key.AppendSigned(nil, token.TypeIDToken, claims)
	if err == nil && c.OpenID.UserInfoEncryption != (oauth.Encryption{}) {
		signed, err = appendEncrypted(nil, c, c.OpenID.UserInfoEncryption, signed)
	}
	return "application/jwt", signed, err
}

// userInfoClaims are the claims as a JSON object.
func (p *Provider) userInfoClaims(ctx context.Context, r ClaimsRequest, parameter string) ([]byte, error) {
	if r.Subject == "" {
		return nil, errNobody // a client's own token: it is about no person
	}
	if err := p.release(&r, true, parameter); err != nil {
		return nil, err
	}
	members, err := p.members(ctx, &r)
	if err != nil {
		return nil, err
	}
	sub, err := p.SubjectFor(r.Client, r.Subject)
	if err != nil {
		return nil, err
	}
	body := append([]byte(`{"sub":`), token.AppendString(nil, sub)...) // the same as in the ID token (section 5.3.2)
	if len(members) > 0 {
		body = append(append(body, ','), members...)
	}
	return append(body, '}'), nil
}

var errNobody = oauth.NewError(oauth.CodeInvalidToken, oauth.ReasonToken, "The token is not about a person")
