package authenticator_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// What an attacker can bring about must cost the same whoever is asked about.
func TestPasswordEqualWork(t *testing.T) {
	w := &watched{Store: store.NewMemory()}
	p, host := newPassword(t, w)
	type work struct {
		calls          string
		hashes, filled uint64
		asked          int
	}
	// spent is what one attempt costs.
	spent := func(id authenticator.Identity, password string, want error) work {
		t.Helper()
		w.take()
		hashes, filled := p.Hashes()
		asked := host.asked
		_, err := p.Verify(t.Context(), id, password)
		require.ErrorIs(t, err, want)
		h, f := p.Hashes()
		return work{w.take(), h - hashes, f - filled, host.asked - asked}
	}
	refused, locked := authenticator.ErrRefused, authenticator.ErrLocked

	refusal := spent(mia, wrong, refused)
	require.Equal(t, work{"Get Put", 1, 64, 1}, refusal)
	for _, id := range []authenticator.Identity{mia, tom, nobody} {
		for range 9 {
			require.Equal(t, refusal, spent(id, wrong, refused))
		}
		if id != mia {
			require.Equal(t, refusal, spent(id, right, refused))
		}
		// While it is locked nobody writes, so that racing guesses do not keep the
		// record busy; the hash is computed all the same.
		require.Equal(t, work{"Get", 1, 64, 1}, spent(id, wrong, locked))
		require.Equal(t, work{"Get", 1, 64, 1}, spent(id, right, locked))
	}
}

func TestTOTPEqualWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watched{Store: store.NewMemory()}
		f := newTOTP(t, w)
		pending := authenticator.Identity{Subject: "who never confirmed"}
		_, err := f.Enrol(t.Context(), pending.Subject, "account")
		require.NoError(t, err)
		spent := func(id authenticator.Identity, code string, want error) string {
			t.Helper()
			w.take()
			_, err := f.Verify(t.Context(), id, code)
			require.ErrorIs(t, err, want)
			return w.take()
		}
		for _, id := range []authenticator.Identity{mia, tom, pending, nobody} {
			for i := range 10 {
				code := []string{wrongCode(t, secret), "not a code", ""}[i%3]
				require.Equal(t, "List Get Get Put", spent(id, code, authenticator.ErrRefused))
			}
			require.Equal(t, "List Get Get", spent(id, codeAt(t, secret, time.Now()), authenticator.ErrLocked))
		}
		// A code that was used is refused as one that is wrong.
		require.NoError(t, f.Unlock(t.Context(), mia.Subject))
		_, err = f.Verify(t.Context(), mia, codeAt(t, secret, time.Now()))
		require.NoError(t, err)
		require.Equal(t, "List Get Get Put", spent(mia, codeAt(t, secret, time.Now()), authenticator.ErrRefused))
	})
}

// The records that are left behind do not tell either.
func TestEqualRecords(t *testing.T) {
	shape := func(id authenticator.Identity) (sizes []int, lives []time.Duration) {
		s := store.NewMemory()
		p, _ := newPassword(t, s)
		f := newTOTP(t, s)
		require.NoError(t, f.Remove(t.Context(), mia.Subject, "phone"))
		_, err := p.Verify(t.Context(), id, wrong)
		require.Equal(t, authenticator.ErrRefused, err)
		_, err = f.Verify(t.Context(), id, "000000")
		require.Equal(t, authenticator.ErrRefused, err)
		for _, rec := range records(t, s) {
			sizes = append(sizes, len(rec.Value))
			require.NotZero(t, rec.Expires, "what strangers can make up must go away")
			lives = append(lives, time.Until(time.Unix(rec.Expires, 0)).Round(time.Hour))
		}
		slices.Sort(sizes)
		slices.Sort(lives)
		return sizes, lives
	}
	sizes, lives := shape(mia)
	require.Equal(t, []time.Duration{24 * time.Hour, 30 * 24 * time.Hour}, lives)
	for _, id := range []authenticator.Identity{tom, nobody} {
		s, l := shape(id)
		require.Equal(t, sizes, s)
		require.Equal(t, lives, l)
	}
}

// A coarse look at the clock: that what was counted is what is done.
func TestPasswordEqualTime(t *testing.T) {
	p, _ := newPassword(t, store.NewMemory(), func(c *authenticator.PasswordConfig) {
		c.Params, c.Limit = authenticator.HashParams{Memory: 4 << 10, Time: 1, Threads: 1}, 100
	})
	least := map[authenticator.Identity]time.Duration{mia: time.Hour, tom: time.Hour, nobody: time.Hour}
	for range 15 { // in turn, so that a busy machine is fair to all
		for id := range least {
			begin := time.Now()
			_, err := p.Verify(t.Context(), id, wrong)
			least[id] = min(least[id], time.Since(begin))
			require.Equal(t, authenticator.ErrRefused, err)
		}
	}
	for _, id := range []authenticator.Identity{tom, nobody} {
		ratio := float64(least[id]) / float64(least[mia])
		require.InDelta(t, 1, ratio, 0.75, "a missing hash would make it 0.01")
	}
}
