package authenticator_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// ghosts are those to whom nothing can be delivered.
var ghosts = map[string]authenticator.Identity{
	"nobody":         nobody,
	"no hint either": {},
	"no number":      tom,
	"ambiguous":      {Hint: mia.Hint},
}

// tell describes an answer, but for what is random in it.
func tell(c *authenticator.Challenge, err error) string {
	if err != nil {
		var locked *authenticator.LockedError
		if errors.As(err, &locked) {
			return fmt.Sprintf("locked %+v", *locked)
		}
		return err.Error()
	}
	return fmt.Sprintf("%d bytes %s %s %q %v %v", len(c.ID), c.Channel, c.Binding, c.Number, c.Expires.UnixNano(), c.Interval)
}

// Who is asked about can be told neither by answers, nor by what the store has to do,
// nor by what is left there.
func TestCodesDecoys(t *testing.T) {
	for _, edit := range []func(*authenticator.CodesConfig){
		byEmail,
		func(c *authenticator.CodesConfig) { c.Channel, c.PerCountry = authenticator.TypeSMS, 7 },
	} {
		k := newClock()
		story := func(id authenticator.Identity, start authenticator.Start) (told []string, delivered int) {
			w := &watched{Store: store.NewMemory()}
			f, box := newCodes(t, w, withClock(k), edit)
			// Ids that the host chose may have any length.
			require.NoError(t, f.Remove(t.Context(), mia.Subject, "phone"))
			require.NoError(t, f.Import(t.Context(), mia.Subject, "AAAAAAAAAAAAAAAAAAAAAA", map[bool]string{true: miasNumber, false: miasAddress}[f.Channel() == authenticator.TypeSMS]))
			_, err := f.Start(t.Context(), authenticator.Identity{Subject: "warm", Hint: "up"}, authenticator.Start{})
			require.NoError(t, err)
			before := records(t, w.Store.(store.Walker))
			w.take()
			say := func(what string) { told = append(told, what, w.take()) }
			for range 6 {
				c, err := f.Start(t.Context(), id, start)
				say(tell(c, err))
				if err != nil {
					continue
				}
				for range 6 {
					say(fmt.Sprint(check(f, id, c.ID, "no code")))
				}
			}
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
		real, delivered := story(mia, authenticator.Start{})
		require.Equal(t, 5, delivered)
		require.Contains(t, real, "authenticator: the challenge is over")
		for name, id := range ghosts {
			told, delivered := story(id, authenticator.Start{})
			require.Equal(t, real, told, name)
			require.Zero(t, delivered, name)
		}
		told, delivered := story(mia, authenticator.Start{AuthenticatorID: "another"})
		require.Equal(t, real, told)
		require.Zero(t, delivered)
	}
}

// No entry satisfies a decoy, also not the code that was made for it.
func TestCodesDecoyIsNeverRight(t *testing.T) {
	var links []string
	f, box := newCodes(t, store.NewMemory(), byEmail, func(c *authenticator.CodesConfig) {
		c.Limit, c.PerDay, c.PerHour = 100, 100, 100
		c.MagicLink = func(_, code string) string {
			links = append(links, code)
			return "https://login.example.test/#" + code
		}
	})
	for _, id := range ghosts {
		for range 20 {
			c, err := f.Start(t.Context(), id, authenticator.Start{})
			require.NoError(t, err)
			require.Equal(t, authenticator.ErrRefused, check(f, id, c.ID, links[len(links)-1]))
			require.Equal(t, authenticator.ErrRefused, check(f, id, c.ID, ""))
			// Not for the one who gets a number later, either.
			require.Error(t, check(f, authenticator.Identity{Subject: tom.Subject}, c.ID, links[len(links)-1]))
			if len(links)%5 == 4 {
				require.NoError(t, f.Unlock(t.Context(), id.Subject))
			}
			if id.Subject == "" && len(links)%5 == 4 {
				break
			}
		}
	}
	require.Zero(t, box.count())
}

// A decoy takes as long as deliveries took, and fails as often as they failed.
func TestCodesDecoyTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, box := newCodes(t, store.NewMemory(), func(c *authenticator.CodesConfig) { c.PerHour, c.PerDay = 100, 100 })
		box.takes = 700 * time.Millisecond
		timed := func(id authenticator.Identity) (time.Duration, error) {
			began := time.Now()
			_, err := f.Start(t.Context(), id, authenticator.Start{})
			return time.Since(began), err
		}
		for range 3 {
			took, err := timed(mia)
			require.NoError(t, err)
			require.Equal(t, box.takes, took)
		}
		for _, id := range ghosts {
			took, err := timed(id)
			require.NoError(t, err)
			require.Equal(t, box.takes, took)
		}
		// Half of the persons' deliveries fail now, and are slower.
		box.takes = 3 * time.Second
		for i := range 40 {
			box.breaks([]error{nil, errProvider}[i%2])
			subject := fmt.Sprint("person ", i)
			require.NoError(t, f.Import(t.Context(), subject, "phone", fmt.Sprintf("+155501%05d", i)))
			took, err := timed(authenticator.Identity{Subject: subject})
			require.Equal(t, box.takes, took)
			require.Equal(t, i%2 == 1, errors.Is(err, authenticator.ErrDelivery))
		}
		failed := 0
		for i := range 60 {
			took, err := timed(authenticator.Identity{Hint: fmt.Sprint("ghost ", i)})
			require.Equal(t, box.takes, took)
			if err != nil {
				require.ErrorIs(t, err, authenticator.ErrDelivery)
				failed++
			}
		}
		require.Greater(t, failed, 5)
		require.Less(t, failed, 55)

		// One person's failures do not make all decoys fail.
		box.takes = 0
		f, box = newCodes(t, store.NewMemory(), func(c *authenticator.CodesConfig) { c.PerHour, c.PerDay = 25, 25 })
		for i := range 8 {
			subject := fmt.Sprint("person ", i)
			require.NoError(t, f.Import(t.Context(), subject, "phone", fmt.Sprintf("+155501%05d", i)))
			_, err := timed(authenticator.Identity{Subject: subject})
			require.NoError(t, err)
		}
		box.breaks(errProvider)
		for range 90 {
			_, err := timed(mia)
			require.ErrorIs(t, err, authenticator.ErrDelivery)
		}
		failed = 0
		for i := range 90 {
			if _, err := timed(authenticator.Identity{Hint: fmt.Sprint("ghost ", i)}); err != nil {
				failed++
			}
		}
		require.Less(t, failed, 45, "one in nine")
	})
}

// A decoy that is slow ends with the time that deliveries have.
func TestCodesSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, box := newCodes(t, store.NewMemory())
		box.takes = time.Hour
		for _, id := range []authenticator.Identity{mia, nobody} {
			began := time.Now()
			_, err := f.Start(t.Context(), id, authenticator.Start{})
			require.ErrorIs(t, err, authenticator.ErrDelivery)
			require.Equal(t, 10*time.Second, time.Since(began))
		}
	})
}
