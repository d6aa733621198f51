package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/store"
)

// Complete answers an authorization request for whom a page has found out, with what
// they have proved: a is of [oauth.TokenRequest.Begin] or ResumeSignIn, inside of
// [oauth.Server.Visit]. allowed are the scopes that the person has just allowed, of
// those asked for; nil where nobody was asked.
//
// The person is signed in from then on: a session is made, or the one that the browser
// has of that person is used. A [*NeedError] says what is missing yet; nothing was
// written then. Other errors are *oauth.Error or failures: see Refuse.
func (p *Provider) Complete(ctx context.Context, w http.ResponseWriter, r *http.Request, tr *oauth.TokenRequest, a *oauth.Authorization, req *oauth.AuthorizationRequest, allowed []string) error {
	b, err := p.browser(r)
	if err != nil {
		return err
	}
	return p.complete(ctx, w, r, b, tr, a, req, allowed)
}

// Resume begins the sign-in for a request with what the browser's session of the person
// proves, for a page that asks for more. It is nil where there is no such session.
func (p *Provider) Resume(ctx context.Context, r *http.Request, tr *oauth.TokenRequest, req *oauth.AuthorizationRequest, subject string) (*oauth.Authorization, error) {
	b, err := p.browser(r)
	if err != nil {
		return nil, err
	}
	s := b.of(subject)
	if s == nil {
		return nil, nil
	}
	return p.begin(ctx, tr, req, s)
}

// complete makes the transition. What it writes before the grant are the consent and the
// session, in this order: cut off between them, a yes is remembered and nothing granted.
func (p *Provider) complete(ctx context.Context, w http.ResponseWriter, r *http.Request, b *browser, tr *oauth.TokenRequest, a *oauth.Authorization, req *oauth.AuthorizationRequest, allowed []string) error {
	if allowed != nil {
		if err := a.Allow(req, allowed); err != nil {
			return err
		}
	}
	in, err := p.need(ctx, tr, a, req, allowed)
	if err != nil {
		return err
	}
	if in != nil {
		return &NeedError{*in}
	}
	if err := p.consent(ctx, a, req, allowed != nil); err != nil {
		return err
	}
	s, err := p.signIn(ctx, tr, b, a)
	if err != nil {
		return err
	}
	a.SessionID = s.sid
	a.Under(oauth.Parent{Key: p.sessionKey(s.id), Over: sessionOver})
	resp, err := tr.Answer(ctx, a, req)
	if err != nil {
		switch {
		case s.born: // for this answer, which is not given
			err = errors.Join(err, p.discard(ctx, s))
		case s.raised: // the browser's own cookie is that of before
			b.use(s)
			err = errors.Join(err, b.write(w))
		}
		return err
	}
	b.use(s)
	if err := b.write(w); err != nil {
		return err
	}
	if state := b.sessionState(req); state != "" {
		resp.Add("session_state", state)
	}
	resp.Write(w, r)
	return nil
}

// consent makes the grant hang on the consent that it needs: one that is written down
// now, if the person was asked, or the one that is there.
func (p *Provider) consent(ctx context.Context, a *oauth.Authorization, req *oauth.AuthorizationRequest, given bool) error {
	asked := p.asked(a.Client(), req, a.Scopes)
	switch {
	case len(asked) == 0:
		return nil
	case given:
		return p.allow(ctx, a, asked)
	}
	missing, err := p.relyOn(ctx, a, asked)
	if err == nil && len(missing) > 0 { // it was taken back meanwhile
		return &NeedError{Interaction{Request: req, Need: NeedConsent, Subject: a.Subject, Consent: missing}}
	}
	return err
}

// signIn is the session of the person in the browser, or a new one.
func (p *Provider) signIn(ctx context.Context, tr *oauth.TokenRequest, b *browser, a *oauth.Authorization) (*Session, error) {
	if s := b.of(a.Subject); s != nil {
		err := s.join(ctx, a)
		if !errors.Is(err, errSessionOver) {
			return s, err
		}
		b.drop(s.id)
		if a.AuthTime.Unix() <= s.rec.AuthTime { // it was all that there is
			return nil, oauth.NewError(oauth.CodeLoginRequired, ReasonPrompt, "The person must sign in").WithCause(err)
		}
	}
	s, err := p.newSession(ctx, tr, a)
	if err == nil {
		p.observe(ctx, oauth.Event{Type: EventSessionBegun, Subject: a.Subject, ClientID: a.Client().ID})
	}
	return s, err
}

// discard ends a session that nobody has the cookie of.
func (p *Provider) discard(ctx context.Context, s *Session) error {
	_, err := store.Update(context.WithoutCancel(ctx), p.server.Config().Store, p.sessionKey(s.id), func(cur store.Record) (store.Record, error) {
		rec := s.rec
		rec.State, rec.Clients, rec.Methods = sessionEnded, nil, nil
		value, err := json.Marshal(&rec)
		cur.Value = value
		return cur, err
	})
	return err
}

// asNeed tells what is missing from a failure.
func asNeed(err error) (*Interaction, error) {
	var need *NeedError
	if errors.As(err, &need) {
		return &need.Interaction, nil
	}
	return nil, err
}

// Chosen is a request of which a prompt has been met: when a person has chosen an
// account, pages go on with it, sealed anew.
func Chosen(req *oauth.AuthorizationRequest, prompt string) *oauth.AuthorizationRequest {
	next := *req
	next.Prompt = slices.DeleteFunc(slices.Clone(req.Prompt), func(p string) bool { return p == prompt })
	return &next
}
