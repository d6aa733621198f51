package directauth

import (
	"context"
	"errors"
	"net/http"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// firstPartyEndpoint is where the authorization challenge endpoint is, beside the
// token endpoint. The package comment says what it takes and answers.
const firstPartyEndpoint = "authorize-challenge"

// The error codes of the endpoint besides those of the token endpoint.
const (
	CodeInsufficient           = "insufficient_authorization" // another step is needed
	codeRequestNotSupported    = "request_not_supported"
	codeRequestURINotSupported = "request_uri_not_supported"
)

// The reasons of the endpoint.
const (
	ReasonPersonChanged    oauth.Reason = "person_changed"         // between two steps
	ReasonTwoFactors       oauth.Reason = "factors_two_at_once"    // in one request
	ReasonChallengeChanged oauth.Reason = "code_challenge_changed" // between two steps
	ReasonNotFirst         oauth.Reason = "factor_not_first"       // a recovery code alone
	ReasonRequestObject    oauth.Reason = "request_object"
)

var (
	errSessionOver      = oauth.NewError(oauth.CodeInvalidSession, ReasonTransaction, "The session is not valid; start again")
	errPersonChanged    = oauth.NewError(oauth.CodeInvalidRequest, ReasonPersonChanged, "The person must stay the same for the whole sign-in")
	errTwoFactors       = oauth.NewError(oauth.CodeInvalidRequest, ReasonTwoFactors, "Send one factor at a time")
	errChallengeChanged = oauth.NewError(oauth.CodeInvalidRequest, ReasonChallengeChanged, "code_challenge and nonce must stay the same for the whole sign-in")
	errNotFirst         = oauth.NewError(oauth.CodeInvalidRequest, ReasonNotFirst, "A recovery code comes after another factor")
	errResponseType     = oauth.NewError(oauth.CodeUnsupportedResponseType, oauth.ReasonMalformedValue, "response_type can only be code")
	errRequestObject    = oauth.NewError(codeRequestNotSupported, ReasonRequestObject, "Send parameters, not a request object")
	errRequestURI       = oauth.NewError(codeRequestURINotSupported, ReasonRequestObject, "Send parameters, not a request_uri")
	errUnusable         = oauth.NewError(oauth.CodeUnauthorizedClient, oauth.ReasonUnknownGrant, "The server does not have this factor")
)

// endsInCodes reports whether a sign-in can end in an authorization code.
func endsInCodes(s *oauth.Server) bool {
	return s.HasGrant(oauth.GrantAuthorizationCode) || s.HasGrant(oauth.GrantInteractionCode)
}

func (d *Direct) firstPartyHandler(s *oauth.Server) http.Handler {
	return s.SessionHandler(firstPartyEndpoint, "auth_session", token.HandleMFA, d.serveFirstParty)
}

// serveFirstParty goes one step. What is wrong with the request is found before
// anything about the person is.
func (d *Direct) serveFirstParty(ctx context.Context, r *oauth.TokenRequest) ([]byte, error) {
	r.GrantType = oauth.GrantAuthorizationCode
	if err := d.ownApp(r); err != nil {
		return nil, err
	}
	p, err := readProof(r)
	if err != nil {
		return nil, err
	}
	hint, err := readPerson(r)
	if err != nil {
		return nil, err
	}
	s, err := d.firstPartySession(ctx, r)
	if err != nil {
		return nil, err
	}
	if p == nil && s.t.Challenge != "" {
		p = proofs["binding_code"] // a poll
	}
	if err := s.allow(p); err != nil {
		return nil, err
	}
	known := s.knows()
	if p != nil && p.named && hint == "" && !known {
		_, err := r.Require("username")
		return nil, err
	}
	if err := s.person(ctx, hint); err != nil {
		return nil, err
	}
	if p == nil {
		return nil, s.describe(ctx, s.handle == "" || !known && s.knows())
	}
	if err := p.run(ctx, s); err != nil {
		return nil, s.refusal(err)
	}
	return s.end(ctx)
}

// ownApp refuses a client that has no direct grant of a first factor: it has nothing
// to prove here. That it may redeem a code is judged with what it is for.
func (d *Direct) ownApp(r *oauth.TokenRequest) error {
	switch {
	case r.Param("request") != "":
		return errRequestObject
	case r.Param("request_uri") != "":
		return errRequestURI
	case r.Param("response_type") != "" && r.Param("response_type") != "code":
		return errResponseType
	}
	err := error(errUnusable)
	for _, g := range []string{GrantPassword, GrantOTP, GrantOOB, GrantWebAuthn} {
		switch e := r.Use(g); {
		case e == nil:
			return nil
		case r.Server.HasGrant(g):
			err = e
		}
	}
	return err
}

// readPerson reads who is meant; both names of the parameter mean the same.
func readPerson(r *oauth.TokenRequest) (string, error) {
	name, hint := r.Param("username"), r.Param("login_hint")
	if name == "" {
		return hint, nil
	}
	if hint != "" && hint != name {
		return "", errPersonChanged
	}
	return name, nil
}

// firstPartyState is a sign-in at this endpoint.
type firstPartyState struct {
	d      *Direct
	r      *oauth.TokenRequest
	a      *oauth.Authorization
	t      transaction
	handle string // the auth_session that came with the request; "" begins one
}

// firstPartySession begins a sign-in, or goes on with the one of an auth_session.
func (d *Direct) firstPartySession(ctx context.Context, r *oauth.TokenRequest) (*firstPartyState, error) {
	s := &firstPartyState{d: d, r: r, handle: r.Param("auth_session")}
	if s.handle == "" {
		s.a = r.NewTransaction()
		if err := ask(r, s.a); err != nil {
			return nil, err
		}
		return s, r.AskForCode(s.a)
	}
	var err error
	if s.a, err = r.Resume(ctx, token.HandleMFA, s.handle); err != nil {
		return nil, sessionError(err)
	}
	if err := unchanged(r, s.a); err != nil {
		return nil, err
	}
	for name, was := range map[string]string{"code_challenge": s.a.CodeChallenge, "nonce": s.a.Nonce} {
		if v := r.Param(name); v != "" && v != was {
			return nil, errChallengeChanged
		}
	}
	s.t, err = load(s.a)
	return s, err
}

// knows reports whether it was said who the sign-in is about.
func (s *firstPartyState) knows() bool { return s.a.Subject != "" || s.t.Hint != "" }

// person finds out who is named. While nothing is proved, names are compared and not
// what they mean: else an alias would show whether somebody answers to it.
func (s *firstPartyState) person(ctx context.Context, hint string) error {
	if hint == "" {
		return nil
	}
	if len(s.a.Methods) == 0 && s.knows() {
		if s.d.proof.Canonical(hint) != s.t.Hint {
			return errPersonChanged
		}
		return nil
	}
	if s.knows() {
		subject, err := s.d.config.Users.Resolve(ctx, hint)
		if err != nil {
			return err
		}
		if subject != s.a.Subject {
			return errPersonChanged
		}
		return nil
	}
	subject, named, err := s.d.proof.Resolve(ctx, s.r, hint)
	if err != nil {
		return err
	}
	s.t.Hint, s.t.named = s.d.proof.Canonical(hint), named
	return s.r.About(ctx, s.a, subject)
}

// sessionError says what becomes of an auth_session that is not good, also of one
// that another request has used at the same time.
func sessionError(err error) error {
	var e *oauth.Error
	if errors.As(err, &e) && e.HTTPStatus() < http.StatusInternalServerError {
		over := *errSessionOver
		over.Reason = e.Reason
		return over.WithCause(err)
	}
	return err
}

// refusal is an error of a step as this endpoint says it.
func (s *firstPartyState) refusal(err error) error {
	var e *oauth.Error
	if errors.As(err, &e) && e.Reason == oauth.ReasonRace && s.handle != "" {
		return sessionError(err)
	}
	return err
}

// firstFactors are the names by which this app may prove a first factor: the same
// for everybody, since nothing is proved yet.
func (s *firstPartyState) firstFactors() []string {
	var names []string
	for _, f := range []struct{ name, grant string }{{"webauthn", GrantWebAuthn}, {"password", GrantPassword}, {"otp", GrantOTP}} {
		if s.r.Use(f.grant) == nil && !(s.a.Recovery && f.grant == GrantPassword) {
			names = append(names, f.name)
		}
	}
	if s.r.Use(GrantOOB) == nil {
		for _, f := range s.d.config.OutOfBand {
			names = append(names, f.Channel())
		}
	}
	return names
}

// factorName is how a request of this dialect proves or begins a method.
func factorName(method string) string {
	switch method {
	case authenticator.TypeTOTP, authenticator.TypeHOTP:
		return "otp"
	case authenticator.TypeRecoveryCodes:
		return "recovery_code"
	}
	return method
}
