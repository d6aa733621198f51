package proving

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// Enrolment is what a person has, and what may be added in a sign-in, whatever the door.
type Enrolment struct {
	Policy   *policy.Enrolment       // nil lets nobody add anything
	Managers []authenticator.Manager // of all that a person may have, one of each type
	Factors  []Factor                // all that can be proved here
}

// Factor is what can be proved of a type.
type Factor struct {
	Type string
	Lister
}

// Lister tells what a person could prove.
type Lister interface {
	Available(ctx context.Context, subject string) ([]policy.Method, error)
}

// ErrAssurance says that the person has not proved enough to add anything.
var ErrAssurance = errors.New("proving: more must be proved before an authenticator is added")

// Decide asks the policy about the person of a sign-in, who has whatever any app could
// prove.
func (e *Enrolment) Decide(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization) (policy.EnrolmentDecision, error) {
	subject, err := r.Server.Config().Subjects.Subject(ctx, a.Subject)
	if err != nil {
		return policy.EnrolmentDecision{}, err
	}
	f := policy.Facts{
		Subject: a.Subject, Groups: subject.Groups, Client: r.Client.ID, GrantType: r.GrantType, Scopes: a.Scopes,
		Network: a.Network, RequesterNetwork: r.Addr, Risk: a.Risk, Device: a.Device,
		Methods: a.Methods, AuthTime: a.AuthTime, Now: r.Time, AvailableKnown: true,
	}
	for _, x := range e.Factors {
		m, err := x.Available(ctx, a.Subject)
		if err != nil {
			return policy.EnrolmentDecision{}, err
		}
		f.Available = append(f.Available, m...)
	}
	return e.Policy.Decide(&f), nil
}

// Allowed are the types that the person may add now, of those that the door can. Nothing
// may be added, if the person has something that is not among the methods: whoever has
// only a password could otherwise add a second factor of their own (NIST SP 800-63B-4
// section 4.1.2).
func (e *Enrolment) Allowed(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, methods []policy.Method, can func(authenticator.Manager) bool) ([]string, error) {
	if e.Policy == nil || a.Recovery {
		return nil, nil
	}
	ok, err := e.Assured(ctx, a.Subject, methods, "")
	if !ok || err != nil {
		return nil, err
	}
	decision, err := e.Decide(ctx, r, a)
	if err != nil {
		return nil, err
	}
	var types []string
	for _, m := range e.Managers {
		if can(m) && decision.Of(m.Type()).MayEnrol {
			types = append(types, m.Type())
		}
	}
	return types, nil
}

// Assured reports whether the methods are two factors, or everything that the person
// has. except is the [ID] of an authenticator that does not count as such.
func (e *Enrolment) Assured(ctx context.Context, subject string, methods []policy.Method, except string) (bool, error) {
	if _, two := policy.Satisfies(policy.ACRTwoFactors, methods); two {
		return true, nil
	}
	for _, m := range e.Managers {
		if m.Type() == authenticator.TypeQuestion {
			continue // no more than a password
		}
		list, err := m.Authenticators(ctx, subject)
		if err != nil {
			return false, err
		}
		for _, one := range list {
			if one.Active && ID(one) != except && !Has(methods, m.Type()) {
				return false, nil
			}
		}
	}
	for _, f := range e.Factors {
		if _, managed := f.Lister.(authenticator.Manager); managed {
			continue // asked above, by id
		}
		have, err := f.Available(ctx, subject)
		if err != nil {
			return false, err
		}
		for _, m := range have {
			if !Has(methods, m.Name) {
				return false, nil
			}
		}
	}
	return true, nil
}

// ID names an authenticator among all of a person's: ids are unique within a type.
func ID(a authenticator.Authenticator) string { return a.Type + "|" + a.ID }

// Managed finds the authenticators of a type; nil is none.
func (e *Enrolment) Managed(name string) authenticator.Manager {
	i := slices.IndexFunc(e.Managers, func(m authenticator.Manager) bool { return m.Type() == name })
	if i < 0 {
		return nil
	}
	return e.Managers[i]
}

// Find finds an authenticator of the person's by its [ID]. One that is somebody else's
// is as one that is nobody's.
func (e *Enrolment) Find(ctx context.Context, subject, id string) (authenticator.Manager, authenticator.Authenticator, bool, error) {
	name, inner, ok := strings.Cut(id, "|")
	m := e.Managed(name)
	if !ok || m == nil {
		return nil, authenticator.Authenticator{}, false, nil
	}
	list, err := m.Authenticators(ctx, subject)
	if err != nil {
		return nil, authenticator.Authenticator{}, false, err
	}
	for _, a := range list {
		if a.ID == inner {
			return m, a, true, nil
		}
	}
	return nil, authenticator.Authenticator{}, false, nil
}

// DropPending removes those of a person's authenticators that are not confirmed.
func (e *Enrolment) DropPending(ctx context.Context, subject string, which func(id string) bool) error {
	for _, m := range e.Managers {
		list, err := m.Authenticators(ctx, subject)
		if err != nil {
			return err
		}
		for _, one := range list {
			if one.Active || one.Type == authenticator.TypeRecoveryCodes || !which(ID(one)) {
				continue
			}
			if err := m.Remove(ctx, subject, one.ID); err != nil && !errors.Is(err, authenticator.ErrNoAuthenticator) {
				return err
			}
		}
	}
	return nil
}
