package authenticator

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// WebhookConfig says where messages are posted to.
type WebhookConfig struct {
	// URL of the receiver: https, or http to this machine itself. Required, and
	// without user, password and fragment.
	URL string

	// Secret signs: "whsec_" and the base64 of 24 to 64 random bytes. Required.
	// [NewWebhookSecret] makes one.
	Secret string

	// OldSecret signs too, while receivers change over to a new Secret; "" is none.
	OldSecret string

	Client  *http.Client  // nil is one of the sender's own
	Timeout time.Duration // of a delivery, answer included; 0 is 10 seconds

	Now func() time.Time // nil means time.Now
}

const (
	defaultWebhookTimeout = 10 * time.Second

	// webhookAnswer is how much of an answer is read, so that the connection can be
	// used again. Nothing is made of it.
	webhookAnswer = 4 << 10
)

// WebhookSender posts each message as JSON, signed as Standard Webhooks has it
// (https://www.standardwebhooks.com). It is made by [NewWebhookSender].
//
//	{"type": "authenticator.message", "timestamp": "2026-05-04T12:00:00Z", "data": {
//	  "id": "…", "channel": "sms", "subject": "…", "to": "+41790000000", "purpose": "sign_in",
//	  "code": "123456", "title": "…", "text": "…", "expires": "2026-05-04T12:05:00Z"}}
//
// "link" and "choices" are there if the message has them; what it does not have is
// left out. The header webhook-id is the message's ID, so a receiver that has seen
// it before drops the repetition. A message without ID gets a random one.
//
// There is one try, and the caller waits for it: a code is worth nothing later, the
// person can ask again, and a try whose answer was lost may have been delivered.
// Whoever wants a queue puts one behind the receiver. Redirects are not followed.
type WebhookSender struct {
	url     string
	keys    [][]byte // of Secret, then of OldSecret
	client  *http.Client
	timeout time.Duration
	now     func() time.Time
}

// NewWebhookSender checks the configuration. An error names the field that is
// wrong, and never shows its value.
func NewWebhookSender(c WebhookConfig) (*WebhookSender, error) {
	fail := func(err error) (*WebhookSender, error) {
		return nil, fmt.Errorf("authenticator: WebhookConfig.%w", err)
	}
	if err := checkWebhookURL(c.URL); err != nil {
		return fail(fieldError("URL", "%w", err))
	}
	w := &WebhookSender{url: c.URL, timeout: c.Timeout, now: c.Now}
	for _, s := range []struct{ field, secret string }{{"Secret", c.Secret}, {"OldSecret", c.OldSecret}} {
		if s.secret == "" && s.field == "OldSecret" {
			continue
		}
		key, err := webhookKey(s.secret)
		if err != nil {
			return fail(fieldError(s.field, "%w", err))
		}
		w.keys = append(w.keys, key)
	}
	switch {
	case c.Timeout < 0:
		return fail(fieldError("Timeout", "is negative"))
	case c.Timeout == 0:
		w.timeout = defaultWebhookTimeout
	}
	if w.now == nil {
		w.now = time.Now
	}
	w.client = webhookClient(c.Client)
	return w, nil
}

// Format prints no secret, whatever the verb.
func (w WebhookSender) Format(s fmt.State, _ rune) { io.WriteString(s, "authenticator.WebhookSender") }

// Send implements [Sender]. Any answer but 2xx is an error that tells the status
// only: what a receiver answers may repeat what it was sent.
func (w *WebhookSender) Send(ctx context.Context, m Message) error {
	id := m.ID
	if id == "" {
		id = rand.Text()
	}
	if !isWebhookID(id) {
		return errors.New("authenticator: webhook: the message's ID is not made of letters, digits, - and _")
	}
	now := w.now()
	body, err := webhookBody(id, now, m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return errors.New("authenticator: webhook: the request could not be made")
	}
	timestamp := strconv.FormatInt(now.Unix(), 10)
	var signatures []string
	for _, key := range w.keys {
		signatures = append(signatures, webhookSignature(key, id, timestamp, body))
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "mintyard")
	req.Header.Set(webhookIDHeader, id)
	req.Header.Set(webhookTimestampHeader, timestamp)
	req.Header.Set(webhookSignatureHeader, strings.Join(signatures, " "))
	resp, err := w.client.Do(req)
	if err != nil {
		var u *url.Error // repeats the URL, which may hold a token
		if errors.As(err, &u) {
			err = u.Err
		}
		return fmt.Errorf("authenticator: webhook: %w", err)
	}
	defer resp.Body.Close()
	io.CopyN(io.Discard, resp.Body, webhookAnswer) // the status has said all
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("authenticator: webhook: the receiver answered %d", resp.StatusCode)
	}
	return nil
}

func webhookBody(id string, now time.Time, m Message) ([]byte, error) {
	type data struct {
		ID      string     `json:"id"`
		Channel string     `json:"channel"`
		Subject string     `json:"subject,omitempty"`
		To      string     `json:"to"`
		Purpose string     `json:"purpose"`
		Code    string     `json:"code,omitempty"`
		Link    string     `json:"link,omitempty"`
		Title   string     `json:"title,omitempty"`
		Text    string     `json:"text,omitempty"`
		Choices []string   `json:"choices,omitempty"`
		Expires *time.Time `json:"expires,omitempty"`
	}
	d := data{
		ID: id, Channel: m.Channel, Subject: m.Subject, To: m.To, Purpose: m.Purpose.String(),
		Code: m.Code, Link: m.Link, Title: m.Title, Text: m.Text, Choices: m.Choices,
	}
	if !m.Expires.IsZero() {
		end := m.Expires.UTC()
		d.Expires = &end
	}
	body, err := json.Marshal(struct {
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
		Data      data      `json:"data"`
	}{"authenticator.message", now.UTC(), d})
	if err != nil {
		return nil, errors.New("authenticator: webhook: the message cannot be written as JSON")
	}
	return body, nil
}

// webhookClient is the host's client, or one of our own, without redirects and
// cookies.
func webhookClient(c *http.Client) *http.Client {
	if c == nil {
		transport := http.DefaultTransport
		if t, ok := transport.(*http.Transport); ok {
			t = t.Clone()
			t.MaxResponseHeaderBytes = 64 << 10
			transport = t
		}
		c = &http.Client{Transport: transport}
	}
	own := *c
	own.Jar = nil
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// checkWebhookURL does not repeat the URL: it may hold a token.
func checkWebhookURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "":
		return errors.New("must be an absolute URL")
	case u.User != nil || u.Fragment != "":
		return errors.New("must not have a user or a fragment")
	case u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	}
	return errors.New("must be https, or http to a loopback address")
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
