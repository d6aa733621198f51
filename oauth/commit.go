package oauth

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

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
	if a.rehearsed {
		return errUnavailable.WithCause(errRehearsed)
	}
	switch a.origin.step {
	case stepStateless:
		return nil
	case stepBirth:
		a.born()
		a.activate(is)
	case stepPromote, stepRedeem:
		a.activate(is)
	case stepRotate, stepRepeat, stepPersist:
		return s.refreshGrant(ctx, is)
	}
	// The handle is made before the write: nothing that can fail comes after it.
	if err := s.appendRefreshToken(is); err != nil {
		return err
	}
	fresh := a.untagged()
	err := s.put(ctx, a)
	if errors.Is(err, store.ErrConflict) {
		if a.origin.step == stepRedeem {
			return s.lostCode(ctx, a)
		}
		return errRace
	}
	if err != nil {
		return errUnavailable.WithCause(err)
	}
	return s.recheck(ctx, a, fresh)
}

// recheck runs after a write: what could end the grant is read again.
func (s *Server) recheck(ctx context.Context, a *Authorization, fresh bool) error {
	if fresh {
		if err := s.recheckSubject(ctx, a); err != nil {
			return err
		}
	}
	return s.recheckParents(ctx, a)
}

// activate makes the record an active grant.
func (a *Authorization) activate(is *Issue) {
	rec := &a.origin.record
	a.toRecord(rec)
	rec.State, rec.Data = stateActive, ""
	if rec.GrantType == "" { // a challenge came first
		rec.GrantType = a.req.GrantType
	}
	ends := is.lives.ends
	if rec.CodeEnds != 0 && ends != 0 {
		ends = max(ends, rec.Ends) // tokens that came with the code live on
	}
	rec.Ends, rec.Idle, rec.Used = ends, is.lives.idle, a.req.Time.Unix()
	rec.Refreshes = is.lives.refresh
	if rec.Refreshes {
		if rec.Salt == "" { // that of a code stays: a replay is known by it
			rec.Salt = newSalt()
		}
		rec.RefreshKey = int64(a.req.Server.config.Keys.Handles.ActiveKey())
	}
}

// put writes the record of an authorization, and with it, once, the tag by which
// it is found when its subject is ended.
func (s *Server) put(ctx context.Context, a *Authorization) error {
	if a.rehearsed {
		return errRehearsed
	}
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
	if a.untagged() {
		r.Tags = []store.Key{s.ownerTag(a)}
	}
	for _, p := range a.parents[:a.parentCount] {
		r.Tags = append(r.Tags, p.Key)
	}
	if err := store.Swap(ctx, s.config.Store, r, a.origin.version); err != nil {
		return err
	}
	a.origin.version, a.origin.subject = r.Version, a.Subject
	return nil
}

// untagged reports whether the record is not yet found by its subject: it is born
// now, or it is only now that somebody is known.
func (a *Authorization) untagged() bool {
	return a.origin.version == 0 || a.origin.subject != a.Subject
}

// ownerTag is the tag by which a grant is found when its subject is ended. One
// that is about nobody has a tag too, of its own: it takes as much work to write.
func (s *Server) ownerTag(a *Authorization) store.Key {
	if a.Subject == "" {
		return store.Key{Kind: kindSubject, Space: s.space, ID: a.origin.id}
	}
	return s.subjectKey(a.Subject)
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

// born starts the record of an authorization, under the id of its authorization
// request if there was one.
func (a *Authorization) born() {
	if a.origin.id == [16]byte{} {
		a.origin.id = newID()
	}
	a.origin.record = a.newRecord()
}

// toRecord puts the authorization into its record.
func (a *Authorization) toRecord(rec *record) {
	rec.Subject = a.Subject
	rec.Scopes, rec.Resources = a.Scopes, a.Resources
	rec.AuthTime = 0
	if !a.AuthTime.IsZero() {
		rec.AuthTime = a.AuthTime.Unix()
	}
	rec.Methods = rec.Methods[:0:0]
	for _, m := range a.Methods {
		rec.Methods = append(rec.Methods, StoreMethod(m))
	}
	rec.Network = ""
	if a.Network.IsValid() {
		rec.Network = a.Network.String()
	}
	rec.Risk, rec.Device = int64(a.Risk), StoreDevice(a.Device)
	rec.ACR, rec.ACRValues = a.ACR, a.ACRValues
	rec.SessionID, rec.Nonce, rec.Claims = a.SessionID, a.Nonce, a.Claims
	rec.JKT, rec.X5T = a.Confirmation.JKT, a.Confirmation.X5T
	rec.Data, rec.Recovery = a.Data, a.Recovery
	rec.RedirectURI, rec.CodeChallenge = a.RedirectURI, a.CodeChallenge
}
