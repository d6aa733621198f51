package authenticator

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/mintyard/mintyard/internal/enrolment"
	"github.com/mintyard/mintyard/store"
)

// codeEnrolment is how long the person has to enter the code, or another one.
const codeEnrolment = 15 * time.Minute

// Enrol begins to add a number or an address to the person's, under a name of the
// person's choosing that may be "": it sends a code there, and returns the id of the
// destination, which proves nothing until [Codes.Confirm]. [Codes.Start] with
// [PurposeEnrolment] and that id sends another code.
//
// Numbers are written as in +1 555 010 0100; [ErrDestination] says that it is none.
// Whoever asks must have proved as much as the person's account demands: this
// package cannot know (NIST SP 800-63B-4 section 4.1.2).
func (f *Codes) Enrol(ctx context.Context, subject, to, name string) (id string, c *Challenge, err error) {
	to, err = f.canonical(subject, to)
	if err != nil {
		return "", nil, err
	}
	if err := checkName(name); err != nil {
		return "", nil, err
	}
	ctx, cancel := detach(ctx)
	defer cancel()
	r := recipient{id: Identity{Subject: subject}, target: randomID(), to: to}
	kept := false
	c, err = f.send(ctx, r, Start{Purpose: PurposeEnrolment}, func(c *challenge) error {
		now := f.config.Now()
		_, err := f.book.Add(ctx, subject, enrolment.Entry{
			ID: r.target, Name: name, Created: now, Expires: now.Add(codeEnrolment).Truncate(time.Second),
			Data: enrolmentData(c), Secret: []byte(to),
		})
		kept = err == nil
		return bookError("storing the destination", err)
	})
	if err != nil {
		if kept { // or it takes a place until it expires
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackLimit)
			defer cancel()
			_ = f.book.Remove(ctx, subject, r.target)
		}
		return "", nil, err
	}
	return r.target, c, nil
}

// resend sends another code to a destination that is not confirmed.
func (f *Codes) resend(ctx context.Context, subject string, s Start) (*Challenge, error) {
	if subject == "" {
		return nil, errSubject
	}
	e, err := f.book.Read(ctx, subject, s.AuthenticatorID)
	if err == nil && !e.Confirmed.IsZero() {
		err = enrolment.ErrNone
	}
	if err != nil {
		return nil, bookError("reading the destination", err)
	}
	point := func(ctx context.Context, data json.RawMessage) error {
		_, err := f.book.Change(ctx, subject, e.ID, func(e *enrolment.Entry) error {
			if !e.Confirmed.IsZero() {
				return enrolment.ErrNone
			}
			e.Data = data
			return nil
		})
		return bookError("storing the destination", err)
	}
	r := recipient{id: Identity{Subject: subject}, target: e.ID, to: string(e.Secret)}
	c, err := f.send(ctx, r, s, func(c *challenge) error { return point(ctx, enrolmentData(c)) })
	if errors.Is(err, ErrDelivery) { // the code before it is good again
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackLimit)
		defer cancel()
		_ = point(ctx, e.Data)
	}
	return c, err
}

// codeData is what the entry of a destination says: where the challenge is that
// confirms it.
type codeData struct {
	Challenge []byte `json:"challenge"`
}

func enrolmentData(c *challenge) json.RawMessage {
	return json.RawMessage(`{"challenge":"` + base64.StdEncoding.EncodeToString(c.key.ID[:]) + `"}`)
}

// Confirm takes the code as the proof that the person has the number, or reads the
// mail, of a destination. From then on codes are sent there.
//
// A wrong one is [ErrRefused]; one that is too old, that another has replaced, or
// whose tries are used up is [ErrOver]. Neither touches the counter of sign-ins.
// [ErrNoAuthenticator] says that there is no such destination, or that its time to
// be confirmed is over. To confirm again with the same code changes nothing and is
// no error: the first answer may have been lost.
func (f *Codes) Confirm(ctx context.Context, subject, id, code string) error {
	if subject == "" {
		return errSubject
	}
	ctx, cancel := detach(ctx)
	defer cancel()
	e, err := f.book.Read(ctx, subject, id)
	if err != nil {
		return bookError("reading the destination", err)
	}
	c, err := f.enrolling(ctx, subject, &e)
	if err != nil {
		return err
	}
	if c.state != challengeUsed {
		if !f.open(c) {
			return ErrOver
		}
		if err := f.challenges.attempt(ctx, c, f.config.Tries); err != nil {
			return err
		}
		if !c.matches(code) {
			return ErrRefused
		}
		if err := f.challenges.spend(ctx, c, challengeWaiting); err != nil {
			return err
		}
	} else if !c.matches(code) { // it was proved, and perhaps the rest could not be stored
		return ErrOver
	}
	if !e.Confirmed.IsZero() {
		return nil
	}
	_, err = f.book.Change(ctx, subject, id, func(e *enrolment.Entry) error {
		e.Confirmed, e.Expires = f.config.Now(), time.Time{}
		return nil
	})
	return bookError("storing the destination", err)
}

// enrolling reads the challenge that confirms a destination.
func (f *Codes) enrolling(ctx context.Context, subject string, e *enrolment.Entry) (*challenge, error) {
	var d codeData
	if json.Unmarshal(e.Data, &d) != nil || len(d.Challenge) != 16 {
		return nil, ErrOver // imported
	}
	c, err := f.challenges.readKey(ctx, store.Key{Kind: kindChallenge, Space: f.space, ID: [16]byte(d.Challenge)})
	if err != nil {
		return nil, err
	}
	who := Identity{Subject: subject}
	if c.who != who.digest("challenge") || c.purpose != PurposeEnrolment || c.target != e.ID {
		return nil, ErrOver
	}
	return c, nil
}

// Import gives a person a number or an address that the host knows to be the
// person's, under an id of the host's. The same again changes nothing, so that it may
// be done at every start.
func (f *Codes) Import(ctx context.Context, subject, id, to string) error {
	to, err := f.canonical(subject, to)
	if err != nil {
		return err
	}
	if id == "" || len(id) > maxImportID {
		return fmt.Errorf("authenticator: Import: the id must have 1 to %d bytes", maxImportID)
	}
	return bookError("importing the destination", f.book.Import(ctx, subject, enrolment.Entry{ID: id, Secret: []byte(to)}))
}

const maxImportID = 256 // bytes

// canonical is the one way in which a number or an address is written here.
func (f *Codes) canonical(subject, to string) (string, error) {
	switch {
	case subject == "":
		return "", errSubject
	case f.config.Channel == TypeEmail:
		return canonicalAddress(to)
	}
	return canonicalNumber(to)
}

// bookError translates the errors of the book.
func bookError(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, enrolment.ErrNone):
		return ErrNoAuthenticator
	case errors.Is(err, enrolment.ErrTooMany):
		return ErrTooMany
	}
	return unavailable(doing, err)
}
