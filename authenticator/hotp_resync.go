package authenticator

import (
	"bytes"
	"context"
	"errors"

	"github.com/mintyard/mintyard/internal/enrolment"
)

// Resynchronise brings a token back that has run further away than the window: two
// codes that follow each other, within a hundred of the last one, say where it
// stands (RFC 4226 section 7.4). Both are then spent, so that whoever signs in
// presses once more.
//
// It proves nothing by itself, and is counted as an attempt to sign in is. Whoever
// calls it has proved something else. Errors are those of [HOTP.Verify].
func (h *HOTP) Resynchronise(ctx context.Context, id Identity, first, second string) error {
	ctx, cancel := detach(ctx)
	defer cancel()
	all, err := h.o.candidates(ctx, id.Subject)
	if err != nil {
		return unavailable("reading authenticators", err)
	}
	attempt, err := h.o.guard.reserve(ctx, id)
	if err != nil {
		return err
	}
	var found *otpEntry
	var at int64
	for i := range all {
		a := &all[i]
		moving, err := a.findPair(first, second)
		if err != nil {
			return unavailable("computing a code", err)
		}
		if found == nil && moving >= 0 && a.ID != "" {
			found, at = a, moving
		}
	}
	if found == nil {
		return ErrRefused
	}
	_, err = h.o.book.Change(ctx, id.Subject, found.ID, func(e *enrolment.Entry) error {
		cur, err := h.o.decode(*e)
		switch {
		case err != nil:
			return err
		case cur.Confirmed.IsZero(), cur.off, cur.next > at, !bytes.Equal(cur.Secret, found.Secret):
			return errUsed
		}
		return moveOn(e, at+2)
	})
	switch {
	case errors.Is(err, errUsed), errors.Is(err, enrolment.ErrNone):
		return ErrRefused
	case err != nil:
		return unavailable("moving the counter", err)
	}
	return h.o.guard.succeed(ctx, attempt)
}

// findPair returns the counter from which on the two codes follow each other, or
// -1. It computes as much in either case.
func (a *otpEntry) findPair(first, second string) (int64, error) {
	at := int64(-1)
	for c := a.next; c <= a.next+resyncWindow; c++ {
		one, err := a.find(first, c, c)
		if err != nil {
			return -1, err
		}
		two, err := a.find(second, c+1, c+1)
		if err != nil {
			return -1, err
		}
		if one && two {
			at = c
		}
	}
	return at, nil
}
