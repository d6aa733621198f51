package authenticator

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"time"

	"github.com/mintyard/mintyard/internal/enrolment"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// Check implements [OutOfBand]: it asks whether the push was answered. The entry does
// not matter, because everything is said on the device. Asking costs one read, and is
// no attempt at anything.
//
// [ErrRejected] stays for as long as the push would have lived; then, and after it
// has proved something once, it is [ErrOver]. The method's Device is the id of the
// device.
func (f *Push) Check(ctx context.Context, id Identity, challengeID, _ string) (policy.Method, error) {
	if err := f.poll(ctx, id, challengeID); err != nil {
		return policy.Method{}, err
	}
	ctx, cancel := detach(ctx)
	defer cancel()
	c, err := f.challenges.read(ctx, id, challengeID)
	if err != nil {
		return policy.Method{}, err
	}
	a, err := decodeAsk(c)
	switch {
	case err != nil:
		return policy.Method{}, unavailable("reading the push", err)
	case c.state == challengeDenied:
		return policy.Method{}, ErrRejected
	case c.state != challengeApproved || !a.real() || id.Subject == "":
		return policy.Method{}, ErrOver
	}
	if err := f.challenges.spend(ctx, c, challengeApproved); err != nil {
		return policy.Method{}, err
	}
	now := f.config.Now()
	e, err := f.book.Change(ctx, id.Subject, c.target, func(e *enrolment.Entry) error {
		if e.Confirmed.IsZero() {
			return enrolment.ErrNone
		}
		e.Used = now
		return nil
	})
	if errors.Is(err, enrolment.ErrNone) { // removed since
		return policy.Method{}, ErrOver
	} else if err != nil {
		return policy.Method{}, unavailable("reading the device", err)
	}
	d, err := decodeDevice(&e)
	if err != nil {
		return policy.Method{}, unavailable("reading the device", err)
	}
	f.succeeded(ctx, c)
	m := f.method(e.ID, d, a.Verified == 1)
	m.At = now
	return m, nil
}

// poll returns nil if the push has an answer. Apps ask all the time, so it decodes no
// more than it needs: who waits, and until when.
func (f *Push) poll(ctx context.Context, id Identity, challengeID string) error {
	recs := []store.Record{{Key: f.challenges.key(challengeID)}}
	if _, err := f.config.Store.Get(ctx, nil, recs); err != nil {
		return unavailable("reading the push", err)
	}
	if recs[0].Version == 0 {
		return ErrOver
	}
	r, err := readHead(recs[0])
	if err != nil {
		return unavailable("reading the push", err)
	}
	who := id.digest("challenge")
	switch {
	case subtle.ConstantTimeCompare(who[:], r.Who) == 0, !f.config.Now().Before(time.Unix(r.Expires, 0)):
		return ErrOver
	case r.State == challengeWaiting:
		return ErrPending
	}
	return nil
}

// pushHead is as much of a challenge as can be read without opening it.
type pushHead struct {
	V       int            `json:"v"`
	Who     []byte         `json:"who"`
	State   challengeState `json:"state"`
	Expires int64          `json:"ex"`
}

func readHead(rec store.Record) (h pushHead, err error) {
	if json.Unmarshal(rec.Value, &h) != nil || h.V != challengeVersion {
		return h, errChallenge
	}
	return h, nil
}

func (h *pushHead) waits(now time.Time) bool {
	return h.State == challengeWaiting && now.Before(time.Unix(h.Expires, 0))
}

// succeeded begins to count anew the pushes that were begun in the way of this one.
// A cool-down stays: whoever caused it need not be who was approved now. If it cannot
// be stored the caps are stricter than they could be, and that is all.
func (f *Push) succeeded(ctx context.Context, c *challenge) {
	_ = f.sends.change(ctx, f.sends.key(c.sends), "forgetting pushes", func(r *sendsRecord, _ time.Time) error {
		r.Sends = r.Sends[:0]
		return nil
	})
}
