package authenticator

import (
	"context"
	"errors"

	"github.com/mintyard/mintyard/internal/password"
)

// Hash makes the argon2id PHC string that the host keeps, of a password that
// passes [Password.Check] as far as that can be said without knowing whose it is:
// a host calls Check first, with the person's names. Errors are those of Check,
// and [ErrBusy].
//
// One character may have several spellings in Unicode, and keyboards differ in
// which they send. Bring a password to Normalization Form C before you hash it
// and before you verify it (golang.org/x/text/unicode/norm does it): this
// package compares bytes.
func (p *Password) Hash(ctx context.Context, plaintext string) (string, error) {
	if err := p.Check(ctx, "", plaintext); err != nil {
		return "", err
	}
	return p.hash(ctx, plaintext)
}

func (p *Password) hash(ctx context.Context, plaintext string) (string, error) {
	hash, err := p.hasher.Hash(ctx, plaintext)
	switch {
	case errors.Is(err, password.ErrBusy):
		return "", ErrBusy
	case err != nil:
		return "", unavailable("hashing", err)
	}
	return hash, nil
}

// upgrade replaces a weak hash of a password that was just verified. Whatever
// becomes of it, the old hash is as good as it was, and the next sign-in tries
// again.
func (p *Password) upgrade(ctx context.Context, subject, old, plaintext string) {
	hash, err := p.hash(ctx, plaintext)
	if err == nil {
		err = p.config.Source.SetPasswordHash(ctx, subject, old, hash)
	}
	if p.config.Upgraded != nil {
		p.config.Upgraded(ctx, subject, err)
	}
}
