package authenticator_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// lockedUntil is when an error says that more may be sent.
func lockedUntil(t testing.TB, err error) time.Time {
	t.Helper()
	var locked *authenticator.LockedError
	require.ErrorAs(t, err, &locked)
	return locked.Until
}

// At any moment no more was sent in the hour and the day before it than the caps
// admit; and when they are said to admit one more, they do.
func TestCodesCapsOverTime(t *testing.T) {
	for name, id := range map[string]authenticator.Identity{"mia": mia, "nobody": nobody} {
		k := newClock()
		f, box := newCodes(t, store.NewMemory(), withClock(k))
		var sent []time.Time
		for range 3 * 24 * 60 / 7 {
			c, err := f.Start(t.Context(), id, authenticator.Start{})
			if err == nil {
				sent = append(sent, k.Now())
				if id == mia { // to sign in does not give more
					require.NoError(t, check(f, mia, c.ID, box.last(t).Code))
				}
			} else {
				until := lockedUntil(t, err)
				require.True(t, until.After(k.Now()))
				require.LessOrEqual(t, until.Sub(k.Now()), 24*time.Hour)
				if len(sent)%10 == 0 {
					k.pass(until.Sub(k.Now()) - time.Second)
					_, err = f.Start(t.Context(), id, authenticator.Start{})
					require.Equal(t, until, lockedUntil(t, err))
					k.pass(time.Second)
					_, err = f.Start(t.Context(), id, authenticator.Start{})
					require.NoError(t, err)
					sent = append(sent, k.Now())
				}
			}
			for _, c := range []struct {
				most int
				per  time.Duration
			}{{5, time.Hour}, {10, 24 * time.Hour}} {
				n := 0
				for _, at := range sent {
					if k.Now().Sub(at) < c.per {
						n++
					}
				}
				require.LessOrEqual(t, n, c.most, "%s in %v", name, c.per)
			}
			k.pass(7 * time.Minute)
		}
		require.GreaterOrEqual(t, len(sent), 30)
	}
}

// A stranger who uses up what a stranger has takes nothing from the owner.
func TestCodesCapsApart(t *testing.T) {
	f, box := newCodes(t, store.NewMemory())
	laptop := authenticator.Identity{Subject: mia.Subject, Hint: "mia", Device: "laptop"}
	proved := authenticator.Identity{Subject: mia.Subject, Hint: "mia", Proved: true}
	owners, code := begin(t, f, box, laptop)
	var err error
	for err == nil {
		_, err = f.Start(t.Context(), mia, authenticator.Start{})
	}
	require.ErrorIs(t, err, authenticator.ErrLocked)
	require.NoError(t, check(f, laptop, owners, code), "nor does it replace the owner's code")
	tablet := authenticator.Identity{Subject: mia.Subject, Device: "tablet"}
	tablets, tabletCode := begin(t, f, box, tablet)
	begin(t, f, box, laptop)
	require.NoError(t, check(f, tablet, tablets, tabletCode), "each device for itself")
	for _, id := range []authenticator.Identity{laptop, proved} {
		challenge, code := begin(t, f, box, id)
		require.NoError(t, check(f, id, challenge, code))
	}
	id, _, err := f.Enrol(t.Context(), mia.Subject, "+1 555 010 0199", "")
	require.NoError(t, err)
	require.NoError(t, f.Confirm(t.Context(), mia.Subject, id, box.last(t).Code))

	// A name that nobody has gets no more by claiming a device or a proof.
	for range 5 {
		_, err = f.Start(t.Context(), nobody, authenticator.Start{})
		require.NoError(t, err)
	}
	for _, id := range []authenticator.Identity{{Hint: nobody.Hint, Device: "laptop"}, {Hint: " NOBODY@example.test", Proved: true}} {
		_, err = f.Start(t.Context(), id, authenticator.Start{})
		require.ErrorIs(t, err, authenticator.ErrLocked)
	}
}

// However many accounts have a number, no more is sent there.
func TestCodesCapOfNumber(t *testing.T) {
	f, box := newCodes(t, store.NewMemory())
	for i := range 20 {
		id := authenticator.Identity{Subject: fmt.Sprint("account ", i)}
		require.NoError(t, f.Import(t.Context(), id.Subject, "phone", "+1 (555) 010-0100"))
		for range 2 {
			_, err := f.Start(t.Context(), id, authenticator.Start{})
			if box.count() == 5 && err != nil {
				require.ErrorIs(t, err, authenticator.ErrLocked)
				continue
			}
			require.NoError(t, err)
		}
	}
	require.Equal(t, 5, box.count())
	for i := range 20 { // nor is a number that is not theirs yet flooded by enrolments
		_, _, err := f.Enrol(t.Context(), fmt.Sprint("account ", i), tomsNumber, "")
		require.Equal(t, i >= 5, errors.Is(err, authenticator.ErrLocked), "%d: %v", i, err)
		all, lerr := f.Authenticators(t.Context(), fmt.Sprint("account ", i))
		require.NoError(t, lerr)
		require.Len(t, all, map[bool]int{true: 1, false: 2}[err != nil], "what was not sent leaves nothing")
	}
	require.Equal(t, 10, box.count())

	// What was refused for the number was not counted against the account.
	require.NoError(t, f.Import(t.Context(), "account 19", "phone", "+15550100101"))
	for range 5 {
		_, err := f.Start(t.Context(), authenticator.Identity{Subject: "account 19"}, authenticator.Start{})
		require.NoError(t, err)
	}
}

// Numbers of one country share a cap, and decoys keep up appearances.
func TestCodesCapOfCountry(t *testing.T) {
	s, k := store.NewMemory(), newClock()
	f, box := newCodes(t, s, withClock(k), func(c *authenticator.CodesConfig) { c.PerCountry = 30 })
	start := func(i int, number string) error {
		subject := fmt.Sprint("person ", number, i)
		require.NoError(t, f.Import(t.Context(), subject, "phone", fmt.Sprintf("%s%04d", number, i)))
		_, err := f.Start(t.Context(), authenticator.Identity{Subject: subject}, authenticator.Start{})
		return err
	}
	for i := range 60 {
		if i%10 == 0 {
			k.pass(7 * time.Minute)
		}
		require.Equal(t, i >= 30, errors.Is(start(i, "+2389000"), authenticator.ErrLocked), "%d", i)
	}
	require.Equal(t, 30, box.count())
	require.NoError(t, start(0, "+38690000"), "another country")
	require.NoError(t, start(0, "+23090000"), "another country")

	locked := 0
	for i := range 60 {
		if _, err := f.Start(t.Context(), authenticator.Identity{Hint: fmt.Sprint("ghost ", i)}, authenticator.Start{}); err != nil {
			require.ErrorIs(t, err, authenticator.ErrLocked)
			locked++
		}
	}
	require.Greater(t, locked, 30, "nearly all of the last deliveries were refused")

	until := lockedUntil(t, start(100, "+2389000"))
	k.pass(until.Sub(k.Now()))
	require.NoError(t, start(101, "+2389000"))
	require.LessOrEqual(t, until.Sub(newClock().Now()), 75*time.Minute)
}

// What was not delivered does not count, until it is too much.
func TestCodesDeliveryFails(t *testing.T) {
	k := newClock()
	f, box := newCodes(t, store.NewMemory(), withClock(k))
	id, code := begin(t, f, box, mia)
	box.breaks(errProvider)
	for range 10 {
		_, err := f.Start(t.Context(), mia, authenticator.Start{})
		require.ErrorIs(t, err, authenticator.ErrDelivery)
		require.ErrorIs(t, err, errProvider)
	}
	require.NoError(t, check(f, mia, id, code), "the code that was delivered is still good")
	box.breaks(nil)
	for range 4 {
		begin(t, f, box, mia)
	}
	_, err := f.Start(t.Context(), mia, authenticator.Start{})
	require.ErrorIs(t, err, authenticator.ErrLocked)

	// A provider that delivers and says that it did not is not used without end.
	k.pass(24 * time.Hour)
	box.breaks(errProvider)
	n := 0
	for ; ; n++ {
		if _, err = f.Start(t.Context(), mia, authenticator.Start{}); !errors.Is(err, authenticator.ErrDelivery) {
			break
		}
	}
	require.ErrorIs(t, err, authenticator.ErrLocked)
	require.Equal(t, 20, n)
}

// Sixty at once: five are sent.
func TestCodesCapRace(t *testing.T) {
	s, k := store.NewMemory(), newClock()
	one, box := newCodes(t, s, withClock(k))
	two, box2 := newCodes(t, s, withClock(k))
	var y tally
	race(60, func(i int) {
		_, err := []*authenticator.Codes{one, two}[i%2].Start(t.Context(), mia, authenticator.Start{})
		y.add(err)
	})
	require.EqualValues(t, 5, y.accepted.Load())
	require.EqualValues(t, 55, y.locked.Load())
	require.Equal(t, 5, box.count()+box2.count())
	n := 0
	for _, m := range append(box.sent, box2.sent...) {
		if check(one, mia, m.ID, m.Code) == nil {
			n++
		}
	}
	require.Equal(t, 5, n, "each is good once")
}
