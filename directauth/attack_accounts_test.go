package directauth_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
)

func isRefused(err error) bool { return errors.Is(err, authenticator.ErrRefused) }
func isLocked(err error) bool  { return errors.Is(err, authenticator.ErrLocked) }

const accounts = 10_000 / less

func resident(i int) string { return fmt.Sprintf("resident%d", i) }

func (w *town) settleAll(n int) { w.names(n) }

// names are those of so many people, who are made.
func (w *town) names(n int) []string {
	names := make([]string, n, n+1)
	for i := range names {
		names[i] = resident(i)
		w.settle(names[i])
	}
	return names
}

// Row 3: ten thousand accounts whose passwords are known, as many guesses at each as
// are judged within an hour, and one more. The rest of the million is refused like
// that one, and would show nothing else.
func knownPasswords(t *testing.T) *figure {
	f := &figure{attack: "3  10^4 accounts, passwords known, TOTP, an hour", bound: 10, chance: perTOTP}
	w := newTown(t, 3)
	mia := owner{w.nodes[0]}
	names := append(w.names(accounts-1), "mia")
	var alarm atomic.Int64
	spread(len(names), func(i int) {
		r := rand.New(rand.NewPCG(3, uint64(i)))
		n, from, name := w.nodes[i%2], address(r), names[i]
		mfa := n.session(from, name)
		judged := int64(0)
		for range 11 {
			if f.hear(t, n.tryMFA(from, mfa, guess(r))) {
				judged++
			}
			if f.requests.Load() == 1000 {
				alarm.Store(w.refusals.Load())
			}
		}
		raise(&f.worst, judged)
		if i%100 == 0 || name == "mia" {
			f.rightCode.add(w.nodes[1-i%2].tryMFA(from, mfa, w.code(name)).status == http.StatusOK)
		}
	})
	f.known.add(mia.knownDevice())
	f.passkey.add(mia.passkey())
	w.advance(time.Minute)
	f.otherWay.add(mia.newDeviceCodeFirst())
	w.advance(time.Hour)
	f.afterLock.add(mia.newDevice())
	for i := 0; i < accounts-1; i += 100 {
		mfa := w.nodes[i%2].session(home, names[i])
		f.afterLock.add(w.nodes[i%2].tryMFA(home, mfa, w.code(names[i])).status == http.StatusOK)
	}
	t.Logf("%s: after about 1,000 guesses %d factor.refused events were heard", f.attack, alarm.Load())
	require.Greater(t, alarm.Load(), int64(500), "a host hears of failures in time")
	return f
}

// The same by both ways.
func knownPasswordsBothWays(t *testing.T) *figure {
	f := &figure{attack: "3  the same, TOTP both ways, a few of the accounts", bound: 20, chance: perTOTP}
	w := newTown(t, 4)
	w.settleAll(accounts / 10)
	spread(accounts/20, func(i int) {
		r := rand.New(rand.NewPCG(4, uint64(i)))
		n, from := w.nodes[i%2], address(r)
		mfa := n.session(from, resident(i))
		judged := int64(0)
		for range 11 {
			for _, a := range []reply{n.tryMFA(from, mfa, guess(r)), n.tryOTP(from, "one", resident(i), guess(r))} {
				if f.hear(t, a) {
					judged++
				}
			}
		}
		raise(&f.worst, judged)
	})
	return f
}

// A million guesses that are judged, 50 at each of 20,000 accounts, have three hits; a
// window that is wider than it is said to be has more. Unless [whole], this makes a
// tenth of them, where chance has 0.3 hits, and more than 3 in one of 3,000 runs.
// The guesses are always the same, and so is what comes of them. They ask the factor
// directly: with limits that let 50 be judged, it is the same code.
func TestCalibration(t *testing.T) {
	const each = 50
	people := 2000 / less
	if whole {
		people = 20_000
	}
	w := newTown(t, 7)
	f, err := authenticator.NewTOTP(authenticator.TOTPConfig{
		Store: w.store, Namespace: "people", Sealer: sealer(), Issuer: "Test", Now: w.Now, Limits: authenticator.Limits{Limit: each + 1},
	})
	require.NoError(t, err)
	w.settleAll(people)
	var judged, hits, right atomic.Int64
	spread(people, func(i int) {
		r := rand.New(rand.NewPCG(7, uint64(i)))
		id := authenticator.Identity{Subject: resident(i)}
		good := make(map[string]bool)
		for step := -1; step <= 1; step++ {
			code, err := totp.GenerateCode(secretOf(id.Subject), w.Now().Add(time.Duration(step)*30*time.Second))
			require.NoError(t, err)
			good[code] = true
		}
		for range each {
			code := guess(r)
			if good[code] {
				right.Add(1)
			}
			switch _, err := f.Verify(t.Context(), id, code); {
			case err == nil:
				hits.Add(1)
			case !isRefused(err):
				t.Error(err)
			}
			judged.Add(1)
		}
	})
	expected := float64(judged.Load()) * perTOTP
	t.Logf("%d guesses were judged: %d hits, expected %g, at most %d", judged.Load(), hits.Load(), expected, poisson(expected, 1e-3))
	require.EqualValues(t, people*each, judged.Load())
	require.LessOrEqual(t, hits.Load(), poisson(expected, 1e-3))
	require.Equal(t, right.Load(), hits.Load(), "each guess that is the code of one of three steps, and no other")

	// The window itself, which chance could hide: three steps and no more.
	accepted := 0
	for step := -20; step <= 20; step++ {
		w := newTown(t, 1)
		now := w.now.Load()
		w.advance(time.Duration(step) * 30 * time.Second)
		code := w.code("mia")
		w.now.Store(now)
		if byName(w.nodes[0], home, code).status == http.StatusOK {
			accepted++
		}
	}
	require.Equal(t, 3, accepted)
}

// Wrong passwords as a weapon: ten thousand accounts at once. Each is locked, on both
// nodes; each owner signs in when the lock has lapsed. And whoever goes on for hours
// disables a password for a day, and not for good.
func TestLockoutAsAWeapon(t *testing.T) {
	w := newTown(t, 8)
	names := append(w.names(accounts-1), "mia")
	mia := owner{w.nodes[0]}
	var requests, judged, lockedOut, known, passkey, order, later tally
	attack := func(names []string, each int) {
		spread(len(names), func(i int) {
			r := rand.New(rand.NewPCG(8, uint64(i)))
			for j := range each {
				a := w.nodes[(i+j)%2].tryPassword(address(r), "one", names[i], "wrong")
				requests.add(true)
				if a.status != http.StatusBadRequest && a.status != http.StatusTooManyRequests {
					t.Errorf("%d %s", a.status, a.body)
				}
				judged.add(a.status == http.StatusBadRequest)
			}
		})
	}
	ownersDuring := func() {
		w.advance(61 * time.Second)
		known.add(mia.knownDevicePassword())
		known.add(mia.knownDevice())
		passkey.add(mia.passkey())
		w.advance(61 * time.Second)
		order.add(mia.newDeviceCodeFirst())
	}
	attack(names, 11)
	require.EqualValues(t, 10*len(names), judged.worked.Load())
	for i := 0; i < len(names); i += 100 {
		for _, n := range w.nodes {
			lockedOut.add(n.tryPassword(home, "one", names[i], password).status == http.StatusTooManyRequests)
		}
	}
	ownersDuring()
	w.advance(15*time.Minute + time.Second)
	spread(len(names), func(i int) {
		later.add(w.nodes[i%2].tryPassword(home, "one", names[i], password).status == http.StatusOK)
	})
	t.Logf("10^4 accounts, 11 wrong passwords each: %d requests, %d judged; locked while the lock lasts %v; owners when it has lapsed %v",
		requests.tried.Load(), judged.worked.Load(), &lockedOut, &later)

	// A hundred wrong ones, ten in each quarter of an hour, disable it: for a day.
	few := append(names[:100/less:100/less], "mia")
	for range 11 {
		attack(few, 11)
		ownersDuring()
		w.advance(15*time.Minute + time.Second)
	}
	var disabled, nextDay tally
	for i, name := range few {
		disabled.add(w.nodes[i%2].tryPassword(home, "one", name, password).status == http.StatusTooManyRequests)
	}
	w.advance(24 * time.Hour)
	for i, name := range few {
		nextDay.add(w.nodes[i%2].tryPassword(home, "one", name, password).status == http.StatusOK)
	}
	t.Logf("%d accounts for three hours: disabled %v, owners the next day %v; mia meanwhile: known device %v, passkey %v, code first %v",
		len(few), &disabled, &nextDay, &known, &passkey, &order)
	for name, f := range map[string]*tally{"locked": &lockedOut, "later": &later, "disabled": &disabled, "the next day": &nextDay,
		"known device": &known, "passkey": &passkey, "code first": &order} {
		require.NotZero(t, f.tried.Load(), name)
		require.Equal(t, f.tried.Load(), f.worked.Load(), name)
	}
}
