package authenticator

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/mintyard/mintyard/internal/password"
)

// Why a new password is not accepted: what errors.Is finds in a [PasswordError].
var (
	ErrPasswordShort   = errors.New("authenticator: the password is too short")
	ErrPasswordLong    = errors.New("authenticator: the password is longer than 1024 bytes")
	ErrPasswordText    = errors.New("authenticator: the password is not UTF-8")
	ErrPasswordBlocked = errors.New("authenticator: the password is one that guessers try first")
	ErrPasswordContext = errors.New("authenticator: the password is made of a name that goes with the account")
	ErrPasswordRepeats = errors.New("authenticator: the password repeats or counts")
)

// The least length of a new password, in characters: by itself, and the most that
// a host may ask for (NIST SP 800-63B-4 section 3.1.1.2).
const (
	defaultMinLength = 15
	maxMinLength     = 64
)

// PasswordError says why a new password is not accepted. It never holds the
// password.
type PasswordError struct {
	Err       error  // one of the ErrPassword…
	MinLength int    // of [ErrPasswordShort]: how many characters it takes
	Word      string // of [ErrPasswordContext]: the name, as it was given
}

// Error is for a log.
func (e *PasswordError) Error() string { return e.Err.Error() }

// Unwrap returns one of the ErrPassword….
func (e *PasswordError) Unwrap() error { return e.Err }

// Advice tells the person, in one English sentence, what to do about it.
func (e *PasswordError) Advice() string {
	switch e.Err {
	case ErrPasswordShort:
		return fmt.Sprintf("Use at least %d characters; several words with blanks between them are fine.", e.MinLength)
	case ErrPasswordLong:
		return "Use a shorter password."
	case ErrPasswordText:
		return "Use characters that your keyboard can type."
	case ErrPasswordContext:
		return fmt.Sprintf("Use more than %q and a few characters beside it: it is guessed first.", e.Word)
	case ErrPasswordRepeats:
		return "Use a password that does not repeat or count: such ones are guessed first."
	}
	return "Use another password: this one is known to those who guess."
}

// Check says whether a new password will do for a person, with a [PasswordError]
// if it will not. There are no rules about what it is composed of (NIST SP 800-63B-4
// section 3.1.1.2). It must have PasswordConfig.MinLength characters; and it must
// not be what guessers try first: what PasswordConfig.Blocked says, and what hardly
// has more in it than common passwords, repetition, sequences, the subject,
// PasswordConfig.Words, and the words given here: the person's names and address.
//
// It counts nothing, and does not compare with the present password. Other errors
// are [ErrUnavailable].
func (p *Password) Check(ctx context.Context, subject, plaintext string, words ...string) error {
	switch {
	case len(plaintext) > password.MaxLength:
		return &PasswordError{Err: ErrPasswordLong}
	case !utf8.ValidString(plaintext):
		return &PasswordError{Err: ErrPasswordText}
	case p.config.DangerouslyAcceptAny && plaintext != "":
		return nil
	case utf8.RuneCountInString(plaintext) < p.config.MinLength:
		return &PasswordError{Err: ErrPasswordShort, MinLength: p.config.MinLength}
	}
	if err := predictable(plaintext, append(append([]string{subject}, words...), p.config.Words...)); err != nil {
		return err
	}
	if p.config.Blocked != nil {
		blocked, err := p.config.Blocked(ctx, plaintext)
		if err != nil {
			return unavailable("asking whether the password is blocked", err)
		}
		if blocked {
			return &PasswordError{Err: ErrPasswordBlocked}
		}
	}
	return nil
}
