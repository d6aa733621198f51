package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/mintyard/mintyard/authenticator"
)

// outbox delivers: with -dev it keeps what was sent for /dev/outbox, and otherwise it
// hands it to the webhook of the configuration. Without either nothing is delivered,
// and whoever asks for a code is told so: a code has no place in a log.
type outbox struct {
	keep bool
	next authenticator.Sender // nil: there is none
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
	switch {
	case o.keep:
	case o.next == nil:
		return errNoDelivery
	default:
		return o.next.Send(ctx, m)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = append(o.sent, sentMessage{
		ID: m.ID, At: o.now().UTC().Format(time.RFC3339Nano), User: m.Subject, Channel: m.Channel, To: m.To,
		Purpose: m.Purpose.String(), Code: m.Code, Title: m.Title, Text: m.Text, Choices: m.Choices,
	})
	return nil
}

var errNoDelivery = errors.New("no delivery: set delivery.webhook, or run with -dev and read /dev/outbox")

// planDelivery makes the sender of the configuration.
func planDelivery(c *fileConfig) (authenticator.Sender, error) {
	if c.Delivery == nil {
		return nil, nil
	}
	w := c.Delivery.Webhook
	if w == nil {
		return nil, refuse("delivery.webhook", "is required")
	}
	s, err := authenticator.NewWebhookSender(authenticator.WebhookConfig{URL: w.URL, Secret: w.Secret})
	if err != nil {
		return nil, refuse("delivery.webhook", "%s", strings.TrimPrefix(err.Error(), "authenticator: WebhookConfig."))
	}
	return s, nil
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
