//go:build !race

package store_test

import (
	"encoding/binary"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/store"
)

func processorTime(t testing.TB) time.Duration {
	var u syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// grant is a record of the size that a grant has, with two tags: one of its own,
// and one that five share.
func grant(i int, value []byte) store.Record {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:], uint64(i)*0x9e3779b97f4a7c15)
	own, shared := numbered('s', i), numbered('u', i/5)
	return store.Record{Key: store.Key{Kind: 'g', ID: id}, Version: uint64(i + 1), Expires: 2_000_000_000,
		Tags: []store.Key{own, shared}, Value: value[:280+i%121]}
}

// look is the least processor time of a Get among n records.
func look(t testing.TB, m *store.Memory, n int) time.Duration {
	const calls = 100_000
	var buf []byte
	recs := make([]store.Record, 1)
	value := make([]byte, 400)
	least := time.Hour
	for range 5 {
		start := processorTime(t)
		for i := range calls {
			recs[0] = store.Record{Key: grant(i*7919%n, value).Key}
			buf, _ = m.Get(t.Context(), buf[:0], recs)
		}
		least = min(least, processorTime(t)-start)
		require.NotZero(t, recs[0].Version)
	}
	return least / calls
}

// TestMillionGrants holds Memory to what a million live grants may cost: 600 bytes
// of heap each, and 100 ms of processor time a collection.
//
// The look-up of a token, which is the check of its handle and a Get, should cost
// at most three times what it costs among a thousand. A bare Get costs four to
// six times as much (a microsecond where it takes a quarter of one), all of it
// misses of cache and translation buffer: the bucket, the record, and the value
// lie in three places of half a gigabyte. Record and value in one place would
// save a quarter of that, and would still be six times what such a layout takes
// among a thousand.
func TestMillionGrants(t *testing.T) {
	const n = 1_000_000
	value := make([]byte, 401)
	for i := range value {
		value[i] = 'a' + byte(i%26)
	}
	small := store.NewMemory()
	for i := range 1000 {
		require.NoError(t, small.Put(t.Context(), grant(i, value), 0))
	}
	few := look(t, small, 1000)

	before := heap()
	m := store.NewMemory()
	for i := range n {
		if err := m.Put(t.Context(), grant(i, value), 0); err != nil {
			t.Fatal(err)
		}
	}
	each := (heap() - before) / n
	least := time.Hour
	for range 3 {
		start := processorTime(t)
		runtime.GC()
		least = min(least, processorTime(t)-start)
	}
	require.LessOrEqual(t, each, uint64(600))
	require.LessOrEqual(t, least, 100*time.Millisecond)
	// The least of what was measured is the cost; a busy machine needs more tries.
	many := look(t, m, n)
	const check = 500 * time.Nanosecond // of a handle, in package token
	for try := 0; try < 5 && check+many > 3*(check+few); try++ {
		few, many = min(few, look(t, small, 1000)), min(many, look(t, m, n))
	}
	t.Logf("%d bytes a grant, %v a collection, %v a look-up (%v among a thousand)", each, least, many, few)
	require.LessOrEqual(t, check+many, 3*(check+few))
	runtime.KeepAlive(m)
}

func TestMemoryAllocations(t *testing.T) {
	m := store.NewMemory()
	value := make([]byte, 401)
	rec := grant(1, value)
	require.NoError(t, m.Put(t.Context(), rec, 0))
	rec.Tags = nil
	var buf []byte
	ctx, recs := t.Context(), make([]store.Record, 1)
	require.Zero(t, testing.AllocsPerRun(200, func() {
		recs[0].Key = rec.Key
		buf, _ = m.Get(ctx, buf[:0], recs)
	}))
	require.Zero(t, testing.AllocsPerRun(200, func() {
		old := rec.Version
		rec.Version++
		if err := m.Put(ctx, rec, old); err != nil {
			t.Fatal(err)
		}
	}))
	before := heap()
	empty := store.NewMemory()
	require.Less(t, int64(heap()-before), int64(50<<10), "it is made in every test")
	runtime.KeepAlive(empty)
}

// What was overwritten and what was deleted is used again.
func TestMemoryStaysBounded(t *testing.T) {
	m := store.NewMemory()
	value := make([]byte, 60_000)
	before := heap()
	for i := range 100_000 {
		rec := store.Record{Key: numbered('r', i%50), Version: uint64(i + 1), Value: value[:(i*7919)%3000], Tags: []store.Key{numbered('t', i)}}
		var old uint64
		if i >= 50 && i%3 > 0 {
			old = uint64(i + 1 - 50)
		} else if i >= 50 {
			require.NoError(t, m.Delete(t.Context(), rec.Key, uint64(i+1-50)))
		}
		rec.Tags = rec.Tags[:1-min(1, i%3)]
		require.NoError(t, m.Put(t.Context(), rec, old))
	}
	require.Less(t, int64(heap()-before), int64(12<<20))
	runtime.KeepAlive(m)
}
