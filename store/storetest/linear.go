package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/mintyard/mintyard/store"
)

// event is one call of a client on one key, with when it began and ended.
type event struct {
	begin, end time.Duration
	kind       string // "get", "put", "delete"
	old, new   uint64 // put: from and to; delete: of; get: what was seen, in new
	ok         bool   // put, delete: it was no conflict
}

// apply is the register with compare-and-swap that a key must be: the state after
// the event, and whether the event could answer so in the state.
func (e *event) apply(state uint64) (uint64, bool) {
	switch e.kind {
	case "get":
		return state, e.new == state
	case "put":
		if e.ok {
			return e.new, e.old == state
		}
		return state, e.old != state
	}
	if e.ok {
		return 0, e.old == state && state != 0
	}
	return state, e.old != state || state == 0
}

// linearizable reports whether some order of the events explains all of them, in
// which no event comes before one that had ended when it began (Wing and Gong,
// with Lowe's memory of what was tried). The register holds 0 at first.
func linearizable(events []event) bool {
	slices.SortFunc(events, func(a, b event) int { return int(a.begin - b.begin) })
	done := make([]uint64, (len(events)+63)/64)
	tried := make(map[string]bool)
	var search func(state uint64, left int) bool
	search = func(state uint64, left int) bool {
		if left == 0 {
			return true
		}
		id := fmt.Sprint(done, state)
		if tried[id] {
			return false
		}
		tried[id] = true
		// An event may be next if none that is left had ended before it began.
		first := time.Duration(1<<63 - 1)
		for i := range events {
			if done[i/64]>>(i%64)&1 == 0 {
				first = min(first, events[i].end)
			}
		}
		for i := range events {
			if done[i/64]>>(i%64)&1 != 0 {
				continue
			}
			if events[i].begin > first {
				break
			}
			next, fits := events[i].apply(state)
			if !fits {
				continue
			}
			done[i/64] |= 1 << (i % 64)
			if search(next, left-1) {
				return true
			}
			done[i/64] &^= 1 << (i % 64)
		}
		return false
	}
	return search(0, len(events))
}

var concurrentTests = []test{
	{"every history of a key is linearizable", func(b *bench) {
		const clients, rounds, calls = 8, 12, 24
		for range rounds {
			keys := []store.Key{b.key(), b.key()}
			logs := make([]map[store.Key][]event, clients)
			start := time.Now()
			race(clients, func(client int) {
				log := make(map[store.Key][]event)
				last := make(map[store.Key]uint64)
				for i := range calls {
					key := keys[(client+i)%len(keys)]
					e := b.call(key, last[key], (client+i)%4, start)
					if e.kind == "get" {
						last[key] = e.new
					} else if e.ok {
						last[key] = e.new
					}
					log[key] = append(log[key], e)
				}
				logs[client] = log
			})
			for _, key := range keys {
				var history []event
				for _, log := range logs {
					history = append(history, log[key]...)
				}
				b.True(linearizable(history), "no order of these calls explains what they answered: %+v", history)
			}
		}
	}},

	{"one winner", func(b *bench) {
		for range 30 {
			key := b.key()
			wins := make([]int, 16)
			race(16, func(i int) {
				if b.store.Put(b.ctx, store.Record{Key: key, Version: store.NewVersion(), Value: []byte("{}")}, 0) == nil {
					wins[i] = 1
				}
			})
			n := 0
			for _, w := range wins {
				n += w
			}
			b.Equal(1, n)
		}
	}},
}

// call makes one call of a kind and says what it answered. An answer that is
// neither success nor conflict fails the test: the suite does not cut connections.
func (b *bench) call(key store.Key, last uint64, kind int, start time.Time) event {
	e := event{begin: time.Since(start), old: last}
	var err error
	switch {
	case kind == 0:
		recs := []store.Record{{Key: key}}
		_, err = b.store.Get(b.ctx, nil, recs)
		e.kind, e.new, e.ok = "get", recs[0].Version, true
	case kind == 3 && last != 0:
		e.kind = "delete"
		err = b.store.Delete(b.ctx, key, last)
	default:
		e.kind, e.new = "put", store.NewVersion()
		err = b.store.Put(b.ctx, store.Record{Key: key, Version: e.new, Value: []byte("{}")}, last)
	}
	e.end = time.Since(start)
	switch {
	case err == nil:
		e.ok = true
	case !isConflict(err):
		b.T.Errorf("%s: %v", e.kind, err)
	}
	return e
}
