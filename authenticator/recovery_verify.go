package authenticator

import (
	"context"
	"errors"

	"github.com/mintyard/mintyard/internal/enrolment"
	"github.com/mintyard/mintyard/policy"
)

// Verify implements [Verifier]; the method is "recovery_codes". A code is spent by
// being accepted.
func (r *RecoveryCodes) Verify(ctx context.Context, id Identity, code string) (policy.Method, error) {
	return r.verify(ctx, id, code, "")
}

// VerifyAndReplace is as [RecoveryCodes.Verify], and puts a new code in place of the
// one that is spent, in the same write. The person is shown it; it is no longer
// known when the answer is lost.
func (r *RecoveryCodes) VerifyAndReplace(ctx context.Context, id Identity, code string) (m policy.Method, replacement string, err error) {
	replacement = newRecoveryCode()
	if m, err = r.verify(ctx, id, code, replacement); err != nil {
		return policy.Method{}, "", err
	}
	return m, replacement, nil
}

func (r *RecoveryCodes) verify(ctx context.Context, id Identity, code, replacement string) (policy.Method, error) {
	ctx, cancel := detach(ctx)
	defer cancel()
	set, has := r.nobody, false
	e, err := r.book.Read(ctx, id.Subject, recoveryID)
	switch {
	case err == nil && id.Subject != "":
		if set, err = decodeRecovery(e.Secret); err != nil {
			return policy.Method{}, unavailable("reading recovery codes", err)
		}
		has = true
	case err != nil && !errors.Is(err, enrolment.ErrNone):
		return policy.Method{}, unavailable("reading recovery codes", err)
	}
	attempt, err := r.guard.reserve(ctx, id)
	if err != nil {
		return policy.Method{}, err
	}
	canonical, ok := canonicalRecovery(code)
	if !ok {
		canonical = wrongRecovery // hashed like any other, and never equal
	}
	hash := set.hash(canonical)
	if !set.holds(hash) || !has || !ok {
		return policy.Method{}, ErrRefused
	}
	now := r.book.Now()
	_, err = r.book.Change(ctx, id.Subject, recoveryID, func(e *enrolment.Entry) error {
		cur, err := decodeRecovery(e.Secret)
		if err != nil {
			return err
		}
		if !cur.spend(hash) {
			return errUsed
		}
		if replacement != "" {
			cur.add(replacement)
		}
		e.Used = now
		e.Secret, err = cur.encode()
		return err
	})
	switch {
	case errors.Is(err, errUsed), errors.Is(err, enrolment.ErrNone):
		return policy.Method{}, ErrRefused
	case err != nil:
		return policy.Method{}, unavailable("spending the code", err)
	}
	if err := r.guard.succeed(ctx, attempt); err != nil {
		return policy.Method{}, err
	}
	m := recoveryMethod
	m.At = now
	return m, nil
}

var recoveryMethod = policy.Method{Name: TypeRecoveryCodes, Types: policy.Possession, Device: TypeRecoveryCodes}

// Left is how many codes the person still has.
func (r *RecoveryCodes) Left(ctx context.Context, subject string) (int, error) {
	if subject == "" {
		return 0, nil
	}
	e, err := r.book.Read(ctx, subject, recoveryID)
	if errors.Is(err, enrolment.ErrNone) {
		return 0, nil
	}
	var set *recoverySet
	if err == nil {
		set, err = decodeRecovery(e.Secret)
	}
	if err != nil {
		return 0, unavailable("reading recovery codes", err)
	}
	return len(set.Codes), nil
}

// Available implements [Verifier]: one method, as long as a code is left.
func (r *RecoveryCodes) Available(ctx context.Context, subject string) ([]policy.Method, error) {
	left, err := r.Left(ctx, subject)
	if err != nil || left == 0 {
		return nil, err
	}
	return []policy.Method{recoveryMethod}, nil
}

// Type implements [Manager].
func (r *RecoveryCodes) Type() string { return TypeRecoveryCodes }

// Authenticators implements [Manager]: the codes are one authenticator, Active as
// long as one is left.
func (r *RecoveryCodes) Authenticators(ctx context.Context, subject string) ([]Authenticator, error) {
	if subject == "" {
		return nil, errSubject
	}
	all, err := r.book.List(ctx, subject)
	if err != nil {
		return nil, unavailable("reading recovery codes", err)
	}
	list := make([]Authenticator, 0, len(all))
	for _, e := range all {
		set, err := decodeRecovery(e.Secret)
		if err != nil {
			return nil, unavailable("reading recovery codes", err)
		}
		list = append(list, Authenticator{
			ID: e.ID, Type: TypeRecoveryCodes, Name: e.Name, Active: len(set.Codes) > 0, Created: e.Created, Used: e.Used,
		})
	}
	return list, nil
}

// Rename implements [Manager].
func (r *RecoveryCodes) Rename(ctx context.Context, subject, id, name string) error {
	return rename(ctx, r.book, "authenticator", subject, id, name)
}

// Remove implements [Manager]: it takes all codes from the person, and forgets which
// were used.
func (r *RecoveryCodes) Remove(ctx context.Context, subject, id string) error {
	if subject == "" {
		return errSubject
	}
	return bookError("removing recovery codes", r.book.Remove(ctx, subject, id))
}

// Unlock forgets the failures of a person, as an operator's act. What was used
// stays used.
func (r *RecoveryCodes) Unlock(ctx context.Context, subject string) error {
	return r.guard.unlock(ctx, subject)
}
