package outbox

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/mintyard/mintyard/store"
)

// record is a piece of work at rest. Times are Unix milliseconds.
type record struct {
	V        int    `json:"v"`
	Receiver string `json:"to"`
	Payload  []byte `json:"pl,omitempty"` // sealed if there is a Sealer
	Attempts int    `json:"n,omitempty"`  // that were begun

	// Next is when it is due. A lease is nothing but a Next that lies behind the end of
	// the attempt: nobody touches the record before, and if the node that took it dies,
	// it is due again by itself.
	Next int64 `json:"nx"`
	End  int64 `json:"en"`
}

// recordVersion is the layout written by this version. A layout with more members has
// another number, and its records are left to the nodes that know it.
const recordVersion = 1

// keep is how long a record outlives its end, so that whoever runs next reports what
// was not done. Only then may a sweep drop it.
const keep = 7 * 24 * time.Hour

// errRecord does not say what stands in the record.
var errRecord = errors.New("outbox: a record is damaged, or a newer version wrote it")

// encode makes the store's record, without version and tags.
func (r *record) encode(key store.Key) (store.Record, error) {
	value, err := json.Marshal(r)
	return store.Record{Key: key, Expires: time.UnixMilli(r.End).Add(keep).Unix(), Value: value}, err
}

func decode(value []byte) (record, error) {
	var r record
	if json.Unmarshal(value, &r) != nil || r.V != recordVersion || r.Receiver == "" || r.Attempts < 0 {
		return record{}, errRecord
	}
	return r, nil
}

// due reports whether an attempt may begin. Wake has the first one made before its time.
func (r *record) due(now time.Time, woken bool) bool {
	return now.UnixMilli() >= r.Next || woken && r.Attempts == 0
}

const payloadLabel = "outbox payload"

func (o *Outbox) seal(key store.Key, payload []byte) []byte {
	if o.config.Sealer == nil {
		return payload
	}
	return o.config.Sealer.Seal(nil, key, payloadLabel, payload)
}

// work is what the record says, for Send and for events.
func (o *Outbox) work(key store.Key, r *record) (Work, error) {
	w := Work{ID: key.ID, Receiver: r.Receiver, Payload: r.Payload, Attempt: r.Attempts, End: time.UnixMilli(r.End)}
	if o.config.Sealer == nil {
		return w, nil
	}
	var err error
	w.Payload, err = o.config.Sealer.Open(nil, key, payloadLabel, r.Payload)
	return w, err
}
