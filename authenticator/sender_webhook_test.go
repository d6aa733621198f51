package authenticator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
)

const webhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// receiver is a webhook's other end: it keeps what came, and answers.
type receiver struct {
	*httptest.Server
	status  int
	headers []http.Header
	bodies  [][]byte
}

func newReceiver(t *testing.T, status int) *receiver {
	r := &receiver{status: status}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.headers, r.bodies = append(r.headers, req.Header), append(r.bodies, body)
		if req.Method != http.MethodPost {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		w.WriteHeader(r.status)
		w.Write(body) // some receivers repeat what they got
	}))
	t.Cleanup(r.Close)
	return r
}

func webhook(t *testing.T, c authenticator.WebhookConfig) *authenticator.WebhookSender {
	t.Helper()
	if c.Secret == "" {
		c.Secret = webhookSecret
	}
	if c.Now == nil {
		c.Now = func() time.Time { return rendered }
	}
	w, err := authenticator.NewWebhookSender(c)
	require.NoError(t, err)
	return w
}

func posted() authenticator.Message {
	m := code("sms", authenticator.PurposeSignIn)
	m.ID, m.Subject, m.To, m.Text = "c-1_A", "alice", "+41790000000", "314159 is your code"
	return m
}

func TestWebhook(t *testing.T) {
	r := newReceiver(t, http.StatusNoContent)
	w := webhook(t, authenticator.WebhookConfig{URL: r.URL + "/hook?token=t"})
	require.NoError(t, w.Send(t.Context(), posted()))
	require.Len(t, r.bodies, 1)
	require.JSONEq(t, `{"type": "authenticator.message", "timestamp": "2026-05-04T12:00:00Z", "data": {
		"id": "c-1_A", "channel": "sms", "subject": "alice", "to": "+41790000000", "purpose": "sign_in",
		"code": "314159", "text": "314159 is your code", "expires": "2026-05-04T12:05:00Z"}}`, string(r.bodies[0]))
	h := r.headers[0]
	require.Equal(t, "application/json", h.Get("Content-Type"))
	require.Equal(t, "c-1_A", h.Get("webhook-id"))
	require.Equal(t, "1777896000", h.Get("webhook-timestamp"))
	require.NoError(t, authenticator.VerifyWebhook(webhookSecret, h, r.bodies[0], rendered))

	m := authenticator.Message{Channel: "push", To: "token", Choices: []string{"12", "34"}, Title: "<Sign in>", Link: "https://a/?b&c"}
	require.NoError(t, w.Send(t.Context(), m))
	require.NoError(t, w.Send(t.Context(), m))
	var got struct {
		Data map[string]any `json:"data"`
	}
	require.NoError(t, json.Unmarshal(r.bodies[1], &got))
	require.Equal(t, r.headers[1].Get("webhook-id"), got.Data["id"])
	require.NotEmpty(t, got.Data["id"], "a message without ID gets one")
	require.NotEqual(t, r.headers[1].Get("webhook-id"), r.headers[2].Get("webhook-id"))
	delete(got.Data, "id")
	require.Equal(t, map[string]any{
		"channel": "push", "to": "token", "purpose": "sign_in", "choices": []any{"12", "34"}, "title": "<Sign in>", "link": "https://a/?b&c",
	}, got.Data, "what a message does not have is left out")
}

// TestWebhookRepeated: sent again, it has the same id and the same data, and a
// fresh signature.
func TestWebhookRepeated(t *testing.T) {
	r := newReceiver(t, http.StatusOK)
	at := rendered
	w := webhook(t, authenticator.WebhookConfig{URL: r.URL, Now: func() time.Time { return at }})
	require.NoError(t, w.Send(t.Context(), posted()))
	at = at.Add(time.Minute)
	require.NoError(t, w.Send(t.Context(), posted()))
	require.Equal(t, r.headers[0].Get("webhook-id"), r.headers[1].Get("webhook-id"))
	require.NotEqual(t, r.headers[0].Get("webhook-signature"), r.headers[1].Get("webhook-signature"))
	require.Equal(t, data(t, r.bodies[0]), data(t, r.bodies[1]))
}

func data(t *testing.T, body []byte) string {
	t.Helper()
	var p struct {
		Data json.RawMessage `json:"data"`
	}
	require.NoError(t, json.Unmarshal(body, &p))
	return string(p.Data)
}

func TestWebhookRotation(t *testing.T) {
	r := newReceiver(t, http.StatusOK)
	fresh := authenticator.NewWebhookSecret()
	require.NotEqual(t, fresh, authenticator.NewWebhookSecret())
	w := webhook(t, authenticator.WebhookConfig{URL: r.URL, Secret: fresh, OldSecret: webhookSecret})
	require.NoError(t, w.Send(t.Context(), posted()))
	for _, secret := range []string{fresh, webhookSecret} {
		require.NoError(t, authenticator.VerifyWebhook(secret, r.headers[0], r.bodies[0], rendered))
	}
	require.ErrorIs(t, authenticator.VerifyWebhook(authenticator.NewWebhookSecret(), r.headers[0], r.bodies[0], rendered), authenticator.ErrWebhook)
}

// TestWebhookRefused: whatever is not 2xx is an error, with the status and nothing
// of the answer, and is tried once.
func TestWebhookRefused(t *testing.T) {
	for _, status := range []int{300, 304, 400, 401, 410, 429, 500, 503} {
		r := newReceiver(t, status)
		err := webhook(t, authenticator.WebhookConfig{URL: r.URL + "/?token=t0k3n"}).Send(t.Context(), posted())
		require.EqualError(t, err, fmt.Sprintf("authenticator: webhook: the receiver answered %d", status))
		require.Len(t, r.bodies, 1)
	}
}

// TestWebhookRedirect: a code goes to nobody but the receiver.
func TestWebhookRedirect(t *testing.T) {
	elsewhere := newReceiver(t, http.StatusOK)
	for _, status := range []int{301, 302, 303, 307, 308} {
		r := httptest.NewServer(http.RedirectHandler(elsewhere.URL, status))
		t.Cleanup(r.Close)
		follow := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
		for _, client := range []*http.Client{nil, follow} {
			err := webhook(t, authenticator.WebhookConfig{URL: r.URL, Client: client}).Send(t.Context(), posted())
			require.EqualError(t, err, fmt.Sprintf("authenticator: webhook: the receiver answered %d", status))
		}
		require.NoError(t, follow.CheckRedirect(nil, nil), "the host's client stays as it was")
	}
	require.Empty(t, elsewhere.bodies)
}

func TestWebhookUnreachable(t *testing.T) {
	r := newReceiver(t, http.StatusOK)
	r.Close()
	err := webhook(t, authenticator.WebhookConfig{URL: r.URL + "/?token=t0k3n"}).Send(t.Context(), posted())
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	requireNoWebhookSecret(t, err.Error())

	tls := httptest.NewUnstartedServer(http.NotFoundHandler())
	tls.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused handshake
	tls.StartTLS()
	t.Cleanup(tls.Close)
	err = webhook(t, authenticator.WebhookConfig{URL: tls.URL + "/?token=t0k3n"}).Send(t.Context(), posted())
	require.ErrorContains(t, err, "certificate")
	requireNoWebhookSecret(t, err.Error())
	err = webhook(t, authenticator.WebhookConfig{URL: tls.URL, Client: tls.Client()}).Send(t.Context(), posted())
	require.EqualError(t, err, "authenticator: webhook: the receiver answered 404")
}

// TestWebhookHangs: a receiver that does not answer holds the caller for Timeout,
// or until the context ends; nor does one that never stops hold it longer.
func TestWebhookHangs(t *testing.T) {
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	hang := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-done }))
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(bytes.Repeat([]byte("x"), 1<<16)); err != nil {
				return
			}
		}
	}))
	t.Cleanup(endless.Close)

	err := webhook(t, authenticator.WebhookConfig{URL: hang.URL, Timeout: 20 * time.Millisecond}).Send(t.Context(), posted())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	requireNoWebhookSecret(t, err.Error())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err = webhook(t, authenticator.WebhookConfig{URL: hang.URL}).Send(ctx, posted())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, webhook(t, authenticator.WebhookConfig{URL: hang.URL}).Send(ctx, posted()), context.Canceled)

	require.NoError(t, webhook(t, authenticator.WebhookConfig{URL: endless.URL}).Send(t.Context(), posted()), "the status has said all")
}

// TestWebhookAnswers: a long answer is not read, and a short one lets the
// connection be used again.
func TestWebhookAnswers(t *testing.T) {
	var read atomic.Int64
	for answer, most := range map[string]int64{"ok": 2, strings.Repeat("x", 1<<20): 4 << 10} {
		read.Store(0)
		client := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, ContentLength: int64(len(answer)), Body: counted{strings.NewReader(answer), &read}, Request: r}, nil
		})}
		require.NoError(t, webhook(t, authenticator.WebhookConfig{URL: "https://hooks.example", Client: client}).Send(t.Context(), posted()))
		require.LessOrEqual(t, read.Load(), most)
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

type counted struct {
	io.Reader
	n *atomic.Int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

func (counted) Close() error { return nil }

func TestWebhookID(t *testing.T) {
	r := newReceiver(t, http.StatusOK)
	w := webhook(t, authenticator.WebhookConfig{URL: r.URL})
	for _, id := range []string{"a.b", "a b", "a\r\nX: y", "ü", strings.Repeat("a", 257)} {
		m := posted()
		m.ID = id
		require.ErrorContains(t, w.Send(t.Context(), m), "the message's ID")
	}
	require.Empty(t, r.bodies)
}

func TestWebhookConfig(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*authenticator.WebhookConfig)
		want   string
	}{
		"no URL":           {func(c *authenticator.WebhookConfig) { c.URL = "" }, "URL"},
		"relative":         {func(c *authenticator.WebhookConfig) { c.URL = "/t0k3n" }, "URL"},
		"malformed":        {func(c *authenticator.WebhookConfig) { c.URL = "https://t0k3n:x y" }, "URL"},
		"opaque":           {func(c *authenticator.WebhookConfig) { c.URL = "https:t0k3n" }, "URL"},
		"plain":            {func(c *authenticator.WebhookConfig) { c.URL = "http://hooks.example/t0k3n" }, "URL"},
		"plain, near miss": {func(c *authenticator.WebhookConfig) { c.URL = "http://127.0.0.1.example/t0k3n" }, "URL"},
		"private":          {func(c *authenticator.WebhookConfig) { c.URL = "http://10.0.0.1/t0k3n" }, "URL"},
		"another scheme":   {func(c *authenticator.WebhookConfig) { c.URL = "ftp://localhost/t0k3n" }, "URL"},
		"a user":           {func(c *authenticator.WebhookConfig) { c.URL = "https://u:t0k3n@hooks.example" }, "URL"},
		"a fragment":       {func(c *authenticator.WebhookConfig) { c.URL = "https://hooks.example#t0k3n" }, "URL"},
		"no secret":        {func(c *authenticator.WebhookConfig) { c.Secret = "" }, "Secret"},
		"no prefix":        {func(c *authenticator.WebhookConfig) { c.Secret = c.Secret[6:] }, "Secret"},
		"not base64":       {func(c *authenticator.WebhookConfig) { c.Secret += "!" }, "Secret"},
		"short":            {func(c *authenticator.WebhookConfig) { c.Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa" }, "Secret"},
		"long":             {func(c *authenticator.WebhookConfig) { c.Secret = "whsec_" + strings.Repeat("MfKQ", 22) }, "Secret"},
		"old one":          {func(c *authenticator.WebhookConfig) { c.OldSecret = "hunter2" }, "OldSecret"},
		"timeout":          {func(c *authenticator.WebhookConfig) { c.Timeout = -1 }, "Timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			config := authenticator.WebhookConfig{URL: "https://hooks.example/in", Secret: webhookSecret}
			c.change(&config)
			_, err := authenticator.NewWebhookSender(config)
			require.ErrorContains(t, err, "authenticator: WebhookConfig."+c.want+": ")
			requireNoWebhookSecret(t, err.Error())
		})
	}
	for _, u := range []string{"http://localhost:8080", "http://127.0.0.2/in", "http://[::1]:1/in", "https://hooks.example:8443/in?token=t"} {
		webhook(t, authenticator.WebhookConfig{URL: u})
	}
}

func TestWebhookPrintsNoSecret(t *testing.T) {
	w := webhook(t, authenticator.WebhookConfig{URL: "https://hooks.example/t0k3n"})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		require.Equal(t, "authenticator.WebhookSender", fmt.Sprintf(verb, w))
		require.Equal(t, "authenticator.WebhookSender", fmt.Sprintf(verb, *w))
	}
}

func requireNoWebhookSecret(t *testing.T, s string) {
	t.Helper()
	for _, secret := range []string{"t0k3n", "hunter2", "314159", webhookSecret[6:], url.QueryEscape(webhookSecret[6:])} {
		require.NotContains(t, s, secret)
	}
}
