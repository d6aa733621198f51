package authenticator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/mintyard/mintyard/internal/enrolment"
)

const (
	activationLife = 15 * time.Minute
	maxToken       = 4 << 10 // bytes of a push token
	maxPlatform    = 100     // bytes
)

// Activation is what a new device needs. It is shown once: the store keeps a digest
// of the code.
type Activation struct {
	ID   string // of the device
	Code string // 128 bits, for typing
	URI  string // mintyard-push://activate?…, for a QR code: audience and code

	// Expires is when the device can no longer be activated.
	Expires time.Time
}

// BeginEnrolment makes a code with which one device of the person's can be
// activated: whoever has it becomes that device. The name may be "", and is then
// what the device calls itself.
//
// Whoever asks must have proved as much as the person's account demands: this
// package cannot know (NIST SP 800-63B-4 section 4.1.2).
func (f *Push) BeginEnrolment(ctx context.Context, subject, name string) (*Activation, error) {
	if subject == "" {
		return nil, errSubject
	}
	if err := checkName(name); err != nil {
		return nil, err
	}
	ctx, cancel := detach(ctx)
	defer cancel()
	none, err := new(pushDevice).encode()
	if err != nil {
		return nil, err
	}
	c := f.codes.begin(Identity{Subject: subject}, PurposeEnrolment, randomID(), activationLife)
	c.secret = []byte(subject)
	_, err = f.book.Add(ctx, subject, enrolment.Entry{
		ID: c.target, Name: name, Created: f.config.Now(), Expires: c.expires, Secret: none,
	})
	if err != nil {
		return nil, bookError("storing the device", err)
	}
	if err := f.codes.insert(ctx, c); err != nil {
		// Else it takes a place until it expires.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackLimit)
		defer cancel()
		_ = f.book.Remove(ctx, subject, c.target)
		return nil, err
	}
	q := url.Values{"audience": {f.config.Audience}, "code": {c.id}}
	return &Activation{ID: c.target, Code: c.id, URI: "mintyard-push://activate?" + q.Encode(), Expires: c.expires}, nil
}

// ActivatedDevice is what a device puts into its tokens: the issuer, and the subject.
type ActivatedDevice struct {
	ID      string `json:"device_id"`
	Subject string `json:"subject"`
}

// Activate takes a device's public JWK, and as the proof that it has the key a token
// signed with it, of the type mintyard-push-enrolment+jwt. Its claims are the
// audience, iat and exp, at most five minutes apart, the code of the activation, and
// optionally name, platform, push_token, number_entry ("choose", or "type" where the
// person types the number), hardware and user_verification (booleans).
//
// [ErrNoAuthenticator] says that the code is unknown, used or over, [ErrKey] that the
// key is not good, and [ErrRefused] that the proof is not. To activate again with the
// same code and key changes nothing and is no error: the first answer may have been
// lost.
func (f *Push) Activate(ctx context.Context, jwk []byte, proof string) (ActivatedDevice, error) {
	key, err := parseDeviceKey(jwk)
	if err != nil {
		return ActivatedDevice{}, err
	}
	encoded, err := key.encode()
	if err != nil {
		return ActivatedDevice{}, err
	}
	jws, err := parsePushToken(proof, pushEnrolmentType)
	if err != nil {
		return ActivatedDevice{}, err
	}
	var claims pushEnrolmentClaims
	if err := f.verify(jws, key, &claims, &claims.pushClaims); err != nil {
		return ActivatedDevice{}, err
	}
	d := &pushDevice{
		Key: encoded, Token: claims.Token, Platform: claims.Platform, Typed: claims.Entry == "type",
		Hardware: claims.Hardware, Verifies: claims.Verifies,
	}
	if err := claims.check(); err != nil {
		return ActivatedDevice{}, err
	}
	secret, err := d.encode()
	if err != nil {
		return ActivatedDevice{}, err
	}
	ctx, cancel := detach(ctx)
	defer cancel()
	c, err := f.codes.readKey(ctx, f.codes.key(claims.Code))
	if errors.Is(err, ErrOver) {
		return ActivatedDevice{}, ErrNoAuthenticator
	} else if err != nil {
		return ActivatedDevice{}, err
	}
	subject := string(c.secret)
	_, err = f.book.Change(ctx, subject, c.target, func(e *enrolment.Entry) error {
		if !e.Confirmed.IsZero() {
			have, err := decodeDevice(e)
			switch {
			case err != nil:
				return err
			case bytes.Equal(have.Key, encoded):
				return errSame
			}
			return enrolment.ErrNone // another device was faster
		}
		if e.Name == "" {
			e.Name = claims.Name
		}
		e.Confirmed, e.Expires, e.Secret = f.config.Now(), time.Time{}, secret
		return nil
	})
	if err != nil && !errors.Is(err, errSame) {
		return ActivatedDevice{}, bookError("storing the device", err)
	}
	return ActivatedDevice{ID: c.target, Subject: subject}, nil
}

// check refuses what cannot be kept or shown.
func (c *pushEnrolmentClaims) check() error {
	switch {
	case len(c.Token) > maxToken, len(c.Platform) > maxPlatform, checkName(c.Platform) != nil, checkName(c.Name) != nil:
		return ErrRefused
	}
	switch c.Entry {
	case "", "choose", "type":
		return nil
	}
	return ErrRefused
}

// Import gives a person a device without a key, under an id of the host's: the host
// answers for it with [Push.Decide], and the Sender is told the id as To. The same
// again changes nothing, so that it may be done at every start.
func (f *Push) Import(ctx context.Context, subject, id, name string) error {
	switch {
	case subject == "":
		return errSubject
	case id == "" || len(id) > maxImportID:
		return fmt.Errorf("authenticator: Import: the id must have 1 to %d bytes", maxImportID)
	}
	if err := checkName(name); err != nil {
		return err
	}
	secret, err := new(pushDevice).encode()
	if err != nil {
		return err
	}
	return bookError("importing the device", f.book.Import(ctx, subject, enrolment.Entry{ID: id, Name: name, Secret: secret}))
}

// Type implements [Manager].
func (f *Push) Type() string { return TypePush }

// Authenticators implements [Manager]; the Target is the platform, as the device says.
func (f *Push) Authenticators(ctx context.Context, subject string) ([]Authenticator, error) {
	if subject == "" {
		return nil, errSubject
	}
	all, err := f.book.List(ctx, subject)
	if err != nil {
		return nil, unavailable("reading devices", err)
	}
	list := make([]Authenticator, 0, len(all))
	for i := range all {
		e := &all[i]
		d, err := decodeDevice(e)
		if err != nil {
			return nil, unavailable("reading devices", err)
		}
		list = append(list, Authenticator{
			ID: e.ID, Type: TypePush, Name: e.Name, Target: d.Platform,
			Active: !e.Confirmed.IsZero(), Created: e.Created, Used: e.Used,
		})
	}
	return list, nil
}

// Rename implements [Manager].
func (f *Push) Rename(ctx context.Context, subject, id, name string) error {
	return rename(ctx, f.book, "device", subject, id, name)
}

// Remove implements [Manager]. After it returned nil the device is told nothing, and
// no answer of it proves anything. What was counted stays.
func (f *Push) Remove(ctx context.Context, subject, id string) error {
	if subject == "" {
		return errSubject
	}
	return bookError("removing the device", f.book.Remove(ctx, subject, id))
}
