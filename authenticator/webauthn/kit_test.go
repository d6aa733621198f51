package webauthn_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/webauthn"
	"github.com/mintyard/mintyard/store"
)

const (
	rpID    = "example.test"
	origin  = "https://login.example.test"
	android = "android:apk-key-hash:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
)

var (
	mia      = authenticator.Identity{Subject: "00u1", Hint: "mia@example.test"}
	tom      = authenticator.Identity{Subject: "00u2", Hint: "tom@example.test"} // has nothing
	nobody   = authenticator.Identity{Hint: "nobody@example.test"}
	nameless = authenticator.Identity{}
)

// newPasskeys makes the factor.
func newPasskeys(t testing.TB, s store.Store, edits ...func(*webauthn.Config)) *webauthn.Passkeys {
	t.Helper()
	c := webauthn.Config{
		Store: s, Namespace: "people", RPID: rpID, RPName: "Test",
		Origins: []string{origin, "https://example.test", android}, DecoyKey: store.MasterKey{1},
	}
	for _, edit := range edits {
		edit(&c)
	}
	p, err := webauthn.New(c)
	require.NoError(t, err)
	return p
}

// register gives a person a credential on a device.
func register(t testing.TB, p *webauthn.Passkeys, subject string, d *device, edits ...func(*statement)) authenticator.Authenticator {
	t.Helper()
	options, id, err := p.BeginRegistration(t.Context(), subject, "mia@example.test")
	require.NoError(t, err)
	a, err := p.FinishRegistration(t.Context(), subject, id, d.create(t, options, edits...))
	require.NoError(t, err)
	return a
}

// enrolled makes the factor, and a device on which mia has a credential.
func enrolled(t testing.TB, edits ...func(*webauthn.Config)) (*webauthn.Passkeys, *device) {
	t.Helper()
	p, d := newPasskeys(t, store.NewMemory(), edits...), newDevice(t, es256)
	register(t, p, mia.Subject, d)
	return p, d
}

func newChallenge() []byte {
	challenge := make([]byte, 32)
	rand.Read(challenge)
	return challenge
}

// signIn makes an assertion and verifies it.
func signIn(t testing.TB, p *webauthn.Passkeys, id authenticator.Identity, d *device, edits ...func(*statement)) error {
	t.Helper()
	challenge := newChallenge()
	_, _, err := p.Verify(t.Context(), id, challenge, d.assert(t, challenge, edits...))
	return err
}

// clock is a time that tests move.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Now().Unix())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(c.at.Load(), 0) }
func (c *clock) sleep(d time.Duration)   { c.at.Add(int64(d / time.Second)) }
func (c *clock) use(cf *webauthn.Config) { cf.Now = c.now }

// race runs f n times at once.
func race(n int, f func(i int)) {
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wg.Wait()
}

// records returns copies of all that is stored.
func records(t testing.TB, s store.Walker) (all []store.Record) {
	t.Helper()
	for rec, err := range s.Walk(t.Context()) {
		require.NoError(t, err)
		rec.Value, rec.Tags = bytes.Clone(rec.Value), slices.Clone(rec.Tags)
		all = append(all, rec)
	}
	return all
}

var errFault = errors.New("the store is down")

// watched is a store whose calls are noted, and whose k-th call fails: before it
// takes effect, or after.
type watched struct {
	store.Store
	mu     sync.Mutex
	calls  []string
	faultK int
	after  bool
	paused atomic.Bool

	// Before the call of this number something else happens.
	meanwhileAt int
	meanwhile   func()
}

// before makes something happen before the n-th call from now.
func (w *watched) before(n int, meanwhile func()) {
	w.take()
	w.meanwhileAt, w.meanwhile = n, meanwhile
}

func (w *watched) call(name string) (fails bool) {
	if w.paused.Load() {
		return false
	}
	w.mu.Lock()
	w.calls = append(w.calls, name)
	fails = len(w.calls) == w.faultK
	due := len(w.calls) == w.meanwhileAt
	w.mu.Unlock()
	if due {
		w.paused.Store(true)
		w.meanwhile()
		w.paused.Store(false)
	}
	return fails
}

// take returns the calls since the last time.
func (w *watched) take() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := strings.Join(w.calls, " ")
	w.calls = nil
	return s
}

func (w *watched) do(name string, f func() error) error {
	fails := w.call(name)
	if fails && !w.after {
		return errFault
	}
	if err := f(); err != nil {
		return err
	}
	if fails {
		return errFault
	}
	return nil
}

func (w *watched) Get(ctx context.Context, buf []byte, recs []store.Record) (out []byte, err error) {
	name := "Get"
	if len(recs) != 1 {
		name = fmt.Sprintf("Get(%d)", len(recs))
	}
	err = w.do(name, func() error { out, err = w.Store.Get(ctx, buf, recs); return err })
	return out, err
}

func (w *watched) Put(ctx context.Context, rec store.Record, old uint64) error {
	return w.do("Put", func() error { return w.Store.Put(ctx, rec, old) })
}

func (w *watched) Delete(ctx context.Context, key store.Key, version uint64) error {
	return w.do("Delete", func() error { return w.Store.Delete(ctx, key, version) })
}

func (w *watched) List(ctx context.Context, tag store.Key) iter.Seq2[store.Key, error] {
	if w.call("List") {
		return func(yield func(store.Key, error) bool) { yield(store.Key{}, errFault) }
	}
	return w.Store.List(ctx, tag)
}
