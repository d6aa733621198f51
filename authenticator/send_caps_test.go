package authenticator

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/store"
)

// The caps of a push: three in ten minutes, ten a day, none for a while after a no;
// and a proof begins anew.
func TestSends(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	s := &sends{store: store.NewMemory(), space: newSpace("people"), now: func() time.Time { return now }}
	key := s.key([16]byte{1})
	caps := []sendCap{{3, 10 * time.Minute}, {10, 24 * time.Hour}}
	reserve := func() (sent, *LockedError) {
		id := newSent()
		err := s.reserve(t.Context(), key, id, caps...)
		var locked *LockedError
		if err != nil {
			require.True(t, errors.As(err, &locked), "%v", err)
		}
		return id, locked
	}
	_, locked := reserve()
	require.Nil(t, locked)
	now = now.Add(time.Minute)
	reserve()
	third, _ := reserve()
	_, locked = reserve()
	require.Equal(t, now.Add(9*time.Minute), locked.Until)
	require.Equal(t, 3, locked.Limit)

	// What failed gives its place back, what was not tried too.
	require.NoError(t, s.giveBack(t.Context(), key, third, true))
	third, locked = reserve()
	require.Nil(t, locked)
	require.NoError(t, s.giveBack(t.Context(), key, third, false))
	require.NoError(t, s.giveBack(t.Context(), key, third, false), "twice is harmless")

	// A no.
	until := now.Add(15 * time.Minute)
	require.NoError(t, s.block(t.Context(), key, until))
	require.NoError(t, s.block(t.Context(), key, now.Add(time.Minute)), "is not made shorter")
	_, locked = reserve()
	require.Equal(t, until, locked.Until)
	now = until
	for range 3 {
		_, locked = reserve()
		require.Nil(t, locked)
	}
	_, locked = reserve()
	require.Equal(t, now.Add(10*time.Minute), locked.Until)
	require.NoError(t, s.forget(t.Context(), key))
	for i := range 10 {
		_, locked = reserve()
		require.Nil(t, locked)
		if i%3 == 2 {
			now = now.Add(10 * time.Minute)
		}
	}
	_, locked = reserve()
	require.Equal(t, 10, locked.Limit)
	now = locked.Until
	_, locked = reserve()
	require.Nil(t, locked)
}
