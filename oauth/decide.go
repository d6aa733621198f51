package oauth

import "github.com/mintyard/mintyard/policy"

// decide asks the server's policy, and, about persons, the client's and what
// acr_values asks for.
func (s *Server) decide(a *Authorization, subject Subject) (policy.Decision, error) {
	f := policy.Facts{
		Subject: a.Subject, Groups: subject.Groups,
		Client: a.client.ID, GrantType: a.req.GrantType, Scopes: a.tokenScopes(),
		Network: a.Network, RequesterNetwork: a.req.Addr, Risk: a.Risk, Device: a.Device,
		Methods: a.Methods, Available: a.Available, AvailableKnown: a.AvailableKnown,
		AuthTime: a.AuthTime, Now: a.req.Time,
	}
	d, err := s.ask(a, &f)
	if err != nil || a.besides == "" || a.besides == f.GrantType {
		return d, err
	}
	f.GrantType = a.besides
	more, err := s.ask(a, &f)
	return policy.Combine(d, more), err
}

func (s *Server) ask(a *Authorization, f *policy.Facts) (policy.Decision, error) {
	d := policy.Decision{Access: policy.Allow}
	if s.config.Policy != nil {
		d = s.config.Policy.Decide(f)
	}
	if a.Subject == "" || d.Access == policy.Deny {
		return d, nil
	}
	signIn := a.client.SignIn
	if a.Recovery {
		signIn = a.client.Recovery
	}
	switch {
	case a.Recovery && signIn == nil:
		return policy.Combine(d, s.besidesPassword(a, f)), nil
	case signIn == nil:
		signIn = defaultSignIn
	}
	d = policy.Combine(d, signIn.Decide(f))
	if d.Access == policy.Deny || len(a.ACRValues) == 0 || a.ACR != "" {
		return d, nil
	}
	return a.decideACR(f, d)
}

// decideACR asks for the first context of acr_values that is known, unless one of
// them is reached already. Contexts that nobody knows are not asked for.
func (a *Authorization) decideACR(f *policy.Facts, d policy.Decision) (policy.Decision, error) {
	if v := reachedACR(a); v == policy.ACRTwoIfPossible && f.AvailableKnown {
		if more := policy.ForACR(policy.ACRTwoFactors).Decide(f); more.Access == policy.StepUp {
			return policy.Combine(d, more), nil // it is possible
		}
		return d, nil
	} else if v != "" {
		return d, nil
	}
	for _, v := range a.ACRValues {
		if p := policy.ForACR(v); p != nil {
			wanted := p.Decide(f)
			if wanted.Access == policy.Deny {
				return d, errUnmet
			}
			return policy.Combine(d, wanted), nil
		}
	}
	return d, nil
}

// besidesPassword asks for everything that the client's policy asks for besides the
// password that was lost: to recover it opens no door that a second factor guards
// (NIST SP 800-63B-4 section 4.2).
func (s *Server) besidesPassword(a *Authorization, f *policy.Facts) policy.Decision {
	d := defaultSignIn.Decide(f) // something was proved
	if a.client.SignIn == nil || d.Access != policy.Allow {
		return d
	}
	with := *f
	with.Methods = withPassword(a)
	return policy.Combine(d, a.client.SignIn.Decide(&with))
}

// withPassword is what was proved, and the password as if it had been.
func withPassword(a *Authorization) []policy.Method {
	proved := a.Methods
	return append(proved[:len(proved):len(proved)], policy.Method{Name: "password", Types: policy.Knowledge, At: a.req.Time})
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
