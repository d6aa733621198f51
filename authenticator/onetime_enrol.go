package authenticator

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/mintyard/mintyard/internal/enrolment"
	"github.com/mintyard/mintyard/store"
)

var (
	// ErrTooMany says that a person has as many authenticators as there can be.
	ErrTooMany = errors.New("authenticator: too many authenticators")

	// ErrNoAuthenticator says that the person has no authenticator with that id, or
	// that its enrolment is over.
	ErrNoAuthenticator = errors.New("authenticator: no such authenticator")

	errSubject = errors.New("authenticator: the subject is empty")
)

const (
	enrolLife  = 15 * time.Minute // to scan and to type a code
	maxAccount = 256              // bytes; more does not fit a QR code well
)

// Enrolment is what the person's app needs. It is shown once: the store keeps the
// secret sealed.
type Enrolment struct {
	ID     string // of the authenticator
	Secret string // base32 without padding, for typing
	URI    string // otpauth://…, for a QR code

	// Expires is when it can no longer be confirmed.
	Expires time.Time
}

// enrol makes a pending authenticator with a new secret.
func (o *oneTime) enrol(ctx context.Context, subject, account string) (*Enrolment, error) {
	switch {
	case subject == "":
		return nil, errSubject
	case account == "" || len(account) > maxAccount:
		return nil, fmt.Errorf("authenticator: Enrol: the account must have 1 to %d bytes", maxAccount)
	}
	secret := make([]byte, o.defaults.secretSize())
	rand.Read(secret) // never fails, by its contract
	expires := o.book.Now().Add(enrolLife).Truncate(time.Second)
	e, err := o.book.Add(ctx, subject, enrolment.Entry{Data: encodeOTP(o.defaults, 0), Secret: secret, Expires: expires})
	if err != nil {
		return nil, bookError("storing the enrolment", err)
	}
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	return &Enrolment{ID: e.ID, Secret: text, URI: o.uri(account, text), Expires: expires}, nil
}

// uri is the otpauth URI of a secret, in the form that Google Authenticator
// defined and the others read. Blanks are %20, because some show a plus sign.
func (o *oneTime) uri(account, secret string) string {
	u := "otpauth://" + o.name + "/" + url.PathEscape(o.issuer) + ":" + url.PathEscape(account) +
		"?secret=" + secret + "&issuer=" + strings.ReplaceAll(url.QueryEscape(o.issuer), "+", "%20") + "&algorithm=" + string(o.defaults.algorithm) +
		"&digits=" + strconv.Itoa(o.defaults.digits)
	if o.defaults.period == 0 {
		return u + "&counter=0"
	}
	return u + "&period=" + strconv.FormatInt(o.defaults.period, 10)
}

// confirm takes a first code as the proof that the person's app has the secret.
func (o *oneTime) confirm(ctx context.Context, subject, id, code string) error {
	if subject == "" {
		return errSubject
	}
	ctx, cancel := detach(ctx)
	defer cancel()
	if _, err := o.book.Read(ctx, subject, id); err != nil {
		return bookError("reading the enrolment", err)
	}
	counter := store.Key{Kind: kindAttempts, Space: o.space, ID: store.Digest("enrolment", o.name, subject, id)}
	if _, err := o.enrols.Reserve(ctx, counter); err != nil {
		return reserveError(o.enrols, err)
	}
	_, err := o.book.Change(ctx, subject, id, func(e *enrolment.Entry) error {
		return o.activate(e, code)
	})
	switch {
	case errors.Is(err, errSame):
		return nil
	case errors.Is(err, errUsed):
		return ErrRefused
	}
	return bookError("storing the authenticator", err)
}

// errSame ends a change that would change nothing.
var errSame = errors.New("authenticator: nothing to change")

// activate judges the code of a pending entry. For one that this code has
// confirmed it says that there is nothing to do: the first answer may have been
// lost.
func (o *oneTime) activate(e *enrolment.Entry, code string) error {
	a, err := o.decode(*e)
	if err != nil {
		return err
	}
	now := o.book.Now()
	pending := a.Confirmed.IsZero()
	first, last := o.spread(&a.otpOptions, a.next, now)
	if !pending {
		first = min(first, max(a.next-1, 0)) // where the code was that confirmed
	}
	found, err := a.find(code, first, last)
	switch {
	case err != nil:
		return err
	case !found || a.off:
		return errUsed
	case !pending && a.Used.IsZero() && a.moving == a.next-1:
		return errSame
	case !pending || a.moving < a.next:
		return errUsed
	}
	e.Confirmed = now
	return moveOn(e, a.moving+1)
}
