package authenticator

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/mintyard/mintyard/internal/password"
)

// What [Password.Hash] says about a password that it does not accept.
var (
	ErrPasswordShort   = errors.New("authenticator: the password is too short")
	ErrPasswordLong    = errors.New("authenticator: the password is longer than 1024 bytes")
	ErrPasswordText    = errors.New("authenticator: the password is not UTF-8")
	ErrPasswordBlocked = errors.New("authenticator: the password is one that guessers try first")
)

// The least length of a new password, in characters: by itself, and the most that
// a host may ask for (NIST SP 800-63B-4 section 3.1.1.2).
const (
	defaultMinLength = 15
	maxMinLength     = 64
)

// Hash checks a new password and makes the argon2id PHC string that the host
// keeps. There are no rules about what a password is composed of, only its length
// and PasswordConfig.Blocked. Errors are [ErrPasswordShort], [ErrPasswordLong],
// [ErrPasswordText], [ErrPasswordBlocked], [ErrBusy] and [ErrUnavailable].
//
// One character may have several spellings in Unicode, and keyboards differ in
// which they send. Bring a password to Normalization Form C before you hash it
// and before you verify it (golang.org/x/text/unicode/norm does it): this
// package compares bytes.
func (p *Password) Hash(ctx context.Context, plaintext string) (string, error) {
	switch {
	case len(plaintext) > password.MaxLength:
		return "", ErrPasswordLong
	case !utf8.ValidString(plaintext):
		return "", ErrPasswordText
	case utf8.RuneCountInString(plaintext) < p.config.MinLength:
		return "", ErrPasswordShort
	}
	if p.config.Blocked != nil {
		blocked, err := p.config.Blocked(ctx, plaintext)
		if err != nil {
			return "", unavailable("asking whether the password is blocked", err)
		}
		if blocked {
			return "", ErrPasswordBlocked
		}
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
