package oauth

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// TokenInfo is what the server knows of a token of its own that is good now.
type TokenInfo struct {
	Kind      token.HandleKind // HandleAccess (of either format) or HandleRefresh
	ID        string           // jti; "" for a refresh token
	Grant     [16]byte         // id of the grant's record; zero for a client of its own
	Subject   string           // "" for a client of its own
	ClientID  string
	Client    *Client // as it is now
	GrantType string  // that made the grant; "" for a client of its own
	Scopes    []string
	Audience  []string
	IssuedAt  int64 // Unix seconds
	Expires   int64 // Unix seconds; 0: never
	AuthTime  int64 // Unix seconds; 0 for a client of its own
	Methods   []policy.Method
	ACR       string
	SessionID string
	Claims    string // requested claims, as JSON

	Confirmation Confirmation

	// Groups are the person's now, as Config.Subjects says.
	Groups []string
}

// HasScope reports whether the token has the scope.
func (t *TokenInfo) HasScope(scope string) bool { return contains(t.Scopes, scope) }

// GrantID returns the id of the grant, as events carry it; "" for a client of its own.
func (t *TokenInfo) GrantID() string {
	if t.Grant == [16]byte{} {
		return ""
	}
	return encodeID(t.Grant)
}

// errInactive covers every way in which a token is not good; the reason says which.
var errInactive = NewError(CodeInvalidToken, ReasonToken, "The token is not good")

func inactive(reason Reason) *Error {
	e := *errInactive
	e.Reason = reason
	return &e
}

// Inspect says what a token of this server means now: signature or MAC, expiry,
// revocation, the state of its grant, client and subject. A token that is not good,
// whatever the cause, is an *Error with code invalid_token; any other *Error says
// that the server could not find out.
func (s *Server) Inspect(ctx context.Context, tok string) (*TokenInfo, error) {
	q := requests.Get().(*request)
	defer q.release()
	q.now = s.now()
	t := new(TokenInfo)
	if err := s.inspect(ctx, q, tok, t); err != nil {
		return nil, err
	}
	t.Methods = slices.Clone(t.Methods) // the request's memory is used again
	return t, nil
}

func (s *Server) inspect(ctx context.Context, q *request, tok string, t *TokenInfo) error {
	kind, isHandle := token.HandleKindOf(tok)
	var err error
	switch {
	case !isHandle && strings.Count(tok, ".") == 2:
		err = s.inspectJWT(ctx, q, tok, t)
	case kind == token.HandleAccess:
		err = s.inspectOpaque(ctx, q, tok, t)
	case kind == token.HandleRefresh:
		err = s.inspectRefresh(ctx, q, tok, t)
	default:
		err = errInactive
	}
	if err != nil {
		return err
	}
	return s.inspectParties(ctx, t)
}

// inspectOpaque reads what the handle says of itself, and the grant and the
// revocation in one look.
func (s *Server) inspectOpaque(ctx context.Context, q *request, tok string, t *TokenInfo) error {
	h, err := s.parseHandle(ctx, q, token.HandleAccess, tok)
	if err != nil {
		return errInactive
	}
	v := &q.view.view
	if err := token.ParseView(h.Payload, v); err != nil {
		return errInactive
	}
	end := v.IssuedAt + int64(v.Lifetime)
	if q.now.Unix() >= end {
		return inactive(ReasonTokenExpired)
	}
	t.Kind, t.IssuedAt, t.Expires = token.HandleAccess, v.IssuedAt, end
	t.Confirmation.JKT, t.Confirmation.X5T = v.Confirmation()
	raw := append(append(q.view.jti[:0], h.Record[:]...), v.ID[:]...)
	t.ID = string(base64.RawURLEncoding.AppendEncode(raw, raw)[len(raw):])
	if v.Standalone {
		t.ClientID, t.Scopes, t.Audience = v.Client, v.Scopes, v.Audience
		return s.inspectRecords(ctx, q, t, nil)
	}
	if err := s.inspectRecords(ctx, q, t, &h.Record); err != nil {
		return err
	}
	if v.Client != "" {
		t.ClientID = v.Client
	}
	t.Scopes = v.SelectScopes(t.Scopes)
	if t.Audience = v.SelectResources(t.Audience); len(t.Audience) == 0 {
		t.Audience = s.defaultAudience
	}
	return nil
}

// inspectJWT verifies a token of ours as a resource server would, and then asks
// what only the server knows.
func (s *Server) inspectJWT(ctx context.Context, q *request, tok string, t *TokenInfo) error {
	var c token.Claims
	err := s.config.Keys.Signing.KeySet().VerifyInto(&c, token.TypeAccessToken, tok)
	if errors.Is(err, token.ErrKey) && s.config.Keys.LookAgain(ctx, q.now) { // another node has rotated
		err = s.config.Keys.Signing.KeySet().VerifyInto(&c, token.TypeAccessToken, tok)
	}
	if err != nil {
		return errInactive.WithCause(err)
	}
	if c.Issuer != s.config.Issuer {
		return errInactive
	}
	if q.now.Unix() >= c.Expires {
		return inactive(ReasonTokenExpired)
	}
	var grant *[16]byte
	if len(c.ID) == 32 { // grant id and 8 bytes; a client of its own has 16 bytes in all
		raw, err := base64.RawURLEncoding.Strict().AppendDecode(q.view.jti[:0], []byte(c.ID))
		if err != nil {
			return errInactive
		}
		grant = new([16]byte)
		copy(grant[:], raw)
	}
	t.Kind, t.ID, t.ClientID, t.IssuedAt, t.Expires = token.HandleAccess, c.ID, c.ClientID, c.IssuedAt, c.Expires
	if err := s.inspectRecords(ctx, q, t, grant); err != nil {
		return err
	}
	t.Scopes, t.Audience = fields(nil, c.Scope), c.Audience
	t.Confirmation = Confirmation{JKT: c.JKT, X5T: c.X5T}
	return nil
}

// inspectRefresh: a refresh token is active while it is the current one.
func (s *Server) inspectRefresh(ctx context.Context, q *request, tok string, t *TokenInfo) error {
	h, err := s.parseHandle(ctx, q, token.HandleRefresh, tok)
	if err != nil {
		return errInactive
	}
	t.Kind = token.HandleRefresh
	if err := s.inspectRecords(ctx, q, t, &h.Record); err != nil {
		return err
	}
	rec := &q.auth.origin.record
	salt, ok := rec.salt()
	if !ok || !rec.Refreshes || !s.config.Keys.Handles.CheckSalt(&h, &salt) || int64(h.Generation) != rec.Refresh {
		return errInactive
	}
	t.IssuedAt, t.Expires = rec.Used, rec.Ends
	if rec.Idle != 0 && (t.Expires == 0 || rec.Used+rec.Idle < t.Expires) {
		t.Expires = rec.Used + rec.Idle
	}
	if len(t.Audience) == 0 {
		t.Audience = s.defaultAudience
	}
	return nil
}

// inspectRecords reads the grant, if there is one, and the mark of revocation.
func (s *Server) inspectRecords(ctx context.Context, q *request, t *TokenInfo, grant *[16]byte) error {
	q.recs[0] = store.Record{Key: s.revokedKey(t.ID)}
	recs := q.recs[:1]
	if grant != nil {
		q.recs[1] = store.Record{Key: s.grantKey(*grant)}
		recs = q.recs[:2]
	}
	var err error
	if q.values, err = s.config.Store.Get(ctx, q.values[:0], recs); err != nil {
		return errUnavailable.WithCause(err)
	}
	if recs[0].Version != 0 && t.ID != "" {
		return inactive(ReasonTokenRevoked)
	}
	if grant == nil {
		return nil
	}
	if recs[1].Version == 0 {
		return inactive(ReasonNoRecord)
	}
	rec := &q.auth.origin.record
	if err := rec.decode(string(recs[1].Value)); err != nil {
		return errUnavailable.WithCause(err)
	}
	if rec.State != stateActive && !(rec.State == stateCode && rec.CodeEnds != 0) { // tokens that came with a code
		return inactive(ReasonEnded)
	}
	if why, over := rec.ended(q.now); over && (t.Kind == token.HandleRefresh || why != ReasonIdle) {
		return inactive(why) // an access token outlives the idle end of its refresh token
	}
	t.Grant, t.Subject, t.ClientID, t.GrantType = *grant, rec.Subject, rec.Client, rec.GrantType
	t.Scopes, t.Audience = rec.Scopes, rec.Resources
	t.AuthTime, t.ACR, t.SessionID, t.Claims = rec.AuthTime, rec.ACR, rec.SessionID, rec.Claims
	t.Confirmation = Confirmation{JKT: rec.JKT, X5T: rec.X5T}
	t.Methods = q.auth.methods[:0]
	for i := range rec.Methods {
		t.Methods = append(t.Methods, rec.Methods[i].Method())
	}
	return nil
}

// inspectParties asks whether client and person are still there: what was
// disabled has no good tokens.
func (s *Server) inspectParties(ctx context.Context, t *TokenInfo) error {
	c, err := s.config.Clients.Client(ctx, t.ClientID)
	switch {
	case errors.Is(err, ErrNoClient):
		return inactive(ReasonUnknownClient)
	case err != nil:
		return errUnavailable.WithCause(err)
	case c.Disabled:
		return inactive(ReasonDisabledClient)
	case !c.Registered.IsZero() && t.IssuedAt < c.Registered.Unix():
		return inactive(ReasonClientRenewed)
	}
	t.Client = c
	if t.Subject == "" {
		return nil
	}
	p, err := s.config.Subjects.Subject(ctx, t.Subject)
	switch {
	case errors.Is(err, ErrNoSubject):
		return inactive(ReasonUnknownSubject)
	case err != nil:
		return errUnavailable.WithCause(err)
	case !p.Active:
		return inactive(ReasonInactiveSubject)
	}
	t.Groups = p.Groups
	return nil
}

func (s *Server) revokedKey(jti string) store.Key {
	return store.Key{Kind: kindRevoked, Space: s.space, ID: store.Digest("jti", jti)}
}

// revokedUntil is when the mark of a revoked token may be forgotten.
func revokedUntil(t *TokenInfo) int64 { return t.Expires + int64(clockSkew/time.Second)*2 }
