package outbox_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/internal/outbox"
	"github.com/mintyard/mintyard/store"
)

// world remembers what was sent and what was observed, whichever node did it.
type world struct {
	t     testing.TB
	store store.Store

	// receive answers an attempt; nil says that all is well.
	receive func(ctx context.Context, w outbox.Work) error

	mu     sync.Mutex
	sent   []sending
	events []outbox.Event
}

type sending struct {
	work outbox.Work
	at   time.Time
}

func newWorld(t testing.TB) *world { return &world{t: t, store: store.NewMemory()} }

// node is one more node of the world.
func (w *world) node(change ...func(*outbox.Config)) *outbox.Outbox {
	w.t.Helper()
	c := outbox.Config{
		Store: w.store, Space: store.Digest("server", "test"), Name: "test",
		Send: func(ctx context.Context, work outbox.Work) error {
			w.mu.Lock()
			w.sent = append(w.sent, sending{work, time.Now()})
			receive := w.receive
			w.mu.Unlock()
			if receive == nil {
				return nil
			}
			return receive(ctx, work)
		},
		Observe: func(_ context.Context, e outbox.Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.events = append(w.events, e)
		},
	}
	for _, f := range change {
		f(&c)
	}
	o, err := outbox.New(c)
	require.NoError(w.t, err)
	return o
}

func (w *world) enqueue(o *outbox.Outbox, work outbox.Work) outbox.ID {
	w.t.Helper()
	if work.Receiver == "" {
		work.Receiver = "https://rp.example"
	}
	id, err := o.Enqueue(w.t.Context(), work)
	require.NoError(w.t, err)
	return id
}

func (w *world) deliver(o *outbox.Outbox) outbox.Result {
	w.t.Helper()
	res, err := o.Deliver(w.t.Context())
	require.NoError(w.t, err)
	return res
}

// sendings is what was sent so far.
func (w *world) sendings() []sending {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]sending(nil), w.sent...)
}

// sentAt is when a piece of work was first sent; false if it was not yet.
func (w *world) sentAt(id outbox.ID) (time.Time, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := len(w.sent) - 1; i >= 0; i-- {
		if s := &w.sent[i]; s.work.ID == id && s.work.Attempt == 1 {
			return s.at, true
		}
	}
	return time.Time{}, false
}

// times is how often each piece of work was sent.
func (w *world) times() map[outbox.ID]int {
	n := make(map[outbox.ID]int)
	for _, s := range w.sendings() {
		n[s.work.ID]++
	}
	return n
}

// observed is the events of one type.
func (w *world) observed(typ outbox.EventType) (events []outbox.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if e.Type == typ {
			events = append(events, e)
		}
	}
	return events
}

// records is what is in the store.
func (w *world) records() (recs []store.Record) {
	for rec, err := range w.store.(store.Walker).Walk(w.t.Context()) {
		require.NoError(w.t, err)
		recs = append(recs, rec)
	}
	return recs
}

// run starts Run and returns what ends it and waits for its end.
func run(t testing.TB, o *outbox.Outbox) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		o.Run(ctx)
	}()
	return func() {
		cancel()
		<-ended
	}
}

var errDown = errors.New("the receiver is down")

// hang is a receiver that says nothing.
func hang(ctx context.Context, _ outbox.Work) error {
	<-ctx.Done()
	return ctx.Err()
}
