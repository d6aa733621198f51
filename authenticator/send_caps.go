package authenticator

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"github.com/mintyard/mintyard/store"
)

// sends counts deliveries, before they are made, so that neither parallel requests
// nor a crash send more than the caps admit. One record holds the deliveries of a
// person over one channel, or those to one number, as long as any cap remembers
// them. A cap is no window that begins anew: it looks back from every moment.
type sends struct {
	store store.Store
	space space
	now   func() time.Time
}

// sendCap is how many deliveries there may be in any stretch of time.
type sendCap struct {
	most int
	per  time.Duration
}

// sent names one delivery within its record.
type sent [8]byte

func newSent() (s sent) {
	rand.Read(s[:]) // never fails, by its contract
	return s
}

// sending is one delivery that was counted.
type sending struct {
	At     int64  `json:"at"` // Unix time
	ID     []byte `json:"id"`
	Failed bool   `json:"failed,omitempty"`
}

// sendsRecord is the record of one person and channel, or one number.
type sendsRecord struct {
	V     int       `json:"v"`
	Sends []sending `json:"sends"`
	Until int64     `json:"until,omitempty"` // Unix time before which nothing is sent

	more more
}

const sendsVersion = 1

var errSends = errors.New("authenticator: the record of deliveries is damaged, or a newer version wrote it")

// key is where deliveries of one kind are counted.
func (s *sends) key(id [16]byte) store.Key {
	return store.Key{Kind: kindCaps, Space: s.space, ID: id}
}

// reserve counts one delivery. Only after nil may it be made. It returns a [LockedError] if a cap is reached, and writes nothing then.
func (s *sends) reserve(ctx context.Context, key store.Key, id sent, caps ...sendCap) error {
	return s.change(ctx, key, "counting the delivery", func(r *sendsRecord, now time.Time) error {
		longest := time.Duration(0)
		for _, c := range caps {
			longest = max(longest, c.per)
		}
		r.Sends = slices.DeleteFunc(r.Sends, func(d sending) bool { return !within(d.At, longest, now) })
		if locked := r.locked(now, caps); locked != nil {
			return locked
		}
		r.Sends = append(r.Sends, sending{At: now.Unix(), ID: id[:]})
		return nil
	})
}

// locked returns a LockedError until the last cap that is reached admits one more.
func (r *sendsRecord) locked(now time.Time, caps []sendCap) error {
	e := &LockedError{Until: time.Unix(r.Until, 0), Limit: len(r.Sends)}
	for _, c := range caps {
		for _, free := range []time.Time{
			r.free(now, c.per, c.most, func(d sending) bool { return !d.Failed }),
			r.free(now, c.per, c.most*failedFactor, func(sending) bool { return true }),
		} {
			if free.After(e.Until) {
				e.Until, e.Limit = free, c.most
			}
		}
	}
	if now.Before(e.Until) {
		return e
	}
	return nil
}

// failedFactor is how many times a cap may be tried if deliveries fail: one that is
// said to have failed may have been made all the same, and cost.
const failedFactor = 4

// free is when fewer than most of the chosen deliveries will have been made in a
// stretch of time; now or earlier if it is so already.
func (r *sendsRecord) free(now time.Time, per time.Duration, most int, choose func(sending) bool) time.Time {
	times := make([]int64, 0, len(r.Sends))
	for _, d := range r.Sends {
		if within(d.At, per, now) && choose(d) {
			times = append(times, d.At)
		}
	}
	if len(times) < most {
		return now
	}
	slices.Sort(times) // nodes whose clocks differ may have written them
	return time.Unix(times[len(times)-most], 0).Add(per)
}

// within reports whether a cap still remembers what happened at a time.
func within(at int64, per time.Duration, now time.Time) bool {
	return now.Before(time.Unix(at, 0).Add(per))
}

// giveBack takes a delivery from the count: one that failed, or was never tried.
func (s *sends) giveBack(ctx context.Context, key store.Key, id sent, failed bool) error {
	return s.change(ctx, key, "giving a delivery back", func(r *sendsRecord, _ time.Time) error {
		at := slices.IndexFunc(r.Sends, func(d sending) bool { return sent(d.ID) == id })
		switch {
		case at < 0:
		case failed:
			r.Sends[at].Failed = true
		default:
			r.Sends = slices.Delete(r.Sends, at, at+1)
		}
		return nil
	})
}

// block lets nothing be sent before a time: the person said no.
func (s *sends) block(ctx context.Context, key store.Key, until time.Time) error {
	return s.change(ctx, key, "storing the cool-down", func(r *sendsRecord, _ time.Time) error {
		r.Until = max(r.Until, until.Unix())
		return nil
	})
}

// forget begins to count anew, as the person has proved to be there.
func (s *sends) forget(ctx context.Context, key store.Key) error {
	return s.change(ctx, key, "forgetting deliveries", func(r *sendsRecord, _ time.Time) error {
		r.Sends, r.Until = nil, 0
		return nil
	})
}

// change is a compare-and-swap loop over one record.
func (s *sends) change(ctx context.Context, key store.Key, doing string, edit func(*sendsRecord, time.Time) error) error {
	var refused error
	_, err := store.Update(ctx, s.store, key, func(cur store.Record) (store.Record, error) {
		r, err := decodeSends(cur)
		if err != nil {
			return cur, err
		}
		now := s.now()
		if refused = edit(r, now); refused != nil {
			return cur, refused
		}
		value, err := withMore(r, r.more)
		return store.Record{Value: value, Expires: max(now.Add(sendsKeep).Unix(), r.Until)}, err
	})
	if refused != nil {
		return refused
	}
	if err != nil {
		return unavailable(doing, err)
	}
	return nil
}

// sendsKeep is as long as the longest cap remembers, and a little longer.
const sendsKeep = 25 * time.Hour

func decodeSends(rec store.Record) (*sendsRecord, error) {
	if rec.Version == 0 {
		return &sendsRecord{V: sendsVersion, Sends: []sending{}}, nil
	}
	r := new(sendsRecord)
	m, err := splitMore(rec.Value, r)
	if err != nil || r.V != sendsVersion {
		return nil, errSends
	}
	for _, d := range r.Sends {
		if len(d.ID) != len(sent{}) {
			return nil, errSends
		}
	}
	r.more = m
	return r, nil
}
