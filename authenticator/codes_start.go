package authenticator

import (
	"context"
	"fmt"
	"time"
)

// recipient is to whom a code goes.
type recipient struct {
	id     Identity
	target string  // of the authenticator; a random one for decoys
	to     string  // number or address; "" is a decoy: nothing is delivered
	like   outcome // what a decoy imitates
}

// Start implements [OutOfBand]: it sends a code, to the destination that is named or
// the one used last, and the challenge it returns is the only one whose code is then
// good, of those that were begun in the same way (by somebody who only knows the
// name, after a proof, on a device).
//
// A [LockedError] says that a cap is reached, and [ErrDelivery] that the code could
// not be delivered; it does not count then, and a code sent before stays good.
//
// With [PurposeEnrolment] it sends another code to a destination that is not
// confirmed yet, which must be named.
func (f *Codes) Start(ctx context.Context, id Identity, s Start) (*Challenge, error) {
	ctx, cancel := detach(ctx)
	defer cancel()
	if s.Purpose == PurposeEnrolment {
		return f.resend(ctx, id.Subject, s)
	}
	to, err := f.recipient(ctx, id, s.AuthenticatorID)
	if err != nil {
		return nil, err
	}
	return f.send(ctx, to, s, nil)
}

// recipient finds the destination, or makes one up.
func (f *Codes) recipient(ctx context.Context, id Identity, target string) (recipient, error) {
	all, err := f.confirmed(ctx, id.Subject)
	if err != nil {
		return recipient{}, err
	}
	found := chosen(all, target)
	if found == nil || id.Subject == "" {
		return recipient{id: id, target: randomID(), like: f.outcomes.pick()}, nil
	}
	return recipient{id: id, target: found.ID, to: string(found.Secret)}, nil
}

// send makes a code and sends it. Everything that makes the code good is stored
// before it is delivered: counts, the challenge, and what keep adds.
func (f *Codes) send(ctx context.Context, r recipient, s Start, keep func(*challenge) error) (*Challenge, error) {
	key, err := f.key.load(ctx)
	if err != nil {
		return nil, err
	}
	// 1. The code and its message.
	c := f.challenges.begin(r.id, s.Purpose, r.target, f.config.TTL)
	code := newCode(f.config.Alphabet, f.config.Digits)
	if c.setCode(code, f.destination(key, r.to)); r.to == "" {
		c.setNoCode()
	}
	m := Message{
		ID: c.id, Channel: f.config.Channel, Subject: r.id.Subject, To: r.to, Purpose: s.Purpose, Code: code, Expires: c.expires,
	}
	if f.config.MagicLink != nil {
		m.Link = f.config.MagicLink(c.id, code)
	}
	if err := f.config.Templates.Render(&m, MessageFacts{App: s.App, Addr: s.Addr, Now: f.config.Now()}); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDelivery, err)
	}
	// 2. The caps.
	if err := f.count(ctx, key, r, c); err != nil {
		return nil, err
	}
	// 3. The challenge.
	if err = f.challenges.insert(ctx, c); err == nil && keep != nil {
		err = keep(c)
	}
	if err != nil {
		f.giveBack(ctx, key, r, c, false)
		return nil, err
	}
	// 4. The delivery.
	if err := f.deliver(ctx, key, r, m); err != nil {
		f.giveBack(ctx, key, r, c, true)
		return nil, err
	}
	return &Challenge{
		ID: c.id, Channel: f.config.Channel, Binding: BindingPrompt, Expires: c.expires, Interval: pollInterval,
	}, nil
}

// pollInterval is there for clients that need one on every channel; a code is not
// polled for.
const pollInterval = 5 * time.Second

// deliver sends the message, or imitates that for a decoy.
func (f *Codes) deliver(ctx context.Context, key []byte, r recipient, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, deliverLimit)
	defer cancel()
	if r.to == "" {
		return r.like.imitate(ctx)
	}
	begin := time.Now()
	err := f.config.Sender.Send(ctx, m)
	f.outcomes.note(f.destination(key, r.to), outcome{took: time.Since(begin), failed: err != nil})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDelivery, err)
	}
	return nil
}

// deliverLimit leaves some of verifyLimit to store what became of it.
const deliverLimit = 10 * time.Second
