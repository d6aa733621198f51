package oauth

import (
	"context"
	"encoding/base64"
	"errors"

	"github.com/mintyard/mintyard/oauth/token"
)

// viewScratch is memory for the view of an opaque access token.
type viewScratch struct {
	view    token.View
	payload []byte
	amr     []string
	jti     [64]byte
	jwt     token.AccessToken
	words   [16]string
	random  [32]byte // an id, a token's own part of its jti, and a version
}

func (v *viewScratch) reset() {
	payload := v.payload[:cap(v.payload)]
	clear(payload)
	amr := v.amr[:cap(v.amr)]
	clear(amr)
	*v = viewScratch{payload: payload[:0], amr: amr[:0]}
}

// appendAccessToken mints the access token, in the client's format.
func (s *Server) appendAccessToken(ctx context.Context, dst []byte, is *Issue) ([]byte, error) {
	format := is.auth.client.AccessTokenFormat
	if format == "" {
		format = s.config.AccessToken.Format
	}
	if format == FormatOpaque {
		return s.appendOpaque(dst, is)
	}
	return s.appendJWT(ctx, dst, is)
}

// appendOpaque mints a handle. It says of itself what the grant's record cannot
// know: when it was issued, for how long, and which part of the grant it is for.
func (s *Server) appendOpaque(dst []byte, is *Issue) ([]byte, error) {
	a, q := is.auth, is.auth.req.q
	v := &q.view.view
	*v = token.View{
		IssuedAt: a.req.Time.Unix(),
		Lifetime: uint32(is.lives.token - a.req.Time.Unix()),
	}
	copy(v.ID[:], q.view.random[16:24])
	if err := v.SetConfirmation(a.Confirmation.JKT, a.Confirmation.X5T); err != nil {
		return dst, err
	}
	if a.origin.step == stepStateless {
		v.Standalone, v.Client = true, a.client.ID
		v.Scopes, v.Audience = a.tokenScopes(), s.audience(a)
	} else {
		v.SetScopes(a.Scopes, a.TokenScopes)
		v.SetResources(a.Resources, a.TokenResources)
	}
	q.view.payload = v.Append(q.view.payload[:0])
	h := token.Handle{Kind: token.HandleAccess, Record: a.origin.id, Payload: q.view.payload}
	return s.config.Keys.Handles.Append(dst, &h, nil)
}

// appendJWT mints an RFC 9068 access token. The jti of a person's token begins
// with the id of the grant, so that introspection, revocation and UserInfo find
// it; that of a client of its own is shorter and has none.
func (s *Server) appendJWT(ctx context.Context, dst []byte, is *Issue) ([]byte, error) {
	a, v := is.auth, &is.auth.req.q.view
	raw := v.random[:24]
	if a.origin.step == stepStateless {
		raw = raw[:16]
	} else {
		copy(raw, a.origin.id[:])
	}
	sub, err := s.subjectFor(a.client, a.Subject)
	if err != nil {
		return dst, err
	}
	jti := string(base64.RawURLEncoding.AppendEncode(v.jti[:0], raw))
	v.amr = s.config.AMR.Append(v.amr[:0], a.Methods)
	v.jwt = token.AccessToken{
		Issuer: s.config.Issuer, Subject: sub, ClientID: a.client.ID, ID: jti,
		Audience: s.audience(a), Scopes: a.tokenScopes(),
		IssuedAt: a.req.Time.Unix(), Expires: is.lives.token,
		ACR: a.ACR, AMR: v.amr, SessionID: a.SessionID,
		JKT: a.Confirmation.JKT, X5T: a.Confirmation.X5T,
	}
	if a.Subject == "" {
		v.jwt.Subject = a.client.ID // RFC 9068 section 2.2
	} else {
		v.jwt.AuthTime = a.AuthTime.Unix()
	}
	if s.extender != nil {
		if v.jwt.Extra, err = s.extender.ExtendAccessToken(ctx, is); err != nil {
			return dst, err
		}
	}
	key := s.config.Keys.Signing.Active(s.algorithm())
	if key == nil {
		return dst, errNoSigningKey
	}
	return key.AppendAccessToken(dst, &v.jwt)
}

// errNoSigningKey: a key was retired that the configuration still names.
var errNoSigningKey = errors.New("oauth: there is no active key for the algorithm of access tokens")

// algorithm of access tokens: as configured, or that of the first active key.
func (s *Server) algorithm() token.Algorithm { return s.config.AccessToken.Algorithm }

// audience is for whom the token is: never nobody.
func (s *Server) audience(a *Authorization) []string {
	if r := a.tokenResources(); len(r) > 0 {
		return r
	}
	return s.defaultAudience
}
