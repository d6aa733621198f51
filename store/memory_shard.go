package store

import (
	"errors"
	"sync"
)

// shard is a part of a Memory: records with their values and tags, under one lock.
type shard struct {
	mu      sync.RWMutex
	records table[slot]
	tags    table[tagSlot]
	entries pool[entry]
	values  arena
}

// slot is one record, without a pointer. It is free if its version is 0.
type slot struct {
	key     Key
	size    uint32 // bytes of the value
	value   extent // where it is
	entries uint32 // the first of its tag entries
	version uint64
	expires int64
}

// tagSlot is one tag, with the first of its entries.
type tagSlot struct {
	key   Key
	first uint32
}

// entry says that a record has a tag. It is in two chains: that of the record,
// and that of the tag, which goes both ways so that it can be left in one step.
type entry struct {
	record, tag  uint32 // slots
	next, prev   uint32 // of the tag
	nextOfRecord uint32
}

// errFull comes at a thousand million records.
var errFull = errors.New("store: Memory is full")

func (s *shard) get(key *Key, h uint64, buf []byte) (version uint64, expires int64, _ []byte) {
	i := s.records.find(key, h)
	if i == 0 {
		return 0, 0, buf
	}
	r := s.records.at(i)
	return r.version, r.expires, append(buf, s.values.bytes(r.value, r.size)...)
}

func (s *shard) put(rec *Record, h uint64, old uint64) error {
	i := s.records.find(&rec.Key, h)
	var stored uint64
	if i != 0 {
		stored = s.records.at(i).version
	}
	if stored != old {
		return ErrConflict
	}
	if i == 0 {
		if s.records.full() || s.tags.full() {
			return errFull
		}
		i = s.records.insert(&rec.Key, h)
	}
	r := s.records.at(i)
	r.value = s.values.write(r.value, r.size, rec.Value)
	r.size = uint32(len(rec.Value))
	r.version, r.expires = rec.Version, rec.Expires
	for t := range rec.Tags {
		s.tag(i, &rec.Tags[t])
	}
	if s.values.wasteful() {
		s.compact()
	}
	return nil
}

// tag adds a tag to a record, unless it has it.
func (s *shard) tag(record uint32, tag *Key) {
	r := s.records.at(record)
	for e := r.entries; e != 0; e = s.entries.at(e).nextOfRecord {
		if s.tags.at(s.entries.at(e).tag).key == *tag {
			return
		}
	}
	h := s.tags.hash(tag)
	t := s.tags.find(tag, h)
	if t == 0 {
		t = s.tags.insert(tag, h)
	}
	e := s.entries.take()
	first := s.tags.at(t).first
	*s.entries.at(e) = entry{record: record, tag: t, next: first, nextOfRecord: r.entries}
	if first != 0 {
		s.entries.at(first).prev = e
	}
	s.tags.at(t).first, r.entries = e, e
}

func (s *shard) delete(key *Key, h uint64, version uint64) error {
	i := s.records.find(key, h)
	if i == 0 || version == 0 || s.records.at(i).version != version {
		return ErrConflict
	}
	s.drop(i, h)
	return nil
}

// drop removes a record and its tags.
func (s *shard) drop(i uint32, h uint64) {
	r := s.records.at(i)
	for e := r.entries; e != 0; {
		x := *s.entries.at(e)
		if x.prev != 0 {
			s.entries.at(x.prev).next = x.next
		} else {
			s.tags.at(x.tag).first = x.next
		}
		if x.next != 0 {
			s.entries.at(x.next).prev = x.prev
		} else if x.prev == 0 { // it was the tag's only one
			s.tags.remove(x.tag, s.tags.hash(&s.tags.at(x.tag).key))
		}
		s.entries.give(e)
		e = x.nextOfRecord
	}
	s.values.free(r.value)
	s.records.remove(i, h)
}

func (s *shard) list(keys []Key, tag *Key, h uint64) []Key {
	t := s.tags.find(tag, h)
	if t == 0 {
		return keys
	}
	for e := s.tags.at(t).first; e != 0; e = s.entries.at(e).next {
		keys = append(keys, s.records.at(s.entries.at(e).record).key)
	}
	return keys
}

// sweep drops at most limit records that expired before the time.
func (s *shard) sweep(before int64, limit int) int {
	dropped := 0
	for i := uint32(1); i <= s.records.last() && dropped < limit; i++ {
		if r := s.records.at(i); r.version != 0 && r.expires != 0 && r.expires < before {
			s.drop(i, s.records.hash(&r.key))
			dropped++
		}
	}
	if s.values.wasteful() {
		s.compact()
	}
	return dropped
}

// walk copies records from the slot after from, and returns where it stopped.
func (s *shard) walk(from uint32, limit int) ([]Record, uint32) {
	var batch []Record
	i := from
	for i < s.records.last() && len(batch) < limit {
		i++
		r := s.records.at(i)
		if r.version == 0 {
			continue
		}
		rec := Record{Key: r.key, Version: r.version, Expires: r.expires, Value: append([]byte{}, s.values.bytes(r.value, r.size)...)}
		for e := r.entries; e != 0; e = s.entries.at(e).nextOfRecord {
			rec.Tags = append(rec.Tags, s.tags.at(s.entries.at(e).tag).key)
		}
		batch = append(batch, rec)
	}
	return batch, i
}

// compact moves the values that are alive into a new arena.
func (s *shard) compact() {
	var values arena
	for i := uint32(1); i <= s.records.last(); i++ {
		if r := s.records.at(i); r.version != 0 {
			r.value = values.write(extent{}, 0, s.values.bytes(r.value, r.size))
		}
	}
	s.values = values
}
