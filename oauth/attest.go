package oauth

import (
	"errors"
	"net/http"

	"github.com/mintyard/mintyard/policy"
)

// ACRAttestation is the context of an [Authorization].Attestation.
const ACRAttestation = "urn:okta:app:mfa:attestation"

// CodeNotRequired says that policy asks for no further factor.
const CodeNotRequired = "mfa_not_required"

var (
	errNotRequired = NewError(CodeNotRequired, ReasonNotRequired, "Policy asks for one factor only")
	errNoAttest    = NewError(CodeAccessDenied, ReasonAttestation, "This server attests no factor")
)

// Attests reports whether the client may ask for an attestation here; the error is
// what it is told.
func (r *TokenRequest) Attests() error {
	switch {
	case !r.Server.config.Attestation:
		return errNoAttest
	case r.Client.Public():
		return errPublicClient.WithStatus(http.StatusBadRequest).withCode(CodeInvalidRequest)
	}
	return nil
}

func (e *Error) withCode(code string) *Error {
	c := *e
	c.Code = code
	return &c
}

// attest judges an attestation: policy wants more than what was proved, and with the
// password that the app vouches for it would be enough.
func (s *Server) attest(a *Authorization, subject Subject, d policy.Decision) error {
	switch d.Access {
	case policy.Allow:
		return errNotRequired
	case policy.StepUp:
	default:
		return errPolicy.WithCause(errors.New("policy rule " + d.Rule + ": " + d.Reason))
	}
	proved := a.Methods
	a.Methods = withPassword(a)
	d, err := s.decide(a, subject)
	a.Methods = proved
	switch {
	case err != nil:
		return err
	case d.Access != policy.Allow:
		return errStepUp
	}
	a.ACR = ACRAttestation
	return nil
}
