package oauth

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/store"
)

// Commit grants what Prepare has minted: one compare-and-swap of the grant's
// record, and the last thing that can fail. It returns the JSON of the token
// response (RFC 6749 section 5.1), good until the request has been answered.
//
// Errors are *Error; nothing is granted then, and the minted tokens are erased.
func (s *Server) Commit(ctx context.Context, is *Issue) ([]byte, error) {
	q := is.auth.req.q
	if err := s.grant(ctx, is); err != nil {
		clear(q.out)
		q.out = q.out[:0]
		return nil, err
	}
	q.out = append(q.out, '}')
	return q.out, nil
}

// grant makes the transition and appends the refresh token of the state that was
// reached.
func (s *Server) grant(ctx context.Context, is *Issue) error {
	a := is.auth
	switch a.origin.step {
	case stepStateless:
		return nil
	case stepBirth:
		a.origin.record = a.newRecord()
		a.activate(is)
	case stepPromote:
		a.activate(is)
	case stepRotate, stepRepeat, stepPersist:
		return s.refreshGrant(ctx, is)
	}
	// The handle is made before the write: nothing that can fail comes after it.
	if err := s.appendRefreshToken(is); err != nil {
		return err
	}
	err := s.put(ctx, a)
	if errors.Is(err, store.ErrConflict) {
		return errRace
	}
	if err != nil {
		return errUnavailable.WithCause(err)
	}
	if a.origin.step == stepBirth {
		return s.recheckSubject(ctx, a)
	}
	return nil
}

// activate makes the record an active grant.
func (a *Authorization) activate(is *Issue) {
	rec := &a.origin.record
	a.toRecord(rec)
	rec.State, rec.Data = stateActive, ""
	rec.Ends, rec.Idle, rec.Used = is.lives.ends, is.lives.idle, a.req.Time.Unix()
	rec.Refreshes = is.lives.refresh
	if rec.Refreshes {
		rec.Salt = newSalt()
		rec.RefreshKey = int64(a.req.Server.config.Keys.Handles.ActiveKey())
	}
}

// put writes the record of an authorization. Births carry the tags by which the
// grant is found when its subject is ended.
func (s *Server) put(ctx context.Context, a *Authorization) error {
	q := a.req.q
	rec := &a.origin.record
	q.values = rec.append(q.values[:0])
	if len(q.values) > store.MaxValue {
		return fmt.Errorf("oauth: the record of a grant has %d bytes, and a store takes %d", len(q.values), store.MaxValue)
	}
	r := store.Record{
		Key: s.grantKey(a.origin.id), Version: q.version(),
		Expires: rec.expires(), Value: q.values,
	}
	if a.origin.version == 0 {
		r.Tags = []store.Key{s.subjectKey(a.Subject)}
	}
	if err := store.Swap(ctx, s.config.Store, r, a.origin.version); err != nil {
		return err
	}
	a.origin.version = r.Version
	return nil
}

// version is a version for a write: of the random bytes that the request drew
// when it minted, or, the second time, new ones.
func (q *request) version() uint64 {
	v := binary.LittleEndian.Uint64(q.view.random[24:])
	clear(q.view.random[24:])
	if v == 0 {
		return store.NewVersion()
	}
	return v
}

// appendRefreshToken appends the refresh token of the record's generation: it is
// computed and not remembered, so that asking twice gives the same.
func (s *Server) appendRefreshToken(is *Issue) error {
	rec := &is.auth.origin.record
	if !rec.Refreshes {
		return nil
	}
	salt, ok := rec.salt()
	if !ok {
		return errUnavailable.WithCause(errors.New("oauth: the record of a grant has no salt"))
	}
	h := token.Handle{
		Kind: token.HandleRefresh, Record: is.auth.origin.id,
		KeyID: uint32(rec.RefreshKey), Generation: uint32(rec.Refresh),
	}
	q := is.auth.req.q
	out, err := s.config.Keys.Handles.Append(append(q.out, `,"refresh_token":"`...), &h, &salt)
	if err != nil {
		return errUnavailable.WithCause(err)
	}
	q.out = append(out, '"')
	return nil
}

// newRecord starts a record with what was proved.
func (a *Authorization) newRecord() record {
	return record{
		Version: recordVersion, Client: a.client.ID, GrantType: a.req.GrantType,
		Created: a.req.Time.Unix(),
	}
}

// toRecord puts the authorization into its record.
func (a *Authorization) toRecord(rec *record) {
	rec.Subject = a.Subject
	rec.Scopes, rec.Resources = a.Scopes, a.Resources
	rec.AuthTime = a.AuthTime.Unix()
	rec.Methods = rec.Methods[:0:0]
	for _, m := range a.Methods {
		rec.Methods = append(rec.Methods, encodeMethod(m))
	}
	rec.Network = ""
	if a.Network.IsValid() {
		rec.Network = a.Network.String()
	}
	rec.Risk = int64(a.Risk)
	rec.ACR, rec.ACRValues = a.ACR, a.ACRValues
	rec.SessionID, rec.Nonce, rec.Claims = a.SessionID, a.Nonce, a.Claims
	rec.JKT, rec.X5T = a.Confirmation.JKT, a.Confirmation.X5T
	rec.Data = a.Data
}

// Suspend keeps an authorization for a later step: policy wants more proof. It
// returns the handle by which Resume finds it, good once a step and for at most
// lifetime; an older step's handle is refused from now on.
//
// Whatever the number of steps, a transaction ends ten minutes after it began.
func (r *TokenRequest) Suspend(ctx context.Context, a *Authorization, kind token.HandleKind, lifetime time.Duration) (string, error) {
	s := r.Server
	switch a.origin.step {
	case stepBirth:
		a.origin.id = newID()
		a.origin.record = a.newRecord()
	case stepPromote:
	default:
		return "", errStepUp // a grant that is active cannot prove more by this way
	}
	rec := &a.origin.record
	a.toRecord(rec)
	rec.State = statePending
	rec.Step++
	rec.Ends = min(r.Time.Add(lifetime).Unix(), rec.Created+int64(maxTransaction/time.Second))
	h := token.Handle{Kind: kind, Record: a.origin.id, Generation: uint32(rec.Step)}
	out, err := s.config.Keys.Handles.Append(nil, &h, nil)
	if err != nil {
		return "", errUnavailable.WithCause(err)
	}
	switch err := s.put(ctx, a); {
	case errors.Is(err, store.ErrConflict):
		return "", errRace
	case err != nil:
		return "", errUnavailable.WithCause(err)
	}
	if a.origin.step == stepBirth {
		if err := s.recheckSubject(ctx, a); err != nil {
			return "", err
		}
	}
	return string(out), nil
}

// maxTransaction is the hard end of a sign-in that goes step by step.
const maxTransaction = 10 * time.Minute
