package signin

import (
	"context"
	"errors"
	"fmt"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/proving"
	"github.com/mintyard/mintyard/policy"
)

// firstFactors are what a sign-in may begin with.
func (p *Pages) firstFactors() ([]string, error) {
	if p.config.First == nil {
		for _, t := range []string{authenticator.TypePassword, authenticator.TypeWebAuthn, authenticator.TypeEmail, authenticator.TypeSMS,
			authenticator.TypeTOTP, authenticator.TypeHOTP, authenticator.TypePush, authenticator.TypeVoice} {
			if p.has(t) {
				return []string{t}, nil
			}
		}
		return nil, errors.New("signin: Config: needs Password, OTP, OutOfBand or Passkeys: nobody could prove anything")
	}
	if len(p.config.First) == 0 {
		return nil, errors.New("signin: Config.First: is empty; leave it out for the password")
	}
	for i, t := range p.config.First {
		if !p.has(t) || neverFirst[t] {
			return nil, fmt.Errorf("signin: Config.First[%d]: %q is no factor that is configured and can come first", i, t)
		}
	}
	return p.config.First, nil
}

// neverFirst are good after something else was proved.
var neverFirst = map[string]bool{authenticator.TypeRecoveryCodes: true, authenticator.TypeQuestion: true}

// has reports whether there is a factor of a type.
func (p *Pages) has(factor string) bool {
	switch factor {
	case authenticator.TypePassword:
		return p.config.Password != nil
	case authenticator.TypeTOTP, authenticator.TypeHOTP:
		return p.config.OTP != nil && proving.TypeOf(p.config.OTP, authenticator.TypeTOTP) == factor
	case authenticator.TypeWebAuthn:
		return p.config.Passkeys != nil
	case authenticator.TypeRecoveryCodes:
		return p.config.RecoveryCodes != nil
	case authenticator.TypeQuestion:
		return p.config.Question != nil
	}
	return p.set.OutOfBand[factor] != nil
}

// Available returns what a person could prove, for [oidc.Config].Available.
func (p *Pages) Available(ctx context.Context, subject string) ([]policy.Method, error) {
	var all []policy.Method
	for _, f := range p.factors() {
		m, err := f.Available(ctx, subject)
		if err != nil {
			return nil, err
		}
		all = append(all, m...)
	}
	return all, nil
}

// factors are all that are configured.
func (p *Pages) factors() []proving.Factor {
	var all []proving.Factor
	for _, f := range p.config.OutOfBand {
		all = append(all, proving.Factor{Type: f.Channel(), Lister: f})
	}
	if p.config.Passkeys != nil {
		all = append(all, proving.Factor{Type: authenticator.TypeWebAuthn, Lister: p.config.Passkeys})
	}
	if p.config.OTP != nil {
		all = append(all, proving.Factor{Type: proving.TypeOf(p.config.OTP, authenticator.TypeTOTP), Lister: p.config.OTP})
	}
	if p.config.Password != nil {
		all = append(all, proving.Factor{Type: authenticator.TypePassword, Lister: p.config.Password})
	}
	if p.config.RecoveryCodes != nil {
		all = append(all, proving.Factor{Type: authenticator.TypeRecoveryCodes, Lister: p.config.RecoveryCodes})
	}
	if p.config.Question != nil {
		all = append(all, proving.Factor{Type: authenticator.TypeQuestion, Lister: p.config.Question})
	}
	return all
}
