package webauthn

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/internal/enrolment"
)

// Imported is a credential that was registered elsewhere, for the same RPID.
type Imported struct {
	CredentialID []byte // required
	PublicKey    []byte // required: a COSE_Key (RFC 9052 section 7)
	UserHandle   []byte // that its authenticator has; nil is that of the subject
	Name         string // "" is "Passkey"
	SignCount    uint32
	Transports   []string
	AAGUID       string // a UUID; "" is unknown

	// UserVerified says that its authenticator verified the person when it was made.
	// If it did not, a PIN may be anybody's who found the device: then it is one
	// factor, until the person verifies with it after another factor (Level 3,
	// section 7.2, uvInitialized).
	UserVerified bool
}

// Import gives a person such a credential, under an id of the host's. To import the
// same again changes nothing, whatever was counted since, so that a host may do it
// at every start; another credential under the id replaces what was there.
func (p *Passkeys) Import(ctx context.Context, subject, id string, i Imported) error {
	fail := func(format string, args ...any) error { return fmt.Errorf("webauthn: Import: "+format, args...) }
	if i.Name == "" {
		i.Name = newName
	}
	switch {
	case subject == "":
		return errSubject
	case id == "" || len(id) > maxAccount:
		return fail("the id must have 1 to %d bytes", maxAccount)
	case len(i.CredentialID) == 0 || len(i.CredentialID) > maxCredentialID:
		return fail("CredentialID must have 1 to %d bytes", maxCredentialID)
	case len(i.UserHandle) > maxHandle:
		return fail("UserHandle must have at most %d bytes", maxHandle)
	}
	if err := checkName(i.Name); err != nil {
		return fail("Name: %w", err)
	}
	if _, err := keyAlgorithm(i.PublicKey); err != nil {
		return fail("PublicKey: %w", err)
	}
	aaguid, err := parseAAGUID(i.AAGUID)
	if err != nil {
		return fail("AAGUID: %w", err)
	}
	c := credential{
		ID: i.CredentialID, Key: i.PublicKey, Handle: i.UserHandle, Count: i.SignCount, Verified: i.UserVerified,
		Transports: cleanTransports(i.Transports), AAGUID: aaguid,
	}
	own, computed := handleOf(subject)
	if c.Handle == nil {
		c.Handle = own
	}
	if computed || !bytes.Equal(c.Handle, own) {
		if err := p.storeHandle(ctx, c.Handle, subject); err != nil {
			return err
		}
	}
	switch e, err := p.book.Read(ctx, subject, id); {
	case errors.Is(err, enrolment.ErrNone):
	case err != nil:
		return unavailable("reading the credential", err)
	default:
		if have, err := decode(e); err == nil && have.is(&c) {
			return nil
		}
	}
	data, err := c.encode()
	if err != nil {
		return fail("%w", err)
	}
	if err := p.book.Import(ctx, subject, enrolment.Entry{ID: id, Name: i.Name, Data: data}); err != nil {
		return unavailable("importing the credential", err)
	}
	return nil
}

func parseAAGUID(s string) ([]byte, error) {
	if s == "" {
		return nil, nil
	}
	raw, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(raw) != 16 {
		return nil, errors.New("must be a UUID")
	}
	return raw, nil
}

// unavailable wraps what the store said.
func unavailable(doing string, err error) error {
	return fmt.Errorf("%w: %s: %w", authenticator.ErrUnavailable, doing, err)
}

// refused says to whoever registers what is wrong.
func refused(err error) error {
	return fmt.Errorf("%w: %w", authenticator.ErrRefused, err)
}
