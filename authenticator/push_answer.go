package authenticator

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mintyard/mintyard/internal/enrolment"
	"github.com/mintyard/mintyard/store"
)

// PendingPush is what a device is asked. It does not say which number is right.
type PendingPush struct {
	ID      string   `json:"id"`
	Purpose string   `json:"purpose"` // sign_in, recovery
	App     string   `json:"app,omitempty"`
	From    string   `json:"from,omitempty"` // where whoever asks is
	Title   string   `json:"title"`
	Text    string   `json:"text"`
	Number  string   `json:"number"`            // "choose" one of Choices, "type" it, or "none"
	Choices []string `json:"choices,omitempty"` // in the order to show

	Begun   time.Time `json:"begun"`
	Expires time.Time `json:"expires"`
}

var pendingNumber = map[string]string{entryNone: "none", entryChoose: "choose", entryType: "type"}

// Pending returns what the device that has signed the token is asked and has not
// answered, oldest first. The token is of the type mintyard-push-request+jwt; its
// claims are iss (the device's id), sub (the subject), aud, iat and exp, at most five
// minutes apart, and push_token if that has changed.
//
// [ErrRefused] says that the token is not good, or that there is no such device.
func (f *Push) Pending(ctx context.Context, token string) ([]PendingPush, error) {
	var claims pushRequestClaims
	e, d, err := f.authenticate(ctx, token, pushRequestType, &claims, &claims.pushClaims)
	if err != nil {
		return nil, err
	}
	if claims.Token != nil && *claims.Token != d.Token {
		if err := f.retarget(ctx, claims.Subject, e.ID, *claims.Token); err != nil {
			return nil, err
		}
	}
	var recs []store.Record
	for key, err := range f.config.Store.List(ctx, e.Key()) {
		if err != nil {
			return nil, unavailable("reading pushes", err)
		}
		same := func(r store.Record) bool { return r.Key == key }
		if key.Kind == kindChallenge && key.Space == f.space && !slices.ContainsFunc(recs, same) {
			recs = append(recs, store.Record{Key: key})
		}
	}
	if len(recs) == 0 {
		return nil, nil
	}
	if _, err := f.config.Store.Get(ctx, nil, recs); err != nil {
		return nil, unavailable("reading pushes", err)
	}
	var pending []PendingPush
	for _, rec := range recs {
		if rec.Version == 0 { // swept since it was listed
			continue
		}
		h, err := readHead(rec)
		if err != nil {
			return nil, unavailable("reading pushes", err)
		}
		if !h.waits(f.config.Now()) {
			continue
		}
		c, err := f.challenges.decode(rec)
		if err != nil {
			return nil, unavailable("reading pushes", err)
		}
		if !isFor(c, claims.Subject, e) {
			continue
		}
		a, err := decodeAsk(c)
		if err != nil {
			return nil, unavailable("reading pushes", err)
		}
		pending = append(pending, PendingPush{
			ID: a.ID, Purpose: c.purpose.String(), App: a.App, From: a.From, Title: a.Title, Text: a.Text,
			Number: pendingNumber[a.Entry], Choices: a.shown(), Begun: time.Unix(a.Begun, 0).UTC(), Expires: c.expires.UTC(),
		})
	}
	slices.SortStableFunc(pending, func(x, y PendingPush) int { return x.Begun.Compare(y.Begun) })
	return pending, nil
}

// retarget stores a new push token.
func (f *Push) retarget(ctx context.Context, subject, id, token string) error {
	if len(token) > maxToken {
		return ErrRefused
	}
	_, err := f.book.Change(ctx, subject, id, func(e *enrolment.Entry) error {
		d, err := decodeDevice(e)
		if err == nil {
			d.Token = token
			e.Secret, err = d.encode()
		}
		return err
	})
	if errors.Is(err, enrolment.ErrNone) {
		return ErrRefused
	}
	return bookError("storing the push token", err)
}

// isFor reports whether the device was asked.
func isFor(c *challenge, subject string, e *enrolment.Entry) bool {
	return c.target == e.ID && c.who == Identity{Subject: subject}.digest("challenge")
}

// ChoicesDigest is the claim "shown" of an answer: what the device has offered, in
// its order; of no numbers if the person typed one, or there was none. It is the
// SHA-256, in base64url, of the numbers with a blank between them.
func ChoicesDigest(choices []string) string {
	sum := sha256.Sum256([]byte(strings.Join(choices, " ")))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Answer takes a device's answer: a token of the type mintyard-push-answer+jwt, whose
// claims are iss, sub, aud, iat and exp as for [Push.Pending], challenge (its id),
// decision ("approve" or "deny"), shown ([ChoicesDigest]), number (that was chosen)
// and uv (whether the device has verified the person).
//
// Errors are [ErrRefused]: the token is not good, and nothing was decided; and those
// of [Push.Decide].
func (f *Push) Answer(ctx context.Context, token string) error {
	_, err := f.answer(ctx, token)
	return err
}

// answer also says whether the person said no.
func (f *Push) answer(ctx context.Context, token string) (denied bool, err error) {
	ctx, cancel := detach(ctx)
	defer cancel()
	var claims pushAnswerClaims
	e, _, err := f.authenticate(ctx, token, pushAnswerType, &claims, &claims.pushClaims)
	if err != nil {
		return false, err
	}
	d := Decision{Approve: claims.Decision == "approve", Number: claims.Number}
	d.UserVerified = claims.Verified && f.config.TrustDevices
	if !d.Approve && claims.Decision != "deny" {
		return false, ErrRefused
	}
	c, err := f.challenges.readKey(ctx, f.challenges.key(claims.Challenge))
	if err != nil {
		return false, err
	}
	if !isFor(c, claims.Subject, e) {
		return false, ErrOver
	}
	a, err := decodeAsk(c)
	if err != nil {
		return false, unavailable("reading the push", err)
	}
	if d.Approve && claims.Shown != ChoicesDigest(a.shown()) {
		return false, ErrRefused // it is an answer to something else
	}
	err = f.decide(ctx, c, a, d)
	return err == nil && !d.Approve, err
}

// Decision is what the person answers.
type Decision struct {
	Approve bool
	Number  string // that the app shows; without a number challenge it does not matter

	// UserVerified says that the device has verified the person.
	UserVerified bool
}

// Decide answers a push in the place of its device: for hosts whose devices answer on
// a way of their own. It must not be reached by anybody else.
//
// The first answer is final. A wrong number denies, and is [ErrRejected]; so is an
// approval after a denial. [ErrOver] says that there is no such push, or its time is
// over, or it was answered otherwise. The same answer again is no error.
func (f *Push) Decide(ctx context.Context, challengeID string, d Decision) error {
	ctx, cancel := detach(ctx)
	defer cancel()
	c, err := f.challenges.readKey(ctx, f.challenges.key(challengeID))
	if err != nil {
		return err
	}
	a, err := decodeAsk(c)
	if err != nil {
		return unavailable("reading the push", err)
	}
	return f.decide(ctx, c, a, d)
}

func (f *Push) decide(ctx context.Context, c *challenge, a *pushAsk, d Decision) error {
	if !a.real() {
		return ErrOver
	}
	answer := challengeDenied
	if d.Approve && (a.Entry == entryNone || subtle.ConstantTimeCompare([]byte(d.Number), []byte(a.Right)) == 1) {
		answer = challengeApproved
	}
	a.Answered = f.config.Now().Unix()
	if d.UserVerified && answer == challengeApproved {
		a.Verified = 1
	}
	secret, err := a.encode()
	if err != nil {
		return fmt.Errorf("authenticator: push: %w", err)
	}
	err = f.challenges.change(ctx, c, func(c *challenge) error {
		switch {
		case c.state == challengeWaiting:
			c.state, c.secret = answer, secret
			return nil
		case c.state == answer, c.state == challengeUsed && answer == challengeApproved:
			return errSame
		case c.state == challengeDenied:
			return ErrRejected
		}
		return ErrOver
	})
	if err != nil && !errors.Is(err, errSame) {
		return err
	}
	if answer == challengeApproved {
		return nil
	}
	// From the moment of the first denial, so that repeating it does not prolong
	// the cool-down.
	if a, err = decodeAsk(c); err != nil {
		return unavailable("reading the push", err)
	}
	until := time.Unix(a.Answered, 0).Add(f.config.DenialCoolDown)
	if err := f.sends.block(ctx, f.sends.key(c.sends), until); err != nil {
		return err
	}
	if d.Approve {
		return ErrRejected
	}
	return nil
}
