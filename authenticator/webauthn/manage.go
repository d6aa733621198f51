package webauthn

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/internal/enrolment"
	"github.com/mintyard/mintyard/policy"
)

// Type implements [authenticator.Manager]: "webauthn".
func (p *Passkeys) Type() string { return authenticator.TypeWebAuthn }

// Authenticators implements [authenticator.Manager]: the person's credentials,
// oldest first.
func (p *Passkeys) Authenticators(ctx context.Context, subject string) ([]authenticator.Authenticator, error) {
	if subject == "" {
		return nil, errSubject
	}
	entries, err := p.book.List(ctx, subject)
	if err != nil {
		return nil, unavailable("reading credentials", err)
	}
	var all []authenticator.Authenticator
	for _, e := range entries {
		all = append(all, listed(e))
	}
	return all, nil
}

func listed(e enrolment.Entry) authenticator.Authenticator {
	return authenticator.Authenticator{
		ID: e.ID, Type: authenticator.TypeWebAuthn, Name: e.Name, Active: !e.Confirmed.IsZero(), Created: e.Created, Used: e.Used,
	}
}

// Credentials lists the person's credentials with all that is known of them, oldest
// first.
func (p *Passkeys) Credentials(ctx context.Context, subject string) ([]Credential, error) {
	if subject == "" {
		return nil, errSubject
	}
	have, err := p.list(ctx, subject)
	if err != nil {
		return nil, err
	}
	var all []Credential
	for i := range have {
		all = append(all, have[i].public())
	}
	return all, nil
}

// Available returns what the person could prove, one method for each credential. It
// is for those who have proved something already.
func (p *Passkeys) Available(ctx context.Context, subject string) ([]policy.Method, error) {
	if subject == "" {
		return nil, nil
	}
	have, err := p.list(ctx, subject)
	if err != nil {
		return nil, err
	}
	var methods []policy.Method
	for i := range have {
		methods = append(methods, have[i].method(have[i].Verified && p.config.UserVerification != Discouraged))
	}
	return methods, nil
}

// Rename implements [authenticator.Manager].
func (p *Passkeys) Rename(ctx context.Context, subject, id, name string) error {
	if subject == "" {
		return errSubject
	}
	if err := checkName(name); err != nil {
		return err
	}
	_, err := p.book.Change(ctx, subject, id, func(e *enrolment.Entry) error {
		e.Name = name
		return nil
	})
	return managed("renaming the credential", err)
}

// Remove implements [authenticator.Manager]. After it returned nil no assertion of
// the credential is accepted. The client keeps its part, and may go on to offer it.
func (p *Passkeys) Remove(ctx context.Context, subject, id string) error {
	if subject == "" {
		return errSubject
	}
	return managed("removing the credential", p.book.Remove(ctx, subject, id))
}

// maxName is the most characters of a name.
const maxName = 100

var errName = fmt.Errorf("webauthn: a name has at most %d characters, and no control characters", maxName)

// checkName refuses a name that cannot be shown.
func checkName(name string) error {
	n := 0
	for _, r := range name {
		if n++; r < ' ' || r == 0x7f || r == utf8.RuneError || n > maxName {
			return errName
		}
	}
	return nil
}

func managed(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, enrolment.ErrNone):
		return authenticator.ErrNoAuthenticator
	}
	return unavailable(doing, err)
}

// Unlock forgets the wrong assertions of a person, as an operator's act. Those from
// known devices are counted apart, and lapse.
func (p *Passkeys) Unlock(ctx context.Context, subject string) error {
	if subject == "" {
		return errSubject
	}
	for _, proved := range []bool{false, true} {
		id := authenticator.Identity{Subject: subject, Proved: proved}
		if err := p.attempts.Reset(ctx, p.counter(id)); err != nil {
			return unavailable("unlocking", err)
		}
	}
	return nil
}

// list reads a person's credentials. For those who have none it asks the store as
// often, and decodes one that is nobody's.
func (p *Passkeys) list(ctx context.Context, subject string) ([]credential, error) {
	entries, err := p.book.List(ctx, subject)
	if err != nil {
		return nil, unavailable("reading credentials", err)
	}
	none := len(entries) == 0
	if none {
		entries = append(entries, p.blank)
	}
	have := make([]credential, 0, len(entries))
	for _, e := range entries {
		c, err := decode(e)
		if err != nil {
			return nil, unavailable("reading credentials", err)
		}
		have = append(have, c)
	}
	if none {
		return nil, nil
	}
	return have, nil
}
