package webauthn

import (
	"crypto/rand"

	"github.com/go-webauthn/webauthn/protocol"
	library "github.com/go-webauthn/webauthn/webauthn"
)

// asked completes the options of a registration.
func (p *Passkeys) asked(have []credential) library.RegistrationOption {
	return func(o *protocol.PublicKeyCredentialCreationOptions) error {
		challenge := make([]byte, challengeSize)
		rand.Read(challenge) // never fails, by its contract
		o.Challenge = challenge
		o.Parameters = parameters
		o.Timeout = int(p.config.Timeout.Milliseconds())
		o.AuthenticatorSelection = protocol.AuthenticatorSelection{
			ResidentKey:        protocol.ResidentKeyRequirementPreferred,
			RequireResidentKey: protocol.ResidentKeyNotRequired(),
			UserVerification:   protocol.UserVerificationRequirement(p.config.UserVerification),
		}
		for i := range have {
			o.CredentialExcludeList = append(o.CredentialExcludeList, protocol.CredentialDescriptor{
				Type: protocol.PublicKeyCredentialType, CredentialID: have[i].ID, Transport: transports(have[i].Transports),
			})
		}
		return nil
	}
}

func transports(list []string) (typed []protocol.AuthenticatorTransport) {
	for _, t := range list {
		typed = append(typed, protocol.AuthenticatorTransport(t))
	}
	return typed
}

// user is what the library asks about a person.
type user struct {
	handle  []byte
	account string
}

func (u user) WebAuthnID() []byte                        { return u.handle }
func (u user) WebAuthnName() string                      { return u.account }
func (u user) WebAuthnDisplayName() string               { return u.account }
func (u user) WebAuthnCredentials() []library.Credential { return nil }
