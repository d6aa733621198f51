package authenticator

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
	"unicode"
)

// ConsoleSender prints messages instead of delivering them, each with one call of
// Write; nil is standard error. It is for development: whoever reads w can sign in
// as anybody.
func ConsoleSender(w io.Writer) Sender {
	if w == nil {
		w = os.Stderr
	}
	return &consoleSender{w: w}
}

type consoleSender struct {
	mu sync.Mutex
	w  io.Writer
}

// Send implements [Sender]. What could steer a terminal is printed as "?".
func (c *consoleSender) Send(ctx context.Context, m Message) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-8s %s\n", name, printable(value))
		}
	}
	fmt.Fprintf(&b, "---- %s to %s\n", printable(m.Channel), printable(m.To))
	line("id", m.ID)
	line("person", m.Subject)
	line("purpose", m.Purpose.String())
	line("code", m.Code)
	line("link", m.Link)
	line("choices", strings.Join(m.Choices, " "))
	if !m.Expires.IsZero() {
		line("expires", m.Expires.UTC().Format(time.RFC3339))
	}
	line("title", m.Title)
	if m.Text != "" {
		for text := range strings.SplitSeq(breakLines(m.Text), "\n") {
			fmt.Fprintf(&b, "%s\n", strings.TrimRight("| "+printable(text), " "))
		}
	}
	b.WriteString("----\n")
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := io.WriteString(c.w, b.String()); err != nil {
		return fmt.Errorf("authenticator: printing a message: %w", err)
	}
	return nil
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}
