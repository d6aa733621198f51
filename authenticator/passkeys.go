package authenticator

import (
	"context"
	"time"

	"github.com/mintyard/mintyard/policy"
)

// Passkeys is the factor whose proof is a signature over a challenge (Web
// Authentication Level 3). Package webauthn, a module of its own, has one.
//
// The challenge is the caller's: at least 16 bytes that nobody can guess, good once,
// and spent before Verify is asked, right or wrong (section 13.4.3).
type Passkeys interface {
	// Options says what to ask the person's devices for. Who has no passkey, and
	// who does not exist, get some that look like others and stay the same. An
	// Identity without Subject and Hint asks for any passkey of the site.
	Options(ctx context.Context, id Identity) (*AssertionOptions, error)

	// Verify judges an assertion over the challenge. Without a CredentialID each
	// of the person's passkeys is tried. It returns whose it is, which is
	// id.Subject unless that and id.Hint are empty. Errors are those of [Verifier].
	Verify(ctx context.Context, id Identity, challenge []byte, a Assertion) (subject string, m policy.Method, err error)

	// Available is as of [Verifier].
	Available(ctx context.Context, subject string) ([]policy.Method, error)
}

// Assertion is what a device answered (Web Authentication section 5.2.2), decoded
// from base64url.
type Assertion struct {
	CredentialID      []byte // may be missing
	AuthenticatorData []byte
	ClientDataJSON    []byte
	Signature         []byte
	UserHandle        []byte // may be missing
}

// AssertionOptions is what a device is asked (Web Authentication section 5.5), all
// but the challenge.
type AssertionOptions struct {
	RPID             string
	Timeout          time.Duration
	UserVerification string // required, preferred, discouraged
	Allow            []AllowedCredential
	Enrolments       []PasskeyEnrolment
}

// AllowedCredential is a passkey that may answer.
type AllowedCredential struct {
	ID         []byte
	Transports []string // ble, hybrid, internal, nfc, smart-card, usb
}

// PasskeyEnrolment is what an app can show of a passkey.
type PasskeyEnrolment struct {
	CredentialID []byte
	Name         string
	AAGUID       string // in the form of a UUID
}
