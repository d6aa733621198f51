package oidc

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/store"
)

// maxAccounts is how many people can be signed in in one browser at once.
const maxAccounts = 5

// maxCookie bounds what is read of the cookie: five handles.
const maxCookie = 1024

// browser is who is signed in in a browser: the first session is the one that is used
// unless somebody else is meant.
type browser struct {
	p        *Provider
	sessions []*Session

	sent, sentState string // the cookies as they came

	// Ends that were interrupted and that this request has gone on with.
	finished   []*sessionRecord
	unfinished error
}

// browser reads the sessions of a request. Those that are over are not among them, nor
// those of somebody who may not sign in any more.
func (p *Provider) browser(r *http.Request) (*browser, error) {
	b := &browser{p: p}
	if c, err := r.Cookie(p.stateCookie()); err == nil {
		b.sentState = c.Value
	}
	c, err := r.Cookie(p.cookieName())
	if err != nil || len(c.Value) > maxCookie {
		return b, nil
	}
	b.sent = c.Value
	now := p.server.Now()
	for text := range strings.SplitSeq(c.Value, ".") {
		if len(b.sessions) == maxAccounts {
			break
		}
		h, err := p.parseHandle(r.Context(), token.HandleSession, text)
		if err != nil {
			continue
		}
		s, err := p.loadSession(r.Context(), h.Record)
		if err != nil {
			return nil, err
		}
		if s != nil && s.rec.State == sessionEnding {
			b.finish(r.Context(), s)
		}
		if s == nil || !p.good(&s.rec, h.Generation, now) || b.of(s.rec.Subject) != nil {
			continue
		}
		s.generation = h.Generation
		person, err := p.server.Config().Subjects.Subject(r.Context(), s.rec.Subject)
		switch {
		case errors.Is(err, oauth.ErrNoSubject):
		case err != nil:
			return nil, err
		case person.Active:
			b.sessions = append(b.sessions, s)
		}
	}
	return b, nil
}

// finish goes on with an end that was interrupted. The session is not good in any case;
// what fails is told, and the next who meets it tries again.
func (b *browser) finish(ctx context.Context, s *Session) {
	was, err := b.p.endSession(ctx, s.id, oauth.ReasonParentEnded)
	if err != nil {
		b.unfinished = err
		b.p.observe(ctx, oauth.Event{Type: oauth.EventFailure, Subject: s.rec.Subject, Reason: oauth.ReasonUnavailable, Err: err})
	} else if was != nil {
		b.finished = append(b.finished, was)
	}
}

// parseHandle reads a handle of ours. A key that is not known here may be one that
// another node has just begun to use: the keys are read again.
func (p *Provider) parseHandle(ctx context.Context, kind token.HandleKind, text string) (token.Handle, error) {
	keys := p.server.Config().Keys
	h, _, err := keys.Handles.Parse(nil, kind, text)
	if errors.Is(err, token.ErrHandleKey) && keys.LookAgain(ctx, p.server.Now()) {
		h, _, err = keys.Handles.Parse(nil, kind, text)
	}
	return h, err
}

// current is the session that is used if nobody else is meant; nil if there is none.
func (b *browser) current() *Session {
	if len(b.sessions) == 0 {
		return nil
	}
	return b.sessions[0]
}

// of is the session of a person; nil if there is none.
func (b *browser) of(subject string) *Session {
	for _, s := range b.sessions {
		if s.rec.Subject == subject {
			return s
		}
	}
	return nil
}

// use puts a session first. What is too much makes room: it stays good until its end,
// and nobody has its cookie any more.
func (b *browser) use(s *Session) {
	b.sessions = slices.DeleteFunc(b.sessions, func(x *Session) bool { return x.rec.Subject == s.rec.Subject })
	b.sessions = slices.Insert(b.sessions, 0, s)
	b.sessions = b.sessions[:min(len(b.sessions), maxAccounts)]
}

// drop takes a session out.
func (b *browser) drop(id [16]byte) {
	b.sessions = slices.DeleteFunc(b.sessions, func(x *Session) bool { return x.id == id })
}

// write sets the cookies, where they are to be others than came.
func (b *browser) write(w http.ResponseWriter) error {
	var parts []string
	for _, s := range b.sessions {
		text, err := s.cookie()
		if err != nil {
			return err
		}
		parts = append(parts, text)
	}
	value := strings.Join(parts, ".")
	b.writeState(w)
	if value == b.sent {
		return nil
	}
	c := b.p.cookie(b.p.cookieName(), value)
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
	b.sent = value
	return nil
}

// cookie is one that scripts and other sites do not see. It ends with the browser's own
// session; how long it is good is for the server to say.
func (p *Provider) cookie(name, value string) *http.Cookie {
	c := &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: p.Secure()}
	if p.config.Sessions.CrossSite {
		c.SameSite = http.SameSiteNoneMode
	}
	return c
}

// cookieName carries the server's id, since several may share an origin. On https the
// prefix makes browsers hold to what the cookie says of itself.
func (p *Provider) cookieName() string { return p.CookieName("session") }

// CookieName is how a cookie of the provider is named, so that neither another server of
// the origin nor another host of the domain has one of the same name.
func (p *Provider) CookieName(what string) string {
	id := store.Digest("cookie", p.server.Config().ID)
	name := "mint_" + what + "_" + hex.EncodeToString(id[:4])
	if p.Secure() {
		return "__Host-" + name
	}
	return name
}

// Secure reports whether cookies are for https alone: but for loopback issuers, on which
// nothing would work otherwise.
func (p *Provider) Secure() bool { return strings.HasPrefix(p.server.Config().Issuer, "https:") }
