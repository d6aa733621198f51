package directauth

import (
	"context"
	"errors"
	"slices"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// end asks for the code. If policy wants more, the sign-in was kept under an
// mfa_token: its name here is auth_session.
func (s *firstPartyState) end(ctx context.Context) ([]byte, error) {
	code, err := s.r.Server.IssueCode(ctx, s.a)
	if err == nil {
		b := appendMember(nil, '{', "authorization_code", code, 0)
		for _, m := range s.a.Answer {
			b = append(b, `,"`+m.Name+`":`+m.Value...)
		}
		return append(b, '}'), nil
	}
	var e *oauth.Error
	if !errors.As(err, &e) || e.Code != CodeMFARequired {
		return nil, s.refusal(err)
	}
	factors, err := s.furtherFactors(ctx)
	if err != nil {
		return nil, err
	}
	answer := s.insufficient("", factors, "")
	for _, m := range e.Extra {
		if m.Name == "mfa_token" {
			answer.Extra[0].Value = m.Value
		}
	}
	return nil, answer
}

// describe answers a request that proves nothing with what could be proved. What is
// new is kept: a sign-in that begins, or whom it is about.
func (s *firstPartyState) describe(ctx context.Context, fresh bool) error {
	factors := s.firstFactors()
	if len(s.a.Methods) > 0 {
		if err := s.d.whatElse(ctx, s.r, s.a); err != nil {
			return verifyError(err, true)
		}
		var err error
		if factors, err = s.furtherFactors(ctx); err != nil {
			return err
		}
	}
	handle := s.handle
	if fresh {
		if err := s.t.save(s.a); err != nil {
			return err
		}
		var err error
		if handle, _, err = s.r.Suspend(ctx, s.a, token.HandleMFA, s.d.config.TransactionTTL); err != nil {
			return s.refusal(err)
		}
	}
	return s.insufficient(handle, factors, "")
}

// furtherFactors are the names by which this app could prove what is missing.
func (s *firstPartyState) furtherFactors(ctx context.Context) ([]string, error) {
	decision, err := s.r.Server.Decide(ctx, s.a)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, methods := range decision.Next {
		if len(methods) == 0 {
			continue
		}
		name := factorName(methods[0])
		if canUse(s.r, grantOf[methods[0]]) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// insufficient is the answer that asks for another step (draft section 5.2.2).
func (s *firstPartyState) insufficient(handle string, factors []string, challenge string) *oauth.Error {
	e := &oauth.Error{
		Code: CodeInsufficient, Reason: oauth.ReasonStepUp, Description: "More verification is needed",
		Extra: []oauth.Member{oauth.StringMember("auth_session", handle)},
	}
	if challenge == "" {
		e.Extra = append(e.Extra, oauth.Member{Name: "factors", Value: textList(factors)})
	} else {
		e.Extra = append(e.Extra, oauth.Member{Name: "challenge", Value: challenge})
	}
	e.Extra = append(e.Extra, s.a.Answer...)
	return e
}

// textList is an array of texts in JSON.
func textList(list []string) string {
	b := []byte{'['}
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = token.AppendString(b, s)
	}
	return string(append(b, ']'))
}
