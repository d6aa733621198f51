package directauth

import (
	"context"
	"slices"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// password is the first factor that most sign-ins begin with (RFC 6749 section 4.3).
func (d *Direct) password(ctx context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error) {
	return d.first(ctx, r, "username", "password", d.config.Password)
}

// otp is a one-time code as the first factor.
func (d *Direct) otp(ctx context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error) {
	return d.first(ctx, r, "login_hint", "otp", d.config.OTP)
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
	a, err := r.NewAuthorization()
	if err != nil {
		return nil, err
	}
	subject, err := d.config.Users.Resolve(ctx, hint)
	if err != nil {
		return nil, err
	}
	if err := r.About(ctx, a, subject); err != nil {
		return nil, err
	}
	return d.prove(ctx, r, a, v, authenticator.Identity{Subject: subject, Hint: hint}, proof)
}

// mfaOTP is a one-time code as a further factor.
func (d *Direct) mfaOTP(ctx context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error) {
	handle, err := r.Require("mfa_token")
	if err != nil {
		return nil, err
	}
	code, err := r.Require("otp")
	if err != nil {
		return nil, err
	}
	if err := checkSupported(r); err != nil {
		return nil, err
	}
	a, err := r.Resume(ctx, token.HandleMFA, handle)
	if err != nil {
		return nil, resumeError(err)
	}
	if err := unchanged(r, a); err != nil {
		return nil, err
	}
	return d.prove(ctx, r, a, d.config.OTP, authenticator.Identity{Subject: a.Subject}, code)
}

// prove verifies one factor and adds it to what was proved.
func (d *Direct) prove(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, v authenticator.Verifier, id authenticator.Identity, proof string) (*oauth.Authorization, error) {
	m, err := v.Verify(ctx, id, proof)
	if err != nil {
		return nil, verifyError(err, r.Time)
	}
	if a.Available, err = d.available(ctx, r, a.Subject); err != nil {
		return nil, err
	}
	a.AvailableKnown = true
	a.Methods = append(a.Methods, m)
	a.AuthTime = m.At // of the last completed factor
	return a, nil
}

// unchanged holds a later step to what the first one asked for. What is not sent
// again is not changed; lists are compared as sets.
func unchanged(r *oauth.TokenRequest, a *oauth.Authorization) error {
	if s := r.Param("scope"); s != "" && !sameSet(slices.Collect(r.Words("scope")), a.Scopes) {
		return errScopeChanged
	}
	if s := r.Param("acr_values"); s != "" && !sameSet(slices.Collect(r.Words("acr_values")), a.ACRValues) {
		return errACRChanged
	}
	return nil
}

func sameSet(a, b []string) bool {
	within := func(a, b []string) bool {
		return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
	}
	return within(a, b) && within(b, a)
}
