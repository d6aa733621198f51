package main

import (
	"context"
	"encoding/base64"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/webauthn"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// factorTypes are the types of factors that the file can give a person, with the
// members that each needs.
var factorTypes = map[string][]string{
	authenticator.TypeTOTP:          {"secret"},
	authenticator.TypeSMS:           {"phone"},
	authenticator.TypeVoice:         {"phone"},
	authenticator.TypeEmail:         {"address"},
	authenticator.TypePush:          {"device"},
	authenticator.TypeWebAuthn:      {"credential_id", "public_key"},
	authenticator.TypeRecoveryCodes: {"codes"},
}

// member is a member of a factor by its name: whether it is there.
func (f *factorConfig) member(name string) bool {
	switch name {
	case "secret":
		return f.Secret != ""
	case "phone":
		return f.Phone != ""
	case "address":
		return f.Address != ""
	case "device":
		return f.Device != ""
	case "credential_id":
		return f.CredentialID != ""
	case "public_key":
		return f.PublicKey != ""
	case "user_handle":
		return f.UserHandle != ""
	}
	return f.Codes != nil
}

var factorMembers = []string{"secret", "phone", "address", "device", "credential_id", "public_key", "user_handle", "codes"}

// planFactors checks the factors of a person against the real ones, on a store that
// is thrown away: what they take now will be taken.
func planFactors(ctx context.Context, path string, u *userConfig, trial *factors) error {
	ids, one := make(map[string]bool), make(map[string]bool)
	for i := range u.Factors {
		f, where := &u.Factors[i], index(path+".factors", i)
		switch {
		case f.ID == "":
			return refuse(where+".id", "is required")
		case len(f.ID) > 256:
			return refuse(where+".id", "has more than 256 bytes")
		case ids[f.ID]:
			return refuse(where+".id", "%q stands twice", f.ID)
		case f.Type == "":
			return refuse(where+".type", "is required")
		}
		ids[f.ID] = true
		needs, known := factorTypes[f.Type]
		if !known {
			return choose(where+".type", f.Type, slices.Sorted(maps.Keys(factorTypes)))
		}
		for _, name := range factorMembers {
			switch {
			case slices.Contains(needs, name) && !f.member(name):
				return refuse(where+"."+name, "is required by %q", f.Type)
			case !slices.Contains(needs, name) && f.member(name) && !(name == "user_handle" && f.Type == authenticator.TypeWebAuthn):
				return refuse(where+"."+name, "is not for %q", f.Type)
			}
		}
		if f.Type == authenticator.TypeRecoveryCodes {
			if one[f.Type] {
				return refuse(where+".type", "%q stands twice: one list holds all of a person's codes", f.Type)
			}
			one[f.Type] = true
		}
		if err := trial.give(ctx, u.ID, f); err != nil {
			return refuse(where+"."+needs[len(needs)-1], "%s", strings.TrimPrefix(strings.TrimPrefix(err.Error(), "authenticator: "), "Import: "))
		}
	}
	return nil
}

// newTrial are the factors on a store that is thrown away.
func newTrial() (*factors, error) {
	return newFactors(factorOptions{
		store: store.NewMemory(), sealer: store.NewSealer(randomMasterKey()), decoys: randomMasterKey(),
		rpID: "localhost", origins: []string{"http://localhost"}, audience: "trial",
		sender: authenticator.SenderFunc(func(context.Context, authenticator.Message) error { return nil }),
	})
}

// give gives a person a factor of the file. To give it again changes nothing.
func (f *factors) give(ctx context.Context, subject string, c *factorConfig) error {
	switch c.Type {
	case authenticator.TypeTOTP:
		return f.totp.Import(ctx, subject, c.ID, c.Secret, authenticator.TOTPOptions{})
	case authenticator.TypeSMS, authenticator.TypeVoice:
		return f.codes[c.Type].Import(ctx, subject, c.ID, c.Phone)
	case authenticator.TypeEmail:
		return f.codes[c.Type].Import(ctx, subject, c.ID, c.Address)
	case authenticator.TypePush:
		return f.push.Import(ctx, subject, c.ID, c.Device)
	case authenticator.TypeRecoveryCodes:
		return f.recovery.Import(ctx, subject, c.Codes)
	}
	if f.passkeys == nil {
		return refuse("credential_id", "the issuer is an address that is no loopback one, and webauthn.rp_id is not set")
	}
	id, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(c.CredentialID, "="))
	if err != nil {
		return refuse("credential_id", "is not base64url")
	}
	key, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(c.PublicKey, "="))
	if err != nil {
		return refuse("public_key", "is not base64url")
	}
	handle, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(c.UserHandle, "="))
	if err != nil {
		return refuse("user_handle", "is not base64url")
	}
	if len(handle) == 0 {
		handle = nil // that of the user's id
	}
	// The file says nothing of how it was made. That the person verifies with it is
	// what its signatures say.
	return f.passkeys.Import(ctx, subject, c.ID, webauthn.Imported{CredentialID: id, PublicKey: key, UserHandle: handle, UserVerified: true})
}

// planAuthenticators reads which factors are offered.
func planAuthenticators(c *fileConfig) error {
	for _, name := range slices.Sorted(maps.Keys(c.Authenticators)) {
		config, path := c.Authenticators[name], join("authenticators", name)
		if _, known := factorTypes[name]; !known {
			return refuse(path, "is not known")
		}
		if config.Enrolment == "" {
			config.Enrolment = "optional"
		}
		if err := choose(path, config.Enrolment, []string{"optional", "required", "disabled"}); err != nil {
			return err
		}
		switch {
		case config.NumberChallenge != "" && name != authenticator.TypePush:
			return refuse(path+".number_challenge", "is for push alone")
		case config.NumberChallenge != "":
			if err := choose(path+".number_challenge", config.NumberChallenge, []string{"always", "never", "high_risk"}); err != nil {
				return err
			}
		}
	}
	return nil
}

// offered reports whether a factor is not disabled.
func (c *fileConfig) offered(factor string) bool {
	a := c.Authenticators[factor]
	return a == nil || a.Enrolment != "disabled"
}

// enrolment is the policy about authenticators: what is not named is optional.
func (c *fileConfig) enrolment() (*policy.Enrolment, error) {
	modes := map[string]policy.EnrolmentMode{"optional": policy.Optional, "required": policy.Required, "disabled": policy.Disabled}
	terms := make(map[string]policy.Terms)
	for name, a := range c.Authenticators {
		terms[name] = policy.Terms{Enrolment: modes[a.Enrolment]}
	}
	return policy.NewEnrolment(terms)
}

// relyingParty is who passkeys are for: the issuer's host and origin, unless the
// file says otherwise. Passkeys belong to names and not to addresses (Web
// Authentication section 5.1.2), but to loopback ones for tests: at another one
// there are none, and rpID is "".
func (h *host) relyingParty(origin string) (rpID string, origins []string) {
	rpID, origins = h.issuer.host, []string{origin}
	if a, err := netip.ParseAddr(rpID); err == nil && !a.IsLoopback() {
		rpID = ""
	}
	if c := h.config.WebAuthn; c != nil {
		if c.RPID != "" {
			rpID = c.RPID
		}
		if c.Origins != nil {
			origins = c.Origins
		}
	}
	return rpID, origins
}
