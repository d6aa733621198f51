package storetest

import (
	"context"
	"time"

	"github.com/mintyard/mintyard/store"
)

var contextTests = []test{
	{"a context that has ended", func(b *bench) {
		rec := b.put(store.Record{Tags: []store.Key{b.key()}})
		ctx, cancel := context.WithCancel(b.ctx)
		cancel()
		recs := []store.Record{{Key: rec.Key}}
		_, err := b.store.Get(ctx, nil, recs)
		b.ErrorIs(err, context.Canceled)
		next := rec
		next.Version = store.NewVersion()
		b.ErrorIs(b.store.Put(ctx, next, rec.Version), context.Canceled)
		b.ErrorIs(b.store.Delete(ctx, rec.Key, rec.Version), context.Canceled)
		listed := false
		for _, err := range b.store.List(ctx, rec.Tags[0]) {
			b.ErrorIs(err, context.Canceled)
			listed = true
		}
		b.True(listed, "List must say that the context has ended")
		b.same(rec)
	}},

	{"a deadline that is over", func(b *bench) {
		rec := b.put(store.Record{})
		ctx, cancel := context.WithDeadline(b.ctx, time.Now().Add(-time.Second))
		defer cancel()
		fresh := store.Record{Key: b.key(), Version: store.NewVersion(), Value: []byte("{}")}
		b.ErrorIs(b.store.Put(ctx, fresh, 0), context.DeadlineExceeded)
		b.absent(fresh.Key)
		b.ErrorIs(b.store.Delete(ctx, rec.Key, rec.Version), context.DeadlineExceeded)
		b.same(rec)
	}},

	// A list that is cut short must say so: whoever ends all grants of a session
	// would otherwise take it for complete.
	{"cancelled inside a list", func(b *bench) {
		const n = 300
		tag := b.key()
		for range n {
			b.put(store.Record{Tags: []store.Key{tag}})
		}
		ctx, cancel := context.WithCancel(b.ctx)
		defer cancel()
		listed := 0
		var last error
		for _, err := range b.store.List(ctx, tag) {
			b.NoError(last, "after an error the sequence ends")
			if last = err; err == nil {
				listed++
			}
			cancel()
		}
		if last == nil {
			b.GreaterOrEqual(listed, n, "cut short without an error")
		} else {
			b.ErrorIs(last, context.Canceled)
		}
	}},
}

var sweepTests = []test{
	{"only what is over for longer than the margin", func(b *bench) {
		sweeper := b.sweeper()
		now := time.Unix(2_000_000_000, 0)
		margin := int64(store.SweepMargin / time.Second)
		tag := b.key()
		for _, c := range []struct {
			expires int64
			kept    bool
		}{
			{0, true}, {now.Unix() + 1, true}, {now.Unix(), true}, {now.Unix() - margin, true},
			{now.Unix() - margin - 1, false}, {1, false},
		} {
			rec := b.put(store.Record{Expires: c.expires, Tags: []store.Key{tag}})
			b.sweep(sweeper, now)
			if c.kept {
				b.same(rec)
				b.Contains(b.list(tag), rec.Key)
			} else {
				b.absent(rec.Key)
				b.put(store.Record{Key: rec.Key}) // the key is free again
			}
		}
	}},

	{"a limit", func(b *bench) {
		sweeper := b.sweeper()
		now := time.Unix(2_000_000_000, 0)
		b.sweep(sweeper, now)
		for range 25 {
			b.put(store.Record{Expires: 1})
		}
		for _, none := range []int{0, -1} {
			n, err := sweeper.Sweep(b.ctx, now, none)
			b.NoError(err)
			b.Zero(n, "at most %d", none)
		}
		for _, want := range []int{10, 10, 5, 0} {
			n, err := sweeper.Sweep(b.ctx, now, 10)
			b.NoError(err)
			b.Equal(want, n)
		}
		// So many that each part of a store which is kept in parts has several.
		for range 400 {
			b.put(store.Record{Expires: 1})
		}
		for left := 400; left > 0; {
			n, err := sweeper.Sweep(b.ctx, now, 3)
			b.NoError(err)
			b.Equal(min(3, left), n)
			left -= n
		}
	}},

	{"an extended record is kept", func(b *bench) {
		sweeper := b.sweeper()
		now := time.Unix(2_000_000_000, 0)
		race(2, func(i int) {
			for range 200 {
				if i == 0 {
					if _, err := sweeper.Sweep(b.ctx, now, 100); err != nil {
						b.T.Errorf("sweep: %v", err)
					}
					continue
				}
				rec := store.Record{Key: b.key(), Version: store.NewVersion(), Expires: 1, Value: []byte("{}")}
				if err := b.store.Put(b.ctx, rec, 0); err != nil {
					b.T.Errorf("put: %v", err)
				}
				next := rec
				next.Version, next.Expires = store.NewVersion(), 0
				if b.store.Put(b.ctx, next, rec.Version) == nil { // before the sweeper came
					recs := []store.Record{{Key: rec.Key}}
					if _, err := b.store.Get(b.ctx, nil, recs); err != nil || recs[0].Version != next.Version {
						b.T.Errorf("a record that was extended is gone")
					}
				}
			}
		})
	}},
}

var walkTests = []test{
	{"every record with its tags", func(b *bench) {
		walker, ok := b.store.(store.Walker)
		if !ok {
			return
		}
		want := make(map[store.Key]store.Record)
		one, two := b.key(), b.key()
		for i := range 300 {
			rec := store.Record{Expires: int64(i), Value: []byte(`{"n":1}`)}
			if i%3 > 0 {
				rec.Tags = []store.Key{one, two}[:i%3]
			}
			rec = b.put(rec)
			want[rec.Key] = rec
		}
		for rec, err := range walker.Walk(b.ctx) {
			b.NoError(err)
			w, mine := want[rec.Key]
			if !mine {
				continue // of another test, if the store is shared
			}
			b.Equal(w.Version, rec.Version)
			b.Equal(w.Expires, rec.Expires)
			b.Equal(string(w.Value), string(rec.Value))
			b.ElementsMatch(w.Tags, rec.Tags)
			delete(want, rec.Key)
			if rec.Value[0] = 'x'; len(want)%7 == 0 { // what is yielded is the caller's
				b.Equal("{", string(b.get(rec.Key).Value[:1]))
			}
		}
		b.Empty(want)
	}},

	// What is not written during the walk is in it, whatever is written beside it.
	{"a walk misses nothing under writes", func(b *bench) {
		walker, ok := b.store.(store.Walker)
		if !ok {
			return
		}
		want := make(map[store.Key]bool)
		for range 300 {
			want[b.put(store.Record{}).Key] = true
		}
		stop, started, stopped := make(chan struct{}), make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for i := 0; ; i++ {
				rec := store.Record{Key: b.key(), Version: store.NewVersion(), Value: make([]byte, i*100%5000)}
				if err := b.store.Put(b.ctx, rec, 0); err != nil {
					b.T.Errorf("put: %v", err)
				}
				if err := b.store.Delete(b.ctx, rec.Key, rec.Version); err != nil {
					b.T.Errorf("delete: %v", err)
				}
				if i == 0 {
					close(started)
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		}()
		<-started
		for rec, err := range walker.Walk(b.ctx) {
			if err != nil {
				b.T.Errorf("walk: %v", err)
			}
			delete(want, rec.Key)
		}
		close(stop)
		<-stopped
		b.Empty(want)
	}},

	{"an early end, and use inside", func(b *bench) {
		walker, ok := b.store.(store.Walker)
		if !ok {
			return
		}
		for range 5 {
			b.put(store.Record{})
		}
		for rec, err := range walker.Walk(b.ctx) {
			b.NoError(err)
			b.put(store.Record{Value: rec.Value})
			break
		}
	}},
}

func (b *bench) sweeper() store.Sweeper {
	s, ok := b.store.(store.Sweeper)
	if !ok {
		b.Skip("the store does not sweep")
	}
	return s
}

func (b *bench) sweep(s store.Sweeper, now time.Time) {
	for {
		n, err := s.Sweep(b.ctx, now, 100)
		b.NoError(err)
		if n < 100 {
			return
		}
	}
}
