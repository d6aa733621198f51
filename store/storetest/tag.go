package storetest

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/mintyard/mintyard/store"
)

// clip forgets how often a key was listed: repetitions are allowed.
func clip(seen map[store.Key]int) map[store.Key]int {
	for key := range seen {
		seen[key] = 1
	}
	return seen
}

var tagTests = []test{
	{"list", func(b *bench) {
		red, blue := b.key(), b.key()
		one := b.put(store.Record{Tags: []store.Key{red}})
		two := b.put(store.Record{Tags: []store.Key{blue, red}})
		b.put(store.Record{})
		b.Equal(map[store.Key]int{one.Key: 1, two.Key: 1}, clip(b.list(red)))
		b.Equal(map[store.Key]int{two.Key: 1}, clip(b.list(blue)))
		b.Empty(b.list(b.key()))
	}},

	{"a record may be its own tag", func(b *bench) {
		key := b.key()
		b.put(store.Record{Key: key, Tags: []store.Key{key}})
		b.Contains(b.list(key), key)
	}},

	{"a tag need not be a record, and may become one", func(b *bench) {
		tag := b.key()
		rec := b.put(store.Record{Tags: []store.Key{tag}})
		b.absent(tag)
		b.put(store.Record{Key: tag})
		b.Contains(b.list(tag), rec.Key)
		b.NoError(b.store.Delete(b.ctx, tag, b.get(tag).Version))
		b.Contains(b.list(tag), rec.Key)
	}},

	{"tags only grow", func(b *bench) {
		red, blue, green := b.key(), b.key(), b.key()
		rec := b.put(store.Record{Tags: []store.Key{red}})
		version := rec.Version
		for _, tags := range [][]store.Key{nil, {blue}, {}, {red}, {green, blue, green}, nil} {
			next := store.Record{Key: rec.Key, Version: store.NewVersion(), Tags: tags, Value: []byte("{}")}
			b.NoError(b.store.Put(b.ctx, next, version))
			version = next.Version
			b.Contains(b.list(red), rec.Key)
		}
		b.Contains(b.list(blue), rec.Key)
		b.Contains(b.list(green), rec.Key)
	}},

	{"as many tags as the limit", func(b *bench) {
		var tags []store.Key
		for range store.MaxTags {
			tags = append(tags, b.key())
		}
		rec := b.put(store.Record{Tags: tags[:5]})
		next := store.Record{Key: rec.Key, Version: store.NewVersion(), Tags: tags, Value: []byte("{}")}
		b.NoError(b.store.Put(b.ctx, next, rec.Version))
		for _, tag := range tags {
			b.Contains(b.list(tag), rec.Key)
		}

		one := store.Record{Key: rec.Key, Version: store.NewVersion(), Tags: []store.Key{b.key()}, Value: []byte("{}")}
		if err := b.store.Put(b.ctx, one, next.Version); err == nil {
			b.Contains(b.list(one.Tags[0]), rec.Key)
		} else {
			b.refused(err)
			b.same(next)
		}
		many := store.Record{Key: b.key(), Version: store.NewVersion(), Tags: append(tags, b.key()), Value: []byte("{}")}
		if err := b.store.Put(b.ctx, many, 0); err == nil {
			b.Contains(b.list(many.Tags[store.MaxTags]), many.Key)
		} else {
			b.refused(err)
			b.absent(many.Key)
		}
	}},

	{"after delete and making again", func(b *bench) {
		red, blue := b.key(), b.key()
		rec := b.put(store.Record{Tags: []store.Key{red}})
		b.NoError(b.store.Delete(b.ctx, rec.Key, rec.Version))
		b.list(red) // may be stale, must not fail
		b.put(store.Record{Key: rec.Key, Tags: []store.Key{blue}})
		b.Contains(b.list(blue), rec.Key)
	}},

	{"thousands of keys of one tag", func(b *bench) {
		const n = 2500
		tag, other := b.key(), b.key()
		keys := make([]store.Key, n)
		race(8, func(worker int) {
			for i := worker; i < n; i += 8 {
				rec := store.Record{Key: b.key(), Version: store.NewVersion(), Tags: []store.Key{other, tag}, Value: []byte("{}")}
				keys[i] = rec.Key
				if err := b.store.Put(b.ctx, rec, 0); err != nil {
					b.T.Errorf("put: %v", err)
				}
			}
		})
		seen := b.list(tag)
		for _, key := range keys {
			b.True(seen[key] > 0) // Contains would look at all of them
		}
		b.Len(seen, n, "no other keys")

		// Breaking off early leaves nothing behind.
		for stop := range 20 {
			i := 0
			for _, err := range b.store.List(b.ctx, tag) {
				b.NoError(err)
				if i++; i > stop*stop {
					break
				}
			}
		}
		b.put(store.Record{Tags: []store.Key{tag}})
		b.GreaterOrEqual(len(b.list(tag)), n+1)
	}},

	{"the store may be used inside the loop", func(b *bench) {
		tag, other := b.key(), b.key()
		live := map[store.Key]bool{}
		for range 50 {
			live[b.put(store.Record{Tags: []store.Key{tag}}).Key] = true
		}
		turns := 0
		for key, err := range b.store.List(b.ctx, tag) {
			b.NoError(err)
			if turns++; turns > 10_000 {
				b.FailNow("the list does not end while records are added")
			}
			cur := b.get(key)
			if cur.Version == 0 {
				continue
			}
			switch turns % 3 {
			case 0:
				b.NoError(b.store.Delete(b.ctx, key, cur.Version))
				delete(live, key)
			case 1:
				next := store.Record{Key: key, Version: store.NewVersion(), Tags: []store.Key{other}, Value: []byte("changed")}
				b.NoError(b.store.Put(b.ctx, next, cur.Version))
			case 2:
				for range b.store.List(b.ctx, tag) {
					break
				}
			}
			if turns <= 20 {
				live[b.put(store.Record{Tags: []store.Key{tag}}).Key] = true
			}
		}
		seen := b.list(tag)
		for key := range live {
			b.Contains(seen, key)
		}
	}},

	{"one sequence may be ranged over twice", func(b *bench) {
		tag := b.key()
		rec := b.put(store.Record{Tags: []store.Key{tag}})
		list := b.store.List(b.ctx, tag)
		for range 2 {
			n := 0
			for key, err := range list {
				b.NoError(err)
				b.Equal(rec.Key, key)
				n++
			}
			b.NotZero(n)
		}
	}},

	// The promise that ending a session rests on: what was tagged before the list
	// began is in it, whatever happens at the same time.
	{"list misses nothing under writes", func(b *bench) {
		tag := b.key()
		var mu sync.Mutex
		before := map[store.Key]bool{} // keys whose Put returned
		var done atomic.Bool
		var writers sync.WaitGroup
		for w := range 4 {
			writers.Go(func() {
				for i := 0; i < 150; i++ {
					key := b.key()
					rec := store.Record{Key: key, Version: store.NewVersion(), Value: fmt.Appendf(nil, "%*d", 1+i*7%200, w)}
					if i%2 == 0 {
						rec.Tags = []store.Key{tag}
					}
					if err := b.store.Put(b.ctx, rec, 0); err != nil {
						b.T.Errorf("put: %v", err)
						return
					}
					if i%2 == 1 { // tagged by a later Put
						next := store.Record{Key: key, Version: store.NewVersion(), Tags: []store.Key{tag}, Value: []byte("{}")}
						if err := b.store.Put(b.ctx, next, rec.Version); err != nil {
							b.T.Errorf("put: %v", err)
							return
						}
						rec = next
					}
					if i%5 == 4 {
						if err := b.store.Delete(b.ctx, key, rec.Version); err != nil {
							b.T.Errorf("delete: %v", err)
						}
						continue
					}
					mu.Lock()
					before[key] = true
					mu.Unlock()
				}
			})
		}
		go func() { writers.Wait(); done.Store(true) }()
		for last := false; !last; {
			last = done.Load()
			mu.Lock()
			must := slices.Collect(maps.Keys(before))
			mu.Unlock()
			seen := map[store.Key]bool{}
			for key, err := range b.store.List(b.ctx, tag) {
				b.NoError(err)
				seen[key] = true
			}
			for _, key := range must {
				b.True(seen[key], "missed a key")
			}
		}
		writers.Wait()
	}},
}
