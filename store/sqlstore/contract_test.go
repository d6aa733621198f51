package sqlstore_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/sqlstore"
	"github.com/stretchr/testify/require"
)

func all() []database { return append(databases[:len(databases):len(databases)], settings...) }

func TestPutGetDelete(t *testing.T) {
	each(t, all(), func(t *testing.T, url string) {
		s := open(t, url, sqlstore.Options{})
		tag, other := key("tag"), key("other")
		// Versions with the top bit set, and an expiry of every size, survive the
		// signed columns.
		a := store.Record{Key: key("a"), Version: 1<<63 + 5, Expires: math.MaxInt64, Value: []byte("{\"a\": 1,\"a\":1}\n\x00\xff"), Tags: []store.Key{tag, tag, other}}
		b := store.Record{Key: key("b"), Version: math.MaxUint64, Expires: math.MinInt64, Tags: []store.Key{tag}}
		require.ErrorIs(t, s.Put(t.Context(), a, 77), store.ErrConflict)
		require.Empty(t, list(t, s, tag), "a refused put leaves no tag")
		require.NoError(t, s.Put(t.Context(), a, 0))
		require.NoError(t, s.Put(t.Context(), b, 0))
		require.ErrorIs(t, s.Put(t.Context(), a, 0), store.ErrConflict, "the same version put again is no excuse")

		recs := []store.Record{{Key: b.Key}, {Key: key("none"), Version: 3, Value: []byte("x")}, {Key: a.Key}, {Key: b.Key}, {Key: a.Key}}
		buf, err := s.Get(t.Context(), []byte("before"), recs)
		require.NoError(t, err)
		require.Equal(t, "before", string(buf[:6]))
		require.Equal(t, b.Version, recs[0].Version)
		require.Equal(t, b.Expires, recs[0].Expires)
		require.Empty(t, recs[0].Value)
		require.Zero(t, recs[1].Version)
		require.Nil(t, recs[1].Value)
		for _, i := range []int{2, 4} {
			require.Equal(t, a.Version, recs[i].Version)
			require.Equal(t, a.Expires, recs[i].Expires)
			require.Equal(t, a.Value, recs[i].Value)
			require.Nil(t, recs[i].Tags)
		}
		require.ElementsMatch(t, []store.Key{a.Key, b.Key}, list(t, s, tag))

		// Tags only grow.
		a2 := store.Record{Key: a.Key, Version: 9, Value: []byte("two")}
		require.NoError(t, s.Put(t.Context(), a2, a.Version))
		a2.Version, a2.Tags = 10, []store.Key{key("third")}
		require.NoError(t, s.Put(t.Context(), a2, 9))
		for _, tg := range []store.Key{other, key("third")} {
			require.Equal(t, []store.Key{a.Key}, list(t, s, tg))
		}
		a2.Version, a2.Tags = 11, []store.Key{key("fourth")}
		require.ErrorIs(t, s.Put(t.Context(), a2, 9), store.ErrConflict)
		require.Empty(t, list(t, s, key("fourth")))

		require.ErrorIs(t, s.Delete(t.Context(), a.Key, a.Version), store.ErrConflict)
		require.ErrorIs(t, s.Delete(t.Context(), a.Key, 0), store.ErrConflict)
		require.NoError(t, s.Delete(t.Context(), a.Key, 10))
		require.ErrorIs(t, s.Delete(t.Context(), a.Key, 10), store.ErrConflict)
		require.Zero(t, get(t, s, a.Key).Version)
		require.Equal(t, []store.Key{b.Key}, list(t, s, tag))
	})
}

func TestGetManyKeys(t *testing.T) {
	each(t, databases, func(t *testing.T, url string) {
		s := open(t, url, sqlstore.Options{})
		const n = 300
		recs := make([]store.Record, 0, 2*n)
		for i := range n {
			k := key(strconv.Itoa(i))
			put(t, s, store.Record{Key: k, Value: fmt.Appendf(nil, "value %d", i)}, 0)
			recs = append(recs, store.Record{Key: k}, store.Record{Key: key("absent", strconv.Itoa(i))})
		}
		for _, size := range []int{0, 1, 2, 3, 5, 127, 128, 129, 256, 600} {
			_, err := s.Get(t.Context(), make([]byte, 3, 5), recs[:size])
			require.NoError(t, err)
			for i, rec := range recs[:size] {
				if i%2 == 0 {
					require.Equal(t, fmt.Sprintf("value %d", i/2), string(rec.Value))
				} else {
					require.Zero(t, rec.Version)
				}
			}
		}
	})
}

func TestLimitsAreRefusedBeforeTheDatabaseIsAsked(t *testing.T) {
	each(t, databases, func(t *testing.T, url string) {
		s := open(t, url, sqlstore.Options{})
		most := store.Record{Key: key("most"), Version: 1, Value: bytes.Repeat([]byte("x"), store.MaxValue)}
		for i := range store.MaxTags {
			most.Tags = append(most.Tags, key("tag", strconv.Itoa(i)))
		}
		require.NoError(t, s.Put(t.Context(), most, 0))
		require.Equal(t, most.Value, get(t, s, most.Key).Value)
		for _, tag := range most.Tags {
			require.Len(t, list(t, s, tag), 1)
		}

		require.NoError(t, s.Close())
		for name, rec := range map[string]store.Record{
			"version": {Key: key("x")},
			"bytes":   {Key: key("x"), Version: 1, Value: make([]byte, store.MaxValue+1)},
			"tags":    {Key: key("x"), Version: 1, Tags: make([]store.Key, store.MaxTags+1)},
		} {
			for _, old := range []uint64{0, 5} {
				require.ErrorContains(t, s.Put(t.Context(), rec, old), name)
			}
		}
	})
}

func TestSweep(t *testing.T) {
	each(t, all(), func(t *testing.T, url string) {
		s := open(t, url, sqlstore.Options{MaxConns: 2})
		now := time.Unix(1_800_000_000, 0)
		margin := int64(store.SweepMargin / time.Second)
		tag := key("tag")
		kept := map[string]int64{"never": 0, "later": now.Unix() + 9, "just": now.Unix(), "margin": now.Unix() - margin}
		for name, expires := range kept {
			put(t, s, store.Record{Key: key(name), Expires: expires, Tags: []store.Key{tag}}, 0)
		}
		dead := map[string]int64{"over": now.Unix() - margin - 1, "long": 1, "before 1970": -5}
		for name, expires := range dead {
			put(t, s, store.Record{Key: key(name), Expires: expires, Tags: []store.Key{tag}}, 0)
		}

		for limit, want := range map[int]int{0: 0, -1: 0} {
			n, err := s.Sweep(t.Context(), now, limit)
			require.NoError(t, err)
			require.Equal(t, want, n)
		}
		n, err := s.Sweep(t.Context(), now, 2)
		require.NoError(t, err)
		require.Equal(t, 2, n)
		n, err = s.Sweep(t.Context(), now, 100)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		for name := range kept {
			require.NotZero(t, get(t, s, key(name)).Version, name)
		}
		require.Len(t, list(t, s, tag), len(kept), "swept records take their tags along")
		n, err = s.Sweep(t.Context(), now.Add(time.Nanosecond), 100)
		require.NoError(t, err)
		require.Equal(t, 1, n, "a margin that is over by a nanosecond is over")
	})
}

func TestSweepInBatches(t *testing.T) {
	each(t, databases, func(t *testing.T, url string) {
		s := open(t, url, sqlstore.Options{MaxConns: 1})
		const n = 1203
		fill(t, url, n)
		dropped, err := s.Sweep(t.Context(), time.Unix(1<<40, 0), 701)
		require.NoError(t, err)
		require.Equal(t, 701, dropped)
		dropped, err = s.Sweep(t.Context(), time.Unix(1<<40, 0), 10000)
		require.NoError(t, err)
		require.Equal(t, n-701, dropped)
	})
}

// One connection is enough, although the store is used inside the loops.
func TestPagesHoldNoConnection(t *testing.T) {
	each(t, databases, func(t *testing.T, url string) {
		s := open(t, url, sqlstore.Options{MaxConns: 1})
		const n = 1203
		fill(t, url, n)
		ctx := within(t, time.Minute)

		seen := map[store.Key]bool{}
		for k, err := range s.List(ctx, key("tag")) {
			require.NoError(t, err)
			seen[k] = true
			if len(seen)%100 == 1 {
				rec := get(t, s, k)
				put(t, s, store.Record{Key: k, Tags: []store.Key{key("seen")}}, rec.Version)
			}
		}
		require.Len(t, seen, n)

		seen = map[store.Key]bool{}
		for rec, err := range s.Walk(ctx) {
			require.NoError(t, err)
			require.NotZero(t, rec.Version)
			require.Contains(t, rec.Tags, key("tag"))
			seen[rec.Key] = true
			if len(seen)%50 == 1 {
				require.NoError(t, s.Delete(ctx, rec.Key, rec.Version))
			}
		}
		require.Len(t, seen, n)
		for range s.Walk(ctx) {
			break
		}
		for range s.List(ctx, key("tag")) {
			break
		}
		require.Zero(t, get(t, s, key("none")).Version, "a loop that is left early holds nothing")
	})
}

func TestEndedContext(t *testing.T) {
	each(t, databases, func(t *testing.T, url string) {
		s := open(t, url, sqlstore.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		rec := store.Record{Key: key("a"), Version: 4}
		require.ErrorIs(t, s.Put(ctx, rec, 0), context.Canceled)
		rec.Tags = []store.Key{key("tag")}
		require.ErrorIs(t, s.Put(ctx, rec, 0), context.Canceled)
		require.ErrorIs(t, s.Delete(ctx, rec.Key, 4), context.Canceled)
		recs := []store.Record{{Key: rec.Key, Version: 8, Value: []byte("old")}}
		buf, err := s.Get(ctx, []byte("abc"), recs)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, "abc", string(buf))
		require.Zero(t, recs[0].Version)
		_, err = s.Sweep(ctx, time.Now(), 1)
		require.ErrorIs(t, err, context.Canceled)
		steps := 0
		for _, err := range s.List(ctx, key("tag")) {
			require.ErrorIs(t, err, context.Canceled)
			steps++
		}
		for _, err := range s.Walk(ctx) {
			require.ErrorIs(t, err, context.Canceled)
			steps++
		}
		require.Equal(t, 2, steps, "after an error the sequence ends")
		require.Zero(t, get(t, s, rec.Key).Version)
	})
}
