package oauth

import (
	"context"
	"errors"

	"github.com/mintyard/mintyard/store"
)

// Parent is a record that grants hang on, such as a session or a consent: whoever ends
// it ends them. It is ended in three steps: the record says so, then the grants that
// are tagged with its key are ended ([Server.EndUnder]), then it may be forgotten.
type Parent struct {
	Key store.Key

	// Over reports whether the record, as its value stands now, is at its end or beyond.
	// A record that is absent is.
	Over func(value []byte) bool
}

// maxParents bounds what one grant can hang on.
const maxParents = 2

var errParentEnded = NewError(CodeInvalidGrant, ReasonParentEnded, refusedGrant)

// Under makes the grant hang on a parent. When the grant has been written the parent is
// read again: if it was ended meanwhile, the listing may have missed the grant, so that
// the grant is ended here and nothing is answered.
func (a *Authorization) Under(p Parent) {
	if a.parentCount == maxParents {
		panic("oauth: a grant has more than two parents")
	}
	a.parents[a.parentCount] = p
	a.parentCount++
}

// recheckParents runs after the grant was written. If it cannot be found out, the grant
// is not used, and expires unseen.
func (s *Server) recheckParents(ctx context.Context, a *Authorization) error {
	if a.parentCount == 0 {
		return nil
	}
	recs := make([]store.Record, a.parentCount)
	for i := range recs {
		recs[i].Key = a.parents[i].Key
	}
	if _, err := s.config.Store.Get(ctx, nil, recs); err != nil {
		return errUnavailable.WithCause(err)
	}
	for i, rec := range recs {
		if rec.Version == 0 || a.parents[i].Over(rec.Value) {
			return errors.Join(errParentEnded, s.endGrant(ctx, a.origin.id, ReasonParentEnded))
		}
	}
	return nil
}

// GrantUnder is a grant that hangs on a parent, for who decides whether it ends with it.
type GrantUnder struct {
	ClientID string
	Subject  string
	Scopes   []string
	Offline  bool // it has a refresh token, or will have one
}

// EndUnder ends the grants that hang on a parent and that ends says yes to, which may be
// asked more than once about one; nil is all of them. The parent must say that it is at
// its end before, so that whoever makes a grant meanwhile sees it.
func (s *Server) EndUnder(ctx context.Context, parent store.Key, why Reason, ends func(GrantUnder) bool) error {
	for key, err := range s.config.Store.List(ctx, parent) {
		if err != nil {
			return errUnavailable.WithCause(err)
		}
		if key.Kind != kindGrant || key.Space != s.space {
			continue
		}
		if err := s.endGrantIf(ctx, key.ID, why, func(rec *record) bool { return ends == nil || ends(rec.under()) }); err != nil {
			return err
		}
	}
	return nil
}

func (r *record) under() GrantUnder {
	return GrantUnder{ClientID: r.Client, Subject: r.Subject, Scopes: r.Scopes,
		Offline: r.Refreshes || r.State == stateCode && contains(r.Scopes, ScopeOfflineAccess)}
}
