package authenticator

import "context"

// Users finds the person whom a sign-in names.
type Users interface {
	// Resolve returns the subject that a user name or login hint means. "" says
	// that nobody, or more than one person, answers to it: the two look alike, and
	// a sign-in then does the same work and is refused the same way as with a
	// wrong password.
	Resolve(ctx context.Context, hint string) (subject string, err error)
}

// Canonical is implemented by [Users] in which one person answers to several
// spellings: it returns one of them, also for names that nobody has. Attempts at a
// name that is nobody's are counted by it: without, a stranger who has used up the
// attempts of one spelling could see by another whether they are one person's.
// Upper and lower case, and blanks around a name, make no difference in any case.
type Canonical interface {
	Canonical(hint string) string
}

// UsersFunc lets a function be [Users].
type UsersFunc func(ctx context.Context, hint string) (subject string, err error)

// Resolve implements [Users].
func (f UsersFunc) Resolve(ctx context.Context, hint string) (string, error) { return f(ctx, hint) }
