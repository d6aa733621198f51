package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oidc/signin"
)

// pages are the sign-in pages over the same factors as the direct grants.
func (f *factors) pages(h *host, direct directauth.Config) signin.Config {
	return signin.Config{
		Users: direct.Users, Password: direct.Password, OTP: direct.OTP, OutOfBand: direct.OutOfBand, Passkeys: direct.Passkeys,
		RecoveryCodes: direct.RecoveryCodes, Account: h.users.shown, SetPassword: h.setPassword, First: firstOnPages(direct),
		Enrolment: direct.Enrolment, Others: direct.Auth0.Authenticators,
	}
}

// firstOnPages are the factors that a sign-in on a page may begin with: what the direct
// grants may begin with too.
func firstOnPages(direct directauth.Config) []string {
	first := []string{authenticator.TypePassword}
	if direct.OTP != nil {
		first = append(first, authenticator.TypeTOTP)
	}
	for _, f := range direct.OutOfBand {
		first = append(first, f.Channel())
	}
	if direct.Passkeys != nil {
		first = append(first, authenticator.TypeWebAuthn)
	}
	return first
}

// shown is what the pages show of a person.
func (u *users) shown(_ context.Context, id string) (signin.Account, error) {
	p := u.ids[id]
	if p == nil {
		return signin.Account{}, fmt.Errorf("users: nobody has the id %q", id)
	}
	name, _ := p.Claims["name"].(string) // or there is none
	return signin.Account{Name: name, Detail: p.Username}, nil
}

// setPassword sets a person's new password: it is judged, ends what hangs on the old one,
// unlocks the password, and the person is told (NIST SP 800-63B-4 section 4.6).
func (h *host) setPassword(ctx context.Context, subject, password string) error {
	p := h.users.ids[subject]
	if p == nil {
		return errors.New("users: nobody has the id")
	}
	if err := h.factors.password.Check(ctx, subject, password, p.Username); err != nil {
		return err
	}
	hash, err := h.factors.password.Hash(ctx, password)
	if err != nil {
		return err
	}
	if err := h.users.change(ctx, subject, change{passwordHash: &hash}, h.endSubject); err != nil {
		return err
	}
	return h.factors.password.Unlock(ctx, subject)
}
