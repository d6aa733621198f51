package directauth

import (
	"context"
	"errors"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// primaryOOB is the answer over another channel as the first factor. What the
// sign-in is to end with comes with this request.
func (d *Direct) primaryOOB(ctx context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error) {
	handle, err := r.Require("oob_code")
	if err != nil {
		return nil, err
	}
	if err := checkSupported(r); err != nil {
		return nil, err
	}
	a, err := r.Resume(ctx, token.HandleOOB, handle)
	if err != nil {
		return nil, translate(err, errCodeOver)
	}
	if len(a.Methods) > 0 {
		return nil, errOtherStep // it was begun for a sign-in that goes on
	}
	if err := d.ask(r, a); err != nil {
		return nil, err
	}
	t, err := load(a)
	if err != nil {
		return nil, err
	}
	return d.check(ctx, r, a, t)
}

// mfaOOB is the answer over another channel as a further factor.
func (d *Direct) mfaOOB(ctx context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error) {
	handle, err := r.Require("mfa_token")
	if err != nil {
		return nil, err
	}
	if d.config.OTPOverOOB && d.config.OTP != nil && r.Param("oob_code") == "" && canUse(r, GrantMFAOTP) {
		r.GrantType = GrantMFAOTP // what it is, and what a policy is asked about
		return d.further(ctx, r, handle, "binding_code", d.config.OTP)
	}
	code, err := r.Require("oob_code")
	if err != nil {
		return nil, err
	}
	if err := checkSupported(r); err != nil {
		return nil, err
	}
	a, t, err := d.resume(ctx, r, handle)
	if err != nil {
		return nil, err
	}
	if err := r.Belongs(ctx, a, token.HandleOOB, code); err != nil {
		return nil, translate(err, errCodeOver)
	}
	if done, b, err := d.confirmed(ctx, r, a, t, GrantMFAOOB, "binding_code"); done {
		return b, err
	}
	return d.check(ctx, r, a, t)
}

// check asks the factor whether its challenge is answered.
func (d *Direct) check(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, t transaction) (*oauth.Authorization, error) {
	if d.oob[t.Channel] == nil || t.Challenge == "" {
		return nil, errCodeOver.WithCause(errors.New("directauth: nothing waits for an answer over channel " + t.Channel))
	}
	entry := ""
	if t.Binding == authenticator.BindingPrompt {
		var err error
		if entry, err = r.Require("binding_code"); err != nil {
			return nil, err
		}
	}
	m, err := d.proof.Check(ctx, r, a, t.Step, entry)
	if errors.Is(err, authenticator.ErrPending) {
		return nil, errPending // as often as the app likes: no event
	}
	if err != nil {
		return nil, d.refused(ctx, r, a, err)
	}
	return d.proved(ctx, r, a, m)
}
