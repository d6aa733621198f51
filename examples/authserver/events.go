package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/mintyard/mintyard/oauth"
)

// events writes the library's event stream to the log and, with -dev, remembers it
// for GET /dev/events. There is no secret in it.
type events struct {
	log  *slog.Logger
	keep bool

	mu  sync.Mutex
	all []oauth.Event
}

// maxEvents bounds what is remembered; older ones are forgotten.
const maxEvents = 10_000

// observe is oauth.Config.Observe.
func (e *events) observe(ctx context.Context, event oauth.Event) {
	level := slog.LevelInfo
	switch event.Type {
	case oauth.EventFailure:
		level = slog.LevelError
	case oauth.EventTokenRefused, oauth.EventClientRefused, oauth.EventRequestRefused:
		level = slog.LevelWarn
	}
	r := newEventRecord(event)
	if e.log.Enabled(ctx, level) {
		e.log.LogAttrs(ctx, level, string(event.Type), r.attrs()...)
	}
	if !e.keep {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.all) >= maxEvents {
		e.all = append(e.all[:0], e.all[maxEvents/10:]...)
	}
	e.all = append(e.all, event)
}

// lines are the events as JSON, one a line, oldest first.
func (e *events) lines() ([]byte, error) {
	e.mu.Lock()
	all := append([]oauth.Event(nil), e.all...)
	e.mu.Unlock()
	var out []byte
	for _, event := range all {
		line, err := json.Marshal(newEventRecord(event))
		if err != nil {
			return nil, err
		}
		out = append(append(out, line...), '\n')
	}
	return out, nil
}

// eventRecord is an event as it is written.
type eventRecord struct {
	At        time.Time       `json:"at"`
	Type      oauth.EventType `json:"type"`
	Server    string          `json:"server,omitempty"`
	Client    string          `json:"client,omitempty"`
	Subject   string          `json:"subject,omitempty"`
	GrantType string          `json:"grant_type,omitempty"`
	Grant     string          `json:"grant,omitempty"`
	Methods   []string        `json:"methods,omitempty"`
	Addr      netip.Addr      `json:"addr,omitzero"`
	Reason    oauth.Reason    `json:"reason,omitempty"`
	Error     string          `json:"error,omitempty"`
}

func newEventRecord(e oauth.Event) eventRecord {
	r := eventRecord{
		At: e.Time.UTC(), Type: e.Type, Server: e.Server, Client: e.ClientID, Subject: e.Subject, GrantType: e.GrantType,
		Grant: e.Grant, Methods: e.Methods, Addr: e.Addr, Reason: e.Reason,
	}
	if e.Err != nil {
		r.Error = e.Err.Error()
	}
	return r
}

func (r eventRecord) attrs() []slog.Attr {
	var list []slog.Attr
	for _, a := range [...]struct{ name, value string }{
		{"server", r.Server}, {"client", r.Client}, {"subject", r.Subject}, {"grant_type", r.GrantType},
		{"grant", r.Grant}, {"reason", string(r.Reason)}, {"error", r.Error},
	} {
		if a.value != "" {
			list = append(list, slog.String(a.name, a.value))
		}
	}
	if r.Addr.IsValid() {
		list = append(list, slog.String("addr", r.Addr.String()))
	}
	if len(r.Methods) > 0 {
		list = append(list, slog.Any("methods", r.Methods))
	}
	return list
}
