package directauth

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/proving"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// factorTypes are the types of mfa_requirements by method. Passkeys are not part of
// that API.
var factorTypes = map[string]string{
	authenticator.TypeTOTP:          "otp",
	authenticator.TypeHOTP:          "otp",
	authenticator.TypePush:          "push-notification",
	authenticator.TypeSMS:           "phone",
	authenticator.TypeVoice:         "phone",
	authenticator.TypeEmail:         "email",
	authenticator.TypeRecoveryCodes: "recovery-code",
}

// offer adds to what the person could prove what could be associated first, so that
// a policy that asks for a second factor of somebody who has none asks, and does not
// deny. It says nothing to apps that list the grants they know: they speak the other
// dialect, in which nothing can be associated.
func (d *Direct) offer(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization) error {
	if !d.associates(r) {
		return nil
	}
	types, err := d.associable(ctx, r, a)
	proving.Offer(a, types...)
	return err
}

// associates reports whether the answer to the request can ask for an association: it
// is one of the token endpoint, and the app speaks this dialect: it may use the grant
// that no other has, and does not list grants as the others do. Apps of the others are
// told that what is missing is not there, and would not know what to do with more.
func (d *Direct) associates(r *oauth.TokenRequest) bool {
	return d.config.Auth0 != nil && r.Param("grant_type") != "" && r.Param("grant_types_supported") == "" &&
		slices.Contains(r.Client.GrantTypes, GrantMFARecoveryCode)
}

// associable are the types that the person may associate now.
func (d *Direct) associable(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization) ([]string, error) {
	if d.config.Auth0 == nil {
		return nil, nil
	}
	return d.enrol.Allowed(ctx, r, a, a.Methods, func(m authenticator.Manager) bool {
		return enrols(m) && d.proves(m.Type()) && canUse(r, grantOf[m.Type()])
	})
}

// enrols reports whether the factor can be associated over this API.
func enrols(m authenticator.Manager) bool {
	switch m.(type) {
	case AppEnroller, CodeEnroller, DeviceEnroller:
		return true
	}
	return false
}

// proves reports whether some grant here proves a factor of the type.
func (d *Direct) proves(name string) bool {
	if m, ok := d.config.OTP.(authenticator.Manager); ok && m.Type() == name {
		return true
	}
	return d.oob[name] != nil
}

// requirements is the member mfa_requirements: what the person can go on with, and
// what could be associated for it. It reports whether there is anything of the latter.
func (d *Direct) requirements(a *oauth.Authorization, decision policy.Decision) (members []oauth.Member, enrol bool) {
	if d.config.Auth0 == nil {
		return nil, false
	}
	type entry struct {
		Type string `json:"type"`
	}
	var req struct {
		Challenge []entry `json:"challenge"`
		Enroll    []entry `json:"enroll,omitempty"`
	}
	req.Challenge = []entry{}
	for _, methods := range decision.Next {
		if len(methods) == 0 || factorTypes[methods[0]] == "" || !canUse(a.Request(), grantOf[methods[0]]) {
			continue
		}
		list := &req.Challenge
		if proving.IsOffered(a, methods[0]) {
			list = &req.Enroll
		}
		if e := (entry{factorTypes[methods[0]]}); !slices.Contains(*list, e) {
			*list = append(*list, e)
		}
	}
	value, err := json.Marshal(req)
	if err != nil { // cannot be: it is text
		return nil, false
	}
	return []oauth.Member{{Name: "mfa_requirements", Value: string(value)}}, len(req.Enroll) > 0
}
