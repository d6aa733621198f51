package authenticator

import (
	"context"
	"errors"
	"time"

	"github.com/mintyard/mintyard/store"
)

// count counts the delivery against the person, the destination and the country. The
// person comes first: that cap is what a stranger meets, whether or not the name is
// somebody's.
func (f *Codes) count(ctx context.Context, key []byte, r recipient, c *challenge) error {
	pool, device := poolOf(r.id, c.purpose), ""
	if pool == poolDevice {
		device = r.id.Device
	}
	c.sends, c.sent = r.id.digest("sends", f.config.Channel, pool, device), newSent()
	if err := f.sends.reserve(ctx, f.sends.key(c.sends), c.sent, f.caps...); err != nil {
		return err
	}
	err := f.sends.reserve(ctx, f.counter(key, r, pool), c.sent, f.caps...)
	if err == nil && f.countries != nil {
		err = f.countCountry(ctx, key, r)
	}
	if err != nil {
		f.giveBack(ctx, key, r, c, false)
	}
	return err
}

// countCountry counts the delivery against the country. A decoy has none, so it is
// refused if another was lately.
func (f *Codes) countCountry(ctx context.Context, key []byte, r recipient) error {
	country := f.sends.key(f.country(key, r))
	if r.to == "" && f.config.Now().Before(r.like.until) {
		return f.countries.refuse(ctx, country, r.like.until)
	}
	err := f.countries.reserve(ctx, country)
	var locked *LockedError
	if r.to != "" && errors.As(err, &locked) {
		f.outcomes.note(f.destination(key, r.to), outcome{until: locked.Until})
	}
	return err
}

// giveBack takes back what was counted for a delivery that failed, or was not made.
// It is best effort: what stays counted is forgotten with time.
func (f *Codes) giveBack(ctx context.Context, key []byte, r recipient, c *challenge, failed bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackLimit)
	defer cancel()
	_ = f.sends.giveBack(ctx, f.counter(key, r, poolOf(r.id, c.purpose)), c.sent, failed)
	_ = f.sends.giveBack(ctx, f.sends.key(c.sends), c.sent, failed)
}

const giveBackLimit = 5 * time.Second

// The pools in which deliveries are counted apart, so that whoever knows a name
// cannot use up what its owner needs. Those of a number hold for all who have it:
// a number that costs is no cheaper with many accounts.
const (
	poolStranger  = "stranger"
	poolProved    = "proved"
	poolDevice    = "device"
	poolEnrolment = "enrolment"
)

func poolOf(id Identity, purpose Purpose) string {
	switch {
	case purpose == PurposeEnrolment:
		return poolEnrolment
	case id.Subject == "": // who does not exist has neither devices nor proofs
		return poolStranger
	case id.Device != "": // first, as in the counters of attempts
		return poolDevice
	case id.Proved:
		return poolProved
	}
	return poolStranger
}

// counter is where deliveries to a number or an address are counted. Decoys have one
// of their own.
func (f *Codes) counter(key []byte, r recipient, pool string) store.Key {
	to := f.destination(key, r.to)
	if r.to == "" {
		to = r.id.digest("decoy")
	}
	return f.sends.key(digestUnder(key, "sends", f.config.Channel, pool, string(to[:])))
}

// destination names a number or an address in this process and in what is sealed.
func (f *Codes) destination(key []byte, to string) [16]byte {
	return digestUnder(key, "destination", foldDestination(to))
}

func (f *Codes) country(key []byte, r recipient) [16]byte {
	if r.to == "" {
		who := r.id.digest("decoy")
		return digestUnder(key, "decoy country", f.config.Channel, string(who[:]))
	}
	return store.Digest("country", f.config.Channel, countryCode(r.to))
}
