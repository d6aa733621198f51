package authenticator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mintyard/mintyard/internal/enrolment"
	"github.com/mintyard/mintyard/store"
)

// RecoveryCodesConfig says where recovery codes are.
type RecoveryCodesConfig struct {
	Store     store.Store   // required: keeps the codes, counts attempts
	Namespace string        // required: people of one name space share their codes
	Sealer    *store.Sealer // required: seals the hashes in the store

	// Count is how many codes a person is given; 0 is 10, the most is 20.
	Count int

	Limits // of wrong codes of a person

	Now func() time.Time // nil means time.Now
}

const (
	defaultRecoveryCount = 10
	maxRecoveryCount     = 20
	maxImportedCodes     = 100

	// recoveryID is the one authenticator that the codes of a person are together.
	recoveryID = "codes"
)

// RecoveryCodes is the factor of codes on paper, for when nothing else is at hand
// (look-up secrets, NIST SP 800-63B-4 section 3.1.2). It is a [Verifier] and a
// [Manager], made by [NewRecoveryCodes].
//
// Each code is good once. They are kept as salted, slow hashes, and those sealed.
// Upper and lower case, blanks and hyphens make no difference. All codes of a person
// are one authenticator.
type RecoveryCodes struct {
	count  int
	book   *enrolment.Book
	guard  *guard
	nobody *recoverySet // the codes of those who have none
}

var (
	_ Verifier = (*RecoveryCodes)(nil)
	_ Manager  = (*RecoveryCodes)(nil)
)

// NewRecoveryCodes checks the configuration. An error names the field that is wrong.
func NewRecoveryCodes(c RecoveryCodesConfig) (*RecoveryCodes, error) {
	fail := func(err error) (*RecoveryCodes, error) {
		return nil, fmt.Errorf("authenticator: RecoveryCodesConfig.%w", err)
	}
	switch {
	case c.Store == nil:
		return fail(fieldError("Store", "is required"))
	case c.Namespace == "":
		return fail(fieldError("Namespace", "is required"))
	case c.Sealer == nil:
		return fail(fieldError("Sealer", "is required"))
	case c.Count < 0 || c.Count > maxRecoveryCount:
		return fail(fieldError("Count", "must be between 1 and %d, or 0 for %d", maxRecoveryCount, defaultRecoveryCount))
	case c.Count == 0:
		c.Count = defaultRecoveryCount
	}
	if err := c.Limits.complete(limits); err != nil {
		return fail(err)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	sp := newSpace(c.Namespace)
	r := &RecoveryCodes{
		count: c.Count, guard: newGuard(c.Store, sp, TypeRecoveryCodes, c.Limits, c.Now),
		book: &enrolment.Book{
			Store: c.Store, Space: sp, Kind: kindRecovery, Label: TypeRecoveryCodes, Person: kindPerson, Sealer: c.Sealer, Now: c.Now, Max: 1,
		},
		nobody: newRecoverySet(),
	}
	return r, nil
}

// Generate gives the person new codes, in place of all there were. They are shown
// once: nobody can read them again.
//
// Whoever asks must have proved as much as the person's account demands.
func (r *RecoveryCodes) Generate(ctx context.Context, subject string) ([]string, error) {
	if subject == "" {
		return nil, errSubject
	}
	codes := make([]string, r.count)
	for i := range codes {
		codes[i] = newRecoveryCode()
	}
	err := r.change(ctx, subject, func(s *recoverySet) error {
		s.replace(codes)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// Import gives the person codes that were made elsewhere, in place of all there
// were: letters and digits, at least 6 of them each. To import the same again
// changes nothing, so that a host may do it at every start: what was used stays
// used, and what the person has generated since stays. What was used is forgotten
// with [RecoveryCodes.Remove] only.
func (r *RecoveryCodes) Import(ctx context.Context, subject string, codes []string) error {
	if subject == "" {
		return errSubject
	}
	if len(codes) > maxImportedCodes {
		return fmt.Errorf("authenticator: Import: at most %d recovery codes", maxImportedCodes)
	}
	canonical := make([]string, 0, len(codes))
	for _, code := range codes {
		c, ok := canonicalRecovery(code)
		if !ok {
			return errRecoveryCode
		}
		canonical = append(canonical, c)
	}
	slices.Sort(canonical)
	canonical = slices.Compact(canonical)
	return r.change(ctx, subject, func(s *recoverySet) error {
		if !s.importCodes(canonical) {
			return errSame
		}
		return nil
	})
}

var errRecoveryCode = fmt.Errorf("authenticator: Import: a recovery code must have %d to %d letters and digits", minRecovery, maxRecovery)

// change changes the codes of a person who may have none yet.
func (r *RecoveryCodes) change(ctx context.Context, subject string, edit func(*recoverySet) error) error {
	inPlace := func(e *enrolment.Entry) error {
		s, err := decodeRecovery(e.Secret)
		if err != nil {
			return err
		}
		if err := edit(s); err != nil {
			return err
		}
		e.Secret, err = s.encode()
		return err
	}
	_, err := r.book.Change(ctx, subject, recoveryID, inPlace)
	if errors.Is(err, enrolment.ErrNone) {
		e := enrolment.Entry{ID: recoveryID, Confirmed: r.book.Now()}
		if e.Secret, err = newRecoverySet().encode(); err == nil {
			err = inPlace(&e)
		}
		if err == nil {
			_, err = r.book.Add(ctx, subject, e)
		}
		// Another has made them in the same moment.
		if errors.Is(err, store.ErrConflict) || errors.Is(err, enrolment.ErrTooMany) {
			_, err = r.book.Change(ctx, subject, recoveryID, inPlace)
		}
	}
	if errors.Is(err, errSame) {
		return nil
	}
	return bookError("storing recovery codes", err)
}
