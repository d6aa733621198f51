package directauth_test

import (
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
)

// whole asks for the full numbers, which take minutes.
var whole = os.Getenv("MINTYARD_ATTACK") == "whole"

// runs is how often an attack is made, with other addresses, moments and guesses each
// time: so often, and a hundred times if [whole].
func runs(often int) int {
	if whole {
		return 100
	}
	return max(1, often/less)
}

// TestAttackSimulation attacks one account, and ten thousand, with the limits that
// are the default, through the handlers of two servers over one store. It shows how
// many guesses are judged, whoever sends them from wherever in how many sessions, and
// that the owner signs in meanwhile.
//
// Guesses at the user codes of RFC 8628 are not here, because there is no device flow.
func TestAttackSimulation(t *testing.T) {
	var list figures
	for _, attack := range []func(*testing.T) *figure{
		oneAccountByName, oneAccountMillion, oneAccountWithPassword, oneAccountBothWays, partialLogins,
		aMonthByName, aMonthWithPassword, twoWindows,
		knownPasswords, knownPasswordsBothWays,
		sentCodesByName, sentCodesWithPassword, sentCodesAMonth,
	} {
		begin := time.Now()
		f := attack(t)
		f.took = time.Since(begin)
		f.check(t)
		list = append(list, f)
	}
	t.Log(list)
}

// byName guesses a code as the first factor: all it takes is a name.
func byName(n *node, from, code string) reply { return n.tryOTP(from, "one", "mia", code) }

// wave sends so many guesses at once, over both nodes. It reports how many were
// judged, and whether one was right: then the attack is over.
func (w *town) wave(f *figure, n int, try func(n *node, from, code string) reply) (judged int64, over bool) {
	type shot struct {
		from, code string
	}
	shots := make([]shot, n)
	for i := range shots {
		shots[i] = shot{address(w.rand), guess(w.rand)}
	}
	var count, hits atomic.Int64
	spreadOver(8, n, func(i int) {
		r := try(w.nodes[i%2], shots[i].from, shots[i].code)
		if f.hear(w.t, r) {
			count.Add(1)
		}
		if r.status == http.StatusOK {
			hits.Add(1)
		}
	})
	return count.Load(), hits.Load() > 0
}

// Row 1: whoever knows a name guesses codes for a day.
func oneAccountByName(t *testing.T) *figure {
	const waves, each = 24, 12
	f := &figure{attack: "1  TOTP by name, a day, 10^4 addresses, 100 seeds", bound: 50, chance: perTOTP}
	spread(runs(100), func(seed int) {
		w := newTown(t, uint64(seed))
		mia := owner{w.nodes[seed%2]}
		var judged int64
		for range waves {
			n, over := w.wave(f, each+w.rand.IntN(each), byName)
			judged += n
			if over {
				return
			}
			w.advance(24 * time.Hour / waves)
			switch w.rand.IntN(8) {
			case 0:
				f.known.add(mia.knownDevice())
			case 1:
				f.known.add(mia.knownDeviceCode())
			case 2:
				f.passkey.add(mia.passkey())
			case 3:
				f.otherWay.add(mia.newDevice())
			}
		}
		raise(&f.worst, judged)
		for _, n := range w.nodes {
			f.rightCode.add(byName(n, home, w.code("mia")).status == http.StatusOK)
		}
		w.advance(24 * time.Hour) // it was disabled for a day, in the fifth hour
		f.afterLock.add(mia.newDeviceCode())
	})
	return f
}

// The million in one day at one account. A million requests over HTTP take minutes,
// and the counters are the factor's: so these ask it directly, on both nodes. What
// lies before it in a request only ever refuses. Unless [whole], it is a tenth of them.
func oneAccountMillion(t *testing.T) *figure {
	const waves = 100
	guesses := 100_000 / less
	if whole {
		guesses = 1_000_000
	}
	f := &figure{attack: "1  the same, all guesses at one account, by Verify", bound: 50, chance: perTOTP}
	w := newTown(t, 1)
	id := authenticator.Identity{Subject: "mia", Hint: "mia"}
	for range waves {
		codes := make([]string, guesses/waves)
		for i := range codes {
			codes[i] = guess(w.rand)
		}
		spreadOver(8, len(codes), func(i int) {
			f.requests.Add(1)
			switch _, err := w.nodes[i%2].totp.Verify(t.Context(), id, codes[i]); {
			case err == nil:
				f.hits.Add(1)
				f.judged.Add(1)
			case isRefused(err):
				f.judged.Add(1)
			case !isLocked(err):
				t.Error(err)
			}
		})
		w.advance(24 * time.Hour / waves)
	}
	f.worst.Store(f.judged.Load())
	for _, n := range w.nodes {
		f.rightCode.add(byName(n, home, w.code("mia")).status == http.StatusOK)
	}
	return f
}

// Whoever knows the password too opens as many sessions as there are guesses.
func oneAccountWithPassword(t *testing.T) *figure {
	const waves, each = 24, 12
	f := &figure{attack: "1  TOTP after the password, a day, a session a guess", bound: 50, chance: perTOTP}
	spread(runs(25), func(seed int) {
		w := newTown(t, uint64(seed))
		mia := owner{w.nodes[seed%2]}
		var judged int64
		for range waves {
			n, over := w.wave(f, each+w.rand.IntN(each), w.afterPassword)
			judged += n
			if over {
				return
			}
			w.advance(24 * time.Hour / waves)
			switch w.rand.IntN(6) {
			case 0:
				f.known.add(mia.knownDevice())
			case 1:
				f.passkey.add(mia.passkey())
			case 2:
				f.otherWay.add(mia.newDeviceCodeFirst())
			}
		}
		raise(&f.worst, judged)
		w.advance(40 * 24 * time.Hour)
		for _, n := range w.nodes { // disabled until somebody unlocks it
			f.rightCode.add(n.tryMFA(home, n.session(home, "mia"), w.code("mia")).status == http.StatusOK)
		}
		require.NoError(t, w.nodes[0].totp.Unlock(t.Context(), "mia"))
		f.afterLock.add(mia.newDevice())
	})
	return f
}

// afterPassword guesses a code in a session of its own.
func (w *town) afterPassword(n *node, from, code string) reply {
	return n.tryMFA(from, n.session(from, "mia"), code)
}

// Both ways at once, where the app may use both: the two are counted apart, and each
// holds its bound.
func oneAccountBothWays(t *testing.T) *figure {
	const waves, each = 24, 24
	f := &figure{attack: "1  TOTP both ways at once, a day", bound: 100, chance: perTOTP}
	spread(runs(25), func(seed int) {
		w := newTown(t, uint64(seed))
		mia := owner{w.nodes[seed%2]}
		var judged int64
		for range waves {
			var turn atomic.Int64
			n, over := w.wave(f, each+w.rand.IntN(each), func(n *node, from, code string) reply {
				if turn.Add(1)%2 == 0 {
					return byName(n, from, code)
				}
				return w.afterPassword(n, from, code)
			})
			judged += n
			if over {
				return
			}
			w.advance(24 * time.Hour / waves)
			switch w.rand.IntN(4) {
			case 0:
				f.known.add(mia.knownDevice())
			case 1:
				f.passkey.add(mia.passkey())
			}
		}
		raise(&f.worst, judged)
	})
	return f
}

// Row 6: two hundred partial logins, and guesses at all of them at once.
func partialLogins(t *testing.T) *figure {
	const sessions, each, waves = 200, 500, 6
	f := &figure{attack: "6  200 parallel partial logins, 500 guesses at once", bound: 50, chance: perTOTP}
	spread(runs(25), func(seed int) {
		w := newTown(t, uint64(seed))
		mia := owner{w.nodes[seed%2]}
		var judged int64
		for i := range waves {
			open := make([]string, sessions)
			if i > 0 {
				open = open[:20]
			}
			spreadOver(8, len(open), func(i int) { open[i] = w.nodes[i%2].session("10.0.0.1:4711", "mia") })
			var turn atomic.Int64
			shots := each
			if i > 0 {
				shots = 50
			}
			n, over := w.wave(f, shots, func(n *node, from, code string) reply {
				return n.tryMFA(from, open[int(turn.Add(1))%len(open)], code)
			})
			if over {
				return
			}
			if judged += n; n > 10 {
				t.Errorf("%s: %d guesses were judged at once, and 10 lock", f.attack, n)
			}
			for i, n := range w.nodes { // the sessions are as good as they were
				f.rightCode.add(n.tryMFA(home, open[i], w.code("mia")).status == http.StatusOK)
			}
			w.advance(61 * time.Second)
			f.known.add(mia.knownDevice())
			w.advance(61 * time.Second)
			f.passkey.add(mia.passkey())
			f.otherWay.add(mia.newDeviceCodeFirst())
			w.advance(time.Hour)
			if i == 0 { // before the attack goes on; it also counts from nothing then
				f.afterLock.add(mia.newDevice())
				w.advance(time.Minute)
				judged = 0
			}
		}
		raise(&f.worst, judged)
	})
	return f
}

// patience sends guesses until they are not judged any more, and returns how long
// that lasts.
func (w *town) patience(f *figure, most int, try func(n *node, from, code string) reply) (judged int64, wait time.Duration, over bool) {
	for judged < int64(most) {
		r := try(w.nodes[w.rand.IntN(2)], address(w.rand), guess(w.rand))
		if r.status == http.StatusOK {
			over = true
		}
		if !f.hear(w.t, r) {
			return judged, r.wait, over
		}
		if judged++; over {
			return judged, 0, true
		}
	}
	return judged, 0, false
}

// siege guesses for so many days, as much a day as it can without being disabled,
// between two sign-ins of the owner, whose success forgives the failures: daily is
// that sign-in, in the moment in which it is possible.
func (w *town) siege(f *figure, days int, try func(n *node, from, code string) reply, daily func() bool) (judged []int64, over bool) {
	for range days {
		today, midnight := int64(0), w.Now().Add(24*time.Hour)
		daily()
		left := midnight.Sub(w.Now())
		for today < 49 && left > time.Hour {
			n, wait, hit := w.patience(f, int(49-today), try)
			if today += n; hit {
				return nil, true
			}
			wait = min(max(wait, time.Minute)+time.Second, left)
			w.advance(wait)
			left -= wait
		}
		judged = append(judged, today)
		w.advance(left)
	}
	return judged, false
}

func sum(list []int64) (n int64) {
	for _, x := range list {
		n += x
	}
	return n
}

// Row 2: thirty days. The owner signs in every day by the way that is attacked, so
// that the failures of the day are forgiven; the ceiling is not.
func aMonthByName(t *testing.T) *figure {
	f := &figure{attack: "2  TOTP by name, 30 days, owner signs in daily", bound: 200, chance: perTOTP}
	var same tally
	spread(runs(100), func(seed int) {
		w := newTown(t, uint64(seed))
		w.advance(time.Duration(w.rand.IntN(86_400)) * time.Second)
		mia := owner{w.nodes[seed%2]}
		judged, over := w.siege(f, 30, byName, func() bool {
			w.advance(61 * time.Second)
			f.known.add(mia.knownDevice())
			f.passkey.add(mia.passkey())
			w.advance(61 * time.Second)
			f.otherWay.add(mia.newDevice())
			w.advance(61 * time.Second)
			ok := mia.newDeviceCode()
			same.add(ok)
			return ok
		})
		if !over {
			raise(&f.worst, sum(judged))
		}
	})
	t.Logf("%s: by the way that is attacked, from a new device: %v", f.attack, &same)
	return f
}

func aMonthWithPassword(t *testing.T) *figure {
	f := &figure{attack: "2  TOTP after the password, 30 days, owner daily", bound: 200, chance: perTOTP}
	var same tally
	spread(runs(25), func(seed int) {
		w := newTown(t, uint64(seed))
		w.advance(time.Duration(w.rand.IntN(86_400)) * time.Second)
		mia := owner{w.nodes[seed%2]}
		judged, over := w.siege(f, 30, w.afterPassword, func() bool {
			w.advance(61 * time.Second)
			f.known.add(mia.knownDevice())
			f.passkey.add(mia.passkey())
			w.advance(61 * time.Second)
			f.otherWay.add(mia.newDeviceCodeFirst())
			w.advance(61 * time.Second)
			ok := mia.newDevice()
			same.add(ok)
			return ok
		})
		if !over {
			raise(&f.worst, sum(judged))
		}
	})
	t.Logf("%s: by the way that is attacked, from a new device: %v", f.attack, &same)
	return f
}

// The windows of a ceiling begin with a failure. Who lets one begin, waits for its
// last days and goes on into the next one has two ceilings in thirty days, and no more.
func twoWindows(t *testing.T) *figure {
	f := &figure{attack: "2  TOTP by name, 30 days over two ceilings' windows", bound: 400, chance: perTOTP}
	spread(runs(10), func(seed int) {
		w := newTown(t, uint64(seed))
		mia := owner{w.nodes[seed%2]}
		first, _, _ := w.patience(f, 1, byName)
		w.advance(25 * 24 * time.Hour)
		judged, over := w.siege(f, 30, byName, func() bool {
			w.advance(61 * time.Second)
			return mia.newDeviceCode()
		})
		if !over {
			raise(&f.worst, sum(judged)+first-1) // the first one is more than thirty days before the last
		}
	})
	return f
}
