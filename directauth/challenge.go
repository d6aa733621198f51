package directauth

import (
	"context"
	"iter"
	"net/http"
	"slices"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/policy"
)

// Routes implements [oauth.Module]: the endpoints that begin a challenge. They are
// beside the token endpoint, because no client looks them up.
func (d *Direct) Routes(s *oauth.Server) iter.Seq2[string, http.Handler] {
	return func(yield func(string, http.Handler) bool) {
		p := s.Config().Paths
		if len(d.oob) > 0 || d.config.Passkeys != nil {
			if !yield(p.Beside("primary-authenticate"), s.ClientHandler("primary-authenticate", d.servePrimary)) ||
				!yield(p.Beside("oob-authenticate"), s.ClientHandler("oob-authenticate", d.serveOOBAuthenticate)) {
				return
			}
		}
		if !yield(p.Beside("challenge"), s.ClientHandler("challenge", d.serveChallenge)) {
			return
		}
		if endsInCodes(s) && !yield(p.Beside(firstPartyEndpoint), d.firstPartyHandler(s)) {
			return
		}
		for path, h := range d.auth0Routes(s) {
			if !yield(path, h) {
				return
			}
		}
	}
}

// Describe implements [oauth.Module]. The member of the challenge endpoint is that of
// the draft from which the mfa grants come; the other has no name anywhere but here.
func (d *Direct) Describe(s *oauth.Server, m oauth.Metadata) {
	grants, _ := m["grant_types_supported"].([]string)
	if !slices.ContainsFunc(grants, takesMFAToken) {
		return // no client has a direct grant
	}
	p := s.Config().Paths
	if endsInCodes(s) {
		m["authorization_challenge_endpoint"] = s.URL(p.Beside(firstPartyEndpoint))
	}
	m["mfa_challenge_endpoint"] = s.URL(p.Beside("challenge"))
	if len(d.oob) > 0 || d.config.Passkeys != nil {
		m["mintyard_primary_authenticate_endpoint"] = s.URL(p.Beside("primary-authenticate"))
	}
}

// serveChallenge begins the challenge of a further factor. To ask again is how apps
// send a code again: it replaces the one before.
func (d *Direct) serveChallenge(ctx context.Context, r *oauth.TokenRequest) ([]byte, error) {
	handle, err := r.Require("mfa_token")
	if err != nil {
		return nil, err
	}
	types, err := challengeTypes(r)
	if err != nil {
		return nil, err
	}
	return d.furtherChallenge(ctx, r, handle, types)
}

// challengeTypes are the grants that the app proposes, in the order in which they
// are tried. Some apps send all that they know, and say by channel_hint alone that
// they want a code: that goes first then.
func challengeTypes(r *oauth.TokenRequest) ([]string, error) {
	channel := r.Param("channel_hint")
	if channel != "" && !channels[channel] {
		return nil, errChannel
	}
	var types []string
	for t := range r.Words("challenge_types_supported") {
		switch t {
		case GrantMFAOTP, GrantMFAOOB, GrantMFAWebAuthn:
			types = append(types, t)
		}
	}
	switch {
	case r.Param("challenge_types_supported") == "":
		types = []string{GrantMFAWebAuthn, GrantMFAOOB, GrantMFAOTP}
	case len(types) == 0:
		return nil, errChallengeType
	}
	if i := slices.Index(types, GrantMFAOOB); i >= 0 {
		types = slices.Delete(types, i, i+1)
		switch {
		case channel != "":
			types = slices.Insert(types, 0, GrantMFAOOB)
		case len(types) == 0:
			_, err := r.Require("channel_hint")
			return nil, err
		}
	}
	return types, nil
}

// furtherChallenge begins the first challenge of the types that policy asks for,
// that the person can answer, and that the app may redeem.
func (d *Direct) furtherChallenge(ctx context.Context, r *oauth.TokenRequest, handle string, types []string) ([]byte, error) {
	a, t, err := d.resume(ctx, r, handle)
	if err != nil {
		return nil, err
	}
	if err := d.whatElse(ctx, r, a); err != nil {
		return nil, verifyError(err, true)
	}
	for _, grant := range types {
		if r.Use(grant) != nil {
			continue
		}
		method, ok, err := asksFor(ctx, r, a, grant, r.Param("channel_hint"))
		switch {
		case err != nil:
			return nil, err
		case !ok:
			continue
		case grant == GrantMFAOTP:
			return appendMember(nil, '{', "challenge_type", grant, '}'), nil
		case grant == GrantMFAWebAuthn:
			return d.startPasskey(ctx, r, a, t, grant)
		}
		return d.startOOB(ctx, r, a, t, d.oob[method], grant)
	}
	return nil, errNotEnrolled
}

// asksFor finds the method that a grant would prove next, if policy asks for it.
func asksFor(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, grant, channel string) (method string, ok bool, err error) {
	r.GrantType = grant // what a policy is asked about
	decision, err := r.Server.Decide(ctx, a)
	if err != nil {
		return "", false, err
	}
	if decision.Access == policy.Deny {
		return "", false, errDenied
	}
	method, ok = wanted(decision, grant, channel)
	return method, ok, nil
}

// wanted finds the method that a grant would prove next. A channel is the app's choice.
func wanted(decision policy.Decision, grant, channel string) (method string, ok bool) {
	for _, methods := range decision.Next {
		if len(methods) == 0 || grantOf[methods[0]] != grant {
			continue
		}
		if grant != GrantMFAOOB || methods[0] == channel {
			return methods[0], true
		}
	}
	return "", false
}

// startOOB begins a challenge over another channel and keeps its id.
func (d *Direct) startOOB(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, t transaction, f authenticator.OutOfBand, grant string) ([]byte, error) {
	c, err := d.beginOOB(ctx, r, a, t, f)
	if err != nil {
		return nil, err
	}
	handle, ends, err := r.Suspend(ctx, a, token.HandleOOB, c.Expires.Sub(r.Time))
	if err != nil {
		return nil, err
	}
	r.Observe(ctx, oauth.Event{Type: oauth.EventChallenge, Methods: []string{c.Channel}})
	return oobAnswer(c, grant, handle, ends.Unix()-r.Time.Unix()), nil
}

// beginOOB begins a challenge over another channel; the caller keeps it.
func (d *Direct) beginOOB(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, t transaction, f authenticator.OutOfBand) (*authenticator.Challenge, error) {
	c, step, err := d.proof.Start(ctx, r, a, t.Hint, f, t.choice)
	if err != nil {
		return nil, d.refused(ctx, r, a, err)
	}
	return c, transaction{Step: step}.save(a)
}

// startPasskey begins the challenge of a passkey: the handle is what will be signed.
func (d *Direct) startPasskey(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, t transaction, grant string) ([]byte, error) {
	options, err := d.beginPasskey(ctx, r, a, t)
	if err != nil {
		return nil, err
	}
	handle, _, err := r.Suspend(ctx, a, token.HandleWebAuthn, options.Timeout)
	if err != nil {
		return nil, err
	}
	r.Observe(ctx, oauth.Event{Type: oauth.EventChallenge, Methods: []string{authenticator.TypeWebAuthn}})
	return passkeyAnswer(options, grant, handle)
}

func (d *Direct) beginPasskey(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, t transaction) (*authenticator.AssertionOptions, error) {
	options, step, err := d.proof.Options(ctx, r, a, t.Hint, t.named)
	if err != nil {
		return nil, d.refused(ctx, r, a, err)
	}
	return options, transaction{Step: step}.save(a)
}
