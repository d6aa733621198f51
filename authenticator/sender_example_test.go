package authenticator_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"time"

	"github.com/mintyard/mintyard/authenticator"
)

// A text message in the host's own words, printed instead of sent.
func ExampleNewTemplates() {
	templates, err := authenticator.NewTemplates(authenticator.TemplateConfig{
		App:    "Münzhof",
		Domain: "login.example",
		Texts: map[authenticator.TemplateKey]authenticator.Template{
			{Channel: "sms", Purpose: authenticator.PurposeSignIn}: {
				Text: "{{.Code}} ist Ihr Code für {{.App}}, {{.Minutes}} Minuten lang.",
			},
		},
	})
	if err != nil {
		panic(err)
	}
	now := time.Now()
	m := authenticator.Message{
		ID: "c1", Channel: "sms", Subject: "alice", To: "+41790000000", Code: "314159", Expires: now.Add(5 * time.Minute),
	}
	if err := templates.Render(&m, authenticator.MessageFacts{Addr: netip.MustParseAddr("192.0.2.7"), Now: now}); err != nil {
		panic(err)
	}
	m.Expires = time.Time{} // so that the output is always the same
	authenticator.ConsoleSender(os.Stdout).Send(context.Background(), m)
	// Output:
	// ---- sms to +41790000000
	// id       c1
	// person   alice
	// purpose  sign_in
	// code     314159
	// | 314159 ist Ihr Code für Münzhof, 5 Minuten lang.
	// |
	// | @login.example #314159
	// ----
}

// A receiver checks the signature over the body as it came, before it reads it.
func ExampleVerifyWebhook() {
	secret := authenticator.NewWebhookSecret() // both sides know it
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
		if err != nil || authenticator.VerifyWebhook(secret, r.Header, body, time.Now()) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Println("to be delivered:", r.Header.Get("webhook-id"))
	}))
	defer receiver.Close()

	sender, err := authenticator.NewWebhookSender(authenticator.WebhookConfig{URL: receiver.URL, Secret: secret})
	if err != nil {
		panic(err)
	}
	fmt.Println(sender.Send(context.Background(), authenticator.Message{
		ID: "c1", Channel: "sms", To: "+41790000000", Text: "314159 is your code.",
	}))
	// Output:
	// to be delivered: c1
	// <nil>
}
