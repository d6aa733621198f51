package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"time"
)

// Memory is a store in memory: the embedded default, and the one for tests. What
// it holds is gone with the process.
//
// Values lie in arenas and records in arrays without a pointer, so that a million
// grants cost the garbage collector next to nothing. The memory of overwritten
// and deleted records is used again. It is safe for concurrent use; its zero
// value is not ready, see [NewMemory].
type Memory struct {
	shards [memoryShards]shard
	hand   atomic.Uint32 // the shard with which the next sweep begins
}

// memoryShards is a power of two.
const memoryShards = 64

var (
	_ Store   = (*Memory)(nil)
	_ Sweeper = (*Memory)(nil)
	_ Walker  = (*Memory)(nil)
)

// NewMemory returns an empty store.
func NewMemory() *Memory {
	m := new(Memory)
	seed := newSeed()
	for i := range m.shards {
		m.shards[i].records.seed = seed
		m.shards[i].tags.seed = seed
	}
	return m
}

// shard finds where a key is; the hash serves its table too.
func (m *Memory) shard(key *Key) (*shard, uint64) {
	h := m.shards[0].records.hash(key)
	return &m.shards[h>>58], h
}

// Get implements [Store].
func (m *Memory) Get(ctx context.Context, buf []byte, recs []Record) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return buf, err
	}
	for i := range recs {
		r := &recs[i]
		s, h := m.shard(&r.Key)
		s.mu.RLock()
		at := len(buf)
		r.Version, r.Expires, buf = s.get(&r.Key, h, buf)
		s.mu.RUnlock()
		r.Value = buf[at:len(buf):len(buf)]
	}
	return buf, nil
}

// Put implements [Store].
func (m *Memory) Put(ctx context.Context, rec Record, old uint64) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case rec.Version == 0:
		return errors.New("store: a record's version must not be 0")
	case len(rec.Value) > MaxValue:
		return fmt.Errorf("store: a value has %d bytes, and the limit is %d", len(rec.Value), MaxValue)
	case len(rec.Tags) > MaxTags:
		return fmt.Errorf("store: a record has %d tags, and the limit is %d", len(rec.Tags), MaxTags)
	}
	s, h := m.shard(&rec.Key)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.put(&rec, h, old)
}

// Delete implements [Store].
func (m *Memory) Delete(ctx context.Context, key Key, version uint64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s, h := m.shard(&key)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.delete(&key, h, version)
}

// List implements [Store]. A record and its tags are in one shard, and all are
// looked through; no lock is held while a key is yielded.
func (m *Memory) List(ctx context.Context, tag Key) iter.Seq2[Key, error] {
	return func(yield func(Key, error) bool) {
		h := m.shards[0].tags.hash(&tag)
		var keys []Key
		for i := range m.shards {
			if err := ctx.Err(); err != nil {
				yield(Key{}, err)
				return
			}
			s := &m.shards[i]
			s.mu.RLock()
			keys = s.list(keys[:0], &tag, h)
			s.mu.RUnlock()
			for _, k := range keys {
				if !yield(k, nil) {
					return
				}
			}
		}
	}
}

// Sweep implements [Sweeper]. Each sweep begins where the last one ended.
func (m *Memory) Sweep(ctx context.Context, now time.Time, limit int) (int, error) {
	before := now.Add(-SweepMargin).Unix()
	dropped := 0
	start := m.hand.Load()
	for i := range uint32(memoryShards) {
		if err := ctx.Err(); err != nil {
			return dropped, err
		}
		at := (start + i) % memoryShards
		s := &m.shards[at]
		s.mu.Lock()
		dropped += s.sweep(before, limit-dropped)
		s.mu.Unlock()
		if dropped >= limit {
			m.hand.Store(at)
			return dropped, nil
		}
	}
	return dropped, nil
}

// walkBatch is how many records Walk copies at a time.
const walkBatch = 64

// Walk implements [Walker].
func (m *Memory) Walk(ctx context.Context) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for i := range m.shards {
			s := &m.shards[i]
			for at := uint32(0); ; {
				if err := ctx.Err(); err != nil {
					yield(Record{}, err)
					return
				}
				var batch []Record
				s.mu.RLock()
				batch, at = s.walk(at, walkBatch)
				s.mu.RUnlock()
				for _, r := range batch {
					if !yield(r, nil) {
						return
					}
				}
				if len(batch) == 0 {
					break
				}
			}
		}
	}
}
