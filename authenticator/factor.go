package authenticator

import (
	"context"
	"time"

	"github.com/mintyard/mintyard/policy"
)

// Verifier is a factor that is proved by what the person enters: [*Password],
// [*TOTP], [*HOTP], [*RecoveryCodes], [*Question].
type Verifier interface {
	// Verify judges what the person entered, and returns the method that was
	// proved. Errors are [ErrRefused], a [LockedError], [ErrBusy] and
	// [ErrUnavailable]; only after nil may anything be granted.
	//
	// A caller that goes away undoes nothing: what was begun is counted and judged.
	Verify(ctx context.Context, id Identity, secret string) (policy.Method, error)

	// Available returns what the person could prove with this factor, one method
	// for each device, without a time. It is for those who have proved something
	// already: to others it would tell who exists.
	Available(ctx context.Context, subject string) ([]policy.Method, error)
}

// Replacing is a factor whose entries are replaced as they are used: [*RecoveryCodes].
type Replacing interface {
	Verifier

	// VerifyAndReplace spends a code and returns a new one in its place.
	VerifyAndReplace(ctx context.Context, id Identity, code string) (m policy.Method, replacement string, err error)
}

// The types of authenticators. The method that one proves has the same name.
const (
	TypePassword      = "password"
	TypeTOTP          = "totp"
	TypeHOTP          = "hotp"
	TypeSMS           = "sms"
	TypeVoice         = "voice"
	TypeEmail         = "email"
	TypePush          = "push"
	TypeWebAuthn      = "webauthn"
	TypeRecoveryCodes = "recovery_codes"
	TypeQuestion      = "question"
)

// Authenticator is one that a person has.
type Authenticator struct {
	ID      string
	Type    string
	Name    string    // that the person gave it
	Target  string    // where it is reached, masked: •••0100; "" where it is not reached
	Active  bool      // false while its enrolment is not confirmed
	Created time.Time // when its enrolment began, or it was imported
	Used    time.Time // when it last proved something; zero is never
}

// Manager is the life cycle that every factor with authenticators has, after its
// own way of enrolling one.
//
// Whoever asks must have proved as much as the person's account demands: this
// package cannot know (NIST SP 800-63B-4 section 4.1.2).
type Manager interface {
	// Type is one of the Type constants.
	Type() string

	// Authenticators lists those of a person, oldest first, pending ones too.
	Authenticators(ctx context.Context, subject string) ([]Authenticator, error)

	// Rename changes the name, at most 100 characters. [ErrNoAuthenticator] says that there is none
	// with this id.
	Rename(ctx context.Context, subject, id, name string) error

	// Remove takes it from the person: after nil it proves nothing any more.
	// [ErrNoAuthenticator] says that there was none with this id.
	Remove(ctx context.Context, subject, id string) error
}
