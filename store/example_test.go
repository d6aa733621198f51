package store_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/mintyard/mintyard/store"
)

func ExampleInsert() {
	s, ctx := store.NewMemory(), context.Background()
	rec := store.Record{Key: store.Key{Kind: 'x', ID: store.Digest("number of", "mia")}, Value: []byte(`{"n":1}`)}
	fmt.Println(store.Insert(ctx, s, rec))
	fmt.Println(store.Insert(ctx, s, rec))
	// Output:
	// <nil>
	// store: version conflict
}

// A code that is good once: whoever swaps it to its spent state has redeemed it.
func ExampleSwap() {
	s, ctx := store.NewMemory(), context.Background()
	code := store.Record{Key: store.Key{Kind: 'x', ID: [16]byte{1}}, Version: store.NewVersion(), Value: []byte(`{"state":"code"}`)}
	_ = store.Insert(ctx, s, code)

	spent := store.Record{Key: code.Key, Value: []byte(`{"state":"spent"}`)}
	for range 2 {
		err := store.Swap(ctx, s, spent, code.Version)
		fmt.Println("redeemed:", err == nil, "too late:", errors.Is(err, store.ErrConflict))
	}
	// Output:
	// redeemed: true too late: false
	// redeemed: false too late: true
}

func ExampleUpdate() {
	s, ctx := store.NewMemory(), context.Background()
	key := store.Key{Kind: 'x', ID: store.Digest("visits of", "mia")}
	for range 3 {
		_, _ = store.Update(ctx, s, key, func(cur store.Record) (store.Record, error) {
			n := 0
			if cur.Version != 0 { // 0: there is none yet
				var err error
				if n, err = strconv.Atoi(string(cur.Value)); err != nil {
					return cur, err
				}
			}
			cur.Value = strconv.AppendInt(nil, int64(n+1), 10)
			return cur, nil
		})
	}
	recs := []store.Record{{Key: key}}
	_, err := s.Get(ctx, nil, recs)
	fmt.Println(string(recs[0].Value), err)
	// Output: 3 <nil>
}

func ExampleRemove() {
	s, ctx := store.NewMemory(), context.Background()
	rec := store.Record{Key: store.Key{Kind: 'x', ID: [16]byte{1}}, Version: store.NewVersion(), Value: []byte("{}")}
	_ = store.Insert(ctx, s, rec)
	fmt.Println(store.Remove(ctx, s, rec.Key, 5)) // another version
	fmt.Println(store.Remove(ctx, s, rec.Key, rec.Version))
	// Output:
	// store: version conflict
	// <nil>
}

// The keys of all records that hang on a session; the store may be used inside.
func ExampleMemory_List() {
	s, ctx := store.NewMemory(), context.Background()
	session := store.Key{Kind: 's', ID: [16]byte{7}}
	for i := range 3 {
		rec := store.Record{Key: store.Key{Kind: 'g', ID: [16]byte{byte(i)}}, Tags: []store.Key{session}, Value: []byte("{}")}
		_ = store.Insert(ctx, s, rec)
	}
	ended := 0
	for key, err := range s.List(ctx, session) {
		if err != nil {
			fmt.Println(err) // the list is not complete
			return
		}
		_, err = store.Update(ctx, s, key, func(cur store.Record) (store.Record, error) {
			cur.Value = []byte(`{"state":"ended"}`)
			return cur, nil
		})
		if err == nil {
			ended++
		}
	}
	fmt.Println(ended)
	// Output: 3
}

func ExampleSealer() {
	master, err := store.ParseMasterKey("3q2-796tvu_erb7v3q2-796tvu_erb7v3q2-796tvu8") // from the environment
	if err != nil {
		fmt.Println(err)
		return
	}
	s := store.NewSealer(master)
	key := store.Key{Kind: 'x', ID: [16]byte{1}}
	sealed := s.Seal(nil, key, "totp", []byte("secret"))

	plain, err := s.Open(nil, key, "totp", sealed)
	fmt.Println(string(plain), err)
	_, err = s.Open(nil, key, "password", sealed) // another field
	fmt.Println(errors.Is(err, store.ErrSeal))
	// Output:
	// secret <nil>
	// true
}
