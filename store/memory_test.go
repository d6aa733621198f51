package store_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return store.NewMemory() })
}

// The suite holds for a store behind the wrapper that makes stores fail, as long
// as it makes none fail.
func TestFaultyIsTransparent(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return storetest.Faulty(store.NewMemory()) })
}

// model is a store that is nothing but a map.
type model map[store.Key]store.Record

func (m model) put(rec store.Record, old uint64) bool {
	if m[rec.Key].Version != old {
		return false
	}
	rec.Value = slices.Clone(rec.Value)
	for _, t := range m[rec.Key].Tags {
		if !slices.Contains(rec.Tags, t) {
			rec.Tags = append(slices.Clone(rec.Tags), t)
		}
	}
	m[rec.Key] = rec
	return true
}

func (m model) tagged(tag store.Key) (keys []store.Key) {
	for k, rec := range m {
		if slices.Contains(rec.Tags, tag) {
			keys = append(keys, k)
		}
	}
	return keys
}

func numbered(kind store.Kind, n int) (k store.Key) {
	k.Kind = kind
	binary.LittleEndian.PutUint32(k.ID[:], uint32(n))
	return k
}

// FuzzMemoryModel runs the same calls on Memory and on the model.
func FuzzMemoryModel(f *testing.F) {
	for seed := range uint64(12) {
		f.Add(seed, uint16(60<<seed%300))
	}
	f.Fuzz(func(t *testing.T, seed uint64, keys uint16) {
		n := int(keys)%500 + 1
		r := rand.New(rand.NewPCG(seed, 1))
		memory, m := store.NewMemory(), make(model)
		for range 3000 {
			k := numbered('r', r.IntN(n))
			switch r.IntN(5) {
			default:
				rec := store.Record{Key: k, Version: store.NewVersion(), Expires: int64(r.IntN(1000)), Value: make([]byte, r.IntN(700))}
				for i := range rec.Value {
					rec.Value[i] = byte(r.Uint32())
				}
				for range r.IntN(3) {
					rec.Tags = append(rec.Tags, numbered('t', r.IntN(n)))
				}
				old := m[k].Version
				if r.IntN(10) == 0 {
					old++
				}
				require.Equal(t, m.put(rec, old), memory.Put(t.Context(), rec, old) == nil)
			case 3:
				require.Equal(t, m[k].Version != 0, memory.Delete(t.Context(), k, m[k].Version) == nil)
				delete(m, k)
			case 4:
				recs := []store.Record{{Key: k}}
				_, err := memory.Get(t.Context(), nil, recs)
				require.NoError(t, err)
				require.Equal(t, m[k].Version, recs[0].Version)
				require.Equal(t, string(m[k].Value), string(recs[0].Value))
			}
		}
		requireSame(t, m, memory)
		for i := range n {
			var listed []store.Key
			for k, err := range memory.List(t.Context(), numbered('t', i)) {
				require.NoError(t, err)
				listed = append(listed, k)
			}
			require.ElementsMatch(t, m.tagged(numbered('t', i)), listed)
		}
		for {
			dropped, err := memory.Sweep(t.Context(), time.Unix(500, 0).Add(store.SweepMargin), 7)
			require.NoError(t, err)
			if dropped < 7 {
				break
			}
		}
		for k, rec := range m {
			if rec.Expires != 0 && rec.Expires < 500 {
				delete(m, k)
			}
		}
		requireSame(t, m, memory)
	})
}

func requireSame(t *testing.T, m model, memory *store.Memory) {
	t.Helper()
	n := 0
	for rec, err := range memory.Walk(t.Context()) {
		require.NoError(t, err)
		n++
		want := m[rec.Key]
		require.Equal(t, want.Version, rec.Version)
		require.Equal(t, want.Expires, rec.Expires)
		require.Equal(t, string(want.Value), string(rec.Value))
		require.ElementsMatch(t, unique(want.Tags), rec.Tags)
	}
	require.Equal(t, len(m), n)
}

func unique(keys []store.Key) []store.Key {
	var kept []store.Key
	for _, k := range keys {
		if !slices.Contains(kept, k) {
			kept = append(kept, k)
		}
	}
	return kept
}

// Everything at once, for the race detector.
func TestMemoryConcurrently(t *testing.T) {
	memory := store.NewMemory()
	tag := numbered('t', 1)
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(worker), 3))
			var buf []byte
			recs := make([]store.Record, 1)
			for range 2000 {
				recs[0] = store.Record{Key: numbered('r', r.IntN(100))}
				buf, _ = memory.Get(t.Context(), buf[:0], recs)
				next := store.Record{Key: recs[0].Key, Version: store.NewVersion(), Expires: int64(r.IntN(2)), Tags: []store.Key{tag},
					Value: fmt.Append(nil, "value ", r.IntN(1000000))}
				_ = memory.Put(t.Context(), next, recs[0].Version)
				if r.IntN(4) == 0 {
					_ = memory.Delete(t.Context(), next.Key, next.Version)
				}
			}
		})
	}
	wg.Go(func() {
		for range 50 {
			_, _ = memory.Sweep(t.Context(), time.Unix(1000, 0), 10)
			for range memory.List(t.Context(), tag) {
			}
			for rec := range memory.Walk(t.Context()) {
				if len(rec.Value) < 7 || string(rec.Value[:6]) != "value " {
					t.Errorf("a value was torn: %q", rec.Value)
				}
			}
		}
	})
	wg.Wait()
}

func TestMemoryLimits(t *testing.T) {
	memory := store.NewMemory()
	for why, rec := range map[string]store.Record{
		"version": {}, "65537 bytes": {Version: 1, Value: make([]byte, store.MaxValue+1)}, "17 tags": {Version: 1, Tags: make([]store.Key, 17)},
	} {
		require.ErrorContains(t, memory.Put(t.Context(), rec, 0), why)
	}
}
