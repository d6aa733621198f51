package oauth

import (
	"context"
	"net/netip"
	"time"
)

// Event is one thing that happened, for logs, metrics and audit. It holds no
// secret: no token, no password, no code, no handle.
type Event struct {
	Type      EventType
	Time      time.Time
	Server    string     // Config.ID
	ClientID  string     // as looked up, or as claimed when the client is unknown
	Subject   string     // the person, when one is known
	GrantType string     // at the token endpoint
	Endpoint  string     // at another one
	Grant     string     // id of the grant record, base64url; not a credential
	Methods   []string   // names of the methods that were proved
	Addr      netip.Addr // of the requester
	Reason    Reason     // why, for what was refused
	Ref       string     // what a page that says so shows, for who asks about it
	Err       error      // the cause; errors.As finds the *Error that was answered
}

// EventType names what happened.
type EventType string

// The events of this package.
const (
	EventTokenIssued    EventType = "token.issued"
	EventTokenRefused   EventType = "token.refused"
	EventCodeIssued     EventType = "code.issued"
	EventStepUp         EventType = "token.step_up" // more proof was asked for
	EventChallenge      EventType = "challenge.started"
	EventFactorProved   EventType = "factor.proved"
	EventFactorRefused  EventType = "factor.refused"
	EventClientRefused  EventType = "client.refused"
	EventRequestRefused EventType = "request.refused" // before any client was known
	EventGrantEnded     EventType = "grant.ended"
	EventGrantHealed    EventType = "grant.healed" // the store had lost a write: a handle was ahead of its record
	EventTokenRevoked   EventType = "token.revoked"
	EventSubjectEnded   EventType = "subject.ended"
	EventFailure        EventType = "failure"      // something of ours failed; Err says what
	EventKeysRotated    EventType = "keys.rotated" // for hosts, which decide when: Keys has no event stream
)

// event hands e to the host, if it wants events. The context is the request's.
func (s *Server) event(ctx context.Context, e Event) {
	if s.config.Observe == nil {
		return
	}
	e.Server = s.config.ID
	if e.Time.IsZero() {
		e.Time = s.now()
	}
	s.config.Observe(ctx, e)
}
