package outbox_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/internal/outbox"
	"github.com/mintyard/mintyard/store"
)

func TestDeliver(t *testing.T) {
	w := newWorld(t)
	o := w.node()
	a := w.enqueue(o, outbox.Work{Payload: []byte("hello")})
	b := w.enqueue(o, outbox.Work{Receiver: "https://other.example"})
	require.NotEqual(t, a, b)
	require.Equal(t, outbox.Result{Done: 2}, w.deliver(o))
	require.Equal(t, map[outbox.ID]int{a: 1, b: 1}, w.times())
	for _, s := range w.sendings() {
		require.Equal(t, 1, s.work.Attempt)
		require.Equal(t, s.work.ID == a, string(s.work.Payload) == "hello")
	}
	require.Empty(t, w.records())
	require.Empty(t, w.events)
	require.Zero(t, w.deliver(o))
}

func TestNewNamesTheField(t *testing.T) {
	for want, change := range map[string]func(*outbox.Config){
		"Config.Store":       func(c *outbox.Config) { c.Store = nil },
		"Config.Name":        func(c *outbox.Config) { c.Name = "" },
		"Config.Send":        func(c *outbox.Config) { c.Send = nil },
		"Config.Observe":     func(c *outbox.Config) { c.Observe = nil },
		"Config.Timeout":     func(c *outbox.Config) { c.Timeout = time.Minute + 1 },
		"Config.Attempts":    func(c *outbox.Config) { c.Attempts = -1 },
		"Config.Life":        func(c *outbox.Config) { c.Life = outbox.MaxLife + 1 },
		"Config.First":       func(c *outbox.Config) { c.First = time.Hour },
		"Config.Parallel":    func(c *outbox.Config) { c.Parallel = -1 },
		"Config.PerReceiver": func(c *outbox.Config) { c.PerReceiver = 17 },
	} {
		c := outbox.Config{
			Store: store.NewMemory(), Name: "test",
			Send:    func(context.Context, outbox.Work) error { return nil },
			Observe: func(context.Context, outbox.Event) {},
		}
		_, err := outbox.New(c)
		require.NoError(t, err)
		change(&c)
		_, err = outbox.New(c)
		require.ErrorContains(t, err, want)
	}
}

func TestEnqueueRefuses(t *testing.T) {
	w := newWorld(t)
	o := w.node()
	now := time.Now()
	for name, work := range map[string]outbox.Work{
		"no receiver":                {},
		"a receiver too long":        {Receiver: strings.Repeat("r", outbox.MaxReceiver+1)},
		"a payload too long":         {Receiver: "r", Payload: make([]byte, outbox.MaxPayload+1)},
		"an end that is over":        {Receiver: "r", End: now.Add(-time.Second)},
		"an end too far away":        {Receiver: "r", End: now.Add(outbox.MaxLife + time.Hour)},
		"an end before it is due":    {Receiver: "r", End: now.Add(time.Hour), Due: now.Add(time.Hour)},
		"due after the default life": {Receiver: "r", Due: now.Add(3 * time.Hour)},
	} {
		_, err := o.Enqueue(t.Context(), work)
		require.Error(t, err, name)
	}
	require.Empty(t, w.records())

	// What is at the limits fits into a record, sealed too.
	o = w.node(func(c *outbox.Config) { c.Sealer = store.NewSealer(store.MasterKey{1}) })
	w.enqueue(o, outbox.Work{Receiver: strings.Repeat("\x00", outbox.MaxReceiver), Payload: bytes.Repeat([]byte{0xff}, outbox.MaxPayload)})
	require.Equal(t, 1, w.deliver(o).Done)
	require.Len(t, w.sendings()[0].work.Payload, outbox.MaxPayload)
}

// A caller who does not know whether it was written enqueues again.
func TestEnqueueAgain(t *testing.T) {
	w := newWorld(t)
	o := w.node()
	work := outbox.Work{ID: outbox.ID{1}, Payload: []byte("first")}
	for range 3 {
		require.Equal(t, work.ID, w.enqueue(o, work))
		work.Payload = []byte("later")
	}
	require.Equal(t, 1, w.deliver(o).Done)
	require.Equal(t, "first", string(w.sendings()[0].work.Payload))
}

func TestNamesAndSpacesAreApart(t *testing.T) {
	w := newWorld(t)
	w.enqueue(w.node(), outbox.Work{})
	w.enqueue(w.node(func(c *outbox.Config) { c.Name = "other" }), outbox.Work{})
	require.Zero(t, w.deliver(w.node(func(c *outbox.Config) { c.Space = [16]byte{} })))
	require.Equal(t, 1, w.deliver(w.node()).Done)
	require.Len(t, w.records(), 1)
}

func TestPayloadsAreSealed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		sealed := func(keys ...store.MasterKey) *outbox.Outbox {
			return w.node(func(c *outbox.Config) { c.Sealer = store.NewSealer(keys[0], keys[1:]...) })
		}
		old, active := store.MasterKey{1}, store.MasterKey{2}
		w.enqueue(sealed(old), outbox.Work{Payload: []byte("a secret of the client")})
		rec := w.records()[0]
		require.NotContains(t, string(rec.Value), "secret")
		require.NotContains(t, string(rec.Value), "YSBzZWNyZXQ") // in base64

		// A node that lacks the key leaves it to one that has it.
		require.Equal(t, 1, w.deliver(sealed(active)).Retried)
		require.ErrorIs(t, w.observed(outbox.Retry)[0].Err, store.ErrSeal)
		require.Empty(t, w.sendings())
		time.Sleep(time.Minute)
		require.Equal(t, 1, w.deliver(sealed(active, old)).Done)
		require.Equal(t, "a secret of the client", string(w.sendings()[0].work.Payload))
	})
}

// What cannot be read is told, stays, and keeps nobody from their turn.
func TestDamagedRecords(t *testing.T) {
	w := newWorld(t)
	o := w.node()
	for i := range 40 {
		w.enqueue(o, outbox.Work{ID: outbox.ID{0: 3, 1: byte(i)}})
	}
	for i, value := range []string{"", "{}", "null", `{"v":2,"to":"r","en":1}`, `{"v":1}`, `{"v":1,"to":"r","n":-1}`, `{"v":1,"to":"r","pl":7}`, "\xff"} {
		rec := w.records()[i]
		require.NoError(t, store.Swap(t.Context(), w.store, store.Record{Key: rec.Key, Value: []byte(value)}, rec.Version))
	}
	res, err := o.Deliver(t.Context())
	require.ErrorContains(t, err, "damaged")
	require.Equal(t, 32, res.Done)
	require.Len(t, w.records(), 8)
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"v":1,"to":"r","pl":"aGVsbG8=","n":1,"nx":1,"en":9223372036854775807}`))
	f.Add([]byte(`{"v":1,"to":"r","n":9223372036854775807,"nx":-9223372036854775808,"en":4102444800000}`))
	f.Add([]byte(`{"v":1,"to":"","n":1e99}`))
	f.Fuzz(func(t *testing.T, value []byte) {
		if len(value) > store.MaxValue {
			return
		}
		w := newWorld(t)
		o := w.node()
		id := w.enqueue(o, outbox.Work{})
		rec := w.records()[0]
		require.NoError(t, store.Swap(t.Context(), w.store, store.Record{Key: rec.Key, Value: value}, rec.Version))
		o.Wake(id)
		res, err := o.Deliver(t.Context())
		require.LessOrEqual(t, res.Done+res.GivenUp, 1)
		if left := len(w.records()); err != nil {
			require.Equal(t, 1, left, "what cannot be read stays")
		} else {
			require.Equal(t, 1-res.Done-res.GivenUp, left)
		}
	})
}
