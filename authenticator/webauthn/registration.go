package webauthn

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	library "github.com/go-webauthn/webauthn/webauthn"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/internal/enrolment"
	"github.com/mintyard/mintyard/store"
)

// parameters are the algorithms that clients are asked for: EdDSA, ES256 and RS256
// (Level 3, section 5.4).
var parameters = library.CredentialParametersRecommendedL3()

const (
	challengeSize    = 32
	minChallengeSize = 16 // Level 3, section 13.4.3
	maxAccount       = 256
	maxResponse      = 64 << 10  // bytes of what a client answers
	newName          = "Passkey" // until the person gives another
)

var (
	errSubject = errors.New("webauthn: the subject is empty")
	errOver    = fmt.Errorf("webauthn: the registration is over: %w", authenticator.ErrNoAuthenticator)
)

// BeginRegistration starts to give a person a credential. The options are the
// PublicKeyCredentialCreationOptionsJSON of Level 3, section 5.1.9: what a page
// gives to PublicKeyCredential.parseCreationOptionsFromJSON. The account is the name
// that the authenticator shows for it. The id names the registration to
// [Passkeys.FinishRegistration]. [authenticator.ErrTooMany] says that the person has
// as many as there can be.
//
// Whoever asks must have proved as much as the person's account demands: this
// package cannot know (NIST SP 800-63B-4 section 4.1.2).
func (p *Passkeys) BeginRegistration(ctx context.Context, subject, account string) (options json.RawMessage, id string, err error) {
	switch {
	case subject == "":
		return nil, "", errSubject
	case account == "" || len(account) > maxAccount:
		return nil, "", fmt.Errorf("webauthn: BeginRegistration: the account must have 1 to %d bytes", maxAccount)
	}
	have, err := p.list(ctx, subject)
	if err != nil {
		return nil, "", err
	}
	if len(have) >= enrolment.DefaultMax {
		return nil, "", authenticator.ErrTooMany
	}
	handle, err := p.keepHandle(ctx, subject)
	if err != nil {
		return nil, "", err
	}
	creation, session, err := p.library.BeginRegistration(user{handle: handle, account: account}, p.asked(have))
	if err != nil {
		return nil, "", fmt.Errorf("webauthn: BeginRegistration: %w", err)
	}
	creation.Response.RelyingParty.ID = p.config.RPID
	challenge, err := base64url.DecodeString(session.Challenge)
	if err != nil {
		return nil, "", fmt.Errorf("webauthn: BeginRegistration: %w", err)
	}
	if options, err = json.Marshal(creation.Response); err != nil {
		return nil, "", fmt.Errorf("webauthn: BeginRegistration: %w", err)
	}
	value, err := json.Marshal(registration{V: registrationVersion, Challenge: challenge})
	if err != nil {
		return nil, "", fmt.Errorf("webauthn: BeginRegistration: %w", err)
	}
	var raw [16]byte
	rand.Read(raw[:]) // never fails, by its contract
	id = base64url.EncodeToString(raw[:])
	rec := store.Record{
		Key: p.registration(subject, id), Value: value,
		Expires: p.config.Now().Add(p.config.Timeout + registrationSlip).Unix(),
	}
	if err := store.Insert(ctx, p.config.Store, rec); err != nil {
		return nil, "", unavailable("storing the registration", err)
	}
	return options, id, nil
}

// FinishRegistration takes what the client answered, a RegistrationResponseJSON
// (Level 3, section 5.1.8), and keeps the credential, under a name that
// [Passkeys.Rename] changes. The first response burns the challenge, right or wrong;
// after that, and after the Timeout, it is [authenticator.ErrNoAuthenticator].
// What is wrong about a response is said after [authenticator.ErrRefused], since
// whoever registers is known.
func (p *Passkeys) FinishRegistration(ctx context.Context, subject, id string, response []byte) (authenticator.Authenticator, error) {
	if subject == "" {
		return authenticator.Authenticator{}, errSubject
	}
	ctx, cancel := detach(ctx)
	defer cancel()
	challenge, err := p.burn(ctx, p.registration(subject, id))
	if err != nil {
		return authenticator.Authenticator{}, err
	}
	handle, _ := handleOf(subject)
	made, err := p.created(response, handle, challenge)
	if err != nil {
		return authenticator.Authenticator{}, refused(err)
	}
	c, err := p.admit(ctx, subject, made)
	if err != nil {
		return authenticator.Authenticator{}, err
	}
	c.Handle = handle
	data, err := c.encode()
	if err != nil {
		return authenticator.Authenticator{}, fmt.Errorf("webauthn: FinishRegistration: %w", err)
	}
	now := p.config.Now()
	e, err := p.book.Add(ctx, subject, enrolment.Entry{Name: newName, Created: now, Confirmed: now, Data: data})
	switch {
	case errors.Is(err, enrolment.ErrTooMany):
		return authenticator.Authenticator{}, authenticator.ErrTooMany
	case err != nil:
		return authenticator.Authenticator{}, unavailable("storing the credential", err)
	}
	return listed(e), nil
}

// created verifies a response (Level 3, section 7.1).
func (p *Passkeys) created(response, handle, challenge []byte) (*protocol.ParsedCredentialCreationData, error) {
	if len(response) > maxResponse {
		return nil, errors.New("the response is too long")
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return nil, errors.New("the response cannot be read")
	}
	if _, err := p.clientData(parsed.Raw.AttestationResponse.ClientDataJSON, protocol.CreateCeremony); err != nil {
		return nil, err
	}
	_, err = p.library.CreateCredential(user{handle: handle}, library.SessionData{
		Challenge: base64url.EncodeToString(challenge), RelyingPartyID: p.config.RPID, UserID: handle,
		UserVerification: protocol.UserVerificationRequirement(p.config.UserVerification), CredParams: parameters,
	}, parsed)
	if err != nil {
		return nil, errors.New(err.Error()) // without the details of the library
	}
	return parsed, nil
}

// admit decides about a credential that is well made.
func (p *Passkeys) admit(ctx context.Context, subject string, made *protocol.ParsedCredentialCreationData) (credential, error) {
	object := &made.Response.AttestationObject
	data := &object.AuthData
	alg, err := keyAlgorithm(data.AttData.CredentialPublicKey)
	if err != nil {
		return credential{}, refused(err)
	}
	have, err := p.list(ctx, subject)
	if err != nil {
		return credential{}, err
	}
	for i := range have {
		if bytes.Equal(have[i].ID, data.AttData.CredentialID) {
			return credential{}, refused(errors.New("the person has this credential"))
		}
	}
	var verdict Verdict
	if p.config.Attestation != nil {
		certs, err := chain(object)
		if err != nil {
			return credential{}, refused(err)
		}
		verdict, err = p.config.Attestation(ctx, Attested{
			Subject: subject, Format: object.Format, Type: object.Type, AAGUID: formatAAGUID(data.AttData.AAGUID),
			Chain: certs, Algorithm: alg, BackupEligible: data.Flags.HasBackupEligible(),
			UserVerified: data.Flags.HasUserVerified(), At: p.config.Now(),
		})
		if err != nil {
			return credential{}, refused(err)
		}
	}
	eligible := data.Flags.HasBackupEligible()
	var reported []string
	for _, t := range made.Response.Transports {
		reported = append(reported, string(t))
	}
	return credential{
		ID: data.AttData.CredentialID, Key: data.AttData.CredentialPublicKey, Count: data.Counter,
		Verified: data.Flags.HasUserVerified(), Eligible: &eligible, BackedUp: data.Flags.HasBackupState(),
		Transports: cleanTransports(reported), AAGUID: data.AttData.AAGUID, Format: object.Format,
		Hardware: verdict.Hardware && !eligible,
	}, nil
}
