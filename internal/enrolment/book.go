// Package enrolment keeps the authenticators of persons: one record each, found by
// a tag of the person's, with what the factor needs to know and a secret that is
// sealed. Every factor that is enrolled keeps its own in a [Book].
package enrolment

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/mintyard/mintyard/store"
)

var (
	// ErrNone says that the person has no authenticator with that id, or that its
	// enrolment is over.
	ErrNone = errors.New("enrolment: no such authenticator")

	// ErrTooMany says that the person has as many authenticators as there can be.
	ErrTooMany = errors.New("enrolment: too many authenticators")

	errSubject = errors.New("enrolment: the subject is empty")
)

// DefaultMax is how many authenticators of one label a person may have.
const DefaultMax = 10

// Book keeps the authenticators of one kind.
type Book struct {
	Store  store.Store
	Space  [16]byte
	Kind   store.Kind    // of the records
	Label  string        // what they are: "totp", "sms"; part of their keys and seals
	Person store.Kind    // of the tag: whose they are
	Sealer *store.Sealer // needed by entries with a Secret
	Now    func() time.Time
	Max    int // authenticators of a person, pending ones too; 0 is DefaultMax
}

// Tag names a person to whom records belong, also one who has none.
func (b *Book) Tag(subject string) store.Key {
	return store.Key{Kind: b.Person, Space: b.Space, ID: store.Digest("person", "subject", subject)}
}

// key is that of one record: no other person's id can lead to it.
func (b *Book) key(subject, id string) store.Key {
	return store.Key{Kind: b.Kind, Space: b.Space, ID: store.Digest("authenticator", b.Label, subject, id)}
}

// List returns the authenticators of a person, pending ones too unless their
// enrolment is over, oldest first. It asks the store as often for those who have none.
func (b *Book) List(ctx context.Context, subject string) ([]Entry, error) {
	var recs []store.Record
	for key, err := range b.Store.List(ctx, b.Tag(subject)) {
		if err != nil {
			return nil, err
		}
		same := func(r store.Record) bool { return r.Key == key }
		if key.Kind == b.Kind && key.Space == b.Space && !slices.ContainsFunc(recs, same) {
			recs = append(recs, store.Record{Key: key})
		}
	}
	if len(recs) == 0 {
		recs = append(recs, store.Record{Key: b.key("", "")})
	}
	if _, err := b.Store.Get(ctx, nil, recs); err != nil {
		return nil, err
	}
	all := make([]Entry, 0, len(recs))
	for _, rec := range recs {
		if rec.Version == 0 || !b.labelled(rec.Value) { // deleted since it was listed, or another book's
			continue
		}
		e, err := b.decode(rec)
		if err != nil {
			return nil, err
		}
		if e.live(b.Now()) {
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(x, y Entry) int {
		return cmp.Or(x.Created.Compare(y.Created), cmp.Compare(x.ID, y.ID))
	})
	return all, nil
}

// Read returns one authenticator, or [ErrNone].
func (b *Book) Read(ctx context.Context, subject, id string) (Entry, error) {
	recs := []store.Record{{Key: b.key(subject, id)}}
	if _, err := b.Store.Get(ctx, nil, recs); err != nil {
		return Entry{}, err
	}
	if recs[0].Version == 0 {
		return Entry{}, ErrNone
	}
	e, err := b.decode(recs[0])
	if err == nil && !e.live(b.Now()) {
		return Entry{}, ErrNone
	}
	return e, err
}

// Add keeps a new authenticator, under an id of its own unless it has one. It
// refuses one too many; racers may bring in a few more, which is harmless.
func (b *Book) Add(ctx context.Context, subject string, e Entry) (Entry, error) {
	if subject == "" {
		return Entry{}, errSubject
	}
	all, err := b.List(ctx, subject)
	if err != nil {
		return Entry{}, err
	}
	if len(all) >= cmp.Or(b.Max, DefaultMax) {
		return Entry{}, ErrTooMany
	}
	if e.ID == "" {
		e.ID = newID()
	}
	if e.Created.IsZero() {
		e.Created = b.Now()
	}
	e.key, e.version, e.more = b.key(subject, e.ID), 0, nil
	rec, err := b.record(&e)
	if err != nil {
		return Entry{}, err
	}
	rec.Tags = []store.Key{b.Tag(subject)}
	if err := store.Insert(ctx, b.Store, rec); err != nil {
		return Entry{}, err
	}
	return b.Read(ctx, subject, e.ID)
}

// Import keeps an authenticator that was enrolled elsewhere, confirmed, under an id
// of the host's. The same again changes nothing, so that a host may do it at every
// start; other Data or another Secret replace what was there.
func (b *Book) Import(ctx context.Context, subject string, e Entry) error {
	if subject == "" {
		return errSubject
	}
	e.key = b.key(subject, e.ID)
	e.Created, e.Confirmed, e.Expires = b.Now(), b.Now(), time.Time{}
	_, err := store.Update(ctx, b.Store, e.key, func(cur store.Record) (store.Record, error) {
		if cur.Version != 0 {
			have, err := b.decode(cur)
			if err != nil {
				return cur, err
			}
			if have.imported(&e) {
				return cur, errSame
			}
		}
		rec, err := b.record(&e)
		rec.Tags = []store.Key{b.Tag(subject)}
		return rec, err
	})
	if errors.Is(err, errSame) {
		return nil
	}
	return err
}

// errSame ends an update that would change nothing.
var errSame = errors.New("enrolment: nothing to change")

// Change changes one authenticator by compare-and-swap. An error of change ends it,
// and nothing is written. [ErrNone] says that there is no such authenticator.
func (b *Book) Change(ctx context.Context, subject, id string, change func(*Entry) error) (Entry, error) {
	var changed Entry
	_, err := store.Update(ctx, b.Store, b.key(subject, id), func(cur store.Record) (store.Record, error) {
		if cur.Version == 0 {
			return cur, ErrNone
		}
		e, err := b.decode(cur)
		if err != nil {
			return cur, err
		}
		if !e.live(b.Now()) {
			return cur, ErrNone
		}
		if err := change(&e); err != nil {
			return cur, err
		}
		changed = e
		return b.record(&e)
	})
	return changed, err
}

// Remove takes an authenticator, or a pending enrolment, from the person; also one
// whose record is damaged.
func (b *Book) Remove(ctx context.Context, subject, id string) error {
	key := b.key(subject, id)
	for {
		recs := []store.Record{{Key: key}}
		if _, err := b.Store.Get(ctx, nil, recs); err != nil {
			return err
		}
		if recs[0].Version == 0 {
			return ErrNone
		}
		err := store.Remove(ctx, b.Store, key, recs[0].Version)
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails, by its contract
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// labelled reports whether a record is of this book: several may share a kind.
func (b *Book) labelled(value []byte) bool {
	var head struct {
		Label string `json:"f"`
	}
	// One that cannot be read is everybody's: it is an error, and no absence.
	return json.Unmarshal(value, &head) != nil || head.Label == b.Label
}
