package oauth

import (
	"context"
	"errors"
	"time"

	"github.com/mintyard/mintyard/store"
)

// What the record that ends a subject's grants says. Its version matters too: it
// changes whenever the subject is ended again.
const (
	subjectEnding = `{"st":"ending"}`
	subjectEnded  = `{"st":"ended"}`
)

// subjectLife is how long that record is kept: longer than any request that
// began before it was written.
const subjectLife = 24 * time.Hour

func (s *Server) subjectKey(subject string) store.Key {
	return store.Key{Kind: kindSubject, Space: s.space, ID: store.Digest("subject", subject)}
}

// SubjectEnder is implemented by an [Extension] that keeps something of persons besides
// their grants, such as sessions: it ends with them.
type SubjectEnder interface {
	EndSubject(ctx context.Context, subject string) error
}

// SubjectKey is the key of what ends a person's grants: a tag for whatever an extension
// keeps of the person, in records of its own.
func (s *Server) SubjectKey(subject string) store.Key { return s.subjectKey(subject) }

// Space is the part of the store's keys that is the server's own.
func (s *Server) Space() [16]byte { return s.space }

// EndSubject ends every grant of a person on this server: after it returns, no
// refresh token, transaction or access token that was made before is good where
// the server is asked. Hosts call it when a person is suspended, changes a
// password, or signs out everywhere.
//
// It races safely with grants that are being made: whoever creates one looks
// whether its subject was ended meanwhile. An end that was interrupted is
// finished by whoever meets it.
func (s *Server) EndSubject(ctx context.Context, subject string) error {
	key := s.subjectKey(subject)
	mark := func(value string) error {
		_, err := store.Update(ctx, s.config.Store, key, func(cur store.Record) (store.Record, error) {
			cur.Key, cur.Value, cur.Expires = key, []byte(value), s.now().Add(subjectLife).Unix()
			return cur, nil
		})
		return err
	}
	if err := mark(subjectEnding); err != nil {
		return errUnavailable.WithCause(err)
	}
	// The tag stays where a sign-in was begun for one person and ended by another.
	theirs := func(g GrantUnder) bool { return g.Subject == subject }
	if err := s.EndUnder(ctx, key, ReasonSubjectEnded, theirs); err != nil {
		return err
	}
	for _, e := range s.joined.all() {
		if ender, ok := e.(SubjectEnder); ok {
			if err := ender.EndSubject(ctx, subject); err != nil {
				return err
			}
		}
	}
	if err := mark(subjectEnded); err != nil {
		return errUnavailable.WithCause(err)
	}
	s.event(ctx, Event{Type: EventSubjectEnded, Subject: subject})
	return nil
}

var errSubjectEnded = NewError(CodeInvalidGrant, ReasonSubjectEnded, refusedGrant)

// recheckSubject runs after a grant was born: if its subject was ended since the
// request began, the listing may have missed it, so it is ended here. If that
// cannot be found out, the grant is not used, and expires unseen.
func (s *Server) recheckSubject(ctx context.Context, a *Authorization) error {
	err := s.subjectUnchanged(ctx, a)
	if errors.Is(err, errSubjectEnded) {
		return errors.Join(err, s.endGrant(ctx, a.origin.id, ReasonSubjectEnded))
	}
	return err
}

// NoteSubject is [TokenRequest.About] for an authorization that was resumed with its
// person; it does nothing where About was asked. What an end meanwhile has done to the
// resumed grant, the write that finishes it finds out.
func (r *TokenRequest) NoteSubject(ctx context.Context, a *Authorization) error {
	if a.noted == a.Subject {
		return nil
	}
	return r.About(ctx, a, a.Subject)
}

// CheckSubject reports whether the person was ended since About or NoteSubject: an
// *Error with ReasonSubjectEnded. An extension that keeps a record of the person, tagged
// with [Server.SubjectKey], asks after the record was written: an end that has listed
// the tag before is then seen, and the record must not be used.
func (r *TokenRequest) CheckSubject(ctx context.Context, a *Authorization) error {
	if a.Subject == "" || a.noted != a.Subject {
		return errUnavailable.WithCause(errors.New("oauth: CheckSubject: About was not asked before"))
	}
	return r.Server.subjectUnchanged(ctx, a)
}

func (s *Server) subjectUnchanged(ctx context.Context, a *Authorization) error {
	q := a.req.q
	q.recs[1] = store.Record{Key: s.subjectKey(a.Subject)}
	var err error
	if q.values, err = s.config.Store.Get(ctx, q.values[:0], q.recs[1:]); err != nil {
		return errUnavailable.WithCause(err)
	}
	if q.recs[1].Version == a.parent && string(q.recs[1].Value) != subjectEnding {
		return nil
	}
	return errSubjectEnded
}

// subjectVersion is the version of the record through which all grants of a
// subject are ended; 0 if there is none. One whose end was interrupted is
// finished first.
func (s *Server) subjectVersion(ctx context.Context, q *request, subject string) (uint64, error) {
	for {
		q.recs[1] = store.Record{Key: s.subjectKey(subject)}
		var err error
		if q.values, err = s.config.Store.Get(ctx, q.values[:0], q.recs[1:]); err != nil {
			return 0, errUnavailable.WithCause(err)
		}
		if string(q.recs[1].Value) != subjectEnding {
			return q.recs[1].Version, nil
		}
		if err := s.EndSubject(ctx, subject); err != nil {
			return 0, err
		}
	}
}
