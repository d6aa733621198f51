package oauth

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/mintyard/mintyard/policy"
)

var (
	errUnknownSubject  = NewError(CodeInvalidGrant, ReasonUnknownSubject, refusedGrant)
	errInactiveSubject = NewError(CodeInvalidGrant, ReasonInactiveSubject, refusedGrant)
	errSubjectIsClient = NewError(CodeInvalidGrant, ReasonSubjectIsClient, refusedGrant)
	errNotAssigned     = NewError(CodeAccessDenied, ReasonNotAssigned, "The person may not use this app").WithStatus(http.StatusBadRequest)
	errScopePerson     = NewError(CodeInvalidScope, ReasonScopePerson, "A scope is about a person, and there is none")
	errScopeRecovery   = NewError(CodeInvalidScope, ReasonScopeRecovery, "A scope is for the recovery of a password, or not for it")
	errUnmet           = NewError(CodeUnmet, ReasonUnmetACR, "The person cannot prove what acr_values asks for")
	errPolicy          = NewError(CodeAccessDenied, ReasonPolicy, "Policy does not allow this")
	errStepUp          = NewError(CodeAccessDenied, ReasonStepUp, "Policy asks for more than was proved")
)

// Decide asks the policies about an authorization as it is, and whether its person
// may have tokens at all: before something is begun for it. [TokenRequest].GrantType
// is what it would end with.
func (s *Server) Decide(ctx context.Context, a *Authorization) (policy.Decision, error) {
	subject, err := s.checkSubject(ctx, a)
	if err != nil {
		return policy.Decision{}, err
	}
	return s.decide(a, subject)
}

// Prepare turns an authorization into tokens that are not granted yet: it checks
// client, subject, scopes and sender key as they are now, asks the policies, and
// mints. It writes nothing that grants. Whatever can fail fails here, so that
// nothing is spent for an answer that cannot be given.
//
// When a policy wants more proof, the error is what Config.StepUp says.
func (s *Server) Prepare(ctx context.Context, a *Authorization) (*Issue, error) {
	if a.endsInCode() {
		return nil, errGrantState
	}
	d, err := s.judge(ctx, a)
	if err != nil {
		return nil, err
	}
	return s.mint(ctx, a, d)
}

// judge is what every authorization passes, whether tokens are minted for it or a
// code will stand for it.
func (s *Server) judge(ctx context.Context, a *Authorization) (policy.Decision, error) {
	if err := a.validate(s.now()); err != nil {
		return policy.Decision{}, err
	}
	if err := a.checkSenderKey(); err != nil {
		return policy.Decision{}, err
	}
	subject, err := s.checkSubject(ctx, a)
	if err != nil {
		return policy.Decision{}, err
	}
	a.groups = subject.Groups
	if err := s.checkScopes(a); err != nil {
		return policy.Decision{}, err
	}
	d, err := s.decide(a, subject)
	if err != nil {
		return d, err
	}
	if a.Attestation {
		return d, s.attest(a, subject, d)
	}
	switch d.Access {
	case policy.Allow:
	case policy.StepUp:
		if a.page {
			return d, &StepUpError{Decision: d}
		}
		if s.config.StepUp == nil {
			return d, errStepUp
		}
		return d, s.config.StepUp.StepUp(ctx, a, d)
	default:
		return d, errPolicy.WithCause(errors.New("policy rule " + strconv.Quote(d.Rule) + ": " + d.Reason))
	}
	if a.ACR == "" {
		a.ACR = reachedACR(a)
	}
	return d, nil
}

// checkSenderKey holds a grant to the key it was made under, whatever the grant
// type (RFC 9449 section 5, RFC 8705 section 4).
func (a *Authorization) checkSenderKey() error {
	if a.origin.version == 0 {
		return nil
	}
	rec := &a.origin.record
	if (a.origin.step == stepRedeem || a.origin.step == stepPromote) && rec.JKT == "" && rec.X5T == "" {
		return nil // what is bound to no key yet may be finished under any (RFC 9449 section 10)
	}
	if rec.JKT != a.Confirmation.JKT || rec.X5T != a.Confirmation.X5T {
		return errSenderKey
	}
	return nil
}

// checkSubject asks the host whether the person may have tokens now. For a grant
// that is born the version of what could end it is noted first, if the Grant has
// not done so, so that Commit sees whether it was ended meanwhile.
func (s *Server) checkSubject(ctx context.Context, a *Authorization) (Subject, error) {
	if a.Subject == "" {
		return Subject{}, nil
	}
	if a.untagged() && a.origin.step != stepStateless {
		if a.noted != a.Subject {
			if err := a.req.About(ctx, a, a.Subject); err != nil {
				return Subject{}, err
			}
		}
		// A person who has the id of a client could be taken for it (RFC 9068 section 5).
		if _, err := s.config.Clients.Client(ctx, a.Subject); err == nil {
			return Subject{}, errSubjectIsClient
		} else if !errors.Is(err, ErrNoClient) {
			return Subject{}, errUnavailable.WithCause(err)
		}
	}
	subject, err := s.config.Subjects.Subject(ctx, a.Subject)
	switch {
	case errors.Is(err, ErrNoSubject):
		return Subject{}, errUnknownSubject
	case err != nil:
		return Subject{}, errUnavailable.WithCause(err)
	case !subject.Active:
		return Subject{}, errInactiveSubject
	case a.client.AssignedTo != nil && !intersect(a.client.AssignedTo, subject.Groups):
		return Subject{}, errNotAssigned
	}
	return subject, nil
}

// checkScopes holds every grant to what the server and the client allow today: a
// scope that was taken from a client is gone from its live grants too.
func (s *Server) checkScopes(a *Authorization) error {
	if !s.mayHaveAll(a) {
		if a.origin.step == stepBirth || a.origin.step == stepStateless || a.TokenScopes != nil {
			return errScopeNotAllowed
		}
		a.dropScopes(s)
	}
	for _, name := range a.tokenScopes() { // those that are left, all of them
		switch scope := s.scope(name); {
		case scope.Person && a.Subject == "":
			return errScopePerson
		case scope.Recovery != a.Recovery:
			return errScopeRecovery
		}
	}
	return nil
}

// mayHaveAll reports whether all scopes of the token are allowed today.
func (s *Server) mayHaveAll(a *Authorization) bool {
	for _, name := range a.tokenScopes() {
		if s.scope(name) == nil || !a.client.mayHave(name) {
			return false
		}
	}
	return true
}

// dropScopes narrows the token to those scopes of the grant that are still allowed.
func (a *Authorization) dropScopes(s *Server) {
	kept := make([]string, 0, len(a.Scopes))
	for _, name := range a.Scopes {
		if s.scope(name) != nil && a.client.mayHave(name) {
			kept = append(kept, name)
		}
	}
	a.TokenScopes = kept
}
