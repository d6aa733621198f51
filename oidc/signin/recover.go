package signin

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// recover begins the recovery of a password: everything but the password is proved, as
// much as policy asks for ([oauth.Client].Recovery), and then a new one is set.
func (f *flow) recover(ctx context.Context) error {
	if f.pages.config.SetPassword == nil {
		return errStep
	}
	f.form.Set("recovery", "1")
	if f.hint() == "" {
		return f.showIdentify(ctx, "empty", "username")
	}
	list := f.firstChoices()
	if len(list) == 0 {
		return errNoFactor
	}
	return f.showChoose(http.StatusOK, list, "")
}

// recovered goes on with a recovery: policy wants more, or it is time for the password.
func (f *flow) recovered(ctx context.Context) error {
	d, err := f.tr.Server.Decide(ctx, f.a)
	if err != nil {
		return err
	}
	f.form.Set("recovery", "1")
	switch d.Access {
	case policy.StepUp:
		return f.next(ctx)
	case policy.Allow:
	default:
		return oauth.NewError(oauth.CodeAccessDenied, oauth.ReasonPolicy, "Policy does not allow this")
	}
	f.step = f.step.over()
	if err := f.keep(ctx); err != nil {
		return err
	}
	return f.show(http.StatusOK, f.newPasswordPage(""))
}

// maxPassword bounds a password, in bytes.
const maxPassword = 1024

// weak reports whether a password was not good enough.
func weak(err error) bool {
	return slices.ContainsFunc([]error{
		ErrWeakPassword, authenticator.ErrPasswordShort, authenticator.ErrPasswordLong, authenticator.ErrPasswordText,
		authenticator.ErrPasswordBlocked, authenticator.ErrPasswordContext, authenticator.ErrPasswordRepeats,
	}, func(e error) bool { return errors.Is(err, e) })
}

// newPassword sets the password, and begins the sign-in anew: with it.
func (f *flow) newPassword(ctx context.Context) error {
	if err := f.resume(ctx); err != nil {
		return err
	}
	set := f.pages.config.SetPassword
	if set == nil || !f.a.Recovery || len(f.a.Methods) == 0 {
		return errStep
	}
	d, err := f.tr.Server.Decide(ctx, f.a)
	if err != nil {
		return err
	}
	if d.Access != policy.Allow {
		return f.recovered(ctx)
	}
	password := f.form.Get("new_password")
	switch {
	case password == "":
		return f.show(http.StatusUnprocessableEntity, f.newPasswordPage("empty"))
	case len(password) > maxPassword || !utf8.ValidString(password):
		return f.show(http.StatusUnprocessableEntity, f.newPasswordPage("weak"))
	case f.form.Get("new_password_again") != password:
		return f.show(http.StatusUnprocessableEntity, f.newPasswordPage("mismatch"))
	}
	err = set(ctx, f.a.Subject, password)
	if weak(err) {
		return f.show(http.StatusUnprocessableEntity, f.newPasswordPage("weak"))
	}
	if err != nil {
		return err
	}
	f.form.Del("recovery")
	f.state = ""
	return f.showIdentifyWith(ctx, http.StatusOK, "", "password_changed", 0)
}
