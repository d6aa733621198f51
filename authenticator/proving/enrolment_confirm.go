package proving

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"slices"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/policy"
)

// Confirm makes an authenticator the person's that was begun under an id, by an entry,
// and returns what it proves. It is asked again whether it may be, by what was proved:
// the person could have got another one meanwhile. [ErrAssurance] says that it may not;
// other errors are the factor's.
func (e *Enrolment) Confirm(ctx context.Context, subject string, proved []policy.Method, m authenticator.Manager, id, entry string) (policy.Method, error) {
	whole := func(id string) string { return ID(authenticator.Authenticator{Type: m.Type(), ID: id}) }
	ok, err := e.Assured(ctx, subject, proved, whole(id))
	if err == nil && !ok {
		_ = m.Remove(ctx, subject, id) // it was not to be
		return policy.Method{}, ErrAssurance
	}
	if err == nil {
		id, err = e.activate(ctx, subject, m, id, entry)
	}
	if err != nil {
		return policy.Method{}, err
	}
	// Two that were confirmed at once see each other here: neither stays.
	if ok, err = e.Assured(ctx, subject, proved, whole(id)); err != nil || !ok {
		_ = m.Remove(ctx, subject, id)
		if err == nil {
			err = ErrAssurance
		}
		return policy.Method{}, err
	}
	return e.methodOf(ctx, subject, m, id)
}

// activate makes the authenticator good, and returns the id that it has from then on.
func (e *Enrolment) activate(ctx context.Context, subject string, m authenticator.Manager, id, entry string) (string, error) {
	switch f := m.(type) {
	case authenticator.AppEnroller:
		return id, f.Confirm(ctx, subject, id, entry)
	case authenticator.CodeEnroller:
		return id, f.Confirm(ctx, subject, id, entry)
	case authenticator.PasskeyEnroller:
		made, err := f.FinishRegistration(ctx, subject, id, []byte(entry))
		return made.ID, err
	}
	// A device activates itself: it has proved a key, and that it was shown the code.
	list, err := m.Authenticators(ctx, subject)
	if err != nil {
		return id, err
	}
	i := slices.IndexFunc(list, func(one authenticator.Authenticator) bool { return one.ID == id })
	switch {
	case i < 0:
		return id, authenticator.ErrOver
	case !list[i].Active:
		return id, authenticator.ErrPending
	}
	return id, nil
}

// methodOf is what the authenticator proves. Factors list their methods in the order
// of their authenticators.
func (e *Enrolment) methodOf(ctx context.Context, subject string, m authenticator.Manager, id string) (policy.Method, error) {
	at := slices.IndexFunc(e.Factors, func(f Factor) bool { return f.Type == m.Type() })
	if at < 0 {
		return policy.Method{}, authenticator.ErrUnavailable
	}
	list, err := m.Authenticators(ctx, subject)
	if err != nil {
		return policy.Method{}, err
	}
	methods, err := e.Factors[at].Available(ctx, subject)
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

const recoveryCount = 10

// RecoveryCodes are made from two things of which the store has one, the salt: until the
// other comes back, with the word that they are kept, they are nobody's.
func RecoveryCodes(secret, salt string) []string {
	codes := make([]string, recoveryCount)
	for i := range codes {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(append([]byte("recovery code\x00"+salt), byte(i)))
		text := base32.StdEncoding.EncodeToString(mac.Sum(nil)) // letters, and no 0 or 1
		codes[i] = text[:5] + "-" + text[5:10]
	}
	return codes
}
