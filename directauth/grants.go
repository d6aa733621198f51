package directauth

import (
	"context"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/proving"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// password is the first factor that most sign-ins begin with (RFC 6749 section
// 4.3). With an mfa_token it is a further factor: an app may begin with another one.
func (d *Direct) password(ctx context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error) {
	if recovery, _, err := intent(r); err != nil {
		return nil, err
	} else if recovery {
		return nil, errPasswordLost
	}
	if handle := r.Param("mfa_token"); handle != "" {
		return d.further(ctx, r, handle, "password", d.config.Password)
	}
	return d.first(ctx, r, "username", "password", d.config.Password)
}

// otp is a one-time code as the first factor.
func (d *Direct) otp(ctx context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error) {
	return d.first(ctx, r, "login_hint", "otp", d.config.OTP)
}

// mfaOTP is a one-time code as a further factor.
func (d *Direct) mfaOTP(ctx context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error) {
	handle, err := r.Require("mfa_token")
	if err != nil {
		return nil, err
	}
	return d.further(ctx, r, handle, "otp", d.config.OTP)
}

// first verifies the first factor of a sign-in. Everything about the request is
// judged before anything about the person, so that what is wrong with the one
// says nothing of the other.
func (d *Direct) first(ctx context.Context, r *oauth.TokenRequest, name, secret string, v authenticator.Verifier) (*oauth.Authorization, error) {
	hint, err := r.Require(name)
	if err != nil {
		return nil, err
	}
	proof, err := r.Require(secret)
	if err != nil {
		return nil, err
	}
	if err := checkSupported(r); err != nil {
		return nil, err
	}
	a := r.NewTransaction()
	if err := d.ask(r, a); err != nil {
		return nil, err
	}
	subject, _, err := d.proof.Resolve(ctx, r, hint)
	if err != nil {
		return nil, err
	}
	if err := r.About(ctx, a, subject); err != nil {
		return nil, err
	}
	return d.verify(ctx, r, a, transaction{Step: proving.Step{Hint: d.proof.Canonical(hint)}}, v, proof)
}

// ask takes what a sign-in is to end with from the request.
func ask(r *oauth.TokenRequest, a *oauth.Authorization) error {
	recovery, said, err := intent(r)
	if err != nil {
		return err
	}
	if said {
		a.Recovery = recovery
	}
	if err := r.Ask(a); err != nil {
		return err
	}
	return askForAttestation(r, a)
}

// further verifies a factor of a sign-in that goes on.
func (d *Direct) further(ctx context.Context, r *oauth.TokenRequest, handle, secret string, v authenticator.Verifier) (*oauth.Authorization, error) {
	proof, err := r.Require(secret)
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
	if a.Recovery && secret == "password" {
		return nil, errPasswordLost
	}
	if secret != "password" {
		if done, b, err := d.confirmed(ctx, r, a, t, GrantMFAOTP, secret); done {
			return b, err
		}
	}
	return d.verify(ctx, r, a, t, v, proof)
}

func (d *Direct) verify(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, t transaction, v authenticator.Verifier, proof string) (*oauth.Authorization, error) {
	m, err := v.Verify(ctx, d.proof.Identity(ctx, r, a, t.Hint), proof)
	if err != nil {
		return nil, d.refused(ctx, r, a, err)
	}
	return d.proved(ctx, r, a, m)
}

// mfaRecoveryCode is a recovery code as a further factor. The answer carries a new
// one in its place.
func (d *Direct) mfaRecoveryCode(ctx context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error) {
	handle, err := r.Require("mfa_token")
	if err != nil {
		return nil, err
	}
	code, err := r.Require("recovery_code")
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
	return d.verifyRecoveryCode(ctx, r, a, t, code)
}

// verifyRecoveryCode spends a code, unless policy denies already: there are few of
// them, and the new one would be lost.
func (d *Direct) verifyRecoveryCode(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, t transaction, code string) (*oauth.Authorization, error) {
	if decision, err := r.Server.Decide(ctx, a); err != nil {
		return nil, err
	} else if decision.Access == policy.Deny && decision.Reason != policy.ReasonUnreachable {
		return nil, errDenied
	}
	m, replacement, err := d.config.RecoveryCodes.VerifyAndReplace(ctx, d.proof.Identity(ctx, r, a, t.Hint), code)
	if err != nil {
		return nil, d.refused(ctx, r, a, err)
	}
	a.Answer = append(a.Answer, oauth.StringMember("recovery_code", replacement))
	return d.proved(ctx, r, a, m)
}

// proved adds a method to what was proved. Whatever waited for an answer is over.
func (d *Direct) proved(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, m policy.Method) (*oauth.Authorization, error) {
	if err := proving.Add(a, m); err != nil {
		return nil, d.refused(ctx, r, a, err)
	}
	if err := d.whatElse(ctx, r, a); err != nil {
		return nil, err
	}
	if err := d.offer(ctx, r, a); err != nil {
		return nil, err
	}
	r.Observe(ctx, oauth.Event{Type: oauth.EventFactorProved, Methods: []string{m.Name}})
	return a, d.lacks(ctx, r, a)
}

// refused says what a refusal becomes, and tells the event stream.
func (d *Direct) refused(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, err error) error {
	e := verifyError(err, len(a.Methods) > 0)
	r.Observe(ctx, oauth.Event{Type: oauth.EventFactorRefused, Reason: e.Reason, Err: e})
	return e
}
