package oauth

import (
	"context"
	"errors"
)

// Subjects is how the host tells the server about its persons.
type Subjects interface {
	// Subject returns the person with the id, or ErrNoSubject. The server asks at
	// every token that it mints and whenever a token is asked about, so that a
	// person who is suspended loses access at once.
	Subject(ctx context.Context, id string) (Subject, error)
}

// ErrNoSubject is what Subjects returns for an id that nobody has.
var ErrNoSubject = errors.New("oauth: no such subject")

// Subject is what the server must know of a person: facts of the moment.
type Subject struct {
	// Active persons may have tokens; others are refused. The zero value is not active.
	Active bool

	// Groups are what policies may ask for. The slice is not changed.
	Groups []string
}

// SubjectFunc lets a function be [Subjects].
type SubjectFunc func(ctx context.Context, id string) (Subject, error)

// Subject implements [Subjects].
func (f SubjectFunc) Subject(ctx context.Context, id string) (Subject, error) { return f(ctx, id) }
