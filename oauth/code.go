package oauth

import (
	"context"

	"github.com/mintyard/mintyard/oauth/token"
)

var (
	errRedirectURI = NewError(CodeInvalidGrant, ReasonRedirectURI, refusedGrant)
	errCodeReused  = NewError(CodeInvalidGrant, ReasonCodeReused, refusedGrant)
)

// AuthorizationCode returns the authorization_code grant (RFC 6749 section 4.1.3)
// with PKCE (RFC 7636). A code is good once, for the client it was issued to; a
// second use by that client ends what came of the first (section 4.1.2).
func AuthorizationCode() Grant { return codeGrant{GrantAuthorizationCode, "code"} }

// InteractionCode returns the same grant under the name interaction_code, with the
// code in the parameter of that name, for clients that know it so. To policies it is
// authorization_code: no rule is passed by under another name.
func InteractionCode() Grant { return codeGrant{GrantInteractionCode, "interaction_code"} }

type codeGrant struct{ name, param string }

func (g codeGrant) Type() string { return g.name }

// Authorize judges a code and spends nothing but what is used twice. Who is not the
// client of the code, or does not know its verifier, its redirect URI and its key,
// changes nothing by what he sends, to whomever the code belongs.
func (g codeGrant) Authorize(ctx context.Context, r *TokenRequest) (*Authorization, error) {
	handle, err := r.Require(g.param)
	if err != nil {
		return nil, err
	}
	verifier, err := r.codeVerifier()
	if err != nil {
		return nil, err
	}
	r.GrantType = GrantAuthorizationCode
	s := r.Server
	h, err := s.parseHandle(ctx, r.q, token.HandleCode, handle)
	if err != nil {
		return nil, err
	}
	a := r.authorization()
	if err := r.load(ctx, a, h.Record); err != nil {
		return nil, err
	}
	rec := &a.origin.record
	salt, ok := rec.salt()
	switch {
	case !ok || h.Generation != 0 || !s.config.Keys.Handles.CheckSalt(&h, &salt):
		return nil, errHandle
	case rec.Client != r.Client.ID:
		return nil, errForeign
	case !r.Client.Registered.IsZero() && rec.Created < r.Client.Registered.Unix():
		return nil, errRenewed
	case rec.State == stateEnded:
		return nil, errGrantEnded
	case rec.State != stateCode && rec.State != stateActive:
		return nil, errGrantState
	}
	if err := checkVerifier(rec.CodeChallenge, verifier, r.Client.needsPKCE()); err != nil {
		return nil, err
	}
	if rec.RedirectURI != "" && rec.RedirectURI != r.Param("redirect_uri") {
		return nil, errRedirectURI
	}
	a.origin.step = stepRedeem
	if err := a.checkSenderKey(); err != nil {
		return nil, err
	}
	if rec.State == stateActive {
		return nil, s.endReplayed(ctx, a)
	}
	if why, over := rec.ended(r.Time); over {
		return nil, errEndedFor(why)
	}
	if rec.CodeEnds != 0 && r.Time.Unix() >= rec.CodeEnds {
		return nil, errGrantExpired
	}
	return a, r.NarrowResources(a)
}

// endReplayed ends a grant whose code is used again: its client has been copied, or
// somebody between has, and nobody can tell who came first.
func (s *Server) endReplayed(ctx context.Context, a *Authorization) error {
	if err := s.endGrant(ctx, a.origin.id, ReasonCodeReused); err != nil {
		return err
	}
	return errCodeReused
}

// lostCode is for who loses the race for a code: another request has redeemed it, so
// it was used twice, or has ended it.
func (s *Server) lostCode(ctx context.Context, a *Authorization) error {
	if err := a.req.load(ctx, a, a.origin.id); err != nil {
		return err
	}
	if a.origin.record.State == stateActive {
		return s.endReplayed(ctx, a)
	}
	return errGrantEnded
}
