package storetest

import (
	"errors"
	"math"
	"strings"
	"time"

	"github.com/mintyard/mintyard/store"
)

var recordTests = []test{
	{"round trip", func(b *bench) {
		rec := b.put(store.Record{Expires: 1_900_000_000, Value: []byte(`{"a":1}`)})
		b.same(rec)
	}},

	{"absent key", func(b *bench) {
		b.absent(b.key())
		// What stood in the record before is no answer.
		recs := []store.Record{{Key: b.key(), Version: 7, Expires: 7, Value: []byte("old")}}
		_, err := b.store.Get(b.ctx, nil, recs)
		b.NoError(err)
		b.Zero(recs[0].Version)
		b.Zero(recs[0].Expires)
		b.Empty(recs[0].Value)
	}},

	{"put if absent", func(b *bench) {
		rec := b.put(store.Record{})
		other := store.Record{Key: rec.Key, Version: store.NewVersion(), Value: []byte("other")}
		b.ErrorIs(b.store.Put(b.ctx, other, 0), store.ErrConflict)
		b.same(rec)
	}},

	{"put if version", func(b *bench) {
		rec := b.put(store.Record{Expires: 5})
		next := store.Record{Key: rec.Key, Version: store.NewVersion(), Expires: 9, Value: []byte("next")}
		b.ErrorIs(b.store.Put(b.ctx, next, rec.Version+1), store.ErrConflict)
		b.same(rec)
		b.NoError(b.store.Put(b.ctx, next, rec.Version))
		b.same(next)
		// The old version is good no more, not even for the same write.
		b.ErrorIs(b.store.Put(b.ctx, next, rec.Version), store.ErrConflict)
		b.same(next)
	}},

	{"put with a version on an absent key is a conflict", func(b *bench) {
		rec := store.Record{Key: b.key(), Version: store.NewVersion(), Value: []byte("{}")}
		b.ErrorIs(b.store.Put(b.ctx, rec, store.NewVersion()), store.ErrConflict)
		b.absent(rec.Key)
		b.ErrorIs(b.store.Put(b.ctx, rec, rec.Version), store.ErrConflict)
		b.absent(rec.Key)
	}},

	{"delete if version", func(b *bench) {
		rec := b.put(store.Record{})
		b.ErrorIs(b.store.Delete(b.ctx, rec.Key, rec.Version+1), store.ErrConflict)
		b.ErrorIs(b.store.Delete(b.ctx, rec.Key, 0), store.ErrConflict)
		b.same(rec)
		b.NoError(b.store.Delete(b.ctx, rec.Key, rec.Version))
		b.absent(rec.Key)
		b.ErrorIs(b.store.Delete(b.ctx, rec.Key, rec.Version), store.ErrConflict)
		b.ErrorIs(b.store.Delete(b.ctx, rec.Key, 0), store.ErrConflict)
	}},

	{"a key made again does not know the old version", func(b *bench) {
		rec := b.put(store.Record{})
		b.NoError(b.store.Delete(b.ctx, rec.Key, rec.Version))
		again := b.put(store.Record{Key: rec.Key})
		stale := store.Record{Key: rec.Key, Version: store.NewVersion(), Value: []byte("stale")}
		b.ErrorIs(b.store.Put(b.ctx, stale, rec.Version), store.ErrConflict)
		b.ErrorIs(b.store.Delete(b.ctx, rec.Key, rec.Version), store.ErrConflict)
		b.same(again)
	}},

	{"the writer chooses the version", func(b *bench) {
		for _, v := range []uint64{1, 2, 255, 1 << 31, 1<<32 + 1, 1<<53 + 1, math.MaxInt64, 1 << 63, 1<<63 + 1, math.MaxUint64 - 1, math.MaxUint64} {
			rec := b.put(store.Record{Version: v})
			b.same(rec)
			next := store.Record{Key: rec.Key, Version: v ^ 1<<63 | 2, Value: []byte("{}")}
			if next.Version == v {
				next.Version = 5
			}
			b.NoError(b.store.Put(b.ctx, next, v))
			b.same(next)
			b.NoError(b.store.Delete(b.ctx, rec.Key, next.Version))
			b.absent(rec.Key)
		}
	}},

	{"version 0 is refused", func(b *bench) {
		rec := store.Record{Key: b.key(), Value: []byte("{}")}
		err := b.store.Put(b.ctx, rec, 0)
		b.Error(err)
		b.NotErrorIs(err, store.ErrConflict)
		b.absent(rec.Key)
	}},

	{"expiry is not judged", func(b *bench) {
		now := time.Now().Unix()
		for _, expires := range []int64{1, now - 1e6, now - 1, now, now + 1, 1 << 33, math.MaxInt64, 0} {
			rec := b.put(store.Record{Expires: expires})
			b.same(rec)
			other := store.Record{Key: rec.Key, Version: store.NewVersion(), Value: []byte("{}")}
			b.ErrorIs(b.store.Put(b.ctx, other, 0), store.ErrConflict, "expired, but there")
			b.NoError(b.store.Put(b.ctx, other, rec.Version))
			b.same(other)
		}
	}},

	{"several keys in one Get", func(b *bench) {
		one, two := b.put(store.Record{Value: []byte("one")}), b.put(store.Record{Value: []byte("two"), Expires: 2})
		recs := []store.Record{{Key: one.Key}, {Key: b.key()}, {Key: two.Key}, {Key: one.Key}, {Key: b.key()}}
		buf, err := b.store.Get(b.ctx, []byte("before"), recs)
		b.NoError(err)
		b.True(strings.HasPrefix(string(buf), "before"), "values are appended")
		b.Equal([]uint64{one.Version, 0, two.Version, one.Version, 0},
			[]uint64{recs[0].Version, recs[1].Version, recs[2].Version, recs[3].Version, recs[4].Version})
		for i, want := range []string{"one", "", "two", "one", ""} {
			b.Equal(want, string(recs[i].Value))
		}
		b.Equal(int64(2), recs[2].Expires)

		buf, err = b.store.Get(b.ctx, []byte("alone"), nil)
		b.NoError(err)
		b.Equal("alone", string(buf))
	}},

	{"many keys in one Get", func(b *bench) {
		var recs []store.Record
		want := map[store.Key]string{}
		for i := range 100 {
			key := b.key()
			if i%3 != 0 {
				want[key] = strings.Repeat("v", i*31)
				b.put(store.Record{Key: key, Value: []byte(want[key])})
			}
			recs = append(recs, store.Record{Key: key})
		}
		_, err := b.store.Get(b.ctx, nil, recs)
		b.NoError(err)
		for _, rec := range recs {
			value, there := want[rec.Key]
			b.Equal(there, rec.Version != 0)
			b.Equal(value, string(rec.Value))
		}
	}},

	{"nothing aliases the store", func(b *bench) {
		value, tags := []byte("before"), []store.Key{b.key()}
		tag := tags[0]
		rec := b.put(store.Record{Value: value, Tags: tags})
		copy(value, "CHANGE")
		tags[0] = b.key()
		got := b.get(rec.Key)
		b.Equal("before", string(got.Value))
		b.Contains(b.list(tag), rec.Key)

		copy(got.Value, "CHANGE")
		_ = append(got.Value, "more"...)
		b.Equal("before", string(b.get(rec.Key).Value))

		// What was read stays, whatever is written after.
		held := b.get(rec.Key)
		next := store.Record{Key: rec.Key, Version: store.NewVersion(), Value: []byte("after!")}
		b.NoError(b.store.Put(b.ctx, next, rec.Version))
		b.Equal("before", string(held.Value))
		// Appending to one value must not run into the next one.
		pair := []store.Record{{Key: rec.Key}, {Key: rec.Key}}
		_, err := b.store.Get(b.ctx, make([]byte, 0, 100), pair)
		b.NoError(err)
		_ = append(pair[0].Value, "xx"...)
		b.Equal("after!", string(pair[1].Value))
	}},

	{"a conflict leaves tags alone", func(b *bench) {
		rec, tag := b.put(store.Record{}), b.key()
		lost := store.Record{Key: rec.Key, Version: store.NewVersion(), Tags: []store.Key{tag}, Value: []byte("{}")}
		b.ErrorIs(b.store.Put(b.ctx, lost, rec.Version+1), store.ErrConflict)
		b.same(rec)
		b.list(tag) // may be stale, must not fail
	}},
}

// refused checks that err is a refusal of something that exceeds a limit.
func (b *bench) refused(err error) {
	b.Helper()
	b.Error(err)
	b.False(errors.Is(err, store.ErrConflict), "a limit is no conflict")
}
