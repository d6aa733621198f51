package authenticator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mintyard/mintyard/store"
)

var errPushPurpose = errors.New("authenticator: a push is for signing in and for recovery")

// asked is the device that a push goes to.
type asked struct {
	id     string
	tag    store.Key   // by which the device finds what it is asked
	device *pushDevice // nil is a decoy: nothing is delivered, and nobody answers
	to     string      // "": nothing to deliver to
	like   outcome     // what a decoy imitates
}

// Start implements [OutOfBand]: it asks on the device that is named, or that was used
// last. The Binding is [BindingTransfer], with the Number that the app shows, or
// [BindingNone] where there is no number challenge.
//
// A [LockedError] says that a cap is reached, or that the person has just denied
// one; and [ErrDelivery] that the Sender failed: the push does not count then.
func (f *Push) Start(ctx context.Context, id Identity, s Start) (*Challenge, error) {
	if s.Purpose != PurposeSignIn && s.Purpose != PurposeRecovery {
		return nil, errPushPurpose
	}
	ctx, cancel := detach(ctx)
	defer cancel()
	to, err := f.asked(ctx, id, s.AuthenticatorID)
	if err != nil {
		return nil, err
	}
	// 1. What is asked.
	c := f.challenges.begin(id, s.Purpose, to.id, f.config.TTL)
	a := newAsk(c.id, to.device, f.config.NumberChallenge.of(s.Risk), f.config.Now())
	m := Message{
		ID: c.id, Channel: TypePush, Subject: id.Subject, To: to.to, Purpose: s.Purpose, Choices: a.shown(), Expires: c.expires,
	}
	facts := MessageFacts{App: s.App, Addr: s.Addr, Now: f.config.Now()}
	if err := f.config.Templates.Render(&m, facts); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDelivery, err)
	}
	data := f.config.Templates.data(&m, facts)
	a.App, a.From, a.Title, a.Text = data.App, data.From, m.Title, m.Text
	if c.secret, err = a.encode(); err != nil {
		return nil, unavailable("writing the push", err)
	}
	// 2. The caps.
	counter := f.counter(id, poolOf(id, s.Purpose))
	c.sends, c.sent = counter.ID, newSent()
	if err := f.sends.reserve(ctx, counter, c.sent, f.caps...); err != nil {
		return nil, err
	}
	// 3. The challenge, and its delivery.
	if err := f.challenges.insert(ctx, c, to.tag); err != nil {
		f.giveBack(ctx, c, false)
		return nil, err
	}
	if err := f.deliver(ctx, to, m); err != nil {
		f.giveBack(ctx, c, true)
		return nil, err
	}
	started := &Challenge{ID: c.id, Channel: TypePush, Binding: BindingNone, Expires: c.expires, Interval: pollInterval}
	if a.Entry != entryNone {
		started.Binding, started.Number = BindingTransfer, a.Right
	}
	return started, nil
}

// asked finds the device, or makes one up.
func (f *Push) asked(ctx context.Context, id Identity, target string) (asked, error) {
	all, err := f.confirmed(ctx, id.Subject)
	if err != nil {
		return asked{}, err
	}
	found := chosen(all, target)
	if found == nil || id.Subject == "" {
		made := randomID()
		return asked{id: made, tag: store.Key{Kind: kindPush, Space: f.space, ID: store.Digest("decoy", made)}, like: f.outcomes.pick()}, nil
	}
	d, err := decodeDevice(found)
	if err != nil {
		return asked{}, unavailable("reading the device", err)
	}
	to := asked{id: found.ID, tag: found.Key(), device: d, to: d.Token}
	if d.Key == nil {
		to.to = found.ID
	}
	return to, nil
}

// counter is where the pushes of a person are counted.
func (f *Push) counter(id Identity, pool string) store.Key {
	device := ""
	if pool == poolDevice {
		device = id.Device
	}
	return f.sends.key(id.digest("sends", TypePush, pool, device))
}

// deliver wakes the device, or imitates that for a decoy.
func (f *Push) deliver(ctx context.Context, to asked, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, deliverLimit)
	defer cancel()
	switch {
	case f.config.Sender == nil:
		return nil
	case to.device == nil:
		return to.like.imitate(ctx)
	case to.to == "": // it asks by itself; some decoys must look like this, too
		f.outcomes.note(to.tag.ID, outcome{})
		return nil
	}
	begin := time.Now()
	err := f.config.Sender.Send(ctx, m)
	f.outcomes.note(to.tag.ID, outcome{took: time.Since(begin), failed: err != nil})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDelivery, err)
	}
	return nil
}

// giveBack takes back a push that nobody will hear the end of. It is best effort:
// what stays counted is forgotten with time, and nobody knows the challenge.
func (f *Push) giveBack(ctx context.Context, c *challenge, failed bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackLimit)
	defer cancel()
	_ = f.sends.giveBack(ctx, f.sends.key(c.sends), c.sent, failed)
	if failed {
		_ = f.challenges.change(ctx, c, func(c *challenge) error {
			c.state = challengeOver
			return nil
		})
	}
}
