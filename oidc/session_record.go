package oidc

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/netip"
	"time"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// The kinds of record of this package.
const (
	kindSession store.Kind = 'n' // one person signed in in one browser
	kindConsent store.Kind = 'y' // what a person allows a client
)

// sessionRecord is a session at rest. Times are Unix seconds unless said otherwise.
type sessionRecord struct {
	State   sessionState `json:"st"`
	Subject string       `json:"su"`

	// Facts of proof, as in the record of a grant.
	AuthTime int64                `json:"at"`
	Methods  []oauth.StoredMethod `json:"me"`
	Network  string               `json:"nw,omitempty"`
	Risk     int64                `json:"ri,omitempty"`
	Device   string               `json:"dv,omitempty"`

	Created int64 `json:"cr"`
	Used    int64 `json:"us"`

	// Generation is that of the cookie. It is raised whenever more is proved, at Raised
	// (Unix milliseconds).
	Generation uint32 `json:"gn"`
	Raised     int64  `json:"ra"`

	// Clients are those that somebody has signed in to in this session: they are told
	// when it ends, also if none of their grants is left.
	Clients []sessionClient `json:"cl,omitempty"`
}

// sessionState is where a session is in its life.
type sessionState string

const (
	sessionActive sessionState = "active"
	sessionEnding sessionState = "ending" // its grants are being ended
	sessionEnded  sessionState = "ended"
)

// sessionClient is a client of a session. Each knows the session by an id of its own,
// so that two of them cannot tell by it that they have the same person.
type sessionClient struct {
	ID    string `json:"id"`
	SID   string `json:"sid"`
	Since int64  `json:"at"`
}

// maxSessionClients bounds the clients of one session: the one that came first makes room.
const maxSessionClients = 100

// tombstone is how long an ended session is remembered: longer than any request that
// read it before.
const tombstone = 24 * time.Hour

// take puts what was proved into the record.
func (rec *sessionRecord) take(a *oauth.Authorization) {
	rec.Subject, rec.AuthTime = a.Subject, a.AuthTime.Unix()
	rec.Methods = rec.Methods[:0:0]
	for _, m := range a.Methods {
		rec.Methods = append(rec.Methods, oauth.StoreMethod(m))
	}
	rec.Network, rec.Risk, rec.Device = "", int64(a.Risk), oauth.StoreDevice(a.Device)
	if a.Network.IsValid() {
		rec.Network = a.Network.String()
	}
}

// give puts what the session proves into an authorization.
func (rec *sessionRecord) give(a *oauth.Authorization) {
	a.AuthTime = time.Unix(rec.AuthTime, 0)
	a.Methods = make([]policy.Method, len(rec.Methods))
	for i := range rec.Methods {
		a.Methods[i] = rec.Methods[i].Method()
	}
	a.Network, _ = netip.ParseAddr(rec.Network) // what is not an address is an unknown one
	a.Risk, a.Device = policy.Risk(rec.Risk), oauth.StoredDevice(rec.Device)
}

// client adds a client, and returns its id of the session and whether it was new.
func (rec *sessionRecord) client(id string, now time.Time) (sid string, added bool) {
	for _, c := range rec.Clients {
		if c.ID == id {
			return c.SID, false
		}
	}
	var b [16]byte
	rand.Read(b[:])
	sid = base64.RawURLEncoding.EncodeToString(b[:])
	if len(rec.Clients) == maxSessionClients {
		rec.Clients = rec.Clients[1:]
	}
	rec.Clients = append(rec.Clients, sessionClient{id, sid, now.Unix()})
	return sid, true
}

func (p *Provider) sessionKey(id [16]byte) store.Key {
	return store.Key{Kind: kindSession, Space: p.server.Space(), ID: id}
}

// sessionOver is the Over of a session as a parent of grants.
func sessionOver(value []byte) bool {
	var rec sessionRecord
	return json.Unmarshal(value, &rec) != nil || rec.State != sessionActive
}

// errSessionOver says that a session is not there any more, or another request of the
// same browser has changed it.
var errSessionOver = errors.New("oidc: the session is over")

// ends is when the session is over at the latest.
func (p *Provider) ends(rec *sessionRecord) int64 {
	c := p.config.Sessions
	return min(rec.Created+int64(c.Absolute/time.Second), rec.Used+int64((c.Idle+c.Idle/16)/time.Second))
}

// good reports whether a session may be used at the time with a cookie of a generation.
// The one before the present is good for ten seconds more: tabs of one browser ask at
// the same time. An older one ends nothing.
func (p *Provider) good(rec *sessionRecord, generation uint32, now time.Time) bool {
	c := p.config.Sessions
	current := generation == rec.Generation ||
		generation+1 == rec.Generation && now.UnixMilli()-rec.Raised < int64(parallelTabs/time.Millisecond)
	return rec.State == sessionActive && current &&
		now.Unix() < rec.Created+int64(c.Absolute/time.Second) && now.Unix() < rec.Used+int64(c.Idle/time.Second)
}

const parallelTabs = 10 * time.Second

// newSession makes a session of what was proved. If the person is ended meanwhile the
// session may be missed: so that is looked up when it is written.
func (p *Provider) newSession(ctx context.Context, tr *oauth.TokenRequest, a *oauth.Authorization) (*Session, error) {
	if err := tr.NoteSubject(ctx, a); err != nil {
		return nil, err
	}
	s := &Session{p: p, born: true, generation: 1}
	rand.Read(s.id[:])
	now := p.server.Now()
	s.rec = sessionRecord{State: sessionActive, Created: now.Unix(), Used: now.Unix(), Generation: s.generation, Raised: now.UnixMilli()}
	s.rec.take(a)
	s.sid, _ = s.rec.client(a.Client().ID, now)
	rec, err := s.record()
	if err != nil {
		return nil, err
	}
	rec.Tags = []store.Key{p.server.SubjectKey(a.Subject)}
	if err := store.Insert(ctx, p.server.Config().Store, rec); err != nil {
		return nil, err
	}
	if err := tr.CheckSubject(ctx, a); err != nil {
		return nil, errors.Join(err, p.discard(ctx, s))
	}
	return s, nil
}

// record is the session as it is written.
func (s *Session) record() (store.Record, error) {
	value, err := json.Marshal(&s.rec)
	return store.Record{Key: s.p.sessionKey(s.id), Expires: s.p.ends(&s.rec), Value: value}, err
}

// join makes the client one of the session, and, if more was proved than the session
// knew, raises its generation, so that a cookie that somebody else has seen before is
// worth less than what is proved now. That the session was used is written only when it
// is stale enough to matter, and is not worth failing for.
func (s *Session) join(ctx context.Context, a *oauth.Authorization) error {
	now := s.p.server.Now()
	raised, added := false, false
	_, err := store.Update(ctx, s.p.server.Config().Store, s.p.sessionKey(s.id), func(cur store.Record) (store.Record, error) {
		var rec sessionRecord
		s.sid, raised, added = "", false, false
		switch {
		case cur.Version == 0:
			return cur, errSessionOver
		case json.Unmarshal(cur.Value, &rec) != nil:
			return cur, errSessionDamaged
		case rec.State != sessionActive || rec.Subject != a.Subject:
			return cur, errSessionOver
		}
		s.sid, added = rec.client(a.Client().ID, now)
		raised = a.AuthTime.Unix() > rec.AuthTime || len(a.Methods) > len(rec.Methods)
		idle := int64(s.p.config.Sessions.Idle / time.Second)
		if !added && !raised && now.Unix()-rec.Used < idle/16 {
			return cur, errNothing
		}
		if raised {
			rec.take(a)
			rec.Generation, rec.Raised = rec.Generation+1, now.UnixMilli()
		}
		rec.Used = now.Unix()
		s.rec = rec
		return s.record()
	})
	switch {
	case errors.Is(err, errNothing), err != nil && s.sid != "" && !raised && !added:
		return nil
	case err == nil && raised:
		s.raised, s.generation = true, s.rec.Generation
	}
	return err
}

var (
	errNothing        = errors.New("oidc: nothing to do")
	errSessionDamaged = errors.New("oidc: the record of a session cannot be read")
)

// cookie is the session's part of the cookie: of the generation that the browser has
// shown or has just earned. Whoever comes with the one before does not get the present
// one for it: that browser has it, from the answer to another tab.
func (s *Session) cookie() (string, error) {
	h := token.Handle{Kind: token.HandleSession, Record: s.id, Generation: s.generation}
	out, err := s.p.server.Config().Keys.Handles.Append(nil, &h, nil)
	return string(out), err
}
