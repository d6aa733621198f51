package oauth

import (
	"context"
	"errors"
	"math"

	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/store"
)

// RefreshToken returns the refresh_token grant (RFC 6749 section 6): rotation
// with detection of reuse (RFC 9700 section 4.14.2) and a grace in which the
// predecessor gets the same successor.
func RefreshToken() Grant { return refreshGrant{} }

type refreshGrant struct{}

func (refreshGrant) Type() string { return GrantRefreshToken }

func (refreshGrant) Authorize(ctx context.Context, r *TokenRequest) (*Authorization, error) {
	handle, err := r.Require("refresh_token")
	if err != nil {
		return nil, err
	}
	s := r.Server
	h, err := s.parseHandle(ctx, r.q, token.HandleRefresh, handle)
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
	case !ok || !rec.Refreshes || !s.config.Keys.Handles.CheckSalt(&h, &salt):
		return nil, errHandle
	case rec.Client != r.Client.ID:
		return nil, errForeign // says nothing about the owner, and does nothing to him
	case !r.Client.Registered.IsZero() && rec.Created < r.Client.Registered.Unix():
		return nil, errRenewed
	}
	a.origin.used = h.Generation
	// Sender key and client binding have passed before reuse ends anything.
	if err := a.checkSenderKey(); err != nil {
		return nil, err
	}
	if a.origin.step, err = s.refreshStep(ctx, a); err != nil {
		return nil, err
	}
	return a, r.narrow(a)
}

// refreshStep says what a refresh token of generation a.origin.used means for the
// record as it is. Reuse ends the grant before the refusal.
func (s *Server) refreshStep(ctx context.Context, a *Authorization) (step, error) {
	rec, now := &a.origin.record, a.req.Time
	if why, over := rec.ended(now); over {
		return 0, errEndedFor(why)
	}
	config := s.refreshConfig(a)
	used := int64(a.origin.used)
	switch {
	case used > rec.Refresh:
		// The handle is genuine and ahead of the record: the store has lost a write
		// (a failover, a restored backup). The client is right, the record is behind.
		s.event(ctx, Event{Type: EventGrantHealed, Time: now, ClientID: rec.Client, Subject: rec.Subject,
			Grant: encodeID(a.origin.id), Reason: ReasonStoreBehind, Addr: a.req.Addr})
		rec.Refresh = used
		return stepRotate, nil // also for a persistent one: the record must be moved
	case used == rec.Refresh && config.Persistent:
		return stepPersist, nil
	case used == rec.Refresh:
		return stepRotate, nil
	case used == rec.Refresh-1 && now.UnixMilli()-rec.Rotated <= config.Grace.Milliseconds() && config.Grace > 0:
		return stepRepeat, nil
	}
	return 0, s.endReused(ctx, a)
}

// narrow lets a client ask for less than the grant (RFC 6749 section 6, RFC 8707
// section 2.2). The grant itself is not changed.
func (r *TokenRequest) narrow(a *Authorization) error {
	if words := r.Param("scope"); words != "" {
		a.TokenScopes = unique(fields(r.q.view.words[:0], words))
		if !subset(a.TokenScopes, a.Scopes) {
			return errScopeExceeds
		}
	}
	return r.NarrowResources(a)
}

// NarrowResources takes from a later request of a flow which of the resources, that
// the first one asked for, the token is to be for (RFC 8707 section 2.2); it refuses
// any other, so that nobody who names one gets a token for something else.
func (r *TokenRequest) NarrowResources(a *Authorization) error {
	if list := r.q.form.appendValues(nil, "resource"); len(list) > 0 {
		a.TokenResources = unique(list)
		allowed := a.Resources
		if len(allowed) == 0 {
			allowed = r.Server.defaultAudience
		}
		if !subset(a.TokenResources, allowed) {
			return errTargetExceeds
		}
		if len(a.Resources) == 0 {
			a.TokenResources = nil // the default audience is what it gets anyway
		}
	}
	return nil
}

// refreshGrant is the granting write of a refresh. Whoever loses the race reads
// again and finds himself the predecessor: he gets the winner's successor.
func (s *Server) refreshGrant(ctx context.Context, is *Issue) error {
	a := is.auth
	mark := len(a.req.q.out)
	for {
		rec := &a.origin.record
		write := true
		switch a.origin.step {
		case stepRotate:
			if rec.Refresh == math.MaxUint32 {
				return errGrantExpired // 136 years of one rotation a second
			}
			rec.Refresh++
			rec.RefreshKey = int64(s.config.Keys.Handles.ActiveKey())
			rec.Rotated, rec.Used = a.req.Time.UnixMilli(), a.req.Time.Unix()
		case stepPersist:
			// Last use is written only when it is stale enough to matter: most
			// refreshes of a persistent token write nothing.
			write = rec.Idle != 0 && a.req.Time.Unix()-rec.Used > rec.Idle/16
			rec.Used = a.req.Time.Unix()
		case stepRepeat:
			write = false
		}
		a.req.q.out = a.req.q.out[:mark]
		if err := s.appendRefreshToken(is); err != nil {
			return err
		}
		if !write {
			return nil
		}
		err := s.put(ctx, a)
		if err == nil {
			return nil
		}
		if !errors.Is(err, store.ErrConflict) {
			return errUnavailable.WithCause(err)
		}
		if err := a.req.load(ctx, a, a.origin.id); err != nil {
			return err
		}
		if a.origin.step, err = s.refreshStep(ctx, a); err != nil {
			return err
		}
	}
}

var errReuse = NewError(CodeInvalidGrant, ReasonReuse, refusedGrant)

// endReused ends a grant of which an old refresh token was used: either the
// client or a thief is behind, and nobody can tell which (RFC 9700 section 4.14.2).
func (s *Server) endReused(ctx context.Context, a *Authorization) error {
	if err := s.endGrant(ctx, a.origin.id, ReasonReuse); err != nil {
		return err
	}
	return errReuse
}

// endGrant ends a grant for good: everything that hangs on it ends with it.
// It returns when the end is durable.
func (s *Server) endGrant(ctx context.Context, id [16]byte, why Reason) error {
	return s.endGrantIf(ctx, id, why, func(*record) bool { return true })
}

// endGrantIf ends a grant if its record, as it stands when it is ended, is one to end.
func (s *Server) endGrantIf(ctx context.Context, id [16]byte, why Reason, yes func(*record) bool) error {
	var rec record
	did := false
	_, err := store.Update(ctx, s.config.Store, s.grantKey(id), func(cur store.Record) (store.Record, error) {
		did = false
		if cur.Version == 0 {
			return cur, errNothing
		}
		if err := rec.decode(string(cur.Value)); err != nil {
			return cur, err
		}
		if rec.State == stateEnded || !yes(&rec) {
			return cur, errNothing
		}
		did = true
		rec.end(s.now())
		cur.Value, cur.Expires = rec.append(nil), rec.expires()
		return cur, nil
	})
	if err != nil && !errors.Is(err, errNothing) {
		return errUnavailable.WithCause(err)
	}
	if did && err == nil {
		s.event(ctx, Event{Type: EventGrantEnded, ClientID: rec.Client, Subject: rec.Subject, Grant: encodeID(id), Reason: why, GrantType: rec.GrantType})
	}
	return nil
}

// errNothing says that there is nothing to write.
var errNothing = errors.New("oauth: nothing to do")
