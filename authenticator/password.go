package authenticator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mintyard/mintyard/internal/password"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// Passwords is where the host keeps the hashes of passwords.
type Passwords interface {
	// PasswordHash returns the hash of a person's password: what [Password.Hash]
	// made, another argon2id PHC string, or a bcrypt string. "" says that the
	// person has none, or that there is no such person.
	//
	// It is asked about the empty subject when nobody answers to a name, so that
	// the look-up takes its time then too; the answer is ignored, an error is not.
	PasswordHash(ctx context.Context, subject string) (hash string, err error)

	// SetPasswordHash replaces old by new, if old is still what is there: a
	// compare-and-swap. If it is not, the password was changed meanwhile; that is
	// kept, and is no error.
	SetPasswordHash(ctx context.Context, subject, old, new string) error
}

// HashParams are the cost parameters of argon2id (RFC 9106 section 3.1).
type HashParams struct {
	Memory  uint32 // KiB
	Time    uint32 // passes
	Threads uint8  // lanes
}

// PasswordConfig says where passwords are and how they are hashed.
type PasswordConfig struct {
	Source    Passwords   // required
	Store     store.Store // required: counts attempts
	Namespace string      // required: people of one name space share their counters

	// Params are those of new hashes. The zero value means 19 MiB, two passes and
	// one lane. A hash that costs less is replaced when its owner signs in.
	Params HashParams

	// Parallel is how many hashes run at once, and bounds their memory; 0 is the
	// number of processors. Queue is how many more may wait before the answer is
	// [ErrBusy]; 0 is 16 for each of Parallel, and a negative number is none.
	Parallel, Queue int

	// Limits of wrong passwords: 0 is 10 that lock for 15 minutes, 100 that disable,
	// and no ceiling. Whatever strangers do lapses.
	Limits

	// MinLength is the least number of characters of a new password (see
	// [Password.Check]). 0 is 15; 8 is enough where a password never suffices alone
	// (NIST SP 800-63B-4 section 3.1.1.2). It says nothing about passwords that
	// exist.
	MinLength int

	// Blocked says whether a new password is one that guessers try first, such as
	// those of a large list. Nil asks no list but the small one that is built in.
	Blocked func(ctx context.Context, password string) (bool, error)

	// Words are names that guessers try for everybody: of the service, the company.
	Words []string

	// DangerouslyAcceptAny accepts every new password that is not empty, for the
	// data of tests and trials.
	DangerouslyAcceptAny bool

	// Upgraded is told when the hash of a person who signed in was replaced by a
	// stronger one, or why not; that never fails the sign-in. Nil is not told.
	Upgraded func(ctx context.Context, subject string, err error)

	Now func() time.Time // nil means time.Now
}

// passwordLimits: the cool-down is short, since an outsider can lock anybody out for
// it.
var passwordLimits = Limits{Limit: store.DefaultLimit, CoolDown: 15 * time.Minute, Disable: maxLimit}

// Password is the factor that a person knows. It is a [Verifier], made by
// [NewPassword].
type Password struct {
	config PasswordConfig
	hasher *password.Hasher
	guard  *guard
}

var _ Verifier = (*Password)(nil)

// NewPassword checks the configuration. An error names the field that is wrong.
func NewPassword(c PasswordConfig) (*Password, error) {
	fail := func(err error) (*Password, error) {
		return nil, fmt.Errorf("authenticator: PasswordConfig.%w", err)
	}
	switch {
	case c.Source == nil:
		return fail(fieldError("Source", "is required"))
	case c.Store == nil:
		return fail(fieldError("Store", "is required"))
	case c.Namespace == "":
		return fail(fieldError("Namespace", "is required"))
	case c.MinLength < 0 || c.MinLength > maxMinLength:
		return fail(fieldError("MinLength", "must be between 1 and %d, or 0 for %d", maxMinLength, defaultMinLength))
	}
	if err := c.Limits.complete(passwordLimits); err != nil {
		return fail(err)
	}
	if c.MinLength == 0 {
		c.MinLength = defaultMinLength
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	hasher, err := password.New(password.Config{Params: password.Params(c.Params), Parallel: c.Parallel, Queue: c.Queue})
	if err != nil {
		return fail(err)
	}
	return &Password{config: c, hasher: hasher, guard: newGuard(c.Store, newSpace(c.Namespace), TypePassword, c.Limits, c.Now)}, nil
}

// Verify implements [Verifier]; the method is "password". The password is
// compared byte for byte, in the form in which it was set (see [Password.Hash]
// about Unicode). One that is empty or longer than 1024 bytes is refused at once.
//
// A bcrypt hash, or a weaker one of argon2id, is replaced afterwards. As long as
// there are such hashes, how long a refusal takes can show who has one.
func (p *Password) Verify(ctx context.Context, id Identity, plaintext string) (policy.Method, error) {
	if plaintext == "" || len(plaintext) > password.MaxLength {
		return policy.Method{}, ErrRefused
	}
	caller := ctx
	ctx, cancel := detach(caller)
	defer cancel()

	hash, err := p.config.Source.PasswordHash(ctx, id.Subject)
	if err != nil {
		return policy.Method{}, unavailable("reading the password", err)
	}
	if id.Subject == "" {
		hash = ""
	}
	// The place among the hashes comes before the count, so that a busy server
	// does not count what it cannot judge, and nobody's parallel sign-ins lock
	// each other out while they wait.
	slot, err := p.hasher.Enter(caller, hash)
	switch {
	case errors.Is(err, password.ErrBusy):
		return policy.Method{}, ErrBusy
	case err != nil:
		return policy.Method{}, unavailable("verifying the password", err)
	}
	weak, err := p.judge(ctx, slot, id, plaintext)
	if err != nil {
		return policy.Method{}, err
	}
	if weak {
		p.upgrade(ctx, id.Subject, hash, plaintext)
	}
	m := passwordMethod
	m.At = p.config.Now()
	return m, nil
}

// judge counts the attempt, judges it, and stores the success.
func (p *Password) judge(ctx context.Context, slot *password.Slot, id Identity, plaintext string) (weak bool, err error) {
	defer slot.Leave()
	attempt, err := p.guard.reserve(ctx, id)
	if err != nil {
		if errors.Is(err, ErrLocked) {
			slot.Verify(plaintext) // as much work as for one that is not locked
		}
		return false, err
	}
	ok, weak := slot.Verify(plaintext)
	if !ok {
		return false, ErrRefused
	}
	if err := p.guard.succeed(ctx, attempt); err != nil {
		return false, err
	}
	return weak, nil
}

// Available implements [Verifier].
func (p *Password) Available(ctx context.Context, subject string) ([]policy.Method, error) {
	hash, err := p.config.Source.PasswordHash(ctx, subject)
	if err != nil {
		return nil, unavailable("reading the password", err)
	}
	if subject == "" || hash == "" {
		return nil, nil
	}
	return []policy.Method{passwordMethod}, nil
}

var passwordMethod = policy.Method{Name: TypePassword, Types: policy.Knowledge}

// Unlock forgets the failures of a person, as an operator's act.
func (p *Password) Unlock(ctx context.Context, subject string) error {
	return p.guard.unlock(ctx, subject)
}
