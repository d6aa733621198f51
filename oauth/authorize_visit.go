package oauth

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/mintyard/mintyard/oauth/token"
)

// ErrAnswered says that an authorization request was answered already, for somebody
// else or with a code that is used by now.
var ErrAnswered = NewError(CodeInvalidRequest, ReasonState, "This sign-in is over; start again at the app")

var (
	errOfAnother  = NewError(CodeInvalidRequest, ReasonOtherTransaction, "This is the step of another sign-in")
	errNoIDTokens = errors.New("oauth: a response type with id_token is listed, and no extension has added an ID token")
)

// Visit answers one request of a browser that comes to a page with an authorization
// request: do gets a token request of its client, with which it can begin the sign-in
// ([TokenRequest.Begin]), keep what was proved ([TokenRequest.Suspend]), go on with it
// ([TokenRequest.Resume]) and answer ([TokenRequest.Answer]). It is good inside do only,
// and has no parameters: a page reads its own form.
//
// That client and redirect URI are still what they were is checked first. Errors are
// *Error or what do returns.
func (s *Server) Visit(r *http.Request, req *AuthorizationRequest, do func(ctx context.Context, tr *TokenRequest) error) error {
	q := requests.Get().(*request)
	defer q.release()
	q.now, q.addr = s.now(), s.clientAddr(r)
	if s.config.Signals != nil {
		q.signals = s.config.Signals(r)
	}
	c, err := s.requestClient(r.Context(), req.ClientID)
	if err != nil {
		return err
	}
	if to, err := c.redirectURI(sentRedirect(req), req.HasScope(scopeOpenID)); err != nil || to != req.RedirectURI {
		return errRedirectUnknown
	}
	if !c.Registered.IsZero() && req.Issued < c.Registered.Unix() {
		return errClientUnknown
	}
	tr := &q.tokenReq
	tr.Server, tr.Client, tr.Time, tr.Addr, tr.q = s, c, q.now, q.addr, q
	tr.GrantType = GrantImplicit
	if req.Yields("code") {
		tr.GrantType = GrantAuthorizationCode
	}
	return do(r.Context(), tr)
}

func sentRedirect(req *AuthorizationRequest) string {
	if req.RedirectSent {
		return req.RedirectURI
	}
	return ""
}

// Begin starts the sign-in for an authorization request, with what it asks for. Nothing
// is written. What was proved before for the same request, in another tab, is given up
// when this one is kept: of a request comes one grant.
func (r *TokenRequest) Begin(ctx context.Context, req *AuthorizationRequest) (*Authorization, error) {
	id, ok := req.id()
	if !ok || req.ClientID != r.Client.ID {
		return nil, errSealed
	}
	a := r.NewTransaction()
	err := r.load(ctx, a, id)
	switch rec := &a.origin.record; {
	case errors.Is(err, errNoRecord):
		a = r.NewTransaction()
		a.origin.id = id
	case err != nil:
		return nil, err
	case rec.Client != r.Client.ID:
		return nil, errSealed
	case rec.State == statePending:
		version, step, challenge := a.origin.version, rec.Step, rec.Challenge
		a = r.NewTransaction()
		a.origin.id, a.origin.version, a.origin.step, a.origin.record = id, version, stepPromote, a.newRecord()
		a.origin.record.Step, a.origin.record.Challenge = step, challenge
	case rec.State == stateEnded:
		return nil, ErrAnswered
	default:
		prior := a.origin
		a = r.NewTransaction()
		a.origin, a.origin.step = prior, stepAgain
	}
	a.page = true
	a.Scopes, a.Resources = append(a.scopes[:0], req.Scopes...), append(a.resources[:0], req.Resources...)
	if len(a.Resources) == 0 {
		a.Resources = nil
	}
	a.ACRValues, a.Nonce, a.Claims = append(a.acrValues[:0], req.ACRValues...), req.Nonce, req.Claims
	a.CodeChallenge, a.RedirectURI = req.CodeChallenge, strings.Clone(sentRedirect(req))
	return a, nil
}

// ResumeSignIn is [TokenRequest.Resume] for a page: the handle must be of a sign-in for
// the authorization request that the page came with.
func (r *TokenRequest) ResumeSignIn(ctx context.Context, req *AuthorizationRequest, handle string) (*Authorization, error) {
	a, err := r.Resume(ctx, token.HandleSignIn, handle)
	if err != nil {
		return nil, err
	}
	return r.OfRequest(a, req)
}

// OfRequest makes sure that an authorization that was resumed, by whatever handle, is of
// the sign-in for an authorization request. It then goes on as one of ResumeSignIn does.
func (r *TokenRequest) OfRequest(a *Authorization, req *AuthorizationRequest) (*Authorization, error) {
	if id, ok := req.id(); !ok || id != a.origin.id {
		return nil, errOfAnother
	}
	a.page = true
	return a, nil
}

// Forget ends the sign-in for an authorization request: what was proved for it is
// forgotten, and a code that came of it is good no more.
func (r *TokenRequest) Forget(ctx context.Context, req *AuthorizationRequest) error {
	id, ok := req.id()
	if !ok {
		return errSealed
	}
	return r.Server.endGrant(ctx, id, ReasonDenied)
}
