package directauth_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/mintyard/mintyard/directauth"
)

// sender is one way to have a code sent, and to guess it.
type sender struct {
	start func(n *node, from string, more ...string) (handle string, r reply)
	guess func(n *node, from, handle, code string, more ...string) reply
}

// sentByName is the code as the first factor.
var sentByName = sender{
	func(n *node, from string, more ...string) (string, reply) {
		r := n.post(from, primaryPath, append([]string{"client_id", "one", "challenge_hint", directauth.GrantOOB, "login_hint", "mia", "channel_hint", "sms"}, more...)...)
		return r.text("oob_code"), r
	},
	func(n *node, from, handle, code string, more ...string) reply {
		return n.post(from, tokenPath, append([]string{"client_id", "one", "grant_type", directauth.GrantOOB, "oob_code", handle, "binding_code", code, "scope", "openid"}, more...)...)
	},
}

// sentAfterPassword is the code after the password. The handle is of both.
var sentAfterPassword = sender{
	func(n *node, from string, more ...string) (string, reply) {
		mfa := n.session(from, "mia", more...)
		r := n.post(from, challengePath, append([]string{"client_id", "two", "mfa_token", mfa,
			"challenge_types_supported", directauth.GrantMFAOOB, "channel_hint", "sms"}, more...)...)
		return mfa + " " + r.text("oob_code"), r
	},
	func(n *node, from, handle, code string, more ...string) reply {
		mfa, oob := cut(handle)
		return n.post(from, tokenPath, append([]string{"client_id", "two", "grant_type", directauth.GrantMFAOOB,
			"mfa_token", mfa, "oob_code", oob, "binding_code", code}, more...)...)
	},
}

func cut(handle string) (mfa, oob string) {
	for i := range len(handle) {
		if handle[i] == ' ' {
			return handle[:i], handle[i+1:]
		}
	}
	return handle, ""
}

// signIn is the owner, who reads the code.
func (s sender) signIn(n *node, more ...string) bool {
	handle, r := s.start(n, home, more...)
	if r.status != http.StatusOK {
		return false
	}
	return s.guess(n, home, handle, n.lastSent(), more...).status == http.StatusOK
}

func (w *town) lastSent() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.outbox[len(w.outbox)-1].Code
}

func (w *town) sentSoFar() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.outbox)
}

// besiege has two codes sent each hour, which is as many as can be guessed at before
// the factor is locked, and guesses at each until it is over. What the caps refuse it
// tries again an hour later.
func (w *town) besiege(f *figure, s sender, hours int, each func(hour int)) (judged int64, over bool) {
	for hour := range hours {
		for range 2 {
			handle, r := s.start(w.nodes[w.rand.IntN(2)], address(w.rand))
			f.requests.Add(1)
			if r.status != http.StatusOK {
				break
			}
			for r.status != http.StatusForbidden { // the code is over
				r = s.guess(w.nodes[w.rand.IntN(2)], address(w.rand), handle, guess(w.rand))
				if r.status != http.StatusForbidden && f.hear(w.t, r) {
					judged++
				}
				if r.status == http.StatusOK {
					return judged, true
				}
			}
		}
		w.advance(30 * time.Minute)
		if each != nil {
			each(hour)
		}
		w.advance(30*time.Minute + time.Second)
	}
	return judged, false
}

// Row 4: a code is sent as often as the caps admit, and guessed.
func sentCodesByName(t *testing.T) *figure {
	return sentCodes(t, &figure{attack: "4  sent codes by name, re-sending, a day", bound: 50, chance: perSent}, sentByName, sentAfterPassword)
}

func sentCodesWithPassword(t *testing.T) *figure {
	return sentCodes(t, &figure{attack: "4  sent codes after the password, re-sending, a day", bound: 50, chance: perSent}, sentAfterPassword, sentByName)
}

func sentCodes(t *testing.T, f *figure, attacked, other sender) *figure {
	var deliveries figure
	spread(runs(50), func(seed int) {
		w := newTown(t, uint64(seed))
		mia := owner{w.nodes[seed%2]}
		others := 0
		judged, over := w.besiege(f, attacked, 24, func(hour int) {
			before := w.sentSoFar()
			switch {
			case hour%6 == 1:
				f.known.add(attacked.signIn(mia.node, "device", laptop))
			case hour%6 == 3:
				f.passkey.add(mia.passkey())
			case hour%12 == 5:
				f.otherWay.add(other.signIn(mia.node))
			}
			others += w.sentSoFar() - before
		})
		if over {
			return
		}
		raise(&f.worst, judged)
		raise(&deliveries.worst, int64(w.sentSoFar()-others))

		// Ten wrong ones lock, and then a right one is refused on both nodes.
		w = newTown(t, uint64(seed))
		for _, n := range w.nodes {
			handle, _ := attacked.start(n, home)
			for range 5 {
				attacked.guess(n, home, handle, "no code")
			}
		}
		handle, _ := attacked.start(w.nodes[0], home)
		for _, n := range w.nodes {
			f.rightCode.add(attacked.guess(n, home, handle, w.lastSent()).status == http.StatusOK)
		}
		w.advance(time.Hour + time.Second)
		f.afterLock.add(attacked.signIn(w.nodes[1]))
	})
	t.Logf("%s: at most %d were sent, and 10 are admitted", f.attack, deliveries.worst.Load())
	if deliveries.worst.Load() > 10 {
		t.Errorf("%s: %d codes were sent in a day", f.attack, deliveries.worst.Load())
	}
	return f
}

// A month of it: the day's disablement lapses, and the ceiling does not.
func sentCodesAMonth(t *testing.T) *figure {
	f := &figure{attack: "4  sent codes by name, 30 days", bound: 200, chance: perSent}
	spread(runs(5), func(seed int) {
		w := newTown(t, uint64(seed))
		judged, over := w.besiege(f, sentByName, 30*24, nil)
		if !over {
			raise(&f.worst, judged)
		}
	})
	return f
}
