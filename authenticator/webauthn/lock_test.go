package webauthn_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/webauthn"
	"github.com/mintyard/mintyard/store"
)

// Wrong assertions are told to come later, those from known devices and of those who
// proved another factor by counts of their own. A right one is accepted all the same:
// strangers keep nobody out.
func TestLock(t *testing.T) {
	clk := newClock()
	p, d := newPasskeys(t, store.NewMemory(), clk.use), newDevice(t, es256)
	register(t, p, mia.Subject, d)
	stranger := newDevice(t, es256)
	attack := func(id authenticator.Identity, n int) {
		for range n {
			require.Equal(t, authenticator.ErrRefused, signIn(t, p, id, stranger))
		}
	}
	for range 3 {
		attack(mia, 9)
		require.NoError(t, signIn(t, p, mia, d), "which ends the count")
	}
	attack(mia, 10)
	stranger.handle = []byte(mia.Subject)
	for range 3 {
		require.ErrorIs(t, signIn(t, p, mia, stranger), authenticator.ErrLocked)
		require.ErrorIs(t, signIn(t, p, nameless, stranger), authenticator.ErrLocked, "the same count")
		require.NoError(t, signIn(t, p, mia, d))
		require.NoError(t, signIn(t, p, nameless, d))
	}
	stranger.handle = nil
	known, proved := mia, mia
	known.Device, proved.Proved = "laptop", true
	attack(proved, 10)
	require.ErrorIs(t, signIn(t, p, proved, stranger), authenticator.ErrLocked)
	both := known
	both.Proved = true
	attack(both, 5)
	attack(known, 5)
	require.ErrorIs(t, signIn(t, p, both, stranger), authenticator.ErrLocked, "one count of the device, whatever was proved")
	for _, id := range []authenticator.Identity{known, proved, both} {
		require.NoError(t, signIn(t, p, id, d))
	}
	clk.sleep(time.Minute)
	for range 200 { // never for good
		attack(mia, 10)
		clk.sleep(time.Minute)
	}
	attack(mia, 10)
	require.NoError(t, p.Unlock(t.Context(), mia.Subject))
	attack(mia, 1)
	require.ErrorContains(t, p.Unlock(t.Context(), ""), "subject")
}

// A caller that hangs up has used an attempt.
func TestHangUp(t *testing.T) {
	p, _ := enrolled(t)
	ctx, cancel := newCancelled(t)
	defer cancel()
	stranger := newDevice(t, es256)
	for range 10 {
		challenge := newChallenge()
		_, _, err := p.Verify(ctx, mia, challenge, stranger.assert(t, challenge))
		require.Equal(t, authenticator.ErrRefused, err)
	}
	require.ErrorIs(t, signIn(t, p, mia, stranger), authenticator.ErrLocked)
}

func newCancelled(t testing.TB) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx, cancel
}

// Of assertions with one counter one is accepted, on any number of nodes.
func TestRaceOneCounter(t *testing.T) {
	for range 10 {
		s := store.NewMemory()
		nodes := []*webauthn.Passkeys{newPasskeys(t, s), newPasskeys(t, s)}
		d := newDevice(t, es256)
		d.count = 5
		register(t, nodes[0], mia.Subject, d)
		var accepted, other atomic.Int32
		challenges, assertions := make([][]byte, 9), make([]authenticator.Assertion, 9)
		for i := range assertions { // a clone and the original
			challenges[i] = newChallenge()
			assertions[i] = d.assert(t, challenges[i], func(s *statement) { s.Count = 6 })
		}
		race(9, func(i int) {
			switch _, _, err := nodes[i%2].Verify(t.Context(), mia, challenges[i], assertions[i]); {
			case err == nil:
				accepted.Add(1)
			case !errors.Is(err, authenticator.ErrRefused):
				other.Add(1)
			}
		})
		require.EqualValues(t, 1, accepted.Load())
		require.Zero(t, other.Load())
	}
}

// Five hundred wrong assertions at once: ten are told that they are.
func TestRaceWrong(t *testing.T) {
	p, d := enrolled(t)
	stranger := newDevice(t, eddsa)
	var refused, locked, other atomic.Int32
	challenge := newChallenge()
	a := stranger.assert(t, challenge)
	race(500, func(int) {
		switch _, _, err := p.Verify(t.Context(), mia, challenge, a); {
		case errors.Is(err, authenticator.ErrRefused):
			refused.Add(1)
		case errors.Is(err, authenticator.ErrLocked):
			locked.Add(1)
		default:
			other.Add(1)
		}
	})
	require.EqualValues(t, 10, refused.Load())
	require.EqualValues(t, 490, locked.Load())
	require.Zero(t, other.Load())
	require.NoError(t, signIn(t, p, mia, d))
}

// The hardest order: something happens between the judging and the storing.
func TestOvertaken(t *testing.T) {
	other := newDevice(t, es256)
	for name, c := range map[string]struct {
		at        int // List Get, Get Put to count, Get Put to accept, Put to succeed
		meanwhile func(*webauthn.Passkeys)
		accepted  bool
	}{
		"replaced": {5, func(p *webauthn.Passkeys) {
			i := webauthn.Imported{CredentialID: other.id, PublicKey: other.cose(t)}
			require.NoError(t, p.Import(t.Context(), mia.Subject, "f6", i))
		}, false},
		"removed": {5, func(p *webauthn.Passkeys) { require.NoError(t, p.Remove(t.Context(), mia.Subject, "f6")) }, false},
		"locked": {7, func(p *webauthn.Passkeys) { // by strangers
			for range 9 {
				require.Equal(t, authenticator.ErrRefused, signIn(t, p, mia, other))
			}
		}, true},
		"the last moment": {6, func(p *webauthn.Passkeys) { require.NoError(t, p.Remove(t.Context(), mia.Subject, "f6")) }, false},
	} {
		w := &watched{Store: store.NewMemory()}
		p, d := newPasskeys(t, w), newDevice(t, es256)
		require.NoError(t, p.Import(t.Context(), mia.Subject, "f6", webauthn.Imported{CredentialID: d.id, PublicKey: d.cose(t)}))
		w.before(c.at, func() { c.meanwhile(p) })
		err := signIn(t, p, mia, d)
		if require.Equal(t, c.accepted, err == nil, name); !c.accepted {
			require.Equal(t, authenticator.ErrRefused, err, name)
		}
	}
}
