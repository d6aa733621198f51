package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/mintyard/mintyard/directauth"
)

// story is what happens, step by step.
func story(c *app, s *server, clock *clock) error {
	ctx := context.Background()

	c.title("The app reads what the server can do")
	discovery, err := c.get(http.StatusOK, c.issuer+"/.well-known/openid-configuration", "")
	if err != nil {
		return err
	}
	c.meta = discovery.body
	tokenURL := c.endpoint("token_endpoint")

	c.title("Mia scans a QR code into her authenticator app, and confirms it with its first code")
	enrolment, err := s.totp.Enrol(ctx, personID, username)
	if err != nil {
		return err
	}
	phone := func() string { // her authenticator app
		code, err := totp.GenerateCode(enrolment.Secret, clock.Now())
		if err != nil {
			panic(err) // the secret has just been made
		}
		return code
	}
	fmt.Printf("   %s\n", short(enrolment.URI))
	if err := s.totp.Confirm(ctx, personID, enrolment.ID, phone()); err != nil {
		return err
	}

	clock.skip(30 * time.Second)
	c.title("Mia signs in to the terminal with a one-time code: this app asks for one factor")
	code := phone()
	otp := url.Values{
		"client_id": {"terminal"}, "grant_type": {directauth.GrantOTP}, "scope": {"openid profile orders:read"},
		"login_hint": {username}, "otp": {code},
	}
	signedIn, err := c.post(http.StatusOK, tokenURL, otp, nil)
	if err != nil {
		return err
	}
	if err := c.verify(ctx, signedIn, "terminal", "otp"); err != nil {
		return err
	}

	c.title("The same code again: a code works once")
	if err := c.refused(tokenURL, otp, http.StatusBadRequest, "invalid_grant"); err != nil {
		return err
	}

	c.title("The access token opens UserInfo")
	info, err := c.get(http.StatusOK, c.endpoint("userinfo_endpoint"), signedIn.text("access_token"))
	if err != nil {
		return err
	}
	if info.text("sub") != personID || info.text("name") != "Mia" {
		return fmt.Errorf("UserInfo says %v", info.body)
	}

	c.title("Mia signs in to her bank with a password: the bank asks for two factors")
	more, err := c.post(http.StatusForbidden, tokenURL, url.Values{
		"client_id": {"bank"}, "grant_type": {directauth.GrantPassword}, "scope": {"openid orders:read offline_access"},
		"username": {username}, "password": {secret},
	}, nil)
	if err != nil {
		return err
	}
	if more.text("error") != directauth.CodeMFARequired || more.text("access_token") != "" {
		return fmt.Errorf("a password alone gave %v", more.body)
	}

	clock.skip(30 * time.Second)
	c.title("She adds a code, and the bank gets its tokens")
	second := url.Values{
		"client_id": {"bank"}, "grant_type": {directauth.GrantMFAOTP}, "mfa_token": {more.text("mfa_token")}, "otp": {phone()},
	}
	bank, err := c.post(http.StatusOK, tokenURL, second, nil)
	if err != nil {
		return err
	}
	if err := c.verify(ctx, bank, "bank", "pwd", "otp", "mfa"); err != nil {
		return err
	}

	c.title("The mfa_token again: the sign-in is over")
	if err := c.refused(tokenURL, second, http.StatusForbidden, "access_denied"); err != nil {
		return err
	}
	return later(ctx, c, clock, bank)
}

// later is what becomes of the bank's tokens.
func later(ctx context.Context, c *app, clock *clock, bank answer) error {
	tokenURL := c.endpoint("token_endpoint")

	c.title("The bank refreshes: a new access token, a new refresh token, the same sign-in")
	refresh := func(tok string) url.Values {
		return url.Values{"client_id": {"bank"}, "grant_type": {"refresh_token"}, "refresh_token": {tok}}
	}
	first := bank.text("refresh_token")
	renewed, err := c.post(http.StatusOK, tokenURL, refresh(first), nil)
	if err != nil {
		return err
	}
	if err := c.verify(ctx, renewed, "bank", "pwd", "otp", "mfa"); err != nil {
		return err
	}

	c.title("Suppose that answer got lost: asking again gives the same refresh token, not a second one")
	again, err := c.post(http.StatusOK, tokenURL, refresh(first), nil)
	if err != nil {
		return err
	}
	if again.text("refresh_token") != renewed.text("refresh_token") {
		return fmt.Errorf("the repeated refresh gave another refresh token")
	}

	c.title("The resource server asks about the access token")
	active, err := c.introspect(renewed.text("access_token"))
	if err != nil {
		return err
	}
	if active.body["active"] != true || active.text("sub") != personID {
		return fmt.Errorf("introspection says %v", active.body)
	}

	clock.skip(time.Minute)
	c.title("Somebody uses the old refresh token a minute later: it was stolen, so the sign-in is ended")
	if err := c.refused(tokenURL, refresh(first), http.StatusBadRequest, "invalid_grant"); err != nil {
		return err
	}

	c.title("The current one has ended with it")
	if err := c.refused(tokenURL, refresh(renewed.text("refresh_token")), http.StatusBadRequest, "invalid_grant"); err != nil {
		return err
	}

	c.title("And the access token is not good any more")
	if active, err = c.introspect(renewed.text("access_token")); err != nil {
		return err
	}
	if active.body["active"] != false {
		return fmt.Errorf("introspection says %v", active.body)
	}
	return goodbye(ctx, c)
}
