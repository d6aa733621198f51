package authenticator_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/mintyard/mintyard/store"
)

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

	// Before the Put of this number something else happens.
	puts, meanwhileAt int
	meanwhile         func()
}

// before makes something happen before the n-th Put from now.
func (w *watched) before(n int, meanwhile func()) {
	w.puts, w.meanwhileAt, w.meanwhile = 0, n, meanwhile
}

// call notes a call, and reports whether it fails.
func (w *watched) call(name string) (fails bool) {
	if w.paused.Load() {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, name)
	return len(w.calls) == w.faultK
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
	if len(recs) != 1 { // an empty one would cost nothing
		name = fmt.Sprintf("Get(%d)", len(recs))
	}
	err = w.do(name, func() error { out, err = w.Store.Get(ctx, buf, recs); return err })
	return out, err
}

func (w *watched) Put(ctx context.Context, rec store.Record, old uint64) error {
	w.mu.Lock()
	w.puts++
	meanwhile := w.meanwhile
	if w.puts != w.meanwhileAt {
		meanwhile = nil
	}
	w.mu.Unlock()
	if meanwhile != nil {
		meanwhile()
	}
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
