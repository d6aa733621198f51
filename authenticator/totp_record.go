package authenticator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/mintyard/mintyard/store"
)

// authenticator is one authenticator app of a person, as it is kept in a record of
// its own. What was used at sign-in stands with the person's counter.
type authenticator struct {
	TOTPOptions
	id      string
	key     store.Key
	version uint64
	sealed  []byte
	secret  []byte // only after unseal
	since   int64  // Unix time of the confirmation; 0 while it is pending
	step    int64  // when the step began whose code confirmed it, in Unix seconds
	matched int64  // when the step began whose code was entered; 0 is none
	expires int64  // Unix time; of one that is pending
	more    map[string]json.RawMessage
	real    bool // may be accepted
}

func (a *authenticator) confirmed() bool { return a.since != 0 }

// pending reports whether it can still be confirmed.
func (a *authenticator) pending(now time.Time) bool { return !a.confirmed() && now.Unix() < a.expires }

// totp is the key of an authenticator: no other person's id can lead to it.
func (s space) totp(subject, id string) store.Key {
	return store.Key{Kind: kindTOTP, Space: s, ID: store.Digest("totp", subject, id)}
}

// sealLabel says what is sealed. The record's key is bound too, so that a secret
// that is moved to another record does not open.
const sealLabel = "totp secret"

// errRecord does not say what stands in the record.
var errRecord = errors.New("authenticator: the record is damaged, or a newer version wrote it")

// The members of a record of an authenticator.
type totpRecord struct {
	V         int       `json:"v"`
	ID        string    `json:"id"`
	Sealed    []byte    `json:"sealed"`
	Algorithm Algorithm `json:"alg"`
	Digits    int       `json:"digits"`
	Period    int64     `json:"period"` // seconds
	Since     int64     `json:"since,omitempty"`
	Step      int64     `json:"step,omitempty"`
}

const totpRecordVersion = 1

// record makes the record of an authenticator whose secret is in the clear.
func (t *TOTP) record(key store.Key, a authenticator) (store.Record, error) {
	r := totpRecord{
		V: totpRecordVersion, ID: a.id, Sealed: a.sealed,
		Algorithm: a.Algorithm, Digits: a.Digits, Period: a.seconds(), Since: a.since, Step: a.step,
	}
	if a.secret != nil {
		r.Sealed = t.config.Sealer.Seal(nil, key, sealLabel, a.secret)
	}
	value, err := json.Marshal(r)
	if err == nil && len(a.more) > 0 {
		value, err = withMembers(value, a.more)
	}
	if err != nil {
		return store.Record{}, fmt.Errorf("authenticator: record: %w", err)
	}
	rec := store.Record{Key: key, Value: value}
	if !a.confirmed() {
		rec.Expires = a.expires
	}
	return rec, nil
}

// withMembers adds members that a newer version wrote: nodes of two versions may
// share a store.
func withMembers(value []byte, more map[string]json.RawMessage) ([]byte, error) {
	all := make(map[string]json.RawMessage, len(more)+8)
	for name, raw := range more {
		all[name] = raw
	}
	if err := json.Unmarshal(value, &all); err != nil {
		return nil, err
	}
	return json.Marshal(all)
}

// decode reads a record. The secret stays sealed.
func (t *TOTP) decode(rec store.Record) (authenticator, error) {
	var r totpRecord
	var more map[string]json.RawMessage
	if json.Unmarshal(rec.Value, &r) != nil || json.Unmarshal(rec.Value, &more) != nil || r.V != totpRecordVersion {
		return authenticator{}, errRecord
	}
	for _, name := range []string{"v", "id", "sealed", "alg", "digits", "period", "since", "step"} {
		delete(more, name)
	}
	a := authenticator{
		TOTPOptions: TOTPOptions{Algorithm: r.Algorithm, Digits: r.Digits, Period: time.Duration(r.Period) * time.Second},
		id:          r.ID, key: rec.Key, version: rec.Version, sealed: r.Sealed,
		since: r.Since, step: r.Step, expires: rec.Expires, more: more,
	}
	if a.Algorithm == "" || a.Digits == 0 || a.Period == 0 || a.complete() != nil {
		return authenticator{}, errRecord
	}
	return a, nil
}

// unseal opens the secret.
func (t *TOTP) unseal(a *authenticator) (err error) {
	if a.secret, err = t.config.Sealer.Open(nil, a.key, sealLabel, a.sealed); err != nil {
		return fmt.Errorf("authenticator: opening a secret: %w", err)
	}
	return nil
}

// load reads a person's authenticators, confirmed or pending. It asks the store as
// often for those who have none.
func (t *TOTP) load(ctx context.Context, id Identity) ([]authenticator, error) {
	var recs []store.Record
	seen := make(map[store.Key]bool)
	for key, err := range t.config.Store.List(ctx, t.space.person(id)) {
		if err != nil {
			return nil, err
		}
		if key.Kind == kindTOTP && key.Space == t.space && !seen[key] {
			seen[key] = true
			recs = append(recs, store.Record{Key: key})
		}
	}
	if len(recs) == 0 {
		recs = append(recs, store.Record{Key: t.nobody.Key})
	}
	if _, err := t.config.Store.Get(ctx, nil, recs); err != nil {
		return nil, err
	}
	all := make([]authenticator, 0, len(recs))
	for _, rec := range recs {
		if rec.Version == 0 || rec.Key == t.nobody.Key { // deleted since it was listed
			continue
		}
		a, err := t.decode(rec)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}
