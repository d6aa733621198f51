package directauth

import (
	"slices"

	"github.com/mintyard/mintyard/oauth"
)

// The reasons of an attestation.
const (
	ReasonAttestationAlone oauth.Reason = "attestation_not_alone" // beside other acr_values, or scopes
	ReasonAttestationOf    oauth.Reason = "attestation_of_password"
)

var (
	errAttestationACR   = oauth.NewError(oauth.CodeInvalidRequest, ReasonAttestationAlone, "An attestation cannot be asked for together with other acr_values")
	errAttestationScope = oauth.NewError(oauth.CodeInvalidScope, ReasonAttestationAlone, "An attestation is asked for with the scope openid alone")
	errAttestationOf    = oauth.NewError(oauth.CodeAccessDenied, ReasonAttestationOf, "A password is not a second factor")
)

// askForAttestation reads whether the app, which has verified a first factor by
// itself, wants to have a second one attested and nothing else.
func askForAttestation(r *oauth.TokenRequest, a *oauth.Authorization) error {
	if !slices.Contains(a.ACRValues, oauth.ACRAttestation) {
		return nil
	}
	switch {
	case len(a.ACRValues) > 1:
		return errAttestationACR
	case len(a.Scopes) != 1 || a.Scopes[0] != "openid":
		return errAttestationScope
	case r.GrantType == GrantPassword:
		return errAttestationOf
	}
	a.Attestation = true
	return r.Attests()
}
