package storetest

import (
	"encoding/json"
	"errors"
	"sync/atomic"
	"time"

	"github.com/mintyard/mintyard/store"
)

func isConflict(err error) bool { return errors.Is(err, store.ErrConflict) }

var verbTests = []test{
	{"once, for a hundred at once", func(b *bench) {
		now := time.Unix(1_900_000_000, 0)
		for range 5 {
			key := b.key()
			var first atomic.Int64
			race(100, func(int) {
				ok, err := store.Once(b.ctx, b.store, key, now.Unix()+60, now)
				if err != nil {
					b.T.Errorf("once: %v", err)
				}
				if ok {
					first.Add(1)
				}
			})
			b.EqualValues(1, first.Load())
			later := now.Add(2 * time.Minute) // the marker is over, and counts as none
			ok, err := store.Once(b.ctx, b.store, key, later.Unix()+60, later)
			b.NoError(err)
			b.True(ok)
		}
	}},

	{"no update is lost", func(b *bench) {
		const clients, each = 8, 15
		key := b.key()
		race(clients, func(int) {
			for range each {
				_, err := store.Update(b.ctx, b.store, key, func(cur store.Record) (store.Record, error) {
					n := 0
					if cur.Version != 0 {
						if err := json.Unmarshal(cur.Value, &n); err != nil {
							return cur, err
						}
					}
					value, err := json.Marshal(n + 1)
					cur.Value = value
					return cur, err
				})
				if err != nil {
					b.T.Errorf("update: %v", err)
				}
			}
		})
		b.Equal("120", string(b.get(key).Value))
	}},

	{"an edit that refuses writes nothing", func(b *bench) {
		rec := b.put(store.Record{})
		refuse := errors.New("no")
		_, err := store.Update(b.ctx, b.store, rec.Key, func(cur store.Record) (store.Record, error) { return cur, refuse })
		b.ErrorIs(err, refuse)
		b.same(rec)
	}},

	{"insert, swap, remove", func(b *bench) {
		rec := store.Record{Key: b.key(), Version: store.NewVersion(), Value: []byte("{}")}
		b.NoError(store.Insert(b.ctx, b.store, rec))
		b.ErrorIs(store.Insert(b.ctx, b.store, rec), store.ErrConflict)
		next := rec
		next.Version, next.Value = store.NewVersion(), []byte("[]")
		b.NoError(store.Swap(b.ctx, b.store, next, rec.Version))
		b.ErrorIs(store.Swap(b.ctx, b.store, next, rec.Version), store.ErrConflict)
		b.ErrorIs(store.Remove(b.ctx, b.store, rec.Key, rec.Version), store.ErrConflict)
		b.NoError(store.Remove(b.ctx, b.store, rec.Key, next.Version))
		b.absent(rec.Key)
	}},
}

var attemptsTests = []test{
	{"no more guesses than the limit", func(b *bench) {
		now := time.Unix(1_900_000_000, 0)
		a := &store.Attempts{Store: b.store, Now: func() time.Time { return now }, Limit: 10, CoolDown: time.Hour, Keep: 24 * time.Hour}
		key := b.key()
		var judged atomic.Int64
		race(100, func(int) {
			switch _, err := a.Reserve(b.ctx, key); {
			case err == nil:
				judged.Add(1)
			case !errors.Is(err, store.ErrLocked):
				b.T.Errorf("reserve: %v", err)
			}
		})
		b.EqualValues(10, judged.Load())
		_, err := a.Reserve(b.ctx, key)
		var locked *store.LockedError
		b.ErrorAs(err, &locked)
		b.Equal(now.Add(time.Hour).Unix(), locked.Until.Unix())

		now = now.Add(time.Hour + time.Second)
		attempt, err := a.Reserve(b.ctx, key)
		b.NoError(err, "the lock lapses")
		b.NoError(attempt.Succeed(b.ctx, func([]byte) ([]byte, error) { return []byte(`{"step":7}`), nil }))
		attempt, err = a.Reserve(b.ctx, key)
		b.NoError(err)
		b.JSONEq(`{"step":7}`, string(attempt.State()))
	}},

	{"a right guess among wrong ones", func(b *bench) {
		now := time.Unix(1_900_000_000, 0)
		a := &store.Attempts{Store: b.store, Now: func() time.Time { return now }, Limit: 10, CoolDown: time.Hour, Keep: 24 * time.Hour}
		for range 3 {
			key := b.key()
			var won atomic.Int64
			race(60, func(i int) {
				attempt, err := a.Reserve(b.ctx, key)
				if err != nil || i != 30 {
					return
				}
				if err = attempt.Succeed(b.ctx, func([]byte) ([]byte, error) { return []byte("1"), nil }); err == nil {
					won.Add(1)
				} else if !errors.Is(err, store.ErrLocked) {
					b.T.Errorf("succeed: %v", err)
				}
			})
			if won.Load() == 0 { // then it is locked
				_, err := a.Reserve(b.ctx, key)
				b.ErrorIs(err, store.ErrLocked)
			}
		}
	}},
}
