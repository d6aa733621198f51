package oauth

import (
	"context"
	"errors"
	"iter"
	"net/netip"
	"time"

	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/store"
)

// TokenRequest is a request to the token endpoint by a client that has been
// authenticated and may use the grant. It is good until the request has been
// answered; a Grant must not keep it.
type TokenRequest struct {
	Server    *Server
	Client    *Client
	GrantType string
	Time      time.Time  // when it arrived, by the server's clock
	Addr      netip.Addr // where it comes from (Config.ClientAddr); zero: unknown

	// Confirmation is the key that the sender has proved to hold; zero: none.
	Confirmation Confirmation

	q *request
}

// Param returns a parameter, or "" if it was omitted or sent without a value
// (RFC 6749 section 3.2).
func (r *TokenRequest) Param(name string) string { return r.q.form.value(name) }

// Words yields the space-separated words of a parameter.
func (r *TokenRequest) Words(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, w := range fields(nil, r.Param(name)) {
			if !yield(w) {
				return
			}
		}
	}
}

// Require returns a parameter, and the error to answer with when it is missing.
func (r *TokenRequest) Require(name string) (string, error) {
	if v := r.Param(name); v != "" {
		return v, nil
	}
	return "", NewError(CodeInvalidRequest, ReasonMissing, "Parameter "+name+" is missing")
}

// NewAuthorization starts an authorization with what the client asks for: the
// scope and resource parameters, checked against the server and the client, and
// acr_values. The Grant adds who it is about.
func (r *TokenRequest) NewAuthorization() (*Authorization, error) {
	a := r.authorization()
	a.origin.step = stepBirth
	if err := r.requestedScopes(a); err != nil {
		return nil, err
	}
	if err := r.requestedResources(a); err != nil {
		return nil, err
	}
	if v := r.Param("acr_values"); v != "" {
		a.ACRValues = fields(a.acrValues[:0], v)
	}
	a.Network = r.Addr
	return a, nil
}

// authorization is the request's own, in pooled memory: it is empty, unless a
// Grant has begun another one before.
func (r *TokenRequest) authorization() *Authorization {
	a := &r.q.auth
	if a.req != nil {
		*a = Authorization{}
	}
	a.req, a.client, a.Confirmation = r, r.Client, r.Confirmation
	return a
}

var (
	errScopeUnknown    = NewError(CodeInvalidScope, ReasonScopeUnknown, "The server does not know one of the scopes")
	errScopeNotAllowed = NewError(CodeInvalidScope, ReasonScopeNotAllowed, "The client may not have one of the scopes")
	errScopeMissing    = NewError(CodeInvalidScope, ReasonScopeMissing, "Ask for a scope; there is no default")
	errScopeExceeds    = NewError(CodeInvalidScope, ReasonScopeExceeds, "A scope goes beyond what was granted")
	errTarget          = NewError(CodeInvalidTarget, ReasonTarget, "The server does not know one of the resources")
	errTargetExceeds   = NewError(CodeInvalidTarget, ReasonTargetExceeds, "A resource goes beyond what was granted")
)

// requestedScopes fills in the scopes that are asked for, or the defaults
// (RFC 6749 section 3.3), each once.
func (r *TokenRequest) requestedScopes(a *Authorization) error {
	words := r.Param("scope")
	if words == "" {
		a.Scopes = a.scopes[:0]
		for i := range r.Server.config.Scopes {
			if s := &r.Server.config.Scopes[i]; s.Default && r.Client.mayHave(s.Name) {
				a.Scopes = append(a.Scopes, s.Name)
			}
		}
		if len(a.Scopes) == 0 {
			return errScopeMissing
		}
		return nil
	}
	a.Scopes = unique(fields(a.scopes[:0], words))
	for _, name := range a.Scopes {
		if r.Server.scope(name) == nil {
			return errScopeUnknown
		}
		if !r.Client.mayHave(name) {
			return errScopeNotAllowed
		}
	}
	return nil
}

func (r *TokenRequest) requestedResources(a *Authorization) error {
	list := r.q.form.appendValues(a.resources[:0], "resource")
	if len(list) == 0 {
		return nil
	}
	a.Resources = unique(list)
	for _, u := range a.Resources {
		if u != r.Server.config.Audience && !contains(r.Server.config.Resources, u) {
			return errTarget
		}
	}
	return nil
}

// About says whom the authorization is about. A Grant that verifies something of a
// person calls it before it does: if the person's grants are ended from here on,
// because the password that is being verified is changed, say, what comes of this
// request is ended too. "" is nobody, and costs the same.
func (r *TokenRequest) About(ctx context.Context, a *Authorization, subject string) error {
	version, err := r.Server.subjectVersion(ctx, r.q, subject)
	if err != nil {
		return err
	}
	a.Subject, a.parent, a.noted = subject, version, subject
	return nil
}

func (c *Client) mayHave(scope string) bool {
	return c.Scopes == nil || contains(c.Scopes, scope)
}

// unique drops repetitions in place and keeps the order.
func unique(list []string) []string {
	n := 0
	for i, s := range list {
		if !contains(list[:n], s) {
			list[n] = list[i]
			n++
		}
	}
	return list[:n]
}

var (
	errHandle       = NewError(CodeInvalidGrant, ReasonHandle, refusedGrant)
	errHandleKey    = NewError(CodeInvalidGrant, ReasonHandleKey, refusedGrant)
	errNoRecord     = NewError(CodeInvalidGrant, ReasonNoRecord, refusedGrant)
	errGrantState   = NewError(CodeInvalidGrant, ReasonState, refusedGrant)
	errSuperseded   = NewError(CodeInvalidGrant, ReasonSuperseded, refusedGrant)
	errGrantEnded   = NewError(CodeInvalidGrant, ReasonEnded, refusedGrant)
	errGrantExpired = NewError(CodeInvalidGrant, ReasonExpired, refusedGrant)
	errGrantIdle    = NewError(CodeInvalidGrant, ReasonIdle, refusedGrant)
	errForeign      = NewError(CodeInvalidGrant, ReasonClientMismatch, refusedGrant)
	errRenewed      = NewError(CodeInvalidGrant, ReasonClientRenewed, refusedGrant)
	errSenderKey    = NewError(CodeInvalidGrant, ReasonSenderKey, refusedGrant)
	errRace         = NewError(CodeInvalidGrant, ReasonRace, refusedGrant)
)

func errEndedFor(reason Reason) *Error {
	switch reason {
	case ReasonExpired:
		return errGrantExpired
	case ReasonIdle:
		return errGrantIdle
	}
	return errGrantEnded
}

// Resume returns the pending authorization that a handle of an earlier step
// names, with what was proved so far. It spends nothing: Commit promotes the
// grant, and of two that finish it at once one wins.
//
// Errors are *Error with code invalid_grant; the reason says more: ReasonHandle
// (not one of this server's), ReasonExpired, ReasonState (finished already),
// ReasonSuperseded (a later step has a newer handle), ReasonClientMismatch.
func (r *TokenRequest) Resume(ctx context.Context, kind token.HandleKind, handle string) (*Authorization, error) {
	a := r.authorization()
	h, err := r.Server.parseHandle(ctx, r.q, kind, handle)
	if err != nil {
		return nil, err
	}
	if err := r.load(ctx, a, h.Record); err != nil {
		return nil, err
	}
	rec := &a.origin.record
	switch {
	case rec.Client != r.Client.ID:
		return nil, errForeign
	case rec.State == stateActive:
		return nil, errGrantState
	case rec.State != statePending:
		return nil, errGrantEnded
	}
	if why, over := rec.ended(r.Time); over {
		return nil, errEndedFor(why)
	}
	if !r.Client.Registered.IsZero() && rec.Created < r.Client.Registered.Unix() {
		return nil, errRenewed
	}
	if int64(h.Generation) != rec.Step {
		return nil, errSuperseded
	}
	a.origin.step = stepPromote
	return a, nil
}

// load reads a grant's record and fills in the authorization from it.
func (r *TokenRequest) load(ctx context.Context, a *Authorization, id [16]byte) error {
	q := r.q
	q.recs[0] = store.Record{Key: r.Server.grantKey(id)}
	var err error
	q.values, err = r.Server.config.Store.Get(ctx, q.values[:0], q.recs[:1])
	if err != nil {
		return errUnavailable.WithCause(err)
	}
	if q.recs[0].Version == 0 {
		return errNoRecord
	}
	a.origin.id, a.origin.version = id, q.recs[0].Version
	if err := a.origin.record.decode(string(q.recs[0].Value)); err != nil {
		return errUnavailable.WithCause(err)
	}
	a.fromRecord()
	return nil
}

// parseHandle checks a handle without the store. A key that is not known here may
// be one that another node has just begun to use: the keys are read again.
func (s *Server) parseHandle(ctx context.Context, q *request, kind token.HandleKind, handle string) (token.Handle, error) {
	h, scratch, err := s.config.Keys.Handles.Parse(q.handle[:0], kind, handle)
	if errors.Is(err, token.ErrHandleKey) && s.config.Keys.reload(ctx, q.now) {
		h, scratch, err = s.config.Keys.Handles.Parse(q.handle[:0], kind, handle)
	}
	q.handle = scratch
	switch {
	case errors.Is(err, token.ErrHandleKey):
		return h, errHandleKey
	case err != nil:
		return h, errHandle
	}
	return h, nil
}
