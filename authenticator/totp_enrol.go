package authenticator

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mintyard/mintyard/store"
)

var (
	// ErrTooMany says that a person has as many authenticators as there can be.
	ErrTooMany = errors.New("authenticator: too many authenticators")

	// ErrNoAuthenticator says that the person has no authenticator with that id, or
	// that its enrolment is over.
	ErrNoAuthenticator = errors.New("authenticator: no such authenticator")
)

const (
	enrolLife         = 15 * time.Minute // to scan and to type a code
	maxAuthenticators = 10               // of a person, pending ones too
	maxAccount        = 256              // bytes; more does not fit a QR code well
)

// Enrolment is what the person's app needs. It is shown once: the store keeps the
// secret sealed.
type Enrolment struct {
	ID     string // of the authenticator
	Secret string // base32 without padding, for typing
	URI    string // otpauth://totp/…, for a QR code

	// Expires is when it can no longer be confirmed.
	Expires time.Time
}

// Enrol makes a secret for a new authenticator app of the person. The account is
// the name that the app shows. Nothing can be proved with it until
// [TOTP.Confirm].
//
// Whoever asks must have proved as much as the person's account demands: this
// package cannot know (NIST SP 800-63B-4 section 4.1.2).
func (t *TOTP) Enrol(ctx context.Context, subject, account string) (*Enrolment, error) {
	switch {
	case subject == "":
		return nil, errSubject
	case account == "" || len(account) > maxAccount:
		return nil, fmt.Errorf("authenticator: Enrol: the account must have 1 to %d bytes", maxAccount)
	}
	now := t.config.Now()
	if err := t.room(ctx, subject, now); err != nil {
		return nil, err
	}
	raw := make([]byte, 16+t.config.Options.secretSize())
	rand.Read(raw) // never fails, by its contract
	id, secret := base64.RawURLEncoding.EncodeToString(raw[:16]), raw[16:]
	expires := now.Add(enrolLife).Truncate(time.Second)
	a := authenticator{TOTPOptions: t.config.Options, id: id, secret: secret, expires: expires.Unix()}
	rec, err := t.record(t.space.totp(subject, id), a)
	if err != nil {
		return nil, err
	}
	rec.Tags = []store.Key{t.space.person(Identity{Subject: subject})}
	if err := store.Insert(ctx, t.config.Store, rec); err != nil {
		return nil, unavailable("storing the enrolment", err)
	}
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	return &Enrolment{ID: id, Secret: text, URI: t.uri(account, text), Expires: expires}, nil
}

var errSubject = errors.New("authenticator: the subject is empty")

// room refuses one authenticator too many. Racers may bring in a few more, which
// is harmless.
func (t *TOTP) room(ctx context.Context, subject string, now time.Time) error {
	all, err := t.load(ctx, Identity{Subject: subject})
	if err != nil {
		return unavailable("reading authenticators", err)
	}
	n := 0
	for i := range all {
		if all[i].confirmed() || all[i].pending(now) {
			n++
		}
	}
	if n >= maxAuthenticators {
		return ErrTooMany
	}
	return nil
}

// uri is the otpauth URI of a secret, in the form that Google Authenticator
// defined and the others read. Blanks are %20, because some show a plus sign.
func (t *TOTP) uri(account, secret string) string {
	o := &t.config.Options
	issuer := strings.ReplaceAll(url.QueryEscape(t.config.Issuer), "+", "%20")
	return "otpauth://totp/" + url.PathEscape(t.config.Issuer) + ":" + url.PathEscape(account) +
		"?secret=" + secret + "&issuer=" + issuer + "&algorithm=" + string(o.Algorithm) +
		"&digits=" + strconv.Itoa(o.Digits) + "&period=" + strconv.FormatInt(o.seconds(), 10)
}

// Confirm takes a first code as the proof that the person's app has the secret.
// That code, and any before it, is then not good for signing in.
//
// A wrong one is [ErrRefused], and too many a [LockedError]; neither touches the
// counter of sign-ins. [ErrNoAuthenticator] says that there is no such enrolment,
// or that it has expired. To confirm again with the same code changes nothing and
// is no error: the first answer may have been lost.
func (t *TOTP) Confirm(ctx context.Context, subject, id, code string) error {
	if subject == "" {
		return errSubject
	}
	ctx, cancel := detach(ctx)
	defer cancel()
	key := t.space.totp(subject, id)
	a, err := t.read(ctx, key)
	if err != nil {
		return err
	}
	if !a.confirmed() && !a.pending(t.config.Now()) {
		return ErrNoAuthenticator
	}
	counter := store.Key{Kind: kindAttempts, Space: t.space, ID: store.Digest("enrolment", subject, id)}
	if _, err := t.enrols.Reserve(ctx, counter); err != nil {
		return reserveError(t.enrols, err)
	}
	if err := t.unseal(&a); err != nil {
		return unavailable("reading the enrolment", err)
	}
	now := t.config.Now()
	if err := a.match(code, now); err != nil {
		return unavailable("computing a code", err)
	}
	switch {
	case a.matched == 0:
		return ErrRefused
	case a.confirmed() && a.step == a.matched:
		return nil
	case a.confirmed():
		return ErrRefused
	}
	a.since, a.step, a.secret = now.Unix(), a.matched, nil
	rec, err := t.record(key, a)
	if err != nil {
		return err
	}
	switch err := store.Swap(ctx, t.config.Store, rec, a.version); {
	case errors.Is(err, store.ErrConflict): // confirmed or removed in the same moment
		return ErrRefused
	case err != nil:
		return unavailable("storing the authenticator", err)
	}
	return nil
}

// read returns one authenticator, or [ErrNoAuthenticator].
func (t *TOTP) read(ctx context.Context, key store.Key) (authenticator, error) {
	recs := []store.Record{{Key: key}}
	if _, err := t.config.Store.Get(ctx, nil, recs); err != nil {
		return authenticator{}, unavailable("reading the authenticator", err)
	}
	if recs[0].Version == 0 {
		return authenticator{}, ErrNoAuthenticator
	}
	a, err := t.decode(recs[0])
	if err != nil {
		return a, unavailable("reading the authenticator", err)
	}
	return a, nil
}

// Enrolled is an authenticator that a person has.
type Enrolled struct {
	ID    string
	Since time.Time // when it was confirmed or imported
	TOTPOptions
}

// Enrolled lists the person's authenticators that were confirmed or imported,
// oldest first.
func (t *TOTP) Enrolled(ctx context.Context, subject string) ([]Enrolled, error) {
	if subject == "" {
		return nil, errSubject
	}
	all, err := t.load(ctx, Identity{Subject: subject})
	if err != nil {
		return nil, unavailable("reading authenticators", err)
	}
	var list []Enrolled
	for i := range all {
		if a := &all[i]; a.confirmed() {
			list = append(list, Enrolled{ID: a.id, Since: time.Unix(a.since, 0), TOTPOptions: a.TOTPOptions})
		}
	}
	slices.SortFunc(list, func(a, b Enrolled) int { return a.Since.Compare(b.Since) })
	return list, nil
}

// Remove takes an authenticator, or a pending enrolment, from the person. After it
// returned nil no code of it is accepted. What was counted and used stays, so that
// removing and importing again makes no code good twice.
func (t *TOTP) Remove(ctx context.Context, subject, id string) error {
	if subject == "" {
		return errSubject
	}
	key := t.space.totp(subject, id)
	for {
		recs := []store.Record{{Key: key}} // not decoded: a damaged one can be removed
		if _, err := t.config.Store.Get(ctx, nil, recs); err != nil {
			return unavailable("reading the authenticator", err)
		}
		if recs[0].Version == 0 {
			return ErrNoAuthenticator
		}
		err := store.Remove(ctx, t.config.Store, key, recs[0].Version)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, store.ErrConflict):
			return unavailable("removing the authenticator", err)
		case ctx.Err() != nil:
			return unavailable("removing the authenticator", ctx.Err())
		}
	}
}
