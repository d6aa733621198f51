package directauth

import (
	"context"
	"slices"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/proving"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// grantOf names the grant that proves a method as a further factor.
var grantOf = map[string]string{
	authenticator.TypePassword:      GrantPassword,
	authenticator.TypeTOTP:          GrantMFAOTP,
	authenticator.TypeHOTP:          GrantMFAOTP,
	authenticator.TypeSMS:           GrantMFAOOB,
	authenticator.TypeVoice:         GrantMFAOOB,
	authenticator.TypeEmail:         GrantMFAOOB,
	authenticator.TypePush:          GrantMFAOOB,
	authenticator.TypeWebAuthn:      GrantMFAWebAuthn,
	authenticator.TypeRecoveryCodes: GrantMFARecoveryCode,
}

// factor is something that can be proved, and the grant that proves it.
type factor struct {
	proving.Factor
	grant string
}

// factors are all that are configured.
func (d *Direct) factors() []factor {
	var all []factor
	for _, f := range d.config.OutOfBand {
		all = append(all, factor{proving.Factor{Type: f.Channel(), Lister: f}, GrantMFAOOB})
	}
	if d.config.Passkeys != nil {
		all = append(all, factor{proving.Factor{Type: authenticator.TypeWebAuthn, Lister: d.config.Passkeys}, GrantMFAWebAuthn})
	}
	if d.config.OTP != nil {
		all = append(all, factor{proving.Factor{Type: proving.TypeOf(d.config.OTP, authenticator.TypeTOTP), Lister: d.config.OTP}, GrantMFAOTP})
	}
	if d.config.Password != nil {
		all = append(all, factor{proving.Factor{Type: authenticator.TypePassword, Lister: d.config.Password}, GrantPassword})
	}
	if d.config.RecoveryCodes != nil {
		all = append(all, factor{proving.Factor{Type: authenticator.TypeRecoveryCodes, Lister: d.config.RecoveryCodes}, GrantMFARecoveryCode})
	}
	return all
}

// whatElse finds out what the person could still prove to this client.
func (d *Direct) whatElse(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization) error {
	a.Available, a.AvailableKnown = nil, true
	for _, f := range d.factors() {
		if !canUse(r, f.grant) || f.grant == GrantPassword && a.Recovery {
			continue
		}
		m, err := f.Available(ctx, a.Subject)
		if err != nil {
			return err
		}
		a.Available = append(a.Available, m...)
	}
	return nil
}

// next are the grants with which this app could prove what is missing, in the
// order of the policy's preference.
func next(r *oauth.TokenRequest, a *oauth.Authorization, decision policy.Decision) []string {
	var grants []string
	for _, methods := range decision.Next {
		if len(methods) == 0 {
			continue
		}
		g, ok := grantOf[methods[0]]
		if ok && !proving.IsOffered(a, methods[0]) && canUse(r, g) && !slices.Contains(grants, g) {
			grants = append(grants, g)
		}
	}
	return grants
}

// canUse reports whether the server has the grant, the client may use it, and
// the app says that it can: an app that says nothing is not asked.
func canUse(r *oauth.TokenRequest, grant string) bool {
	if r.Use(grant) != nil {
		return false
	}
	if r.Param("grant_types_supported") == "" {
		return true
	}
	listed, goesOn := false, false
	for g := range r.Words("grant_types_supported") {
		listed = listed || g == grant
		goesOn = goesOn || g != GrantPassword && takesMFAToken(g)
	}
	// An app that lists the password grant alone knows it as a first factor: it
	// would not know what to do with an mfa_token.
	return listed && goesOn
}

// takesMFAToken reports whether the grant goes on with a sign-in.
func takesMFAToken(grant string) bool {
	switch grant {
	case GrantPassword, GrantMFAOTP, GrantMFAOOB, GrantMFAWebAuthn, GrantMFARecoveryCode:
		return true
	}
	return false
}
