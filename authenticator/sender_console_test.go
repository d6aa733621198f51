package authenticator_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
)

// writes remembers each call of Write.
type writes struct {
	calls []string
	err   error
}

func (w *writes) Write(p []byte) (int, error) {
	w.calls = append(w.calls, string(p))
	return len(p), w.err
}

func TestConsoleSender(t *testing.T) {
	var w writes
	s := authenticator.ConsoleSender(&w)
	require.NoError(t, s.Send(t.Context(), authenticator.Message{
		ID: "c1", Channel: "email", Subject: "alice", To: "alice@example.com", Code: "314159", Link: "https://login.example/l",
		Title: "Your code", Text: "One\n\nTwo", Choices: []string{"12", "34"}, Expires: time.Unix(0, 0),
	}))
	require.NoError(t, s.Send(t.Context(), authenticator.Message{Channel: "push", To: "x\x1b]0;evil\a\r\ncode 000000"}))
	require.Equal(t, []string{
		"---- email to alice@example.com\nid       c1\nperson   alice\npurpose  sign_in\ncode     314159\nlink     https://login.example/l\n" +
			"choices  12 34\nexpires  1970-01-01T00:00:00Z\ntitle    Your code\n| One\n|\n| Two\n----\n",
		"---- push to x?]0;evil???code 000000\npurpose  sign_in\n----\n",
	}, w.calls)

	w.err = errors.New("closed")
	require.ErrorIs(t, s.Send(t.Context(), authenticator.Message{Code: "314159"}), w.err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w.calls = nil
	require.ErrorIs(t, s.Send(ctx, authenticator.Message{}), context.Canceled)
	require.Empty(t, w.calls)
}

// TestConsoleSenderConcurrent: blocks do not run into each other, whatever the
// writer.
func TestConsoleSenderConcurrent(t *testing.T) {
	var w bytes.Buffer // safe for one at a time
	s := authenticator.ConsoleSender(&w)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { s.Send(context.Background(), authenticator.Message{Channel: "sms", To: "1", Text: "a\nb"}) })
	}
	wg.Wait()
	require.Equal(t, strings.Repeat("---- sms to 1\npurpose  sign_in\n| a\n| b\n----\n", 20), w.String())
}
