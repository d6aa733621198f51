package authenticator_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// Every call of the store fails in turn, before it takes effect or after. Nothing is
// sent unless it is counted and good; nothing proves twice; a wrong guess that was
// told is counted.
func TestCodesFaults(t *testing.T) {
	for _, after := range []bool{false, true} {
		for call := 1; ; call++ {
			name := fmt.Sprintf("after=%v call %d", after, call)
			k := newClock()
			w := &watched{Store: store.NewMemory(), after: after}
			w.paused.Store(true)
			f, box := newCodes(t, w, withClock(k), func(c *authenticator.CodesConfig) { c.PerCountry = 1000 })
			met := false
			faulty := func(run func()) {
				w.faultK = call
				w.paused.Store(false)
				run()
				w.paused.Store(true)
				met = met || len(w.calls) >= call
				w.calls = nil
			}
			var c *authenticator.Challenge
			var err error
			faulty(func() { c, err = f.Start(t.Context(), mia, authenticator.Start{}) })
			if err != nil {
				require.ErrorIs(t, err, authenticator.ErrUnavailable, name)
				require.Zero(t, box.count(), name)
				c, err = f.Start(t.Context(), mia, authenticator.Start{})
				require.NoError(t, err, name)
			}
			require.Equal(t, 1, box.count(), name)
			code := box.last(t).Code

			faulty(func() { err = check(f, mia, c.ID, not(code)) })
			require.True(t, err == authenticator.ErrRefused || errors.Is(err, authenticator.ErrUnavailable), name)
			told := 0
			if err == authenticator.ErrRefused {
				told++
			}
			for {
				if err = check(f, mia, c.ID, not(code)); err != authenticator.ErrRefused {
					break
				}
				told++
			}
			require.Equal(t, authenticator.ErrOver, err, name)
			require.LessOrEqual(t, told, 5, name)
			require.Equal(t, authenticator.ErrOver, check(f, mia, c.ID, code), name)

			require.NoError(t, f.Unlock(t.Context(), mia.Subject))
			id, code := begin(t, f, box, mia)
			faulty(func() { err = check(f, mia, id, code) })
			again := check(f, mia, id, code)
			if err == nil {
				require.Equal(t, authenticator.ErrOver, again, name)
			} else {
				require.ErrorIs(t, err, authenticator.ErrUnavailable, name)
				require.True(t, again == nil || again == authenticator.ErrOver, name)
				require.Equal(t, authenticator.ErrOver, check(f, mia, id, code), name)
			}

			// A delivery that fails while the store fails costs a place at most.
			box.breaks(errProvider)
			faulty(func() { _, err = f.Start(t.Context(), mia, authenticator.Start{}) })
			require.True(t, errors.Is(err, authenticator.ErrDelivery) || errors.Is(err, authenticator.ErrUnavailable), name)
			box.breaks(nil)
			id, code = begin(t, f, box, mia)
			require.NoError(t, check(f, mia, id, code), name)
			if !met {
				require.Greater(t, call, 10)
				break
			}
		}
	}
}

// One code, a hundred racers, two nodes: one is accepted.
func TestCodesRaceOneCode(t *testing.T) {
	for range 20 {
		s := store.NewMemory()
		f, box := newCodes(t, s)
		other, _ := newCodes(t, s)
		id, code := begin(t, f, box, mia)
		var accepted atomic.Int32
		race(100, func(i int) {
			switch err := check([]*authenticator.Codes{f, other}[i%2], mia, id, code); {
			case err == nil:
				accepted.Add(1)
			case !errors.Is(err, authenticator.ErrLocked) && err != authenticator.ErrOver && err != authenticator.ErrRefused:
				t.Errorf("%v", err)
			}
		})
		require.EqualValues(t, 1, accepted.Load())
	}
}

// Two hundred wrong ones at once: five are judged.
func TestCodesRaceWrong(t *testing.T) {
	for range 5 {
		f, box := newCodes(t, store.NewMemory(), func(c *authenticator.CodesConfig) { c.Limit, c.Disable = 100, -1 })
		id, code := begin(t, f, box, mia)
		var refused atomic.Int32
		race(200, func(int) {
			if check(f, mia, id, not(code)) == authenticator.ErrRefused {
				refused.Add(1)
			}
		})
		require.EqualValues(t, 5, refused.Load())
		require.Equal(t, authenticator.ErrOver, check(f, mia, id, code))
	}
}

// The destination is removed while a code is entered: after that returned it is good
// no more.
func TestCodesRaceRemoved(t *testing.T) {
	for range 20 {
		f, box := newCodes(t, store.NewMemory())
		id, code := begin(t, f, box, mia)
		var gone atomic.Bool
		race(6, func(i int) {
			if i == 0 {
				require.NoError(t, f.Remove(t.Context(), mia.Subject, "phone"))
				gone.Store(true)
				return
			}
			after := gone.Load()
			require.False(t, check(f, mia, id, code) == nil && after)
		})
	}
}

// What is at rest is no code, no number, no address and no name, nor anything by
// which they could be guessed.
func TestCodesAtRest(t *testing.T) {
	s := store.NewMemory()
	sms, box := newCodes(t, s)
	mail, mailbox := newCodes(t, s, byEmail)
	var secrets []string
	for range 2 {
		id, code := begin(t, sms, box, mia)
		mid, mcode := begin(t, mail, mailbox, mia)
		secrets = append(secrets, code, mcode, id, mid)
	}
	_, err := sms.Start(t.Context(), nobody, authenticator.Start{})
	require.NoError(t, err)
	_, c, err := sms.Enrol(t.Context(), tom.Subject, tomsNumber, "")
	require.NoError(t, err)
	secrets = append(secrets, box.last(t).Code, c.ID, miasNumber[1:], tomsNumber[1:], "mia.private", "example.test", mia.Subject+`"`, "0100")
	for _, rec := range records(t, s) {
		for _, secret := range secrets {
			require.NotContains(t, string(rec.Value), secret)
		}
		for _, key := range append(slices.Clone(rec.Tags), rec.Key) {
			for _, label := range []string{"destination", "number", "device", "sends"} { // the plain digests that there could be
				require.NotEqual(t, store.Digest(label, miasNumber), key.ID)
				require.NotEqual(t, store.Digest(label, "sms", miasNumber), key.ID)
			}
		}
	}

	// Who can write the store but has no key cannot move a code, or a number.
	id, code := begin(t, sms, box, mia)
	_, err = sms.Start(t.Context(), nobody, authenticator.Start{})
	require.NoError(t, err)
	all := records(t, s)
	for i, rec := range all {
		for _, from := range all[i+1:] {
			if rec.Key.Kind == from.Key.Kind && (rec.Key.Kind == 'c' || rec.Key.Kind == 'm') {
				old := rec.Version
				rec.Value, rec.Version, rec.Tags = from.Value, store.NewVersion(), nil
				require.NoError(t, s.Put(t.Context(), rec, old))
				break
			}
		}
	}
	err = check(sms, mia, id, code)
	require.True(t, errors.Is(err, authenticator.ErrUnavailable) || err == nil)
}

// A record that somebody damaged accepts nothing and panics nowhere; members that a
// newer version wrote stay.
func TestCodesDamagedRecords(t *testing.T) {
	for _, value := range []string{
		"", "{}", "null", "[]", "x", `{"v":2}`, `{"v":1}`, `{"v":1,"sends":[{"at":1,"id":"AA=="}]}`, `{"v":1,"sends":[{"at":-9223372036854775808,"id":"AAAAAAAAAAA="}]}`,
		`{"v":1,"sends":null,"until":-9223372036854775808}`, `{"v":1,"steps":{"x":1,"9223372036854775807":9223372036854775807,"-1":-5}}`,
		`{"v":1,"who":"AAAAAAAAAAAAAAAAAAAAAA==","sends":"AAAAAAAAAAAAAAAAAAAAAA==","sent":"AAAAAAAAAAA=","state":"waiting","sealed":"AAAA"}`,
		`{"v":1,"who":"","sends":"","sent":"","state":"waiting","tries":-1}`, `{"v":1,"sealed":"AAAA"}`,
	} {
		for _, kind := range []store.Kind{'c', 'l', 'm', 'k', 'a'} {
			s := store.NewMemory()
			f, box := newCodes(t, s, func(c *authenticator.CodesConfig) { c.PerCountry = 10 })
			id, code := begin(t, f, box, mia)
			require.Equal(t, authenticator.ErrRefused, check(f, mia, id, not(code)))
			f, box = newCodes(t, s, func(c *authenticator.CodesConfig) { c.PerCountry = 10 }) // with nothing remembered
			for _, rec := range records(t, s) {
				if rec.Key.Kind == kind {
					old := rec.Version
					rec.Version, rec.Tags, rec.Value = store.NewVersion(), nil, []byte(value)
					require.NoError(t, s.Put(t.Context(), rec, old))
				}
			}
			err := check(f, mia, id, code)
			if kind != 'l' && kind != 'a' { // counters may be empty
				require.Error(t, err, "%c %s", kind, value)
			}
			_, err = f.Start(t.Context(), mia, authenticator.Start{})
			if err == nil && kind != 'm' { // of which some are just no text messages
				require.Equal(t, 1, box.count())
			}
			_, _ = f.Available(t.Context(), mia.Subject)
			_, _ = f.Authenticators(t.Context(), mia.Subject)
			_ = f.Confirm(t.Context(), mia.Subject, "phone", code)
		}
	}
}

func TestCodesUnknownMembersStay(t *testing.T) {
	s := store.NewMemory()
	f, box := newCodes(t, s, func(c *authenticator.CodesConfig) { c.PerCountry = 10 })
	id, code := begin(t, f, box, mia)
	for _, rec := range records(t, s) {
		old := rec.Version
		rec.Version, rec.Tags = store.NewVersion(), nil
		rec.Value = append(rec.Value[:len(rec.Value)-1], `,"label":{"a":[1,2]}}`...)
		require.NoError(t, s.Put(t.Context(), rec, old))
	}
	require.Equal(t, authenticator.ErrRefused, check(f, mia, id, not(code)))
	require.NoError(t, check(f, mia, id, code))
	begin(t, f, box, mia)
	n := 0
	for _, rec := range records(t, s) {
		if strings.Contains(string(rec.Value), `"label":{"a":[1,2]}`) {
			n++
		}
	}
	require.Equal(t, 6, n, "challenge, destination, key, and three of deliveries")
}

// A record that outlives its time, because no sweep came, is over all the same, and
// one that was swept is no error.
func TestCodesSwept(t *testing.T) {
	s, k := store.NewMemory(), newClock()
	f, box := newCodes(t, s, withClock(k))
	id, code := begin(t, f, box, mia)
	k.pass(8 * time.Minute)
	require.Equal(t, authenticator.ErrOver, check(f, mia, id, code))
	_, err := s.Sweep(t.Context(), k.Now(), 100)
	require.NoError(t, err)
	require.Equal(t, authenticator.ErrOver, check(f, mia, id, code))
	k.pass(40 * 24 * time.Hour)
	_, err = s.Sweep(t.Context(), k.Now(), 100)
	require.NoError(t, err)
	require.Len(t, records(t, s), 2, "the number, and the key")
	id, code = begin(t, f, box, mia)
	require.NoError(t, check(f, mia, id, code))
}
