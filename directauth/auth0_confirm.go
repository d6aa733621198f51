package directauth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"slices"
	"strings"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// confirmed takes the entry in a parameter as the proof of the authenticator that was
// begun in this sign-in, if there is one that the grant proves. Otherwise it is not done.
// One that has been confirmed, by a request whose end was lost, is like any other.
func (d *Direct) confirmed(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, t transaction, grant, param string) (done bool, b *oauth.Authorization, err error) {
	name, _, _ := strings.Cut(t.Associating, "|")
	if d.config.Auth0 == nil || t.Associating == "" || grantOf[name] != grant {
		return false, nil, nil
	}
	entry := r.Param(param)
	if t.Binding == authenticator.BindingPrompt {
		if entry, err = r.Require(param); err != nil {
			return true, nil, err
		}
	}
	m, one, found, err := d.find(ctx, a.Subject, t.Associating)
	switch {
	case err != nil:
		return true, nil, verifyError(err, true)
	case !found:
		return true, nil, errCodeOver.WithCause(errors.New("directauth: the authenticator that was begun is gone"))
	case one.Active && name != authenticator.TypePush:
		err := d.giveRecoveryCodes(ctx, r, a, t)
		return err != nil, nil, err
	}
	b, err = d.confirm(ctx, r, a, t, m, one.ID, entry)
	return true, b, err
}

// confirm makes the authenticator the person's. It is asked again whether it may be:
// the person could have got another one meanwhile.
func (d *Direct) confirm(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, t transaction, m authenticator.Manager, id, entry string) (*oauth.Authorization, error) {
	ok, err := d.assured(ctx, a, t.Associating)
	if err == nil && !ok {
		_ = m.Remove(ctx, a.Subject, id) // it was not to be
		return nil, errAssurance
	}
	if err == nil {
		err = d.activate(ctx, a, m, id, entry)
	}
	if errors.Is(err, authenticator.ErrPending) {
		return nil, errPending
	}
	if err != nil {
		return nil, d.refused(ctx, r, a, err)
	}
	// Two that were confirmed at once see each other here: neither stays.
	if ok, err = d.assured(ctx, a, t.Associating); err != nil || !ok {
		_ = m.Remove(ctx, a.Subject, id)
		if err != nil {
			return nil, d.refused(ctx, r, a, err)
		}
		return nil, errAssurance
	}
	method, err := d.methodOf(ctx, a, m, id)
	if err != nil {
		return nil, d.refused(ctx, r, a, err)
	}
	if err := d.giveRecoveryCodes(ctx, r, a, t); err != nil {
		return nil, err
	}
	// What else was begun, by whoever knew as much, was not first.
	if err := d.dropPending(ctx, a.Subject, func(string) bool { return true }); err != nil {
		return nil, verifyError(err, true)
	}
	r.Observe(ctx, oauth.Event{Type: EventAssociated, Methods: []string{m.Type()}})
	method.At = r.Time
	return d.proved(ctx, r, a, method)
}

// activate makes the authenticator good.
func (d *Direct) activate(ctx context.Context, a *oauth.Authorization, m authenticator.Manager, id, entry string) error {
	switch e := m.(type) {
	case AppEnroller:
		return e.Confirm(ctx, a.Subject, id, entry)
	case CodeEnroller:
		return e.Confirm(ctx, a.Subject, id, entry)
	}
	// A device activates itself: it has proved a key, and that it was shown the code.
	_, one, found, err := d.find(ctx, a.Subject, m.Type()+"|"+id)
	switch {
	case err != nil:
		return err
	case !found:
		return authenticator.ErrOver
	case !one.Active:
		return authenticator.ErrPending
	}
	return nil
}

// methodOf is what the authenticator proves. Factors list their methods in the order
// of their authenticators.
func (d *Direct) methodOf(ctx context.Context, a *oauth.Authorization, m authenticator.Manager, id string) (policy.Method, error) {
	var f lister = d.oob[m.Type()]
	if d.oob[m.Type()] == nil {
		f = d.config.OTP
	}
	list, err := m.Authenticators(ctx, a.Subject)
	if err != nil {
		return policy.Method{}, err
	}
	methods, err := f.Available(ctx, a.Subject)
	if err != nil {
		return policy.Method{}, err
	}
	list = slices.DeleteFunc(list, func(one authenticator.Authenticator) bool { return !one.Active })
	i := slices.IndexFunc(list, func(one authenticator.Authenticator) bool { return one.ID == id })
	if i < 0 || len(list) != len(methods) {
		return policy.Method{}, authenticator.ErrUnavailable // changed in this moment
	}
	return methods[i], nil
}

// giveRecoveryCodes makes those that were given out at the begin good.
func (d *Direct) giveRecoveryCodes(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, t transaction) error {
	e, ok := d.recoveryEnroller()
	mfaToken := r.Param("mfa_token")
	if t.Salt == "" || mfaToken == "" || !ok || d.config.RecoveryCodes == nil {
		return nil
	}
	have, err := d.config.RecoveryCodes.Available(ctx, a.Subject)
	if err == nil && len(have) == 0 {
		err = e.Import(ctx, a.Subject, recoveryCodes(mfaToken, t.Salt))
	}
	if err != nil {
		return verifyError(err, true)
	}
	return nil
}

const recoveryCount = 10

// recoveryCodes are made from two things of which the store has one.
func recoveryCodes(mfaToken, salt string) []string {
	codes := make([]string, recoveryCount)
	for i := range codes {
		mac := hmac.New(sha256.New, []byte(mfaToken))
		mac.Write(append([]byte("recovery code\x00"+salt), byte(i)))
		text := base32.StdEncoding.EncodeToString(mac.Sum(nil)) // letters, and no 0 or 1
		codes[i] = text[:5] + "-" + text[5:10]
	}
	return codes
}
