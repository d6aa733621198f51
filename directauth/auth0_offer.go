package directauth

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/mintyard/mintyard/authenticator"
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

// offered marks, as its device, a method that the person does not have and could
// associate.
const offered = "\x00associate"

// offer adds to what the person could prove what could be associated first, so that
// a policy that asks for a second factor of somebody who has none asks, and does not
// deny. It says nothing to apps that list the grants they know: they speak the other
// dialect, in which nothing can be associated.
func (d *Direct) offer(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization) error {
	if !d.associates(r) {
		return nil
	}
	types, err := d.associable(ctx, r, a, "")
	for _, name := range types {
		if !has(a.Available, name) {
			a.Available = append(a.Available, policy.Method{Name: name, Types: policy.Possession, Device: offered})
		}
	}
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

// isOffered reports whether the person does not have the method, but could associate it.
func isOffered(a *oauth.Authorization, name string) bool {
	return !has(a.Available, name) && slices.ContainsFunc(a.Available, func(m policy.Method) bool { return m.Name == name })
}

func has(methods []policy.Method, name string) bool {
	return slices.ContainsFunc(methods, func(m policy.Method) bool { return m.Name == name && m.Device != offered })
}

// associable are the types that the person may associate now. Nothing may be, if the
// person has something that was not proved: whoever has only a password could
// otherwise add a second factor of his own (NIST SP 800-63B-4 section 4.1.2). except
// is an authenticator that does not count as something that the person has.
func (d *Direct) associable(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, except string) ([]string, error) {
	c := d.config.Auth0
	if c == nil || d.config.Enrolment == nil || a.Recovery {
		return nil, nil
	}
	ok, err := d.assured(ctx, a, except)
	if !ok || err != nil {
		return nil, err
	}
	decision, err := d.enrolment(ctx, r, a)
	if err != nil {
		return nil, err
	}
	var types []string
	for _, m := range c.Authenticators {
		name := m.Type()
		if enrols(m) && d.proves(name) && decision.Of(name).MayEnrol && canUse(r, grantOf[name]) {
			types = append(types, name)
		}
	}
	return types, nil
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

// assured reports whether the person has proved two factors, or everything that
// there is.
func (d *Direct) assured(ctx context.Context, a *oauth.Authorization, except string) (bool, error) {
	if _, two := policy.Satisfies(policy.ACRTwoFactors, a.Methods); two {
		return true, nil
	}
	for _, m := range d.config.Auth0.Authenticators {
		if m.Type() == authenticator.TypeQuestion {
			continue // no more than a password
		}
		list, err := m.Authenticators(ctx, a.Subject)
		if err != nil {
			return false, err
		}
		for _, one := range list {
			if one.Active && wireID(one) != except && !has(a.Methods, m.Type()) {
				return false, nil
			}
		}
	}
	for _, f := range d.factors() {
		if _, managed := f.lister.(authenticator.Manager); managed {
			continue // asked above, by id
		}
		methods, err := f.Available(ctx, a.Subject)
		if err != nil {
			return false, err
		}
		for _, m := range methods {
			if !has(a.Methods, m.Name) {
				return false, nil
			}
		}
	}
	return true, nil
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
		if isOffered(a, methods[0]) {
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

// wireID is how this dialect names an authenticator: ids are unique within a type.
func wireID(a authenticator.Authenticator) string { return a.Type + "|" + a.ID }

// find finds an authenticator of the person's. Who asks for that of somebody else is
// told what is told of one that is nobody's.
func (d *Direct) find(ctx context.Context, subject, id string) (authenticator.Manager, authenticator.Authenticator, bool, error) {
	name, inner, ok := strings.Cut(id, "|")
	m := d.config.Auth0.managed(name)
	if !ok || m == nil {
		return nil, authenticator.Authenticator{}, false, nil
	}
	list, err := m.Authenticators(ctx, subject)
	if err != nil {
		return nil, authenticator.Authenticator{}, false, err
	}
	for _, a := range list {
		if a.ID == inner {
			return m, a, true, nil
		}
	}
	return nil, authenticator.Authenticator{}, false, nil
}
