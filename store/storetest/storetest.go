// Package storetest proves that a store keeps the contract of package store.
//
// An implementer calls [Run] with a function that opens the store:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) store.Store { return mine.Open(t.TempDir()) })
//	}
//
// It checks every sentence of the contract, with hostile keys and values, and
// then records what concurrent clients saw of a few keys and searches an order
// of their calls that explains it: if there is none, the store is not
// linearizable and nothing that the library promises holds on it.
//
// [Faulty] wraps a store so that chosen calls fail, hang, or take effect and
// fail all the same.
package storetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/store"
)

// Run runs the whole suite. It calls open once for every test, one after the
// other. The store need not be empty, because every test makes random keys, but
// while a test runs nobody else may write to it or sweep it, and records that
// have expired may be dropped. What open has to close, it registers with
// t.Cleanup.
//
// [store.Sweeper] and [store.Walker] are tested if the store has them.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, group := range []struct {
		name  string
		tests []test
	}{
		{"Record", recordTests},
		{"Value", valueTests},
		{"Key", keyTests},
		{"Tag", tagTests},
		{"Context", contextTests},
		{"Sweep", sweepTests},
		{"Walk", walkTests},
		{"Concurrent", concurrentTests},
		{"Verb", verbTests},
		{"Attempts", attemptsTests},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, test := range group.tests {
				t.Run(test.name, func(t *testing.T) { test.run(newBench(t, open(t))) })
			}
		})
	}
}

type test struct {
	name string
	run  func(b *bench)
}

// bench is a store on the bench: the test's keys share a random space.
type bench struct {
	*testing.T
	*require.Assertions
	ctx   context.Context
	store store.Store
	space [16]byte
	next  uint32
	mu    sync.Mutex
}

func newBench(t *testing.T, s store.Store) *bench {
	b := &bench{T: t, Assertions: require.New(t), ctx: t.Context(), store: s}
	rand.Read(b.space[:])
	return b
}

// key returns a key that was not there before.
func (b *bench) key() store.Key {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next++
	return store.Key{Kind: 'T', Space: b.space, ID: store.Digest("storetest", fmt.Sprint(b.next))}
}

// put writes a new record and returns it.
func (b *bench) put(rec store.Record) store.Record {
	b.Helper()
	if rec.Key == (store.Key{}) {
		rec.Key = b.key()
	}
	if rec.Version == 0 {
		rec.Version = store.NewVersion()
	}
	if rec.Value == nil {
		rec.Value = []byte(`{"a":1}`)
	}
	b.NoError(b.store.Put(b.ctx, rec, 0))
	return rec
}

// get reads one record; Version is 0 if there is none.
func (b *bench) get(key store.Key) store.Record {
	b.Helper()
	recs := []store.Record{{Key: key}}
	_, err := b.store.Get(b.ctx, nil, recs)
	b.NoError(err)
	b.Equal(key, recs[0].Key, "Get must not change keys")
	return recs[0]
}

// same checks that what is stored is rec; tags are not compared.
func (b *bench) same(rec store.Record) {
	b.Helper()
	got := b.get(rec.Key)
	b.Equal(rec.Version, got.Version, "version")
	b.Equal(rec.Expires, got.Expires, "expires")
	b.Equal(string(rec.Value), string(got.Value), "value")
}

// absent checks that there is no record.
func (b *bench) absent(key store.Key) {
	b.Helper()
	got := b.get(key)
	b.Zero(got.Version)
	b.Zero(got.Expires)
	b.Empty(got.Value)
}

// list returns how often each key was listed.
func (b *bench) list(tag store.Key) map[store.Key]int {
	b.Helper()
	seen := map[store.Key]int{}
	for key, err := range b.store.List(b.ctx, tag) {
		b.NoError(err)
		seen[key]++
	}
	return seen
}

// race runs n functions that a barrier releases together, and waits for them.
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
