package oidc

import (
	"net/http"

	"github.com/mintyard/mintyard/oauth"
)

// ErrNotSignedIn says that the person has no session in the browser.
var ErrNotSignedIn = oauth.NewError(oauth.CodeLoginRequired, ReasonPrompt, "The person is not signed in in this browser")

// SignedIn are the sessions of the browser, the one that is used first.
func (p *Provider) SignedIn(r *http.Request) ([]*Session, error) {
	b, err := p.browser(r)
	if err != nil {
		return nil, err
	}
	return b.sessions, nil
}

// SelectAccount makes the session of a person the one that the browser uses unless a
// request means somebody else. Another one comes to them with the next sign-in: there
// are five at most.
func (p *Provider) SelectAccount(w http.ResponseWriter, r *http.Request, subject string) error {
	b, err := p.browser(r)
	if err != nil {
		return err
	}
	s := b.of(subject)
	if s == nil {
		return ErrNotSignedIn
	}
	b.use(s)
	return b.write(w)
}

// SignOut ends the session that a person has in the browser, as [Provider.EndSession]
// does, and takes it out of the cookie. Others stay signed in. A person who has none is
// no error.
func (p *Provider) SignOut(w http.ResponseWriter, r *http.Request, subject string) error {
	b, err := p.browser(r)
	if err != nil {
		return err
	}
	if s := b.of(subject); s != nil {
		if _, err := p.endSession(r.Context(), s.id, ReasonSignedOut); err != nil {
			return err
		}
		b.drop(s.id)
	}
	return b.write(w)
}
