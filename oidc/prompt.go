package oidc

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/policy"
)

var (
	errHint   = oauth.NewError(oauth.CodeInvalidRequest, ReasonHint, "id_token_hint is not an ID token of this server for the client")
	errCreate = oauth.NewError(oauth.CodeInvalidRequest, ReasonPrompt, "Nobody makes an account here: prompt=create is not supported")
	errPerson = oauth.NewError(oauth.CodeLoginRequired, ReasonPerson, "Another person is signed in than the client means")
)

// interact takes a request from the authorization endpoint: one that the browser's
// session answers is answered; one that wants no pages and needs one is refused; for any
// other the pages take over (OpenID Connect Core sections 3.1.2.3 to 3.1.2.6).
func (p *Provider) interact(w http.ResponseWriter, r *http.Request, req *oauth.AuthorizationRequest) {
	need, err := p.Continue(w, r, req)
	switch {
	case err != nil:
		p.refuse(w, r, req, err)
	case need == nil: // answered
	case req.Wants(oauth.PromptNone):
		p.refuse(w, r, req, &NeedError{*need})
	default:
		p.config.Pages.Interact(w, r, p, need)
	}
}

// creates reports whether people can make accounts for themselves.
func (p *Provider) creates() bool {
	pages, ok := p.config.Pages.(Creating)
	return ok && pages.Creates()
}

// refuse sends the browser back with an error. A client that watches the session is
// told its state, with errors too.
func (p *Provider) refuse(w http.ResponseWriter, r *http.Request, req *oauth.AuthorizationRequest, err error) {
	resp := p.server.Refuse(r.Context(), req, err)
	if p.config.Sessions.Monitor {
		if b, err := p.browser(r); err == nil {
			b.writeState(w)
			if state := b.sessionState(req); state != "" {
				resp.Add("session_state", state)
			}
		}
	}
	resp.Write(w, r)
}

// Continue answers an authorization request from the browser's sessions if it can, and
// says otherwise what must be done before: for pages that the person comes to, and comes
// back to. nil is that it was answered.
func (p *Provider) Continue(w http.ResponseWriter, r *http.Request, req *oauth.AuthorizationRequest) (*Interaction, error) {
	if err := p.takeHint(r.Context(), req); err != nil {
		return nil, err
	}
	b, err := p.browser(r)
	if err != nil {
		return nil, err
	}
	if err := p.takeSub(r.Context(), b, req); err != nil {
		return nil, err
	}
	s := b.current()
	if req.Subject != "" || req.Sub != "" {
		s = b.of(req.Subject)
	}
	switch {
	case req.Wants(oauth.PromptSelectAccount) && len(b.sessions) > 0:
		return &Interaction{Request: req, Need: NeedAccount, Subject: req.Subject}, nil
	case req.Wants(oauth.PromptCreate) && !p.creates():
		return nil, errCreate
	case req.Wants(oauth.PromptCreate):
		return &Interaction{Request: req, Need: NeedCreate}, nil
	case s == nil || req.Wants(oauth.PromptLogin) || req.MaxAge != nil && *req.MaxAge == 0: // which is the same (OpenID Connect Core section 3.1.2.1)
		return &Interaction{Request: req, Need: NeedLogin, Subject: req.Subject}, nil
	}
	err = p.server.Visit(r, req, func(ctx context.Context, tr *oauth.TokenRequest) error {
		a, err := p.begin(ctx, tr, req, s)
		if err != nil {
			return err
		}
		return p.complete(ctx, w, r, b, tr, a, req, nil)
	})
	return asNeed(err)
}

// takeHint verifies id_token_hint and says in the request whom it means. What is kept
// is the person, and not the token, which is long.
func (p *Provider) takeHint(ctx context.Context, req *oauth.AuthorizationRequest) error {
	if req.IDTokenHint == "" {
		return nil
	}
	c, err := p.parseHint(ctx, req.IDTokenHint)
	if err != nil {
		return errHint.WithCause(err)
	}
	if !slices.Contains(c.Audience, req.ClientID) {
		return errHint
	}
	if req.Sub != "" && req.Sub != c.Subject {
		return errPerson
	}
	req.IDTokenHint, req.Sub = "", c.Subject
	return nil
}

// parseHint verifies an ID token of ours as a hint: it may have expired (OpenID Connect
// Core section 3.1.2.1, RP-Initiated Logout section 2), and its key may be retiring.
func (p *Provider) parseHint(ctx context.Context, hint string) (*token.Claims, error) {
	c := new(token.Claims)
	keys := p.server.Config().Keys
	err := keys.Signing.KeySet().VerifyInto(c, token.TypeIDToken, hint)
	if err != nil && keys.LookAgain(ctx, p.server.Now()) {
		err = keys.Signing.KeySet().VerifyInto(c, token.TypeIDToken, hint)
	}
	switch {
	case err != nil:
		return nil, err
	case c.Issuer != p.server.Config().Issuer || c.Subject == "" || c.Expires == 0: // what UserInfo signs does not expire
		return nil, errHint
	}
	return c, nil
}

// begin starts the sign-in for a request with what the session proves.
func (p *Provider) begin(ctx context.Context, tr *oauth.TokenRequest, req *oauth.AuthorizationRequest, s *Session) (*oauth.Authorization, error) {
	a, err := tr.Begin(ctx, req)
	if err != nil {
		return nil, err
	}
	if err := tr.About(ctx, a, s.rec.Subject); err != nil {
		return nil, err
	}
	s.rec.give(a)
	if p.config.Available != nil {
		if a.Available, err = p.config.Available(ctx, a.Subject); err != nil {
			return nil, err
		}
		a.AvailableKnown = true
	}
	return a, nil
}

// need says what must be done before the authorization can be granted; nil is nothing.
// allowed is what the person has just allowed, nil where nobody was asked. It is asked
// of every answer, whether it comes from a session or from the pages, so that no page
// can forget a step.
func (p *Provider) need(ctx context.Context, tr *oauth.TokenRequest, a *oauth.Authorization, req *oauth.AuthorizationRequest, allowed []string) (*Interaction, error) {
	in := &Interaction{Request: req, Subject: a.Subject}
	if req.Subject != "" && a.Subject != req.Subject {
		return nil, errPerson
	}
	if req.Sub != "" {
		if same, err := p.IsSubject(a.Client(), req.Sub, a.Subject); err != nil {
			return nil, err
		} else if !same {
			return nil, errPerson
		}
	}
	if !p.recent(a, req) {
		in.Need = NeedLogin
		return in, nil
	}
	d, err := p.decide(ctx, tr, a)
	if err != nil {
		return nil, err
	}
	if d.Access == policy.StepUp {
		in.Need, in.Decision = NeedStepUp, d
		return in, nil
	}
	if d.Access == policy.Allow {
		if err := unmet(a, req); err != nil {
			return nil, err
		}
		if in.Missing, err = p.lacks(ctx, tr, a); err != nil {
			return nil, err
		}
		if len(in.Missing) > 0 {
			in.Need = NeedEnrolment
			return in, nil
		}
	}
	if d.Access != policy.Allow || allowed != nil {
		return nil, nil // Answer says what policy has against it
	}
	if in.Consent, err = p.unconsented(ctx, a, req); err != nil || len(in.Consent) == 0 {
		return nil, err
	}
	in.Need = NeedConsent
	return in, nil
}

// recent reports whether the person has signed in as lately as the client wants: since
// it asked, or else no longer than max_age ago and without prompt=login.
func (p *Provider) recent(a *oauth.Authorization, req *oauth.AuthorizationRequest) bool {
	if a.AuthTime.Unix() >= req.Issued {
		return true
	}
	age := a.Client().OpenID.DefaultMaxAge
	if req.MaxAge != nil {
		d := time.Duration(*req.MaxAge) * time.Second
		age = &d
	}
	return !req.Wants(oauth.PromptLogin) && (age == nil || p.server.Now().Unix()-a.AuthTime.Unix() <= int64(*age/time.Second))
}
