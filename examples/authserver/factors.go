package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/webauthn"
	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// factors are what people can prove, whatever the server.
type factors struct {
	password *authenticator.Password
	totp     *authenticator.TOTP
	codes    map[string]*authenticator.Codes // by channel
	push     *authenticator.Push
	passkeys *webauthn.Passkeys
	recovery *authenticator.RecoveryCodes
}

// codeChannels are the channels over which codes are sent.
var codeChannels = []string{authenticator.TypeSMS, authenticator.TypeVoice, authenticator.TypeEmail}

type factorOptions struct {
	store           store.Store
	sealer          *store.Sealer
	decoys          store.MasterKey
	source          authenticator.Passwords // nil: no passwords
	sender          authenticator.Sender
	rpID            string
	origins         []string
	audience        string // that devices address their answers to
	domain          string // where codes are entered
	numberChallenge authenticator.NumberChallenge
	now             func() time.Time
}

// newFactors makes all of them: which are offered is said to directauth.
func newFactors(o factorOptions) (*factors, error) {
	f := &factors{codes: make(map[string]*authenticator.Codes)}
	if o.now == nil {
		o.now = time.Now
	}
	if o.source == nil {
		o.source = noPasswords{}
	}
	if _, err := netip.ParseAddr(o.domain); err == nil {
		o.domain = "" // codes are bound to names
	}
	templates, err := authenticator.NewTemplates(authenticator.TemplateConfig{Domain: o.domain})
	if err != nil {
		return nil, err
	}
	f.password, err = authenticator.NewPassword(authenticator.PasswordConfig{
		Source: o.source, Store: o.store, Namespace: namespace, Now: o.now,
	})
	if err != nil {
		return nil, err
	}
	f.totp, err = authenticator.NewTOTP(authenticator.TOTPConfig{
		Store: o.store, Namespace: namespace, Sealer: o.sealer, Issuer: totpIssuer, Now: o.now,
	})
	if err != nil {
		return nil, err
	}
	for _, channel := range codeChannels {
		f.codes[channel], err = authenticator.NewCodes(authenticator.CodesConfig{
			Channel: channel, Store: o.store, Namespace: namespace, Sealer: o.sealer,
			Sender: o.sender, Templates: templates, Now: o.now,
		})
		if err != nil {
			return nil, err
		}
	}
	f.push, err = authenticator.NewPush(authenticator.PushConfig{
		Store: o.store, Namespace: namespace, Sealer: o.sealer, Sender: o.sender, Templates: templates,
		Audience: o.audience, NumberChallenge: o.numberChallenge, Now: o.now,
	})
	if err != nil {
		return nil, err
	}
	if o.rpID != "" {
		f.passkeys, err = webauthn.New(webauthn.Config{
			Store: o.store, Namespace: namespace, RPID: o.rpID, RPName: totpIssuer, Origins: o.origins, DecoyKey: o.decoys, Now: o.now,
		})
		if err != nil {
			return nil, refuse("webauthn", "%v", err)
		}
	}
	f.recovery, err = authenticator.NewRecoveryCodes(authenticator.RecoveryCodesConfig{
		Store: o.store, Namespace: namespace, Sealer: o.sealer, Now: o.now,
	})
	return f, err
}

// direct says which of them are offered, and which people may add themselves.
func (f *factors) direct(people *users, offered func(string) bool, enrolment *policy.Enrolment) directauth.Config {
	c := directauth.Config{
		Users: people, Password: f.password, Enrolment: enrolment,
		OTPOverOOB: true, // what a client of Kotlin sends
		Auth0:      &directauth.Auth0Config{Authenticators: f.managers(), Account: people.account},
	}
	if offered(authenticator.TypeTOTP) {
		c.OTP = f.totp
	}
	for _, channel := range codeChannels {
		if offered(channel) {
			c.OutOfBand = append(c.OutOfBand, f.codes[channel])
		}
	}
	if offered(authenticator.TypePush) {
		c.OutOfBand = append(c.OutOfBand, f.push)
	}
	if offered(authenticator.TypeWebAuthn) && f.passkeys != nil {
		c.Passkeys = f.passkeys
	}
	if offered(authenticator.TypeRecoveryCodes) {
		c.RecoveryCodes = f.recovery
	}
	return c
}

// managers are the factors whose authenticators can be listed and taken away.
func (f *factors) managers() []authenticator.Manager {
	all := []authenticator.Manager{f.totp, f.push}
	for _, channel := range codeChannels {
		all = append(all, f.codes[channel])
	}
	all = append(all, f.recovery)
	if f.passkeys != nil {
		all = append(all, f.passkeys)
	}
	return all
}

// equip gives a person the factors of the file, and takes away all others: the
// file's entry is new, or has changed.
func (f *factors) equip(ctx context.Context, u *userConfig) error {
	wanted := make(map[string]bool)
	for i := range u.Factors {
		c := &u.Factors[i]
		wanted[c.Type+" "+c.ID] = true
		if err := f.give(ctx, u.ID, c); err != nil {
			return fmt.Errorf("factor %q: %w", c.ID, err)
		}
	}
	for _, m := range f.managers() {
		list, err := m.Authenticators(ctx, u.ID)
		if err != nil {
			return err
		}
		for _, a := range list {
			if wanted[a.Type+" "+a.ID] || a.Type == authenticator.TypeRecoveryCodes && hasType(u, a.Type) {
				continue
			}
			if err := m.Remove(ctx, u.ID, a.ID); err != nil && !errors.Is(err, authenticator.ErrNoAuthenticator) {
				return err
			}
		}
	}
	return nil
}

func hasType(u *userConfig, factor string) bool {
	for i := range u.Factors {
		if u.Factors[i].Type == factor {
			return true
		}
	}
	return false
}

// available is what a person could prove, of what is offered.
func (f *factors) available(ctx context.Context, subject string, offered func(string) bool) ([]policy.Method, error) {
	type lister interface {
		Available(ctx context.Context, subject string) ([]policy.Method, error)
	}
	all, err := f.password.Available(ctx, subject)
	for _, l := range []struct {
		name   string
		lister lister
	}{
		{authenticator.TypePush, f.push}, {authenticator.TypeTOTP, f.totp}, {authenticator.TypeSMS, f.codes[authenticator.TypeSMS]},
		{authenticator.TypeVoice, f.codes[authenticator.TypeVoice]}, {authenticator.TypeEmail, f.codes[authenticator.TypeEmail]},
		{authenticator.TypeRecoveryCodes, f.recovery},
	} {
		if err != nil || !offered(l.name) {
			continue
		}
		var more []policy.Method
		more, err = l.lister.Available(ctx, subject)
		all = append(all, more...)
	}
	if err == nil && f.passkeys != nil && offered(authenticator.TypeWebAuthn) {
		var more []policy.Method
		more, err = f.passkeys.Available(ctx, subject)
		all = append(all, more...)
	}
	return all, err
}
