package oidc

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/store"
)

// SessionConfig says how long people stay signed in.
type SessionConfig struct {
	// Idle ends a session that nobody has used for so long, and Absolute every session
	// so long after it began. 0 is 2 hours and 24 hours; NIST SP 800-63B-4 section 2.2.3
	// asks for no more than 1 hour and 24 hours at AAL2.
	Idle     time.Duration
	Absolute time.Duration

	// CrossSite lets pages of other sites use the session in frames, for the silent
	// renewal of apps whose site is another one: the cookie is SameSite=None then, and
	// Lax otherwise. Needs an https issuer.
	CrossSite bool

	// Monitor lets pages of clients watch whether somebody is still signed in (OpenID
	// Connect Session Management): it needs a cookie that scripts of the issuer's origin
	// can read, in frames of other sites. In a browser that keeps cookies away from such
	// frames every watch says "changed".
	Monitor bool

	// EndOffline ends grants with a refresh token too when a session ends. Without, they
	// live on: it is what offline_access is for (OpenID Connect Core section 11).
	EndOffline bool
}

// resolve fills in the defaults, and names the field that is wrong.
func (c *SessionConfig) resolve(issuer string) error {
	c.Idle, c.Absolute = cmp.Or(c.Idle, 2*time.Hour), cmp.Or(c.Absolute, 24*time.Hour)
	switch {
	case c.Idle < time.Minute:
		return errors.New("oidc: Config.Sessions.Idle: is shorter than a minute")
	case c.Absolute < c.Idle:
		return errors.New("oidc: Config.Sessions.Absolute: is shorter than Idle")
	case c.CrossSite && !strings.HasPrefix(issuer, "https:"):
		return errors.New("oidc: Config.Sessions.CrossSite: needs an https issuer: browsers send SameSite=None cookies over https alone")
	}
	return nil
}

// Session is a person signed in in a browser. It is good until the request has been
// answered.
type Session struct {
	p   *Provider
	id  [16]byte
	rec sessionRecord
	sid string // of the client that is being answered

	generation uint32 // of the cookie that the browser has, or gets now
	born       bool   // with this request
	raised     bool   // by what this request has proved
}

// ID names the session in events and for [Provider.EndSession]; it opens nothing.
func (s *Session) ID() string { return base64.RawURLEncoding.EncodeToString(s.id[:]) }

// Subject is who is signed in.
func (s *Session) Subject() string { return s.rec.Subject }

// AuthTime is when the person last proved a factor.
func (s *Session) AuthTime() time.Time { return time.Unix(s.rec.AuthTime, 0) }

// Created is when the session began.
func (s *Session) Created() time.Time { return time.Unix(s.rec.Created, 0) }

// Clients are the ids of the clients that somebody has signed in to in this session.
func (s *Session) Clients() []string {
	ids := make([]string, len(s.rec.Clients))
	for i, c := range s.rec.Clients {
		ids[i] = c.ID
	}
	return ids
}

// SID is by what a client knows the session ("sid"); "" if it is not in it. Each client
// has its own.
func (s *Session) SID(clientID string) string {
	for _, c := range s.rec.Clients {
		if c.ID == clientID {
			return c.SID
		}
	}
	return ""
}

// EndSession ends a session and the grants that hang on it, those with a refresh token
// excepted unless SessionConfig.EndOffline says otherwise. After nil nothing of it is
// good any more. A session that is over already is no error. An end that was interrupted
// is finished by calling it again, and by whoever comes with the session's cookie.
func (p *Provider) EndSession(ctx context.Context, id string) error {
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil || len(raw) != 16 {
		return nil
	}
	_, err = p.endSession(ctx, [16]byte(raw), oauth.ReasonParentEnded)
	return err
}

// endSession returns what the session was.
func (p *Provider) endSession(ctx context.Context, id [16]byte, why oauth.Reason) (was *sessionRecord, err error) {
	mark := func(state sessionState) error {
		_, err := store.Update(ctx, p.server.Config().Store, p.sessionKey(id), func(cur store.Record) (store.Record, error) {
			rec := new(sessionRecord)
			switch {
			case cur.Version == 0:
				return cur, errNothing
			case json.Unmarshal(cur.Value, rec) != nil:
				return cur, errSessionDamaged
			case rec.State == sessionEnded:
				return cur, errNothing
			}
			if state == sessionEnding {
				was = rec // as it was last: clients that have joined meanwhile are told too
			}
			next := *rec
			next.State = state
			if state == sessionEnded {
				next.Clients, next.Methods, next.Network, next.Device = nil, nil, "", ""
			}
			value, err := json.Marshal(&next)
			cur.Value, cur.Expires = value, p.server.Now().Add(tombstone).Unix()
			return cur, err
		})
		return err
	}
	if err := mark(sessionEnding); errors.Is(err, errNothing) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	err = p.server.EndUnder(ctx, p.sessionKey(id), why, func(g oauth.GrantUnder) bool {
		return g.Subject == was.Subject && (p.config.Sessions.EndOffline || !g.Offline) // a tag outlives what it was put on for
	})
	if err != nil {
		return nil, err
	}
	told, err := p.noticeEnd(ctx, id, was)
	if err != nil {
		return nil, err
	}
	if err := mark(sessionEnded); err != nil && !errors.Is(err, errNothing) {
		return nil, err
	}
	if len(told) > 0 {
		p.notices.Send(told...)
	}
	p.observe(ctx, oauth.Event{Type: EventSessionEnded, Subject: was.Subject, Reason: why})
	return was, nil
}

// endSubject: a person's sessions end with their grants.
func (p *Provider) endSubject(ctx context.Context, subject string) error {
	for key, err := range p.tagged(ctx, p.server.SubjectKey(subject), kindSession) {
		if err != nil {
			return err
		}
		if _, err := p.endSession(ctx, key.ID, oauth.ReasonSubjectEnded); err != nil {
			return err
		}
	}
	return nil
}

// Sessions lists a person's sessions that are good now, for account pages.
func (p *Provider) Sessions(ctx context.Context, subject string) ([]*Session, error) {
	var list []*Session
	for key, err := range p.tagged(ctx, p.server.SubjectKey(subject), kindSession) {
		if err != nil {
			return nil, err
		}
		s, err := p.loadSession(ctx, key.ID)
		if err != nil {
			return nil, err
		}
		if s != nil && s.rec.Subject == subject && p.good(&s.rec, s.rec.Generation, p.server.Now()) {
			list = append(list, s)
		}
	}
	return list, nil
}

// loadSession reads a session; nil if there is none.
func (p *Provider) loadSession(ctx context.Context, id [16]byte) (*Session, error) {
	recs := []store.Record{{Key: p.sessionKey(id)}}
	if _, err := p.server.Config().Store.Get(ctx, nil, recs); err != nil {
		return nil, err
	}
	if recs[0].Version == 0 {
		return nil, nil
	}
	s := &Session{p: p, id: id}
	if json.Unmarshal(recs[0].Value, &s.rec) != nil {
		return nil, errSessionDamaged
	}
	return s, nil
}
