package authenticator

import (
	"context"
	"encoding/json"
)

// The ways in which factors are enrolled: what a [Manager] can besides.

// AppEnroller makes a secret for an app, which the first code proves: [*TOTP], [*HOTP].
type AppEnroller interface {
	Enrol(ctx context.Context, subject, account string) (*Enrolment, error)
	Confirm(ctx context.Context, subject, id, code string) error
}

// CodeEnroller sends a first code to a number or an address: [*Codes].
type CodeEnroller interface {
	Enrol(ctx context.Context, subject, to, name string) (id string, c *Challenge, err error)
	Confirm(ctx context.Context, subject, id, code string) error
}

// DeviceEnroller lets a device be activated, which then proves its key: [*Push].
type DeviceEnroller interface {
	BeginEnrolment(ctx context.Context, subject, name string) (*Activation, error)
}

// PasskeyEnroller registers a credential: *webauthn.Passkeys.
type PasskeyEnroller interface {
	BeginRegistration(ctx context.Context, subject, account string) (options json.RawMessage, id string, err error)
	FinishRegistration(ctx context.Context, subject, id string, response []byte) (Authenticator, error)
}

// RecoveryEnroller takes codes that are to be a person's, in place of all there were. The
// same again changes nothing: [*RecoveryCodes].
type RecoveryEnroller interface {
	Import(ctx context.Context, subject string, codes []string) error
}

var (
	_ AppEnroller      = (*TOTP)(nil)
	_ AppEnroller      = (*HOTP)(nil)
	_ CodeEnroller     = (*Codes)(nil)
	_ DeviceEnroller   = (*Push)(nil)
	_ RecoveryEnroller = (*RecoveryCodes)(nil)
)
