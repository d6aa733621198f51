package oauth

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

var (
	errUnknownSubject  = NewError(CodeInvalidGrant, ReasonUnknownSubject, refusedGrant)
	errInactiveSubject = NewError(CodeInvalidGrant, ReasonInactiveSubject, refusedGrant)
	errSubjectIsClient = NewError(CodeInvalidGrant, ReasonSubjectIsClient, refusedGrant)
	errNotAssigned     = NewError(CodeAccessDenied, ReasonNotAssigned, "The person may not use this app").WithStatus(http.StatusBadRequest)
	errScopePerson     = NewError(CodeInvalidScope, ReasonScopePerson, "A scope is about a person, and there is none")
	errPolicy          = NewError(CodeAccessDenied, ReasonPolicy, "Policy does not allow this")
	errStepUp          = NewError(CodeAccessDenied, ReasonStepUp, "Policy asks for more than was proved")
)

// Prepare turns an authorization into tokens that are not granted yet: it checks
// client, subject, scopes and sender key as they are now, asks the policies, and
// mints. It writes nothing that grants. Whatever can fail fails here, so that
// nothing is spent for an answer that cannot be given.
//
// When a policy wants more proof, the error is what Config.StepUp says.
func (s *Server) Prepare(ctx context.Context, a *Authorization) (*Issue, error) {
	if err := a.validate(a.req.Time); err != nil {
		return nil, err
	}
	if err := a.checkSenderKey(); err != nil {
		return nil, err
	}
	subject, err := s.checkSubject(ctx, a)
	if err != nil {
		return nil, err
	}
	if err := s.checkScopes(a); err != nil {
		return nil, err
	}
	d := s.decide(a, subject)
	switch d.Access {
	case policy.Allow:
	case policy.StepUp:
		if s.config.StepUp == nil {
			return nil, errStepUp
		}
		return nil, s.config.StepUp.StepUp(ctx, a, d)
	default:
		return nil, errPolicy.WithCause(errors.New("policy rule " + strconv.Quote(d.Rule) + ": " + d.Reason))
	}
	if a.ACR == "" {
		a.ACR = reachedACR(a)
	}
	return s.mint(a, d)
}

// checkSenderKey holds a grant to the key it was made under, whatever the grant
// type (RFC 9449 section 5, RFC 8705 section 4).
func (a *Authorization) checkSenderKey() error {
	if a.origin.version == 0 {
		return nil
	}
	if rec := &a.origin.record; rec.JKT != a.Confirmation.JKT || rec.X5T != a.Confirmation.X5T {
		return errSenderKey
	}
	return nil
}

// checkSubject asks the host whether the person may have tokens now. For a grant
// that is born it first notes the version of what could end it, so that Commit
// sees whether it was ended meanwhile.
func (s *Server) checkSubject(ctx context.Context, a *Authorization) (Subject, error) {
	if a.Subject == "" {
		return Subject{}, nil
	}
	if a.origin.step == stepBirth {
		version, err := s.subjectVersion(ctx, a.req.q, a.Subject)
		if err != nil {
			return Subject{}, err
		}
		a.parent = version
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
	for _, name := range a.tokenScopes() {
		scope := s.scope(name)
		if scope == nil || !a.client.mayHave(name) {
			if a.origin.step == stepBirth || a.origin.step == stepStateless || a.TokenScopes != nil {
				return errScopeNotAllowed
			}
			a.dropScopes(s)
			break
		}
		if scope.Person && a.Subject == "" {
			return errScopePerson
		}
	}
	return nil
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

// decide asks the server's policy, and the client's about persons.
func (s *Server) decide(a *Authorization, subject Subject) policy.Decision {
	f := policy.Facts{
		Subject: a.Subject, Groups: subject.Groups,
		Client: a.client.ID, GrantType: a.req.GrantType, Scopes: a.tokenScopes(),
		Network: a.Network, RequesterNetwork: a.req.Addr, Risk: a.Risk,
		Methods: a.Methods, Available: a.Available, AvailableKnown: a.AvailableKnown,
		AuthTime: a.AuthTime, Now: a.req.Time,
	}
	d := policy.Decision{Access: policy.Allow}
	if s.config.Policy != nil {
		d = s.config.Policy.Decide(&f)
	}
	if a.Subject == "" || d.Access == policy.Deny {
		return d
	}
	signIn := a.client.SignIn
	if signIn == nil {
		signIn = defaultSignIn
	}
	if s.config.Policy == nil {
		return signIn.Decide(&f)
	}
	return policy.Combine(d, signIn.Decide(&f))
}

// reachedACR is the first of the contexts asked for that the methods satisfy.
func reachedACR(a *Authorization) string {
	for _, v := range a.ACRValues {
		if known, ok := policy.Satisfies(v, a.Methods); known && ok {
			return v
		}
	}
	return ""
}

// lifetimes decides how long the access token and the grant live, in Unix seconds.
type lifetimes struct {
	token   int64 // end of the access token
	ends    int64 // absolute end of the grant; 0: never
	idle    int64 // seconds; 0: none
	refresh bool  // there is a refresh token
}

func (s *Server) lifetimes(a *Authorization, d policy.Decision) lifetimes {
	now := a.req.Time.Unix()
	ttl := s.config.AccessToken.TTL
	if a.client.AccessTokenTTL > 0 {
		ttl = a.client.AccessTokenTTL
	}
	if d.AccessTokenTTL > 0 && d.AccessTokenTTL < ttl {
		ttl = d.AccessTokenTTL
	}
	l := lifetimes{token: now + int64(ttl/time.Second)}
	switch a.origin.step {
	case stepStateless:
		return l
	case stepBirth, stepPromote:
		l.refresh = contains(a.Scopes, ScopeOfflineAccess) && contains(a.client.GrantTypes, GrantRefreshToken)
		if !l.refresh {
			l.ends = l.token
			return l
		}
		config := s.refreshConfig(a)
		absolute := config.Absolute
		if d.RefreshTokenTTL > 0 && (absolute == 0 || d.RefreshTokenTTL < absolute) {
			absolute = d.RefreshTokenTTL
		}
		if absolute > 0 {
			l.ends = now + int64(absolute/time.Second)
		}
		l.idle = int64(config.Idle / time.Second)
	default:
		l.refresh, l.ends, l.idle = true, a.origin.record.Ends, a.origin.record.Idle
	}
	// Nothing outlives its grant.
	if l.ends != 0 {
		l.token = min(l.token, l.ends)
	}
	if l.idle != 0 {
		l.token = min(l.token, now+l.idle)
	}
	return l
}

// mint makes the access token and the answer up to what Commit adds.
func (s *Server) mint(a *Authorization, d policy.Decision) (*Issue, error) {
	q := a.req.q
	is := &q.issue
	*is = Issue{auth: a, lives: s.lifetimes(a, d)}
	rand.Read(q.view.random[:])
	if a.origin.step == stepBirth || a.origin.step == stepStateless {
		copy(a.origin.id[:], q.view.random[:])
	}
	var err error
	out := append(q.out[:0], `{"access_token":"`...)
	is.accessStart = len(out)
	if out, err = s.appendAccessToken(out, is); err != nil {
		q.out = out
		return nil, errUnavailable.WithCause(err)
	}
	is.accessEnd = len(out)
	out = append(out, `","token_type":"`...)
	out = append(out, a.Confirmation.tokenType()...)
	out = append(out, `","expires_in":`...)
	out = strconv.AppendInt(out, is.lives.token-a.req.Time.Unix(), 10)
	if scopes := a.tokenScopes(); len(scopes) > 0 {
		out = append(out, `,"scope":"`...)
		out = append(appendWords(out, scopes), '"')
	}
	q.out = out
	return is, nil
}

func (c Confirmation) tokenType() string {
	if c.JKT != "" {
		return "DPoP" // RFC 9449 section 5
	}
	return "Bearer"
}

// subjectVersion is the version of the record through which all grants of a
// subject are ended; 0 if there is none. One whose end was interrupted is
// finished first.
func (s *Server) subjectVersion(ctx context.Context, q *request, subject string) (uint64, error) {
	for {
		q.recs[1] = store.Record{Key: s.subjectKey(subject)}
		var err error
		if q.values, err = s.config.Store.Get(ctx, q.values[:0], q.recs[1:]); err != nil {
			return 0, errUnavailable.WithCause(err)
		}
		if string(q.recs[1].Value) != subjectEnding {
			return q.recs[1].Version, nil
		}
		if err := s.EndSubject(ctx, subject); err != nil {
			return 0, err
		}
	}
}
