package oidc

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"

	"github.com/mintyard/mintyard/oauth"
)

var errLogoutFailed = oauth.NewError(oauth.CodeTemporarilyUnavailable, oauth.ReasonUnavailable, "You are still signed in: the server cannot sign you out now; try again")

// EndSessionHandler is the end_session_endpoint of OpenID Connect RP-Initiated Logout:
// clients send the browser here when somebody signs out.
//
// With an ID token of a session that the browser has, that session ends at once and the
// browser goes on to where the client wants it. Otherwise the person is asked: anybody
// can link here. What is wrong with a request is said on a page and sends nobody
// anywhere.
func (p *Provider) EndSessionHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l, err := p.readLogout(w, r)
		if err == nil {
			err = p.serveLogout(w, r, l)
		}
		if err != nil {
			p.failLogout(w, r, err)
		}
	})
}

func (p *Provider) serveLogout(w http.ResponseWriter, r *http.Request, l *logout) error {
	b, err := p.browser(r)
	switch {
	case err != nil:
		return errLogoutFailed.WithCause(err)
	case b.unfinished != nil:
		return errLogoutFailed.WithCause(b.unfinished)
	case r.Method == http.MethodPost && b.sent == "" && !p.config.Sessions.CrossSite:
		return p.comeAgain(w, l)
	case r.Method == http.MethodPost && len(l.Ask) > 0:
		if err := http.NewCrossOriginProtection().Check(r); err != nil {
			return errLogoutSealed.WithStatus(http.StatusForbidden).WithCause(err)
		}
		return p.signOut(w, r, b, l, b.asked(l), true)
	}
	meant, err := b.meant(r.Context(), l)
	switch {
	case err != nil:
		return errLogoutFailed.WithCause(err)
	case l.Hinted && meant != nil:
		return p.signOut(w, r, b, l, []*Session{meant}, false)
	case len(b.sessions) == 0: // nobody is signed in: there is nothing to ask
		return p.signOut(w, r, b, l, nil, false)
	}
	sessions := b.sessions
	if meant != nil {
		sessions = []*Session{meant}
	}
	page, err := p.confirmation(r.Context(), l, sessions)
	if err != nil {
		return err
	}
	p.config.ConfirmLogout(w, r, page)
	return nil
}

// comeAgain lets the browser come with a GET: a POST from another site does not bring
// SameSite=Lax cookies, and the GET that follows it does. Nothing ends by that which a GET
// could not end.
func (p *Provider) comeAgain(w http.ResponseWriter, l *logout) error {
	sealed, err := p.sealLogout(l)
	if err != nil {
		return err
	}
	sendTo(w, withParams(p.server.URL(p.config.EndSessionPath), oauth.Param{Name: "logout", Value: sealed}))
	return nil
}

// meant is the session that the request means; nil if the browser has none such.
func (b *browser) meant(ctx context.Context, l *logout) (*Session, error) {
	for _, s := range b.sessions {
		if sid := s.SID(l.Client); sid != "" && (sid == l.SID || !l.Hinted && sid == l.Hint) || !l.Hinted && s.Subject() == l.Hint {
			return s, nil
		}
	}
	if !l.Hinted {
		return nil, nil
	}
	c, err := b.p.server.Config().Clients.Client(ctx, l.Client)
	switch {
	case errors.Is(err, oauth.ErrNoClient):
		return nil, nil
	case err != nil:
		return nil, err
	}
	for _, s := range b.sessions {
		if same, err := b.p.IsSubject(c, l.Sub, s.Subject()); err != nil || same {
			return s, err
		}
	}
	return nil, nil
}

// asked are the sessions that a page has asked about and that are still there.
func (b *browser) asked(l *logout) (list []*Session) {
	for _, s := range b.sessions {
		for _, id := range l.Ask {
			if s.ID() == id {
				list = append(list, s)
			}
		}
	}
	return list
}

// signOut ends sessions, and says so when they are ended: not before.
func (p *Provider) signOut(w http.ResponseWriter, r *http.Request, b *browser, l *logout, sessions []*Session, confirmed bool) error {
	over := b.finished
	for _, s := range sessions {
		was, err := p.endSession(r.Context(), s.id, ReasonSignedOut)
		if err != nil {
			return errLogoutFailed.WithCause(err)
		}
		if was != nil {
			over = append(over, was)
		}
	}
	for _, s := range sessions {
		b.drop(s.id)
	}
	if err := b.write(w); err != nil {
		return errLogoutFailed.WithCause(err)
	}
	page := &LoggedOut{UILocales: l.Locales}
	var err error
	if page.Frames, err = p.frames(r.Context(), over); err != nil {
		return errLogoutFailed.WithCause(err)
	}
	if l.To != "" {
		// Whoever has only sent a client_id gets a link: that it is the client's doing is
		// not known (section 3).
		page.Next, page.GoOn = l.next(), l.Hinted || confirmed
		if page.Client, err = p.logoutClient(r.Context(), l.Client); err != nil {
			return errLogoutFailed.WithCause(err)
		}
		if page.GoOn && len(page.Frames) == 0 {
			sendTo(w, page.Next)
			return nil
		}
	}
	p.config.LoggedOut(w, r, page)
	return nil
}

// next is where the person goes on to: as it is registered, with the state as it came
// (section 3).
func (l *logout) next() string {
	if l.State == "" {
		return l.To
	}
	return withParams(l.To, oauth.Param{Name: "state", Value: l.State})
}

// withParams adds to the query of an address, which keeps what it has.
func withParams(uri string, params ...oauth.Param) string {
	resp := oauth.AuthorizationResponse{Mode: oauth.ModeQuery, RedirectURI: uri, Params: params}
	return resp.URL()
}

// sendTo sends the browser on, with a GET.
func sendTo(w http.ResponseWriter, to string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h["Location"] = []string{to}
	w.WriteHeader(http.StatusSeeOther)
}

// confirmation is the page that asks about sessions.
func (p *Provider) confirmation(ctx context.Context, l *logout, sessions []*Session) (*LogoutConfirmation, error) {
	ask := *l
	ask.Ask = nil
	for _, s := range sessions {
		ask.Ask = append(ask.Ask, s.ID())
	}
	sealed, err := p.sealLogout(&ask)
	if err != nil {
		return nil, err
	}
	page := &LogoutConfirmation{Action: p.server.URL(p.config.EndSessionPath), Request: sealed, Sessions: sessions, Next: l.To, UILocales: l.Locales}
	if l.Client != "" {
		page.Client, err = p.logoutClient(ctx, l.Client)
		if err != nil && !errors.Is(err, errLogoutClient) {
			return nil, errLogoutFailed.WithCause(err)
		}
	}
	return page, nil
}

// failLogout says what is wrong. If that is the request, the person can sign out all
// the same, and stays here then.
func (p *Provider) failLogout(w http.ResponseWriter, r *http.Request, err error) {
	e := new(oauth.Error)
	if !errors.As(err, &e) {
		e = errLogoutFailed.WithCause(err)
	}
	page := &LogoutError{Error: e, Ref: rand.Text()[:10]}
	kind := oauth.EventRequestRefused
	if e.HTTPStatus() >= 500 {
		kind = oauth.EventFailure
	}
	p.observe(r.Context(), oauth.Event{Type: kind, Endpoint: "logout", Reason: e.Reason, Ref: page.Ref, Err: err})
	if e.HTTPStatus() == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", "GET, POST")
	}
	if e.HTTPStatus() == http.StatusBadRequest {
		if b, err := p.browser(r); err == nil && len(b.sessions) > 0 {
			page.Confirmation, _ = p.confirmation(r.Context(), &logout{Issued: p.server.Now().Unix()}, b.sessions)
		}
	}
	p.config.LogoutError(w, r, page)
}
