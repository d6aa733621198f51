package oauth

import (
	"context"
	"errors"

	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/store"
)

var (
	errHandle           = NewError(CodeInvalidGrant, ReasonHandle, refusedGrant)
	errHandleKey        = NewError(CodeInvalidGrant, ReasonHandleKey, refusedGrant)
	errNoRecord         = NewError(CodeInvalidGrant, ReasonNoRecord, refusedGrant)
	errGrantState       = NewError(CodeInvalidGrant, ReasonState, refusedGrant)
	errSuperseded       = NewError(CodeInvalidGrant, ReasonSuperseded, refusedGrant)
	errGrantEnded       = NewError(CodeInvalidGrant, ReasonEnded, refusedGrant)
	errGrantExpired     = NewError(CodeInvalidGrant, ReasonExpired, refusedGrant)
	errGrantIdle        = NewError(CodeInvalidGrant, ReasonIdle, refusedGrant)
	errForeign          = NewError(CodeInvalidGrant, ReasonClientMismatch, refusedGrant)
	errRenewed          = NewError(CodeInvalidGrant, ReasonClientRenewed, refusedGrant)
	errSenderKey        = NewError(CodeInvalidGrant, ReasonSenderKey, refusedGrant)
	errOtherTransaction = NewError(CodeInvalidRequest, ReasonOtherTransaction, "The codes are not of one sign-in")
	errRace             = NewError(CodeInvalidGrant, ReasonRace, refusedGrant)
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
	if int64(h.Generation) != *rec.generation(kind) {
		return nil, errSuperseded
	}
	a.origin.step = stepPromote
	return a, a.checkSenderKey()
}

// Belongs reports whether another handle that the client sent is of the same
// transaction as a, and its newest of that kind. ReasonOtherTransaction says that it is of another one.
func (r *TokenRequest) Belongs(ctx context.Context, a *Authorization, kind token.HandleKind, handle string) error {
	h, err := r.Server.parseHandle(ctx, r.q, kind, handle)
	switch {
	case err != nil:
		return err
	case h.Record != a.origin.id:
		return errOtherTransaction
	case int64(h.Generation) != *a.origin.record.generation(kind):
		return errSuperseded
	}
	return nil
}

// generation is the counter of a kind of handle.
func (r *record) generation(kind token.HandleKind) *int64 {
	switch kind {
	case token.HandleOOB, token.HandleWebAuthn:
		return &r.Challenge
	}
	return &r.Step
}

// load reads a grant's record and fills in the authorization from it.
func (r *TokenRequest) load(ctx context.Context, a *Authorization, id [16]byte) error {
	if err := r.read(ctx, a, id); err != nil {
		return err
	}
	a.fromRecord()
	return nil
}

// read reads a grant's record and leaves what is known of the authorization as it is.
func (r *TokenRequest) read(ctx context.Context, a *Authorization, id [16]byte) error {
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
	a.origin.subject = a.origin.record.Subject
	return nil
}

// parseHandle checks a handle without the store. A key that is not known here may
// be one that another node has just begun to use: the keys are read again.
func (s *Server) parseHandle(ctx context.Context, q *request, kind token.HandleKind, handle string) (token.Handle, error) {
	h, scratch, err := s.config.Keys.Handles.Parse(q.handle[:0], kind, handle)
	if errors.Is(err, token.ErrHandleKey) && s.config.Keys.LookAgain(ctx, q.now) {
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
