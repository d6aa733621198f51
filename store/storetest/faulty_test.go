package storetest_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

// Each fault falls on the call that was chosen, and on no other.
func TestFaulty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			fault  storetest.Fault
			err    error
			took   time.Duration
			stored bool
		}{
			{storetest.None, nil, 0, true},
			{storetest.FailBefore, storetest.ErrFault, 0, false},
			{storetest.FailAfter, storetest.ErrFault, 0, true},
			{storetest.Hang, context.DeadlineExceeded, time.Minute, false},
			{storetest.Slow, nil, time.Second, true},
		} {
			f := storetest.Faulty(store.NewMemory())
			if c.fault == storetest.Slow {
				f.Delay = time.Second
			}
			put := func(n byte) (time.Duration, error) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				err := f.Put(ctx, store.Record{Key: store.Key{ID: [16]byte{n}}, Version: 1, Value: []byte("{}")}, 0)
				return time.Since(start), err
			}
			f.SetOn("Put", 2, c.fault)
			recs := []store.Record{{}}
			_, err := f.Get(t.Context(), nil, recs)
			require.NoError(t, err)
			for n := byte(1); n <= 3; n++ {
				took, err := put(n)
				recs[0] = store.Record{Key: store.Key{ID: [16]byte{n}}}
				if n != 2 {
					require.NoError(t, err, c.fault)
					require.Zero(t, took, c.fault)
					continue
				}
				require.Equal(t, c.fault != storetest.None, f.Hit())
				require.ErrorIs(t, err, c.err, c.fault)
				require.Equal(t, c.took, took, c.fault)
				_, err = f.Get(t.Context(), nil, recs)
				require.NoError(t, err)
				require.Equal(t, c.stored, recs[0].Version != 0, c.fault)
			}
		}
	})
}
