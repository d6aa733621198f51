//go:build !race

package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/store"
)

// A swap that succeeds costs what the store's Put costs, and nothing more.
func TestSwapAllocations(t *testing.T) {
	var s store.Store = store.NewMemory()
	rec := store.Record{Key: numbered('r', 1), Version: 1, Value: []byte(`{"n":1}`)}
	ctx := t.Context()
	require.NoError(t, store.Insert(ctx, s, rec))
	require.Zero(t, testing.AllocsPerRun(200, func() {
		old := rec.Version
		rec.Version++
		if err := store.Swap(ctx, s, rec, old); err != nil {
			t.Fatal(err)
		}
	}))
	require.Zero(t, testing.AllocsPerRun(200, func() {
		if err := store.Remove(ctx, s, rec.Key, rec.Version); err != nil {
			t.Fatal(err)
		}
		if err := store.Insert(ctx, s, rec); err != nil {
			t.Fatal(err)
		}
	}))
}
