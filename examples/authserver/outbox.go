package main

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/mintyard/mintyard/authenticator"
)

// outbox delivers: with -dev it keeps what was sent for /dev/outbox, and otherwise
// it writes it to the log, since this program has no gateway. A host of your own
// gives a Sender for each channel.
type outbox struct {
	keep bool
	log  *slog.Logger
	now  func() time.Time

	mu   sync.Mutex
	sent []sentMessage
}

// sentMessage is one line of /dev/outbox.
type sentMessage struct {
	ID      string   `json:"id"`
	At      string   `json:"at"`
	User    string   `json:"user"`
	Channel string   `json:"channel"`
	To      string   `json:"to"`
	Purpose string   `json:"purpose"`
	Code    string   `json:"code,omitempty"`
	Title   string   `json:"title,omitempty"`
	Text    string   `json:"text"`
	Choices []string `json:"choices,omitempty"`
}

// Send implements authenticator.Sender.
func (o *outbox) Send(ctx context.Context, m authenticator.Message) error {
	if !o.keep {
		o.log.InfoContext(ctx, "message", "channel", m.Channel, "to", m.To, "title", m.Title, "text", m.Text)
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = append(o.sent, sentMessage{
		ID: m.ID, At: o.now().UTC().Format(time.RFC3339Nano), User: m.Subject, Channel: m.Channel, To: m.To,
		Purpose: m.Purpose.String(), Code: m.Code, Title: m.Title, Text: m.Text, Choices: m.Choices,
	})
	return nil
}

// find is what was sent to a user over a channel, oldest first; "" is any.
func (o *outbox) find(user, channel string) []sentMessage {
	o.mu.Lock()
	defer o.mu.Unlock()
	found := []sentMessage{}
	for _, m := range o.sent {
		if (user == "" || m.User == user) && (channel == "" || m.Channel == channel) {
			found = append(found, m)
		}
	}
	return found
}

// devOutbox shows what was delivered by this process.
func (h *host) devOutbox(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	writeJSON(w, http.StatusOK, h.outbox.find(q.Get("user"), q.Get("channel")))
}
