package directauth

import (
	"context"
	"errors"
	"strings"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/proving"
	"github.com/mintyard/mintyard/oauth"
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
	m, one, found, err := d.enrol.Find(ctx, a.Subject, t.Associating)
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
	method, err := d.enrol.Confirm(ctx, a.Subject, a.Methods, m, id, entry)
	switch {
	case errors.Is(err, proving.ErrAssurance):
		return nil, errAssurance
	case errors.Is(err, authenticator.ErrPending):
		return nil, errPending
	case err != nil:
		return nil, d.refused(ctx, r, a, err)
	}
	if err := d.giveRecoveryCodes(ctx, r, a, t); err != nil {
		return nil, err
	}
	// What else was begun, by whoever knew as much, was not first.
	if err := d.enrol.DropPending(ctx, a.Subject, func(string) bool { return true }); err != nil {
		return nil, verifyError(err, true)
	}
	r.Observe(ctx, oauth.Event{Type: EventAssociated, Methods: []string{m.Type()}})
	method.At = r.Time
	return d.proved(ctx, r, a, method)
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
		err = e.Import(ctx, a.Subject, proving.RecoveryCodes(mfaToken, t.Salt))
	}
	if err != nil {
		return verifyError(err, true)
	}
	return nil
}
