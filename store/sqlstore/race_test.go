package sqlstore_test

import (
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/sqlstore"
	"github.com/stretchr/testify/require"
)

// Two pools on one database, as two nodes have them.
func TestOneWinner(t *testing.T) {
	each(t, all(), func(t *testing.T, url string) {
		stores := []*sqlstore.Store{open(t, url, sqlstore.Options{MaxConns: 3}), open(t, url, sqlstore.Options{MaxConns: 3})}
		const rounds = 15
		now := time.Now()

		// race runs f on both stores from four goroutines each and counts the winners.
		race := func(f func(s *sqlstore.Store, me int) error) int64 {
			var wins atomic.Int64
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					err := f(stores[i%2], i)
					if err == nil {
						wins.Add(1)
					} else if !errors.Is(err, store.ErrConflict) {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			return wins.Load()
		}

		for round := range rounds {
			k := key("round", strconv.Itoa(round))
			require.Equal(t, int64(1), race(func(s *sqlstore.Store, _ int) error {
				first, err := store.Once(t.Context(), s, k, now.Unix()+60, now)
				if err == nil && !first {
					err = store.ErrConflict
				}
				return err
			}), "once")
			old := get(t, stores[round%2], k).Version
			require.Equal(t, int64(1), race(func(s *sqlstore.Store, me int) error {
				return store.Swap(t.Context(), s, store.Record{Key: k, Value: []byte{byte(me)}, Tags: []store.Key{key("tag", strconv.Itoa(me))}}, old)
			}), "swap with tags")
			rec := get(t, stores[round%2], k)
			for me := range 8 {
				require.Equal(t, me == int(rec.Value[0]), len(list(t, stores[me%2], key("tag", strconv.Itoa(me)))) == 1,
					"the tags there are the winner's")
			}
			require.Equal(t, int64(1), race(func(s *sqlstore.Store, me int) error {
				return store.Swap(t.Context(), s, store.Record{Key: k, Value: []byte{byte(me)}}, rec.Version)
			}), "swap")
			rec = get(t, stores[round%2], k)
			require.Equal(t, int64(1), race(func(s *sqlstore.Store, me int) error {
				if me == 0 {
					return store.Swap(t.Context(), s, store.Record{Key: k, Tags: []store.Key{key("late", strconv.Itoa(round))}}, rec.Version)
				}
				return s.Delete(t.Context(), k, rec.Version)
			}), "delete and swap")
			require.Equal(t, get(t, stores[0], k).Version != 0, len(list(t, stores[1], key("late", strconv.Itoa(round)))) == 1,
				"a tag is there exactly if its record is")
			if v := get(t, stores[0], k).Version; v != 0 {
				require.NoError(t, stores[1].Delete(t.Context(), k, v))
			}
		}
	})
}

// Sweepers on two nodes, and a writer that prolongs what they are about to drop.
func TestSweepersAndWriter(t *testing.T) {
	each(t, all(), func(t *testing.T, url string) {
		a, b := open(t, url, sqlstore.Options{}), open(t, url, sqlstore.Options{})
		const n = 1200
		fill(t, url, n)
		now := time.Unix(1<<32, 0)
		var keys []store.Key
		for k := range a.List(t.Context(), key("tag")) {
			keys = append(keys, k)
		}
		var dropped, kept atomic.Int64
		var wg sync.WaitGroup
		for _, s := range []*sqlstore.Store{a, b} {
			wg.Go(func() {
				for range 3 {
					got, err := s.Sweep(t.Context(), now, n)
					dropped.Add(int64(got))
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		var saved []store.Record
		wg.Go(func() {
			for i := 0; i < n; i += 10 {
				recs := []store.Record{{Key: keys[n-1-i]}}
				if _, err := a.Get(t.Context(), nil, recs); err != nil {
					t.Error(err)
				} else if recs[0].Version == 0 {
					continue
				}
				next := store.Record{Key: recs[0].Key, Version: store.NewVersion(), Expires: now.Unix() + 1, Tags: []store.Key{key("saved")}}
				if err := a.Put(t.Context(), next, recs[0].Version); err == nil {
					kept.Add(1)
					saved = append(saved, next)
				} else if !errors.Is(err, store.ErrConflict) {
					t.Error(err)
				}
			}
		})
		wg.Wait()
		got, err := b.Sweep(t.Context(), now, n)
		require.NoError(t, err)
		require.Equal(t, int64(n), dropped.Load()+int64(got)+kept.Load())
		for _, rec := range saved {
			require.Equal(t, rec.Version, get(t, b, rec.Key).Version)
		}
		require.Len(t, list(t, b, key("saved")), len(saved))
		require.Len(t, list(t, b, key("tag")), len(saved), "no tag stays behind")
	})
}
