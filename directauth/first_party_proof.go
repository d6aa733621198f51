package directauth

import (
	"context"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// proof is what one request proves or begins.
type proof struct {
	first, further string // the grants that do the same at the token endpoint
	named          bool   // it is about somebody who was named
	secret         bool   // it is no part of a recovery: the password

	// run proves the factor. What it begins instead is an error too: the answer.
	run func(ctx context.Context, s *firstPartyState) error
}

// proofs are the proofs by the parameter that says which one it is.
var proofs = map[string]*proof{
	"password": {first: GrantPassword, further: GrantPassword, named: true, secret: true,
		run: func(ctx context.Context, s *firstPartyState) error {
			_, err := s.d.verify(ctx, s.r, s.a, s.t, s.d.config.Password, s.r.Param("password"))
			return err
		}},
	"otp": {first: GrantOTP, further: GrantMFAOTP, named: true,
		run: func(ctx context.Context, s *firstPartyState) error {
			_, err := s.d.verify(ctx, s.r, s.a, s.t, s.d.config.OTP, s.r.Param("otp"))
			return err
		}},
	"recovery_code": {further: GrantMFARecoveryCode, named: true,
		run: func(ctx context.Context, s *firstPartyState) error {
			_, err := s.d.verifyRecoveryCode(ctx, s.r, s.a, s.t, s.r.Param("recovery_code"))
			return err
		}},
	"binding_code": {first: GrantOOB, further: GrantMFAOOB,
		run: func(ctx context.Context, s *firstPartyState) error {
			_, err := s.d.check(ctx, s.r, s.a, s.t)
			return err
		}},
	"clientDataJSON": {first: GrantWebAuthn, further: GrantMFAWebAuthn, run: runAssertion},
}

var (
	startChannel = &proof{first: GrantOOB, further: GrantMFAOOB, named: true, run: runChannel}
	startPasskey = &proof{first: GrantWebAuthn, further: GrantMFAWebAuthn, run: runPasskey}
)

// readProof finds the one proof of a request; nil is none.
func readProof(r *oauth.TokenRequest) (*proof, error) {
	var found *proof
	for name, p := range proofs {
		if r.Param(name) == "" {
			continue
		}
		if found != nil {
			return nil, errTwoFactors
		}
		found = p
	}
	channel := r.Param("channel_hint")
	switch {
	case channel == "":
		return found, nil
	case found != nil:
		return nil, errTwoFactors
	case channel == authenticator.TypeWebAuthn:
		return startPasskey, nil
	case !channels[channel]:
		return nil, errChannel
	}
	return startChannel, nil
}

// allow holds the app to its grants, as the token endpoint does, and names the grant
// that policies are asked about.
func (s *firstPartyState) allow(p *proof) error {
	if p == nil {
		return nil
	}
	grant := p.first
	if len(s.a.Methods) > 0 {
		grant = p.further
	}
	switch {
	case grant == "":
		return errNotFirst
	case p.secret && s.a.Recovery:
		return errPasswordLost
	case !s.r.Server.HasGrant(grant):
		return errUnusable
	}
	s.r.GrantType = grant
	return s.r.Use(grant)
}

// further reports whether policy asks a person who has proved something for the
// factor that is to be begun.
func (s *firstPartyState) further(ctx context.Context, grant, channel string) error {
	if len(s.a.Methods) == 0 {
		return nil
	}
	if err := s.d.whatElse(ctx, s.r, s.a); err != nil {
		return verifyError(err, true)
	}
	_, ok, err := asksFor(ctx, s.r, s.a, grant, channel)
	if err == nil && !ok {
		err = errNotEnrolled
	}
	return err
}

// runChannel begins a challenge over another channel. Whoever is named, the same is
// done and answered while nothing is proved.
func runChannel(ctx context.Context, s *firstPartyState) error {
	channel := s.r.Param("channel_hint")
	f := s.d.oob[channel]
	if f == nil {
		return errChannel
	}
	if err := s.further(ctx, GrantMFAOOB, channel); err != nil {
		return err
	}
	c, err := s.d.beginOOB(ctx, s.r, s.a, s.t, f)
	if err != nil {
		return err
	}
	handle, ends, err := s.r.Suspend(ctx, s.a, token.HandleMFA, max(s.d.config.TransactionTTL, c.Expires.Sub(s.r.Time)))
	if err != nil {
		return err
	}
	s.r.Observe(ctx, oauth.Event{Type: oauth.EventChallenge, Methods: []string{c.Channel}})
	life := min(ends.Unix(), c.Expires.Unix()) - s.r.Time.Unix()
	return s.insufficient(handle, nil, string(append(appendOOB([]byte{'{'}, c, life), '}')))
}

// runPasskey begins the challenge of a passkey: two handles of one record, of which
// the second is what will be signed.
func runPasskey(ctx context.Context, s *firstPartyState) error {
	if err := s.further(ctx, GrantMFAWebAuthn, ""); err != nil {
		return err
	}
	options, err := s.d.beginPasskey(ctx, s.r, s.a, s.t)
	if err != nil {
		return err
	}
	handle, _, err := s.r.Suspend(ctx, s.a, token.HandleMFA, s.d.config.TransactionTTL)
	if err != nil {
		return err
	}
	signed, _, err := s.r.Suspend(ctx, s.a, token.HandleWebAuthn, options.Timeout)
	if err != nil {
		return err
	}
	s.r.Observe(ctx, oauth.Event{Type: oauth.EventChallenge, Methods: []string{authenticator.TypeWebAuthn}})
	challenge, err := passkeyAnswer(options, s.r.GrantType, signed)
	if err != nil {
		return err
	}
	return s.insufficient(handle, nil, string(challenge))
}

// runAssertion verifies what a passkey has signed.
func runAssertion(ctx context.Context, s *firstPartyState) error {
	assertion, handle, err := readAssertion(s.r)
	if err != nil {
		return err
	}
	if s.handle == "" {
		return errNoChallenge
	}
	if err := s.r.Belongs(ctx, s.a, token.HandleWebAuthn, handle); err != nil {
		return translateChallenge(err)
	}
	_, err = s.d.assert(ctx, s.r, s.a, s.t, handle, assertion)
	return err
}
