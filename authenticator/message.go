package authenticator

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// Sender delivers messages to persons. A host gives one for each channel; a
// [ConsoleSender] and a [WebhookSender] are here, one over SMTP is in package smtp.
//
// The person waits while Send runs: it should hand the message over and return. An
// error fails the request that asked for the message, and counts nothing against
// the person.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// SenderFunc lets a function be a [Sender].
type SenderFunc func(ctx context.Context, m Message) error

// Send implements [Sender].
func (f SenderFunc) Send(ctx context.Context, m Message) error { return f(ctx, m) }

// Message is what a person is to be told. It prints and logs nothing that proves
// something: no code, no link, no text.
type Message struct {
	ID      string // of the challenge, or of the notice: the same when it is sent again
	Channel string // TypeSMS, TypeVoice, TypeEmail, TypePush
	Subject string // the person
	To      string // number, address, or the push token of the device
	Purpose Purpose

	Code    string   // to be typed in; "" if there is none
	Link    string   // e-mail: does the same when it is opened; "" if there is none
	Title   string   // rendered: the subject of an e-mail, the title of a push
	Text    string   // rendered
	Choices []string // push: the numbers to choose from, in the order to show; never which is right

	Expires time.Time // when code, link or push are over; zero: never
}

// Format prints what the message is, and nothing that is in it.
func (m Message) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "message %s by %s for %s", m.ID, m.Channel, m.Purpose)
}

// LogValue implements [slog.LogValuer].
func (m Message) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", m.ID), slog.String("channel", m.Channel), slog.String("purpose", m.Purpose.String()))
}
