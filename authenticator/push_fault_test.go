package authenticator_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// Every call of the store fails in turn, before it takes effect or after. Nothing is
// asked unless it is counted, nothing proves twice, and no denial is undone.
func TestPushFaults(t *testing.T) {
	for _, after := range []bool{false, true} {
		for call := 1; ; call++ {
			name := fmt.Sprintf("after=%v call %d", after, call)
			k := newClock()
			w := &watched{Store: store.NewMemory(), after: after}
			w.paused.Store(true)
			f, box := newPush(t, w, pushClock(k))
			met := false
			faulty := func(run func()) {
				w.faultK = call
				w.paused.Store(false)
				run()
				w.paused.Store(true)
				met = met || len(w.calls) >= call
				w.calls = nil
			}
			unavailable := func(err error) { require.ErrorIs(t, err, authenticator.ErrUnavailable, name) }
			var err error

			// A device is enrolled; a code that was lost can be asked for again.
			d := newDevice(t, f, k.Now, claims{"push_token": "x"})
			var a *authenticator.Activation
			if faulty(func() { a, err = f.BeginEnrolment(t.Context(), tom.Subject, "") }); err != nil {
				unavailable(err)
				a, err = f.BeginEnrolment(t.Context(), tom.Subject, "")
				require.NoError(t, err, name)
			}
			if faulty(func() { _, err = f.Activate(t.Context(), publicJWK(t, d.key), d.proof(a.Code)) }); err != nil {
				unavailable(err)
			}
			got, err := f.Activate(t.Context(), publicJWK(t, d.key), d.proof(a.Code))
			require.NoError(t, err, name)
			d.id, d.sub = got.ID, got.Subject

			var c *authenticator.Challenge
			if faulty(func() { c, err = f.Start(t.Context(), tom, authenticator.Start{}) }); err != nil {
				unavailable(err)
				require.Zero(t, box.count(), name)
				c, err = f.Start(t.Context(), tom, authenticator.Start{})
				require.NoError(t, err, name)
			}
			require.Equal(t, 1, box.count(), name)
			faulty(func() { _, err = f.Pending(t.Context(), d.sign(requestTyp, claims{"push_token": "y"})) })
			if err != nil {
				unavailable(err)
			}
			p := d.pending()
			i := slices.IndexFunc(p, func(p authenticator.PendingPush) bool { return p.ID == c.ID })
			require.GreaterOrEqual(t, i, 0, name)

			faulty(func() { err = checkPush(t, f, tom, c.ID) })
			require.True(t, err == authenticator.ErrPending || errors.Is(err, authenticator.ErrUnavailable), name)
			yes := d.answer(p[i], "approve", c.Number, nil)
			if faulty(func() { err = f.Answer(t.Context(), yes) }); err != nil {
				unavailable(err)
				require.NoError(t, f.Answer(t.Context(), yes), name)
			}
			faulty(func() { err = checkPush(t, f, tom, c.ID) })
			again := checkPush(t, f, tom, c.ID)
			if err == nil {
				require.Equal(t, authenticator.ErrOver, again, name)
			} else {
				unavailable(err)
				require.True(t, again == nil || again == authenticator.ErrOver, name)
				require.Equal(t, authenticator.ErrOver, checkPush(t, f, tom, c.ID), name)
			}

			// A denial that was heard stays, and one that was not is repeated.
			require.NoError(t, f.Unlock(t.Context(), tom.Subject))
			c = startPush(t, f, tom)
			if faulty(func() { err = f.Decide(t.Context(), c.ID, authenticator.Decision{}) }); err != nil {
				unavailable(err)
				require.NoError(t, f.Decide(t.Context(), c.ID, authenticator.Decision{}), name)
			}
			require.Equal(t, authenticator.ErrRejected, f.Decide(t.Context(), c.ID, authenticator.Decision{Approve: true, Number: c.Number}))
			require.Equal(t, authenticator.ErrRejected, checkPush(t, f, tom, c.ID), name)
			_, err = f.Start(t.Context(), tom, authenticator.Start{})
			require.ErrorIs(t, err, authenticator.ErrLocked, name)

			// A delivery that fails while the store fails costs a place at most.
			require.NoError(t, f.Unlock(t.Context(), tom.Subject))
			box.breaks(errProvider)
			faulty(func() { _, err = f.Start(t.Context(), tom, authenticator.Start{}) })
			require.True(t, errors.Is(err, authenticator.ErrDelivery) || errors.Is(err, authenticator.ErrUnavailable), name)
			box.breaks(nil)
			c = startPush(t, f, tom)
			require.NoError(t, f.Decide(t.Context(), c.ID, authenticator.Decision{Approve: true, Number: c.Number}), name)
			require.NoError(t, checkPush(t, f, tom, c.ID), name)
			if !met {
				require.Greater(t, call, 6)
				break
			}
		}
	}
}

// The person says yes and no at once, and somebody guesses: one answer stays.
func TestPushRaceOfAnswers(t *testing.T) {
	for range 50 {
		s := store.NewMemory()
		f, _ := newPush(t, s)
		other, _ := newPush(t, s)
		c := startPush(t, f, mia)
		var yes, no, rejected atomic.Int32
		race(12, func(i int) {
			d := []authenticator.Decision{{Approve: true, Number: c.Number}, {}, {Approve: true, Number: "0"}}[i%3]
			switch err := []*authenticator.Push{f, other}[i%2].Decide(t.Context(), c.ID, d); {
			case err == nil && i%3 == 0:
				yes.Add(1)
			case err == nil:
				no.Add(1)
			case err == authenticator.ErrRejected:
				rejected.Add(1)
			case err != authenticator.ErrOver:
				t.Error(err)
			}
		})
		err := checkPush(t, f, mia, c.ID)
		if err == nil {
			require.EqualValues(t, 4, yes.Load())
			require.Zero(t, no.Load()+rejected.Load())
		} else {
			require.Equal(t, authenticator.ErrRejected, err)
			require.EqualValues(t, 4, no.Load())
			require.EqualValues(t, 8, rejected.Load())
		}
	}
}

// A hundred polls of an approved push, on two nodes: one proves something.
func TestPushRaceOfPolls(t *testing.T) {
	for range 20 {
		s := store.NewMemory()
		f, _ := newPush(t, s)
		other, _ := newPush(t, s)
		c := startPush(t, f, mia)
		var proved, bad atomic.Int32
		race(101, func(i int) {
			if i == 50 {
				if f.Decide(t.Context(), c.ID, authenticator.Decision{Approve: true, Number: c.Number}) != nil {
					bad.Add(1)
				}
				return
			}
			switch err := checkPush(t, []*authenticator.Push{f, other}[i%2], mia, c.ID); err {
			case nil:
				proved.Add(1)
			case authenticator.ErrPending, authenticator.ErrOver:
			default:
				bad.Add(1)
			}
		})
		require.Zero(t, bad.Load())
		if proved.Load() == 0 { // all were before the answer
			require.NoError(t, checkPush(t, f, mia, c.ID))
			proved.Add(1)
		}
		require.EqualValues(t, 1, proved.Load())
		require.Equal(t, authenticator.ErrOver, checkPush(t, f, mia, c.ID))
	}
}

// Of a hundred parallel requests three are delivered.
func TestPushRaceOfStarts(t *testing.T) {
	for range 5 {
		f, box := newPush(t, store.NewMemory())
		race(100, func(int) { _, _ = f.Start(t.Context(), mia, authenticator.Start{}) })
		require.Equal(t, 3, box.count())
	}
}

// Two devices with one code: one is the person's.
func TestPushRaceOfActivations(t *testing.T) {
	for range 20 {
		f, _ := newPush(t, store.NewMemory())
		a, err := f.BeginEnrolment(t.Context(), tom.Subject, "")
		require.NoError(t, err)
		devices := []*device{newDevice(t, f, nil, nil), newDevice(t, f, nil, nil)}
		var won [2]atomic.Int32
		race(8, func(i int) {
			d := devices[i%2]
			if _, err := f.Activate(t.Context(), publicJWK(t, d.key), d.proof(a.Code)); err == nil {
				won[i%2].Add(1)
			}
		})
		require.EqualValues(t, 4, won[0].Load()+won[1].Load())
		require.Zero(t, won[0].Load()*won[1].Load())
	}
}

// Who is asked about can be told neither by answers, nor by what the store has to do,
// nor by what is left there.
func TestPushDecoys(t *testing.T) {
	k := newClock()
	story := func(id authenticator.Identity, start authenticator.Start) (told []string, delivered int) {
		w := &watched{Store: store.NewMemory()}
		f, box := newPush(t, w, pushClock(k))
		require.NoError(t, f.Remove(t.Context(), mia.Subject, "phone"))
		require.NoError(t, f.Import(t.Context(), mia.Subject, "AAAAAAAAAAAAAAAAAAAAAA", "")) // as long as a random id
		pending := authenticator.Identity{Subject: "who never activated"}
		_, err := f.BeginEnrolment(t.Context(), pending.Subject, "")
		require.NoError(t, err)
		before := records(t, w.Store.(store.Walker))
		w.take()
		say := func(what string) { told = append(told, what, w.take()) }
		var last *authenticator.Challenge
		for range 5 {
			c, err := f.Start(t.Context(), id, start)
			if err != nil {
				say(tell(c, err))
				continue
			}
			last = c
			require.Regexp(t, "^[1-9][0-9]$", c.Number)
			number := c.Number
			c.Number = "NN"
			say(tell(c, err))
			for _, entry := range []string{"", number} {
				_, err := f.Check(t.Context(), id, c.ID, entry)
				say(fmt.Sprint(err))
			}
		}
		k.pass(5*time.Minute - time.Second)
		say(fmt.Sprint(checkPush(t, f, id, last.ID)))
		k.pass(time.Second)
		say(fmt.Sprint(checkPush(t, f, id, last.ID)))
		k.pass(-5 * time.Minute)
		var left []string
		for _, rec := range records(t, w.Store.(store.Walker)) {
			if !slices.ContainsFunc(before, func(r store.Record) bool { return r.Key == rec.Key }) {
				left = append(left, fmt.Sprintf("%c %d bytes until %d, %d tags", rec.Key.Kind, len(rec.Value), rec.Expires, len(rec.Tags)))
				require.NotZero(t, rec.Expires, "what strangers can make up must go away")
			}
		}
		slices.Sort(left)
		return append(told, left...), box.count()
	}
	real, delivered := story(mia, authenticator.Start{App: "Shop"})
	require.Equal(t, 3, delivered)
	require.Contains(t, real, authenticator.ErrPending.Error())
	require.Contains(t, real, authenticator.ErrOver.Error())
	for name, id := range map[string]authenticator.Identity{
		"nobody": nobody, "no hint either": {}, "no device": tom, "ambiguous": {Hint: mia.Hint},
		"pending": {Subject: "who never activated"},
	} {
		told, delivered := story(id, authenticator.Start{App: "Shop"})
		require.Equal(t, real, told, name)
		require.Zero(t, delivered, name)
	}
	told, delivered := story(mia, authenticator.Start{App: "Shop", AuthenticatorID: "another"})
	require.Equal(t, real, told)
	require.Zero(t, delivered)
}

// Nothing satisfies a decoy: not the host's own door, not who gets a device later.
func TestPushDecoyIsNeverRight(t *testing.T) {
	for _, id := range []authenticator.Identity{tom, nobody, {}} {
		f, _ := newPush(t, store.NewMemory())
		c := startPush(t, f, id)
		require.Equal(t, authenticator.ErrOver, f.Decide(t.Context(), c.ID, authenticator.Decision{Approve: true, Number: c.Number}))
		require.Equal(t, authenticator.ErrOver, f.Decide(t.Context(), c.ID, authenticator.Decision{}))
		require.Equal(t, authenticator.ErrPending, checkPush(t, f, id, c.ID))
		d := newDevice(t, f, nil, nil).enrol(tom.Subject)
		require.Empty(t, d.pending())
		require.Equal(t, authenticator.ErrOver, f.Answer(t.Context(),
			d.sign(answerTyp, claims{"challenge": c.ID, "decision": "approve", "number": c.Number, "shown": authenticator.ChoicesDigest(nil)})))
		require.Equal(t, authenticator.ErrPending, checkPush(t, f, id, c.ID))
	}
}

// A decoy takes as long as deliveries took, and fails as they failed.
func TestPushDecoyTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, box := newPush(t, store.NewMemory(), manyPushes)
		box.takes = 700 * time.Millisecond
		timed := func(id authenticator.Identity) (time.Duration, error) {
			began := time.Now()
			_, err := f.Start(t.Context(), id, authenticator.Start{})
			return time.Since(began), err
		}
		for _, id := range []authenticator.Identity{mia, tom, nobody} {
			took, err := timed(id)
			require.NoError(t, err)
			require.Equal(t, box.takes, took)
		}
		box.breaks(errProvider)
		for _, id := range []authenticator.Identity{mia, tom, nobody} {
			_, err := timed(id)
			require.ErrorIs(t, err, authenticator.ErrDelivery)
		}
		box.breaks(nil)
		box.takes = time.Hour
		for _, id := range []authenticator.Identity{mia, nobody} {
			took, err := timed(id)
			require.ErrorIs(t, err, authenticator.ErrDelivery)
			require.Equal(t, 10*time.Second, took)
		}
	})
}

// What is at rest is no number, no code, no push token, no name and no key.
func TestPushAtRest(t *testing.T) {
	s := store.NewMemory()
	f, _ := newPush(t, s)
	d := newDevice(t, f, nil, claims{"push_token": "the push token"})
	a, err := f.BeginEnrolment(t.Context(), tom.Subject, "")
	require.NoError(t, err)
	got, err := f.Activate(t.Context(), publicJWK(t, d.key), d.proof(a.Code))
	require.NoError(t, err)
	d.id, d.sub = got.ID, got.Subject
	c := startPush(t, f, tom)
	secrets := []string{a.Code, c.ID, "the push token", `"` + c.Number + `"`, tom.Subject, "Shop", "jwk", "OKP", "Ed25519"}
	for _, rec := range records(t, s) {
		for _, secret := range secrets {
			require.NotContains(t, string(rec.Value), secret)
		}
	}
	// Who can write the store but has no key cannot give one push the answer of
	// another, or one person the device of another.
	c = startPush(t, f, mia)
	other := startPush(t, f, mia)
	require.NoError(t, f.Decide(t.Context(), other.ID, authenticator.Decision{Approve: true, Number: other.Number}))
	all := records(t, s)
	for _, rec := range all {
		for _, from := range all {
			if rec.Key == from.Key || rec.Key.Kind != from.Key.Kind || rec.Key.Kind != 'c' && rec.Key.Kind != 'p' {
				continue
			}
			moved := rec
			moved.Value, moved.Version, moved.Tags = from.Value, store.NewVersion(), nil
			require.NoError(t, s.Put(t.Context(), moved, rec.Version))
			require.NotErrorIs(t, checkPush(t, f, mia, c.ID), nil)
			_, err := f.Pending(t.Context(), d.sign(requestTyp, nil))
			require.True(t, err == nil || errors.Is(err, authenticator.ErrUnavailable))
			moved.Value = rec.Value
			back := moved
			back.Version = rec.Version
			require.NoError(t, s.Put(t.Context(), back, moved.Version))
		}
	}
	require.Equal(t, authenticator.ErrPending, checkPush(t, f, mia, c.ID))
}

// A record that somebody damaged proves nothing and panics nowhere; members that a
// newer version wrote stay.
func TestPushDamagedRecords(t *testing.T) {
	for _, value := range []string{
		"", "{}", "null", "[]", "x", `{"v":2}`, `{"v":1}`, `{"v":1,"f":"push","id":"phone","co":1}`, `{"v":1,"sends":[{"at":1,"id":"AA=="}]}`,
		`{"v":1,"sends":null,"until":-9223372036854775808}`, `{"v":1,"who":"","sends":"","sent":"","state":"waiting","tries":-1}`,
		`{"v":1,"who":"AAAAAAAAAAAAAAAAAAAAAA==","sends":"AAAAAAAAAAAAAAAAAAAAAA==","sent":"AAAAAAAAAAA=","state":"approved","sealed":"AAAA","ex":9999999999}`,
	} {
		for _, kind := range []store.Kind{'c', 'l', 'p'} {
			s := store.NewMemory()
			f, _ := newPush(t, s)
			d := newDevice(t, f, nil, nil).enrol(mia.Subject)
			c, err := f.Start(t.Context(), mia, authenticator.Start{AuthenticatorID: d.id})
			require.NoError(t, err)
			p := d.pending()[0]
			require.NoError(t, f.Answer(t.Context(), d.answer(p, "approve", c.Number, nil)))
			for _, rec := range records(t, s) {
				if rec.Key.Kind == kind {
					old := rec.Version
					rec.Version, rec.Tags, rec.Value = store.NewVersion(), nil, []byte(value)
					require.NoError(t, s.Put(t.Context(), rec, old))
				}
			}
			if err := checkPush(t, f, mia, c.ID); kind != 'l' {
				require.Error(t, err, "%c %s", kind, value)
			}
			_, _ = f.Start(t.Context(), mia, authenticator.Start{})
			_, _ = f.Available(t.Context(), mia.Subject)
			_, _ = f.Authenticators(t.Context(), mia.Subject)
			_, _ = f.Pending(t.Context(), d.sign(requestTyp, nil))
			_ = f.Answer(t.Context(), d.answer(p, "approve", c.Number, nil))
			_ = f.Decide(t.Context(), c.ID, authenticator.Decision{})
		}
	}
	s := store.NewMemory()
	f, _ := newPush(t, s)
	c := startPush(t, f, mia)
	for _, rec := range records(t, s) {
		old := rec.Version
		rec.Version, rec.Tags = store.NewVersion(), nil
		rec.Value = append(rec.Value[:len(rec.Value)-1], `,"label":{"a":[1,2]}}`...)
		require.NoError(t, s.Put(t.Context(), rec, old))
	}
	require.NoError(t, f.Decide(t.Context(), c.ID, authenticator.Decision{Approve: true, Number: c.Number}))
	require.NoError(t, checkPush(t, f, mia, c.ID))
	n := 0
	for _, rec := range records(t, s) {
		n += strings.Count(string(rec.Value), `"label":{"a":[1,2]}`)
	}
	require.Equal(t, 3, n, "challenge, device and count")
}

// Records go away when their time is over.
func TestPushSwept(t *testing.T) {
	s, k := store.NewMemory(), newClock()
	f, _ := newPush(t, s, pushClock(k))
	c := startPush(t, f, mia)
	_, err := f.BeginEnrolment(t.Context(), tom.Subject, "")
	require.NoError(t, err)
	k.pass(27 * time.Hour)
	_, err = s.Sweep(t.Context(), k.Now(), 100)
	require.NoError(t, err)
	require.Len(t, records(t, s), 1, "the device")
	require.Equal(t, authenticator.ErrOver, checkPush(t, f, mia, c.ID))
	require.Equal(t, authenticator.ErrOver, f.Decide(t.Context(), c.ID, authenticator.Decision{}))
}
