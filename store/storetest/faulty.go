package storetest

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/mintyard/mintyard/store"
)

// ErrFault is what a call that was made to fail returns.
var ErrFault = errors.New("storetest: the store was made to fail")

// Fault is what becomes of a call.
type Fault int

// The faults.
const (
	None       Fault = iota
	FailBefore       // the call has no effect, and returns ErrFault
	FailAfter        // the call has its effect, and returns ErrFault all the same
	Hang             // the call has no effect, and returns when its context ends, with its error
	Slow             // the call waits for Delay before its effect, and others do not
)

// String names the fault.
func (f Fault) String() string {
	return [...]string{"none", "fails before its effect", "fails after its effect", "hangs", "is slow"}[f]
}

// Call describes a call of a store.
type Call struct {
	Method string // "Get", "Put", "Delete", "List", "Sweep" or "Walk"
	Key    store.Key
	N      int // how many calls there were, with this one, since Set or the beginning
}

// FaultyStore wraps a store and makes chosen calls fail. It sweeps and walks if
// the inner store does, and refuses to otherwise.
type FaultyStore struct {
	inner store.Store

	// Before and After are called before and after the effect of each call, on
	// its goroutine, and may use the store. Set them before it is used.
	Before, After func(Call)

	// Delay is waited before each call, or until its context ends; if the fault is
	// Slow, before the call that it falls on only.
	Delay time.Duration

	mu     sync.Mutex
	calls  int
	left   int    // calls until the one that fails; 0 is never
	method string // the only one that counts for left; all if empty
	fault  Fault
	hit    bool
}

var (
	_ store.Store   = (*FaultyStore)(nil)
	_ store.Sweeper = (*FaultyStore)(nil)
	_ store.Walker  = (*FaultyStore)(nil)
)

// Faulty wraps a store. Until it is told otherwise nothing fails.
func Faulty(inner store.Store) *FaultyStore { return &FaultyStore{inner: inner} }

// Set makes the n-th call from now on fail, once.
func (f *FaultyStore) Set(n int, fault Fault) { f.SetOn("", n, fault) }

// SetOn makes the n-th call of one method from now on fail, once.
func (f *FaultyStore) SetOn(method string, n int, fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls, f.left, f.fault, f.hit, f.method = 0, n, fault, false, method
}

// FailNext makes the next call of a method fail before its effect, once.
func (f *FaultyStore) FailNext(method string) { f.SetOn(method, 1, FailBefore) }

// Clear lets everything succeed again.
func (f *FaultyStore) Clear() { f.Set(0, None) }

// Hit reports whether the call that was to fail has been made.
func (f *FaultyStore) Hit() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.hit
}

// do makes a call, with what was asked for.
func (f *FaultyStore) do(ctx context.Context, method string, key store.Key, effect func() error) error {
	f.mu.Lock()
	f.calls++
	c := Call{method, key, f.calls}
	fault := None
	if f.left > 0 && (f.method == "" || f.method == method) {
		if f.left--; f.left == 0 && f.fault != None {
			fault, f.hit = f.fault, true
		}
	}
	wait := f.Delay > 0 && (f.fault != Slow || fault == Slow)
	f.mu.Unlock()
	if wait {
		t := time.NewTimer(f.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if f.Before != nil {
		f.Before(c)
	}
	switch fault {
	case FailBefore:
		return ErrFault
	case Hang:
		<-ctx.Done()
		return ctx.Err()
	}
	err := effect()
	if f.After != nil {
		f.After(c)
	}
	if fault == FailAfter {
		return ErrFault
	}
	return err
}

// Get implements [store.Store].
func (f *FaultyStore) Get(ctx context.Context, buf []byte, recs []store.Record) ([]byte, error) {
	var key store.Key
	if len(recs) > 0 {
		key = recs[0].Key
	}
	err := f.do(ctx, "Get", key, func() (err error) { buf, err = f.inner.Get(ctx, buf, recs); return err })
	return buf, err
}

// Put implements [store.Store].
func (f *FaultyStore) Put(ctx context.Context, rec store.Record, old uint64) error {
	return f.do(ctx, "Put", rec.Key, func() error { return f.inner.Put(ctx, rec, old) })
}

// Delete implements [store.Store].
func (f *FaultyStore) Delete(ctx context.Context, key store.Key, version uint64) error {
	return f.do(ctx, "Delete", key, func() error { return f.inner.Delete(ctx, key, version) })
}

// List implements [store.Store].
func (f *FaultyStore) List(ctx context.Context, tag store.Key) iter.Seq2[store.Key, error] {
	return func(yield func(store.Key, error) bool) {
		if err := f.do(ctx, "List", tag, func() error { return nil }); err != nil {
			yield(store.Key{}, err)
			return
		}
		f.inner.List(ctx, tag)(yield)
	}
}

var errNotThere = errors.New("storetest: the inner store cannot do this")

// Sweep implements [store.Sweeper].
func (f *FaultyStore) Sweep(ctx context.Context, now time.Time, limit int) (n int, err error) {
	s, ok := f.inner.(store.Sweeper)
	if !ok {
		return 0, errNotThere
	}
	err = f.do(ctx, "Sweep", store.Key{}, func() (err error) { n, err = s.Sweep(ctx, now, limit); return err })
	return n, err
}

// Walk implements [store.Walker].
func (f *FaultyStore) Walk(ctx context.Context) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		w, ok := f.inner.(store.Walker)
		if !ok {
			yield(store.Record{}, errNotThere)
			return
		}
		if err := f.do(ctx, "Walk", store.Key{}, func() error { return nil }); err != nil {
			yield(store.Record{}, err)
			return
		}
		w.Walk(ctx)(yield)
	}
}
