package authenticator

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/store"
)

func newChallenges(s store.Store, now func() time.Time) *challenges {
	return &challenges{store: s, space: newSpace("people"), factor: "push", sealer: store.NewSealer(store.MasterKey{1}), now: now}
}

// The first answer stays, whoever gives it and however often, and only what was
// approved can be used, once.
func TestChallengeDecide(t *testing.T) {
	id := Identity{Subject: "00u1"}
	for range 30 {
		cs := newChallenges(store.NewMemory(), time.Now)
		c := cs.begin(id, PurposeSignIn, "device", time.Minute)
		c.secret = []byte(`{"numbers":[1,2,3]}`)
		require.NoError(t, cs.insert(t.Context(), c))

		var approved, denied, used atomic.Int32
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Go(func() {
				own, err := cs.read(t.Context(), id, c.id)
				if err != nil {
					t.Error(err)
					return
				}
				switch i % 3 {
				case 0:
					if cs.decide(t.Context(), own, challengeApproved) == nil {
						approved.Add(1)
					}
				case 1:
					if cs.decide(t.Context(), own, challengeDenied) == nil {
						denied.Add(1)
					}
				case 2:
					if cs.spend(t.Context(), own, challengeApproved) == nil {
						used.Add(1)
					}
				}
			})
		}
		wg.Wait()
		require.True(t, (approved.Load() == 0) != (denied.Load() == 0), "one answer")
		final, err := cs.read(t.Context(), id, c.id)
		require.NoError(t, err)
		require.Equal(t, c.secret, final.secret)
		require.Equal(t, "device", final.target)
		if denied.Load() > 0 {
			require.Zero(t, used.Load())
			require.Equal(t, challengeDenied, final.state)
			require.Equal(t, ErrOver, cs.decide(t.Context(), final, challengeApproved))
			require.Equal(t, challengeDenied, final.state, "the one that stays is shown")
			require.NoError(t, cs.decide(t.Context(), final, challengeDenied), "the device repeats itself")
			require.Equal(t, ErrOver, cs.spend(t.Context(), final, challengeApproved))
			continue
		}
		if used.Load() == 0 {
			require.NoError(t, cs.spend(t.Context(), final, challengeApproved))
			used.Add(1)
		}
		require.EqualValues(t, 1, used.Load())
		require.Equal(t, ErrOver, cs.spend(t.Context(), final, challengeApproved))
		require.Equal(t, ErrOver, cs.decide(t.Context(), final, challengeDenied))
	}
}

// Nothing can be done after the end, and nothing by another.
func TestChallengeOver(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	cs := newChallenges(store.NewMemory(), func() time.Time { return now })
	id := Identity{Hint: "mia"}
	c := cs.begin(id, PurposeRecovery, "device", time.Minute)
	c.setNoCode()
	require.NoError(t, cs.insert(t.Context(), c))
	require.Error(t, cs.insert(t.Context(), c), "ids are not used again")

	read, err := cs.read(t.Context(), Identity{Hint: " MIA"}, c.id)
	require.NoError(t, err, "the same name")
	require.Equal(t, PurposeRecovery, read.purpose)
	for _, other := range []Identity{{}, {Subject: "mia"}, {Hint: "mia2"}} {
		_, err = cs.read(t.Context(), other, c.id)
		require.Equal(t, ErrOver, err)
	}
	now = now.Add(time.Minute)
	_, err = cs.read(t.Context(), id, c.id)
	require.Equal(t, ErrOver, err)
	_, err = cs.readKey(t.Context(), c.key)
	require.Equal(t, ErrOver, err)
	require.Equal(t, ErrOver, cs.attempt(t.Context(), read, 5))
	require.Equal(t, ErrOver, cs.decide(t.Context(), read, challengeApproved))
	require.Equal(t, ErrOver, cs.spend(t.Context(), read, challengeWaiting))
	require.Equal(t, ErrOver, cs.spend(t.Context(), cs.begin(id, PurposeSignIn, "", time.Minute), challengeWaiting), "never stored")
}

// FuzzChallengeRecord holds that no stored record panics, matches an entry or is read
// as somebody's who did not begin it.
func FuzzChallengeRecord(f *testing.F) {
	f.Add([]byte(`{"v":1,"who":"AAAAAAAAAAAAAAAAAAAAAA==","for":"","to":"x","sends":"AAAAAAAAAAAAAAAAAAAAAA==","sent":"AAAAAAAAAAA=","state":"waiting","tries":0,"ex":99999999999,"sealed":"AQ==","mac":""}`))
	f.Add([]byte(`{"v":1}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, value []byte) {
		s := store.NewMemory()
		cs := newChallenges(s, time.Now)
		key := cs.key("x")
		if s.Put(t.Context(), store.Record{Key: key, Version: 1, Value: value}, 0) != nil {
			return
		}
		_, err := cs.read(t.Context(), Identity{Subject: "00u1"}, "x")
		require.Error(t, err, "it is sealed")
		_, _ = decodeSends(store.Record{Version: 1, Value: value})
		if r, err := decodeCountry(store.Record{Version: 1, Value: value}); err == nil {
			_ = r.count(1_700_000_000/300, 5)
		}
	})
}
