package store_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/store"
)

// filled is a value that no other version of any record has.
func filled(version uint64, size int) []byte {
	b := binary.BigEndian.AppendUint64(nil, version*0x9e3779b97f4a7c15)
	return bytes.Repeat(b, size/8+1)[:size]
}

// Big values that come and go in every size make each arena move what is alive
// many times over. Every record keeps its own value, expiry and tags.
func TestMemoryMovesValuesWhole(t *testing.T) {
	const keys, writes = 300, 8000
	memory, m := store.NewMemory(), make(model)
	r := rand.New(rand.NewPCG(1, 2))
	ctx := t.Context()
	var buf []byte
	recs := make([]store.Record, 1)
	same := func(k store.Key) {
		recs[0] = store.Record{Key: k}
		var err error
		buf, err = memory.Get(ctx, buf[:0], recs)
		want, got := m[k], recs[0]
		if err != nil || got.Version != want.Version || got.Expires != want.Expires || !bytes.Equal(got.Value, want.Value) {
			t.Fatalf("key %d: version %d, %d bytes; want version %d, %d bytes (%v)", binary.LittleEndian.Uint32(k.ID[:]), got.Version, len(got.Value), want.Version, len(want.Value), err)
		}
	}
	for i := range writes {
		k := numbered('r', r.IntN(keys))
		if old := m[k].Version; old != 0 && r.IntN(8) == 0 {
			require.NoError(t, memory.Delete(ctx, k, old))
			delete(m, k)
			same(k)
			continue
		}
		size := r.IntN(600)
		if r.IntN(3) == 0 {
			size = r.IntN(store.MaxValue + 1)
		}
		version := uint64(i + 1)
		rec := store.Record{Key: k, Version: version, Expires: int64(r.IntN(2000)), Value: filled(version, size)}
		if r.IntN(4) == 0 && len(m[k].Tags) < store.MaxTags {
			rec.Tags = []store.Key{numbered('t', r.IntN(20))}
		}
		old := m[k].Version
		require.NoError(t, memory.Put(ctx, rec, old))
		require.True(t, m.put(rec, old))
		same(k)
		if i%500 == 499 {
			for n := range keys {
				same(numbered('r', n))
			}
		}
	}
	requireSame(t, m, memory)
	// What is left after a sweep moves together, and is whole as well.
	for range keys {
		n, err := memory.Sweep(ctx, time.Unix(1000, 0).Add(store.SweepMargin), 10)
		require.NoError(t, err)
		if n < 10 {
			break
		}
	}
	for k, rec := range m {
		if rec.Expires != 0 && rec.Expires < 1000 {
			delete(m, k)
		}
	}
	requireSame(t, m, memory)
	for n := range 20 {
		var listed []store.Key
		for k, err := range memory.List(ctx, numbered('t', n)) {
			require.NoError(t, err)
			listed = append(listed, k)
		}
		require.ElementsMatch(t, m.tagged(numbered('t', n)), listed)
	}
}
