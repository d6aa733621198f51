// Package proving is what every door does with what a person proves: it finds who is
// named, asks the factor, and adds what was proved to the authorization. Direct grants
// and sign-in pages differ in what they say about it, and in nothing that counts; pages
// of a host's own can use it as well.
package proving

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// Set is how people are found and what they can prove. A factor that is nil is not there.
type Set struct {
	Users     authenticator.Users
	Password  authenticator.Verifier
	OTP       authenticator.Verifier
	OutOfBand map[string]authenticator.OutOfBand // by channel
	Passkeys  authenticator.Passkeys

	// KnownDevice names the device that a request comes from, if the person has signed
	// in from it before; nil knows none.
	KnownDevice func(ctx context.Context, r *oauth.TokenRequest, subject string) string
}

// Step is what a sign-in remembers between two steps besides what was proved.
type Step struct {
	// Hint is the name that was given, before anything is proved: for one that is
	// nobody's, there is nothing else to go by.
	Hint string `json:"h,omitempty"`

	// Channel and Challenge are what waits for an answer: the id is the factor's
	// own. A passkey's has no id, since its challenge is a handle of the sign-in.
	Channel   string                `json:"c,omitempty"`
	Challenge string                `json:"i,omitempty"`
	Binding   authenticator.Binding `json:"b,omitempty"`
}

// Resolve finds the person who is named, before anything is proved. Somebody who is
// suspended is nobody: the same work is done, and counted in the same place. named is
// who was named all the same.
func (s *Set) Resolve(ctx context.Context, r *oauth.TokenRequest, hint string) (subject, named string, err error) {
	if named, err = s.Users.Resolve(ctx, hint); err != nil {
		return "", "", err
	}
	active, err := r.Active(ctx, named)
	if active {
		subject = named
	}
	return subject, named, err
}

// Identity says to a factor who is meant.
func (s *Set) Identity(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, hint string) authenticator.Identity {
	id := authenticator.Identity{Subject: a.Subject, Hint: hint, Proved: len(a.Methods) > 0}
	if s.KnownDevice != nil { // asked about nobody too: it takes its time
		id.Device = s.KnownDevice(ctx, r, a.Subject)
	}
	return id
}

// Canonical is the one spelling of a name, bounded, since it is kept: one that is too
// long is known by its digest.
func (s *Set) Canonical(hint string) string {
	if c, ok := s.Users.(authenticator.Canonical); ok {
		hint = c.Canonical(hint)
	}
	hint = strings.ToLower(strings.TrimSpace(hint))
	if len(hint) <= 128 {
		return hint
	}
	sum := sha256.Sum256([]byte(hint))
	return hex.EncodeToString(sum[:])
}

// Add adds a method to what was proved. Whatever waited for an answer is over.
func Add(a *oauth.Authorization, m policy.Method) error {
	if a.Subject == "" {
		return authenticator.ErrRefused // nobody proves nothing, whatever a factor says
	}
	// It came with the request, however long it took to judge: what the request brings is
	// of its time, and must not be older than the authentication that it tells of.
	if now := a.Request().Time; m.At.After(now) {
		m.At = now
	}
	a.Methods = append(a.Methods, m)
	a.AuthTime = m.At // of the last completed factor
	a.Data = ""
	return nil
}

// TypeOf is the type that a factor says it is, or else a default.
func TypeOf(f any, otherwise string) string {
	if m, ok := f.(authenticator.Manager); ok {
		return m.Type()
	}
	return otherwise
}
