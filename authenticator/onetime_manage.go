package authenticator

import (
	"bytes"
	"context"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mintyard/mintyard/internal/enrolment"
	"github.com/mintyard/mintyard/store"
)

// authenticators lists those of a person, pending ones too.
func (o *oneTime) authenticators(ctx context.Context, subject string) ([]Authenticator, error) {
	if subject == "" {
		return nil, errSubject
	}
	all, err := o.book.List(ctx, subject)
	if err != nil {
		return nil, unavailable("reading authenticators", err)
	}
	list := make([]Authenticator, 0, len(all))
	for _, e := range all {
		a, err := o.decode(e)
		if err != nil {
			return nil, unavailable("reading authenticators", err)
		}
		if !a.off {
			list = append(list, Authenticator{
				ID: e.ID, Type: o.name, Name: e.Name, Active: !e.Confirmed.IsZero(), Created: e.Created, Used: e.Used,
			})
		}
	}
	return list, nil
}

// rename changes the name of an authenticator in a book; what is how an error calls it.
func rename(ctx context.Context, b *enrolment.Book, what, subject, id, name string) error {
	if subject == "" {
		return errSubject
	}
	if err := checkName(name); err != nil {
		return err
	}
	_, err := b.Change(ctx, subject, id, func(e *enrolment.Entry) error {
		e.Name = name
		return nil
	})
	return bookError("renaming the "+what, err)
}

// importSecret gives a person an authenticator that was enrolled elsewhere, good
// from next on. What was used under the same id stays used, whether it is there,
// is replaced, or was removed a while ago.
func (o *oneTime) importSecret(ctx context.Context, subject, id, secret string, options otpOptions, next int64) error {
	switch {
	case subject == "":
		return errSubject
	case id == "" || len(id) > maxAccount:
		return fmt.Errorf("authenticator: Import: the id must have 1 to %d bytes", maxAccount)
	}
	raw, err := decodeSecret(secret)
	if err != nil {
		return err
	}
	replace := func(e *enrolment.Entry) error {
		a, err := o.decode(*e)
		if err != nil {
			return err
		}
		same := bytes.Equal(a.Secret, raw) && a.otpOptions == options
		if same && !a.Confirmed.IsZero() && !a.off {
			return errSame
		}
		from := next
		if same || options.period != 0 {
			from = max(next, a.next)
		}
		e.Confirmed, e.Expires, e.Secret = o.book.Now(), time.Time{}, raw
		e.Data = encodeOTP(options, from)
		return nil
	}
	_, err = o.book.Change(ctx, subject, id, replace)
	if errors.Is(err, enrolment.ErrNone) {
		var last int64
		if last, err = o.recall(ctx, subject, id, raw); err == nil {
			_, err = o.book.Add(ctx, subject, enrolment.Entry{
				ID: id, Confirmed: o.book.Now(), Data: encodeOTP(options, max(next, last)), Secret: raw,
			})
		}
	}
	if errors.Is(err, store.ErrConflict) { // another node does it too, and was first
		_, err = o.book.Change(ctx, subject, id, replace)
	}
	if errors.Is(err, errSame) {
		return nil
	}
	return bookError("importing the authenticator", err)
}

// remove takes an authenticator from the person. What was used of it is remembered
// for a while: it is first put out of use, so that what is remembered is the last
// that can ever have been used.
func (o *oneTime) remove(ctx context.Context, subject, id string) error {
	if subject == "" {
		return errSubject
	}
	last, err := o.book.Change(ctx, subject, id, func(e *enrolment.Entry) error { return setData(e, "off", true) })
	switch {
	case errors.Is(err, enrolment.ErrNone):
		return ErrNoAuthenticator
	case err == nil:
		if err := o.remember(ctx, subject, last); err != nil {
			return unavailable("removing the authenticator", err)
		}
	case !errors.Is(err, errRecord):
		// A record that cannot be read can be removed all the same; but if it can,
		// it was the store that failed.
		if _, rerr := o.book.Read(ctx, subject, id); rerr == nil {
			return unavailable("removing the authenticator", err)
		}
	}
	return bookError("removing the authenticator", o.book.Remove(ctx, subject, id))
}

// otpMemory is the record of an authenticator that was removed.
type otpMemory struct {
	Next   int64  `json:"next"`
	Sealed []byte `json:"sealed"` // a digest that tells its secret from another
}

// forgetUsed is long after a code could be accepted, even by a clock that was set
// back.
const forgetUsed = 24 * time.Hour

const memoryLabel = "removed secret"

func (o *oneTime) memory(subject, id string) store.Key {
	return store.Key{Kind: o.book.Kind, Space: o.space, ID: store.Digest("removed", o.name, subject, id)}
}

func (o *oneTime) remember(ctx context.Context, subject string, e enrolment.Entry) error {
	a, err := o.decode(e)
	if err != nil || a.next == 0 {
		return nil // nothing was ever used
	}
	key, digest := o.memory(subject, e.ID), store.Digest(memoryLabel, string(a.Secret))
	value, err := json.Marshal(otpMemory{a.next, o.book.Sealer.Seal(nil, key, memoryLabel, digest[:])})
	if err != nil {
		return err
	}
	_, err = store.Update(ctx, o.book.Store, key, func(store.Record) (store.Record, error) {
		return store.Record{Value: value, Expires: o.book.Now().Add(forgetUsed).Unix()}, nil
	})
	return err
}

// recall returns from where on a secret that was removed is good.
func (o *oneTime) recall(ctx context.Context, subject, id string, secret []byte) (int64, error) {
	recs := []store.Record{{Key: o.memory(subject, id)}}
	if _, err := o.book.Store.Get(ctx, nil, recs); err != nil || recs[0].Version == 0 {
		return 0, err
	}
	var m otpMemory
	if json.Unmarshal(recs[0].Value, &m) != nil {
		return 0, errRecord
	}
	digest, err := o.book.Sealer.Open(nil, recs[0].Key, memoryLabel, m.Sealed)
	if want := store.Digest(memoryLabel, string(secret)); err != nil || !bytes.Equal(digest, want[:]) {
		return 0, err
	}
	return m.Next, nil
}

// The size of an imported secret, in bytes. RFC 4226 section 4 asks for 16, but
// many that are in use, of 16 base32 characters, have 10.
const (
	minSecret = 10
	maxSecret = 128
)

var errSecret = fmt.Errorf("authenticator: Import: the secret must be base32 of %d to %d bytes", minSecret, maxSecret)

// decodeSecret does not repeat the secret in its error.
func decodeSecret(s string) ([]byte, error) {
	s = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(s))
	s = strings.TrimRight(s, "=")
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(s)
	if err != nil || len(raw) < minSecret || len(raw) > maxSecret {
		return nil, errSecret
	}
	return raw, nil
}
