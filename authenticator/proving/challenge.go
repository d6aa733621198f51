package proving

import (
	"context"
	"slices"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// Start begins a challenge over another channel, at the authenticator that was chosen
// or else the one used last. The step that waits for its answer is to be kept.
func (s *Set) Start(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, hint string, f authenticator.OutOfBand, choice string) (*authenticator.Challenge, Step, error) {
	purpose := authenticator.PurposeSignIn
	if a.Recovery {
		purpose = authenticator.PurposeRecovery
	}
	c, err := f.Start(ctx, s.Identity(ctx, r, a, hint), authenticator.Start{
		AuthenticatorID: choice, App: r.Client.Name, Purpose: purpose, Addr: r.Addr, Risk: a.Risk,
	})
	if err != nil {
		return nil, Step{}, err
	}
	return c, Step{Hint: hint, Channel: c.Channel, Challenge: c.ID, Binding: c.Binding}, nil
}

// Check asks the factor whether its challenge is answered. Without one that waits the
// error is [authenticator.ErrOver].
func (s *Set) Check(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, t Step, entry string) (policy.Method, error) {
	f := s.OutOfBand[t.Channel]
	if f == nil || t.Challenge == "" {
		return policy.Method{}, authenticator.ErrOver
	}
	return f.Check(ctx, s.Identity(ctx, r, a, t.Hint), t.Challenge, entry)
}

// Options says what to ask the devices of a person for. named is who was named, also if
// that person is suspended: a suspension does not show, the options stay what they were.
func (s *Set) Options(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, hint, named string) (*authenticator.AssertionOptions, Step, error) {
	id := s.Identity(ctx, r, a, hint)
	if id.Subject == "" {
		id.Subject = named
	}
	options, err := s.Passkeys.Options(ctx, id)
	return options, Step{Hint: hint, Channel: authenticator.TypeWebAuthn}, err
}

// Assert judges an assertion over a challenge that the caller has spent, and says whose
// passkey it is, where any of the site was asked for.
func (s *Set) Assert(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, hint string, challenge []byte, assertion authenticator.Assertion) (policy.Method, error) {
	subject, m, err := s.Passkeys.Verify(ctx, s.Identity(ctx, r, a, hint), challenge, assertion)
	if err != nil {
		return m, err
	}
	if a.Subject == "" && hint == "" { // any passkey of the site was asked for
		if err := r.About(ctx, a, subject); err != nil {
			return m, err
		}
		// What ends the person's grants is seen from here on, but the passkey was
		// verified before: one that was taken away between is not good.
		if err := s.stillThere(ctx, subject, m); err != nil {
			return m, err
		}
	}
	if subject != a.Subject {
		return m, authenticator.ErrRefused
	}
	return m, nil
}

// stillThere refuses a method of a passkey that the person does not have any more.
func (s *Set) stillThere(ctx context.Context, subject string, m policy.Method) error {
	have, err := s.Passkeys.Available(ctx, subject)
	if err == nil && !slices.ContainsFunc(have, func(h policy.Method) bool { return h.Device == m.Device }) {
		err = authenticator.ErrRefused
	}
	return err
}
