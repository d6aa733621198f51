package webauthn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/internal/enrolment"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// ErrCloned says that an assertion was right but for its counter, which had been
// seen. It is an [authenticator.ErrRefused], and nothing else may be told to whoever
// presented it.
var ErrCloned = fmt.Errorf("webauthn: the counter did not go up: %w", authenticator.ErrRefused)

// Regression is a counter that did not go up.
type Regression struct {
	Subject         string
	AuthenticatorID string
	Stored          uint32 // the highest that was seen; it stays
	Presented       uint32
}

// maxField bounds each field of an assertion.
const maxField = 16 << 10

// Verify judges an assertion over the caller's challenge (Level 3, section 7.2), and
// returns whose it is and what it proves. An id with neither Subject nor Hint is a
// sign-in without a name: the assertion then says who, by its UserHandle. Without a
// CredentialID each of the person's credentials is tried.
//
// The caller burns the challenge before it asks. To present one assertion twice is
// refused here only if its authenticator counts, and those of most passkeys do not.
//
// Everything that is wrong is [authenticator.ErrRefused]; too much of it, a
// LockedError of package authenticator. What is right is accepted all the same.
func (p *Passkeys) Verify(ctx context.Context, id authenticator.Identity, challenge []byte, a authenticator.Assertion) (string, policy.Method, error) {
	if len(challenge) < minChallengeSize {
		return "", policy.Method{}, fmt.Errorf("webauthn: Verify: the challenge must have %d bytes or more", minChallengeSize)
	}
	ctx, cancel := detach(ctx)
	defer cancel()
	nameless := discoverable(id)
	if nameless {
		var err error
		if id.Subject, err = p.owner(ctx, a.UserHandle); err != nil {
			return "", policy.Method{}, err
		}
	}
	have, err := p.list(ctx, id.Subject)
	if err != nil {
		return "", policy.Method{}, err
	}
	// Nobody guesses a signature: the lock refuses what is wrong, and keeps nobody out
	// for whom others have been wrong.
	wrong := authenticator.ErrRefused
	attempt, err := p.attempts.Reserve(ctx, p.counter(id))
	switch {
	case errors.Is(err, store.ErrLocked):
		wrong = p.reserveError(err)
	case err != nil:
		return "", policy.Method{}, p.reserveError(err)
	}
	if id.Subject == "" {
		have = nil
	}
	decoys, err := p.decoys(id)
	if err != nil {
		return "", policy.Method{}, err
	}
	found, flags, count := p.judge(have, len(decoys), challenge, a, nameless)
	if found == nil {
		return "", policy.Method{}, wrong
	}
	now := p.config.Now()
	c, err := p.accept(ctx, id, found, flags, count)
	if err != nil {
		return "", policy.Method{}, err
	}
	if attempt != nil {
		if err := attempt.Succeed(ctx, nil); err != nil && !errors.Is(err, store.ErrLocked) {
			return "", policy.Method{}, unavailable("storing the success", err)
		}
	}
	m := c.method(flags.HasUserVerified() && (c.Verified || id.Proved))
	m.At = now
	return id.Subject, m, nil
}

// discoverable reports whether nobody has said who signs in.
func discoverable(id authenticator.Identity) bool { return id.Subject == "" && id.Hint == "" }

// canonical is the spelling of a hint that counts.
func canonical(hint string) string { return strings.ToLower(strings.TrimSpace(hint)) }

// judge looks for the credential that made the assertion. Those who have none get
// as much work as those who have what they were shown.
func (p *Passkeys) judge(have []credential, decoys int, challenge []byte, a authenticator.Assertion, nameless bool) (found *credential, flags protocol.AuthenticatorFlags, count uint32) {
	parsed, err := p.parse(a)
	if err != nil {
		return nil, 0, 0
	}
	tried := false
	for i := range have {
		c := &have[i]
		switch {
		case len(a.CredentialID) != 0 && !bytes.Equal(a.CredentialID, c.ID):
			continue
		case (nameless || len(a.UserHandle) != 0) && !bytes.Equal(a.UserHandle, c.Handle):
			continue
		}
		tried = true
		if found == nil && p.signed(parsed, c, challenge) {
			found = c
		}
	}
	if len(a.CredentialID) != 0 || nameless {
		decoys = 1
	}
	for ; !tried && decoys > 0; decoys-- {
		p.signed(parsed, &p.nobody, challenge)
	}
	if found == nil {
		return nil, 0, 0
	}
	data := &parsed.Response.AuthenticatorData
	// Whether a key may be copied is fixed when it is made, and what may not is not
	// (section 6.1.3).
	switch {
	case data.Flags.HasBackupState() && !data.Flags.HasBackupEligible():
		return nil, 0, 0
	case found.Eligible != nil && *found.Eligible != data.Flags.HasBackupEligible():
		return nil, 0, 0
	}
	return found, data.Flags, data.Counter
}

// parse reads an assertion, and checks what does not depend on a credential.
func (p *Passkeys) parse(a authenticator.Assertion) (*protocol.ParsedCredentialAssertionData, error) {
	for _, field := range [][]byte{a.AuthenticatorData, a.ClientDataJSON, a.Signature} {
		if len(field) == 0 || len(field) > maxField {
			return nil, errors.New("a field is missing, or too long")
		}
	}
	if len(a.CredentialID) > maxCredentialID || len(a.UserHandle) > maxHandle {
		return nil, errors.New("a field is too long")
	}
	if _, err := p.clientData(a.ClientDataJSON, protocol.AssertCeremony); err != nil {
		return nil, err
	}
	const anyID = "AA" // the library wants one; ours are compared before
	response := protocol.CredentialAssertionResponse{
		PublicKeyCredential: protocol.PublicKeyCredential{
			Credential: protocol.Credential{ID: anyID, Type: string(protocol.PublicKeyCredentialType)}, RawID: []byte{0},
		},
		AssertionResponse: protocol.AuthenticatorAssertionResponse{
			AuthenticatorResponse: protocol.AuthenticatorResponse{ClientDataJSON: a.ClientDataJSON},
			AuthenticatorData:     a.AuthenticatorData, Signature: a.Signature, UserHandle: a.UserHandle,
		},
	}
	return response.Parse()
}

// signed reports whether the credential has signed the challenge, for us, with the
// person present, and verified if that is required.
func (p *Passkeys) signed(parsed *protocol.ParsedCredentialAssertionData, c *credential, challenge []byte) bool {
	return parsed.Verify(base64url.EncodeToString(challenge), p.config.RPID, "", p.config.Origins, nil, nil,
		protocol.TopOriginExplicitVerificationMode, false, p.config.UserVerification == Required, true, c.Key, protocol.SignaturePolicy{}) == nil
}

// accept stores the counter and what else an assertion changes: one compare-and-swap,
// so that of several assertions with one counter one is accepted.
func (p *Passkeys) accept(ctx context.Context, id authenticator.Identity, found *credential, flags protocol.AuthenticatorFlags, count uint32) (*credential, error) {
	excused := false
	for {
		var c credential
		_, err := p.book.Change(ctx, id.Subject, found.entry.ID, func(e *enrolment.Entry) (err error) {
			if c, err = decode(*e); err != nil {
				return err
			}
			if !c.is(found) {
				return authenticator.ErrRefused // replaced since it was read
			}
			if regressed(c.Count, count) && !excused {
				return ErrCloned
			}
			eligible := flags.HasBackupEligible()
			c.Count, c.Eligible, c.BackedUp = max(c.Count, count), &eligible, flags.HasBackupState()
			if flags.HasUserVerified() && id.Proved {
				c.Verified = true
			}
			e.Used = p.config.Now()
			e.Data, err = c.encode()
			return err
		})
		switch {
		case err == nil:
			return &c, nil
		case errors.Is(err, ErrCloned):
			r := Regression{Subject: id.Subject, AuthenticatorID: found.entry.ID, Stored: c.Count, Presented: count}
			if p.config.CounterRegression == nil || p.config.CounterRegression(ctx, r) != nil {
				return nil, ErrCloned
			}
			excused = true
		case errors.Is(err, enrolment.ErrNone), errors.Is(err, authenticator.ErrRefused):
			return nil, authenticator.ErrRefused
		default:
			return nil, unavailable("storing the counter", err)
		}
	}
}

// regressed is step 22 of section 7.2: a credential that has counted once must go
// on, and go up. One that never did is not asked to.
func regressed(stored, presented uint32) bool {
	return (stored != 0 || presented != 0) && presented <= stored
}

// counter is where attempts are counted: of a person or a name, but apart from
// strangers' if the person's device is known, or another factor was proved, so that
// they cannot use up the owner's tries.
func (p *Passkeys) counter(id authenticator.Identity) store.Key {
	label, factor := "attempts", []string{authenticator.TypeWebAuthn}
	who := []string{"subject", id.Subject}
	switch {
	case id.Subject == "": // who does not exist has neither devices nor proofs
		who = []string{"hint", canonical(id.Hint)}
	case id.Device != "": // first, or whoever knows the password could use up what its owner needs there
		label, factor = "attempts, device", append(factor, id.Device)
	case id.Proved:
		label = "attempts, proved"
	}
	return store.Key{Kind: kindAttempts, Space: p.space, ID: store.Digest(label, append(factor, who...)...)}
}

// reserveError translates the error of a reservation.
func (p *Passkeys) reserveError(err error) error {
	var locked *store.LockedError
	if !errors.As(err, &locked) {
		return unavailable("counting the attempt", err)
	}
	return &authenticator.LockedError{Until: locked.Until, Limit: p.attempts.Limit}
}
