package authenticator

import (
	"context"
	"strings"
	"time"

	"github.com/mintyard/mintyard/store"
)

// Identity is who a factor is asked about.
type Identity struct {
	// Subject is the person's stable identifier. It is empty when nobody, or more
	// than one, answers to the hint: every verification then does the same work,
	// counts the same way and is refused the same way.
	Subject string

	// Hint is the name that was entered. It matters only without a Subject, to
	// count attempts for a name that nobody has as for one that somebody has.
	// Upper and lower case and blanks around it make no difference.
	Hint string

	// Device names a device of the person's that the caller has recognised. Its
	// attempts are counted apart, so that strangers cannot use them up.
	Device string

	// Proved says that the person has proved another factor in this sign-in.
	// Attempts are counted apart from those of whoever knows just a name; those on a
	// Device stay with the device's, since a password may be known to strangers too.
	Proved bool
}

// The kinds of record of this package.
const (
	kindTOTP      store.Kind = 't' // one authenticator app of a person
	kindHOTP      store.Kind = 'h' // one counting token
	kindCodes     store.Kind = 'm' // one number or address that codes are sent to
	kindPush      store.Kind = 'p' // one device that answers pushes
	kindRecovery  store.Kind = 'b' // the recovery codes of a person
	kindQuestion  store.Kind = 'q' // the security question of a person
	kindChallenge store.Kind = 'c' // one code that was sent, or push that waits
	kindCaps      store.Kind = 'l' // how much was delivered lately
	kindAttempts  store.Kind = 'a' // attempts at one factor of a person, or of a name
	kindPerson    store.Kind = 'u' // a tag: whose authenticator it is
)

// space is where the records of one namespace are.
type space [16]byte

func newSpace(namespace string) space { return store.Digest("authenticator", namespace) }

// attempts is the key of a counter of one factor.
func (s space) attempts(factor string, id Identity) store.Key {
	return store.Key{Kind: kindAttempts, Space: s, ID: id.digest("attempts", factor)}
}

// digest names something of the identity. No name that nobody has can run
// together with a subject.
func (id Identity) digest(label string, parts ...string) [16]byte {
	if id.Subject != "" {
		return store.Digest(label, append(parts, "subject", id.Subject)...)
	}
	return store.Digest(label, append(parts, "hint", strings.ToLower(strings.TrimSpace(id.Hint)))...)
}

// verifyLimit bounds a verification that nobody waits for any more.
const verifyLimit = 15 * time.Second

// detach returns a context that does not end when the caller goes away, but does
// when the caller's deadline comes: a guess must not be taken back by hanging up,
// and a right entry must not stay counted as a wrong one.
func detach(ctx context.Context) (context.Context, context.CancelFunc) {
	detached := context.WithoutCancel(ctx)
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < verifyLimit {
		return context.WithDeadline(detached, deadline)
	}
	return context.WithTimeout(detached, verifyLimit)
}
