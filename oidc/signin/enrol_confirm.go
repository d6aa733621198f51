package signin

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/proving"
	"github.com/mintyard/mintyard/oauth"
)

// confirm takes the entry as the proof of the authenticator that was begun. It is one
// factor of this sign-in, too: the person has just shown it.
func (f *flow) confirm(ctx context.Context, entry string) error {
	m, id, w, err := f.adding(ctx)
	if err != nil {
		return err
	}
	if m == nil {
		return f.showWanted(ctx, w, http.StatusOK, "")
	}
	if id == "" {
		return errStep
	}
	passkey, makes := m.(authenticator.PasskeyEnroller)
	if entry == "" && makes {
		return f.beginAdding(ctx, m, "passkey_failed", http.StatusUnprocessableEntity)
	}
	if entry == "" {
		return f.showAdding(ctx, m, "empty", "", http.StatusUnprocessableEntity, 0)
	}
	method, err := f.pages.enrol.Confirm(ctx, f.a.Subject, f.lately(), m, id, entry)
	switch {
	case errors.Is(err, proving.ErrAssurance):
		return f.next(ctx)
	case err != nil:
		message, status, retry := f.refused(ctx, err)
		if passkey != nil && (message == "refused" || message == "not_available") { // the challenge is spent
			return f.beginAdding(ctx, m, "passkey_failed", http.StatusUnprocessableEntity)
		}
		return f.showAdding(ctx, m, message, "", status, retry)
	}
	// What else was begun, by whoever knew as much, was not first.
	if err := f.pages.enrol.DropPending(ctx, f.a.Subject, func(string) bool { return true }); err != nil {
		return err
	}
	f.tr.Observe(ctx, oauth.Event{Type: EventEnrolled, Methods: []string{m.Type()}})
	method.At = f.tr.Time
	if err := proving.Add(f.a, method); err != nil {
		return err
	}
	f.tr.Observe(ctx, oauth.Event{Type: oauth.EventFactorProved, Methods: []string{method.Name}})
	f.step = f.step.over()
	gives, err := f.givesCodes(ctx)
	if err != nil {
		return err
	}
	if gives {
		return f.showCodes(ctx)
	}
	return f.finish(ctx, nil)
}

// givesCodes reports whether recovery codes go with the new authenticator: the person has
// none, and may have some.
func (f *flow) givesCodes(ctx context.Context) (bool, error) {
	_, ok := f.recoveryEnroller()
	if !ok {
		return false, nil
	}
	have, err := f.pages.config.RecoveryCodes.Available(ctx, f.a.Subject)
	if err != nil || len(have) > 0 {
		return false, err
	}
	d, err := f.pages.enrol.Decide(ctx, f.tr, f.a)
	return d.Of(authenticator.TypeRecoveryCodes).MayEnrol, err
}

func (f *flow) recoveryEnroller() (authenticator.RecoveryEnroller, bool) {
	e, ok := f.pages.config.RecoveryCodes.(authenticator.RecoveryEnroller)
	return e, ok
}

// showCodes shows recovery codes. They are made from the browser's cookie, and a salt that
// is forgotten afterwards: until the person says that they are kept they are nobody's, and
// they are in no store.
func (f *flow) showCodes(ctx context.Context) error {
	f.step.Salt = rand.Text()
	if err := f.keep(ctx); err != nil {
		return err
	}
	return f.show(http.StatusOK, &view{Page: "recovery_codes", Form: f.hidden("step", "recovery_codes"),
		Data: recoveryCodesView{Codes: proving.RecoveryCodes(f.cookie(), f.step.Salt)}})
}

// keptCodes makes the codes good that were shown.
func (f *flow) keptCodes(ctx context.Context) error {
	if err := f.resume(ctx); err != nil {
		return err
	}
	e, ok := f.recoveryEnroller()
	if !ok || f.step.Salt == "" {
		return errStep
	}
	sure, err := f.pages.enrol.Assured(ctx, f.a.Subject, f.lately(), "")
	if err != nil {
		return err
	}
	have, err := f.pages.config.RecoveryCodes.Available(ctx, f.a.Subject)
	if err != nil {
		return err
	}
	if sure && len(have) == 0 {
		if err := e.Import(ctx, f.a.Subject, proving.RecoveryCodes(f.cookie(), f.step.Salt)); err != nil {
			return err
		}
		f.tr.Observe(ctx, oauth.Event{Type: EventEnrolled, Methods: []string{authenticator.TypeRecoveryCodes}})
	}
	f.step = f.step.over()
	return f.finish(ctx, nil)
}
