package store_test

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return store.NewMemory() })
}

func TestModel(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 2))
		m := store.NewMemory()
		model := map[store.Key]store.Record{}
		key := func() (k store.Key) {
			binary.LittleEndian.PutUint32(k.ID[:], uint32(r.IntN(300)))
			return k
		}
		for range 20000 {
			k := key()
			switch r.IntN(5) {
			case 0, 1, 2:
				v := make([]byte, r.IntN(700))
				for i := range v {
					v[i] = byte(r.Uint32())
				}
				rec := store.Record{Key: k, Version: store.NewVersion(), Expires: int64(r.IntN(1000)), Value: v}
				for range r.IntN(3) {
					tg := key()
					tg.Kind = 1
					rec.Tags = append(rec.Tags, tg)
				}
				old := model[k].Version
				if r.IntN(10) == 0 {
					old++
				}
				err := m.Put(context.Background(), rec, old)
				if (err == nil) != (old == model[k].Version) {
					t.Fatal(err)
				}
				if err == nil {
					for _, tg := range model[k].Tags {
						if !slices.Contains(rec.Tags, tg) {
							rec.Tags = append(rec.Tags, tg)
						}
					}
					model[k] = rec
				}
			case 3:
				v := model[k].Version
				err := m.Delete(context.Background(), k, v)
				if (err == nil) != (v != 0) {
					t.Fatal(err)
				}
				delete(model, k)
			case 4:
				recs := []store.Record{{Key: k}}
				_, _ = m.Get(context.Background(), nil, recs)
				if recs[0].Version != model[k].Version || string(recs[0].Value) != string(model[k].Value) {
					t.Fatal("get")
				}
			}
		}
		n := 0
		for rec := range m.Walk(context.Background()) {
			n++
			if string(rec.Value) != string(model[rec.Key].Value) {
				t.Fatal("walk")
			}
			for tg := range model {
				_ = tg
			}
		}
		if n != len(model) {
			t.Fatal(n, len(model))
		}
		for i := range 300 {
			var tg store.Key
			tg.Kind = 1
			binary.LittleEndian.PutUint32(tg.ID[:], uint32(i))
			var got, want []store.Key
			for k := range m.List(context.Background(), tg) {
				got = append(got, k)
			}
			for k, rec := range model {
				if slices.Contains(rec.Tags, tg) {
					want = append(want, k)
				}
			}
			if len(got) != len(want) {
				t.Fatal("list", len(got), len(want))
			}
		}
		left := 0
		for _, rec := range model {
			if rec.Expires == 0 || rec.Expires >= 500 {
				left++
			}
		}
		for {
			d, _ := m.Sweep(context.Background(), time.Unix(500+120, 0), 7)
			if d < 7 {
				break
			}
		}
		n = 0
		for range m.Walk(context.Background()) {
			n++
		}
		if n != left {
			t.Fatal("sweep", n, left)
		}
	}
}
