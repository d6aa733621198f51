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

// The lock is short, is not for known devices, nor for those who proved another
// factor, and a right assertion ends the count.
func TestLock(t *testing.T) {
	clk := newClock()
	p, d := newPasskeys(t, store.NewMemory(), clk.use), newDevice(t, es256)
	register(t, p, mia.Subject, d)
	stranger := newDevice(t, es256)
	attack := func(n int) {
		for range n {
			require.Equal(t, authenticator.ErrRefused, signIn(t, p, mia, stranger))
		}
	}
	for range 3 {
		attack(9)
		require.NoError(t, signIn(t, p, mia, d))
	}
	attack(10)
	require.ErrorIs(t, signIn(t, p, mia, d), authenticator.ErrLocked)
	require.ErrorIs(t, signIn(t, p, nameless, d), authenticator.ErrLocked, "the same count")
	known, proved := mia, mia
	known.Device, proved.Proved = "laptop", true
	require.NoError(t, signIn(t, p, known, d))
	require.NoError(t, signIn(t, p, proved, d))
	clk.sleep(time.Minute)
	require.NoError(t, signIn(t, p, mia, d), "it lapses")
	for range 200 { // never for good
		attack(10)
		clk.sleep(time.Minute)
	}
	require.NoError(t, signIn(t, p, mia, d))
	attack(10)
	require.NoError(t, p.Unlock(t.Context(), mia.Subject))
	require.NoError(t, signIn(t, p, mia, d))
	require.ErrorContains(t, p.Unlock(t.Context(), ""), "subject")
}

// A caller that hangs up has used an attempt.
func TestHangUp(t *testing.T) {
	p, d := enrolled(t)
	ctx, cancel := newCancelled(t)
	defer cancel()
	stranger := newDevice(t, es256)
	for range 10 {
		challenge := newChallenge()
		_, _, err := p.Verify(ctx, mia, challenge, stranger.assert(t, challenge))
		require.Equal(t, authenticator.ErrRefused, err)
	}
	require.ErrorIs(t, signIn(t, p, mia, d), authenticator.ErrLocked)
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

// Five hundred wrong assertions at once: ten are judged.
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
	require.ErrorIs(t, signIn(t, p, mia, d), authenticator.ErrLocked)
}

// The hardest order: something happens between the judging and the storing.
func TestOvertaken(t *testing.T) {
	other := newDevice(t, es256)
	for name, c := range map[string]struct {
		at        int // List Get, Get Put to count, Get Put to accept, Put to succeed
		meanwhile func(*webauthn.Passkeys)
	}{
		"replaced": {5, func(p *webauthn.Passkeys) {
			i := webauthn.Imported{CredentialID: other.id, PublicKey: other.cose(t)}
			require.NoError(t, p.Import(t.Context(), mia.Subject, "f6", i))
		}},
		"removed": {5, func(p *webauthn.Passkeys) { require.NoError(t, p.Remove(t.Context(), mia.Subject, "f6")) }},
		"locked": {7, func(p *webauthn.Passkeys) { // the answer does not say that the assertion was right
			for range 9 {
				require.Equal(t, authenticator.ErrRefused, signIn(t, p, mia, other))
			}
		}},
		"the last moment": {6, func(p *webauthn.Passkeys) { require.NoError(t, p.Remove(t.Context(), mia.Subject, "f6")) }},
	} {
		w := &watched{Store: store.NewMemory()}
		p, d := newPasskeys(t, w), newDevice(t, es256)
		require.NoError(t, p.Import(t.Context(), mia.Subject, "f6", webauthn.Imported{CredentialID: d.id, PublicKey: d.cose(t)}))
		w.before(c.at, func() { c.meanwhile(p) })
		require.Equal(t, authenticator.ErrRefused, signIn(t, p, mia, d), name)
	}
}
