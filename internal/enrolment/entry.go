package enrolment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/mintyard/mintyard/store"
)

// Entry is one authenticator of a person. Times are whole seconds.
type Entry struct {
	ID        string
	Name      string // that the person gave it
	Created   time.Time
	Confirmed time.Time       // zero while it is pending
	Used      time.Time       // when it last proved something; zero is never
	Expires   time.Time       // of one that is pending
	Data      json.RawMessage // the factor's own, as it was enrolled: an object, or nil
	Secret    []byte          // sealed at rest

	// State is what changes with use: the last step of a code, a counter. Importing
	// the same Data and Secret again leaves it alone; other ones begin without.
	State json.RawMessage

	key     store.Key
	version uint64
	more    map[string]json.RawMessage // members that a newer version wrote
}

// Key is the key of the record, for what is bound to it.
func (e *Entry) Key() store.Key { return e.key }

// live reports whether it is there: confirmed, or pending and not over.
func (e *Entry) live(now time.Time) bool {
	return !e.Confirmed.IsZero() || e.Expires.IsZero() || now.Before(e.Expires)
}

// imported reports whether it is what was imported before.
func (e *Entry) imported(other *Entry) bool {
	var a, b bytes.Buffer
	if json.Compact(&a, orNull(e.Data)) != nil || json.Compact(&b, orNull(other.Data)) != nil {
		return false
	}
	return !e.Confirmed.IsZero() && bytes.Equal(a.Bytes(), b.Bytes()) && bytes.Equal(e.Secret, other.Secret)
}

func orNull(data json.RawMessage) []byte {
	if data == nil {
		return []byte("null")
	}
	return data
}

// errRecord does not say what stands in the record.
var errRecord = errors.New("enrolment: the record is damaged, or a newer version wrote it")

const recordVersion = 1

// record is an entry at rest.
type record struct {
	V         int             `json:"v"`
	Label     string          `json:"f"`
	ID        string          `json:"id"`
	Name      string          `json:"name,omitempty"`
	Created   int64           `json:"cr"`
	Confirmed int64           `json:"co,omitempty"`
	Used      int64           `json:"us,omitempty"`
	Expires   int64           `json:"ex,omitempty"`
	Data      json.RawMessage `json:"data,omitempty"`
	State     json.RawMessage `json:"st,omitempty"`
	Sealed    []byte          `json:"sealed,omitempty"`
}

// members are the names that are not kept as unknown ones.
var members = []string{"v", "f", "id", "name", "cr", "co", "us", "ex", "data", "st", "sealed"}

// record makes the record of an entry, without version and tags.
func (b *Book) record(e *Entry) (store.Record, error) {
	r := record{
		V: recordVersion, Label: b.Label, ID: e.ID, Name: e.Name, Data: e.Data, State: e.State,
		Created: unix(e.Created), Confirmed: unix(e.Confirmed), Used: unix(e.Used),
	}
	if e.Secret != nil {
		if b.Sealer == nil {
			return store.Record{}, errors.New("enrolment: a secret needs a Sealer")
		}
		r.Sealed = b.Sealer.Seal(nil, e.key, b.Label+" secret", e.Secret)
	}
	rec := store.Record{Key: e.key}
	if e.Confirmed.IsZero() {
		r.Expires = unix(e.Expires)
		rec.Expires = r.Expires
	}
	var err error
	if rec.Value, err = json.Marshal(r); err == nil && len(e.more) > 0 {
		rec.Value, err = withMembers(rec.Value, e.more)
	}
	if err != nil {
		return store.Record{}, fmt.Errorf("enrolment: record: %w", err)
	}
	return rec, nil
}

// withMembers adds members that a newer version wrote: nodes of two versions may
// share a store.
func withMembers(value []byte, more map[string]json.RawMessage) ([]byte, error) {
	all := make(map[string]json.RawMessage, len(more)+len(members))
	for name, raw := range more {
		all[name] = raw
	}
	if err := json.Unmarshal(value, &all); err != nil {
		return nil, err
	}
	return json.Marshal(all)
}

// decode reads a record and opens its secret.
func (b *Book) decode(rec store.Record) (Entry, error) {
	var r record
	var more map[string]json.RawMessage
	if json.Unmarshal(rec.Value, &r) != nil || json.Unmarshal(rec.Value, &more) != nil ||
		r.V != recordVersion || r.Label != b.Label {
		return Entry{}, errRecord
	}
	for _, name := range members {
		delete(more, name)
	}
	e := Entry{
		ID: r.ID, Name: r.Name, Data: r.Data, State: r.State,
		Created: at(r.Created), Confirmed: at(r.Confirmed), Used: at(r.Used), Expires: at(r.Expires),
		key: rec.Key, version: rec.Version, more: more,
	}
	if r.Sealed != nil {
		if b.Sealer == nil {
			return Entry{}, errors.New("enrolment: a secret needs a Sealer")
		}
		var err error
		if e.Secret, err = b.Sealer.Open([]byte{}, rec.Key, b.Label+" secret", r.Sealed); err != nil {
			return Entry{}, fmt.Errorf("enrolment: opening a secret: %w", err)
		}
	}
	return e, nil
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func at(sec int64) time.Time {
	if sec == 0 {
		return time.Time{}
	}
	return time.Unix(sec, 0)
}
