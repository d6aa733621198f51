package webauthn_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/webauthn"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// D41, row 91: what is not verified is one factor, or refused.
func TestUserVerification(t *testing.T) {
	for _, c := range []struct {
		rule       webauthn.UserVerification
		registered byte // flags at registration
		asserted   byte
		proved     bool // another factor was
		want       string
	}{
		{webauthn.Preferred, verified, verified, false, "two"},
		{webauthn.Preferred, verified, 0, false, "one"},
		{webauthn.Preferred, verified, 0, true, "one"},
		{webauthn.Required, verified, verified, false, "two"},
		{webauthn.Required, verified, 0, false, "refused"},
		{webauthn.Required, verified, 0, true, "refused"},
		{webauthn.Discouraged, verified, verified, false, "two"},
		{webauthn.Discouraged, verified, 0, false, "one"},
		// A PIN that was set since may be of whoever found the key: it counts after
		// another factor.
		{webauthn.Preferred, 0, verified, false, "one"},
		{webauthn.Preferred, 0, verified, true, "two"},
		{webauthn.Discouraged, 0, verified, false, "one"},
		{webauthn.Preferred, 0, 0, true, "one"},
	} {
		p, d := newPasskeys(t, store.NewMemory(), func(cf *webauthn.Config) { cf.UserVerification = c.rule }), newDevice(t, es256)
		d.flags = present | c.registered
		register(t, p, mia.Subject, d)
		d.flags = present | c.asserted
		id := mia
		id.Proved = c.proved
		verify := func(id authenticator.Identity) (policy.Method, error) {
			challenge := newChallenge()
			_, m, err := p.Verify(t.Context(), id, challenge, d.assert(t, challenge))
			return m, err
		}
		m, err := verify(id)
		switch c.want {
		case "refused":
			require.Equal(t, authenticator.ErrRefused, err, "%+v", c)
			continue
		case "one":
			require.NoError(t, err)
			require.Equal(t, policy.Possession, m.Types, "%+v", c)
			require.False(t, m.UserVerified, "%+v", c)
		case "two":
			require.NoError(t, err)
			require.Equal(t, policy.Possession|policy.Inherence, m.Types, "%+v", c)
			require.True(t, m.UserVerified, "%+v", c)
		}
		// Once counted, always counted.
		m, err = verify(mia)
		require.NoError(t, err)
		require.Equal(t, c.want == "two", m.UserVerified, "%+v", c)
	}
}

// The policy must come to the same end.
func TestPolicyCounts(t *testing.T) {
	rules, err := policy.New(policy.Rule{Name: "two", Then: policy.Outcome{Access: policy.Allow, Factors: 2}})
	require.NoError(t, err)
	p, d := enrolled(t)
	for flags, want := range map[byte]bool{present | verified: true, present: false} {
		d.flags = flags
		challenge := newChallenge()
		_, m, err := p.Verify(t.Context(), mia, challenge, d.assert(t, challenge))
		require.NoError(t, err)
		available, err := p.Available(t.Context(), mia.Subject)
		require.NoError(t, err)
		decision := rules.Decide(&policy.Facts{
			Subject: mia.Subject, Client: "web", GrantType: "webauthn", Now: time.Now(), AuthTime: time.Now(),
			Methods: []policy.Method{m}, Available: available, AvailableKnown: true,
		})
		require.Equal(t, want, decision.Access == policy.Allow, "flags %x", flags)
	}
}

// What is available is what could be proved: no verification where none is asked for,
// and none of devices that never verified.
func TestAvailable(t *testing.T) {
	for rule, want := range map[webauthn.UserVerification][]bool{
		webauthn.Preferred: {true, false}, webauthn.Discouraged: {false, false},
	} {
		clk := newClock()
		p := newPasskeys(t, store.NewMemory(), clk.use, func(c *webauthn.Config) { c.UserVerification = rule })
		register(t, p, mia.Subject, newDevice(t, es256))
		clk.sleep(time.Minute)
		d := newDevice(t, es256)
		d.flags = present
		register(t, p, mia.Subject, d)
		methods, err := p.Available(t.Context(), mia.Subject)
		require.NoError(t, err)
		for i, m := range methods {
			require.Equal(t, want[i], m.UserVerified, "%s %d", rule, i)
		}
	}
}

// D43: signature counters.
func TestCounter(t *testing.T) {
	for _, c := range []struct {
		stored, presented uint32
		ok                bool
		then              uint32
	}{
		{0, 0, true, 0},
		{0, 1, true, 1},
		{1, 2, true, 2},
		{1, 1 << 31, true, 1 << 31},
		{1<<32 - 2, 1<<32 - 1, true, 1<<32 - 1},
		{5, 5, false, 5},
		{5, 4, false, 5},
		{1<<32 - 1, 1, false, 1<<32 - 1},
		{5, 0, false, 5}, // a clone that says it does not count
	} {
		for _, excused := range []bool{false, true} {
			var heard []webauthn.Regression
			p := newPasskeys(t, store.NewMemory(), func(cf *webauthn.Config) {
				if excused {
					cf.CounterRegression = func(_ context.Context, r webauthn.Regression) error {
						heard = append(heard, r)
						return nil
					}
				}
			})
			d := newDevice(t, es256)
			d.count = c.stored
			a := register(t, p, mia.Subject, d)
			err := signIn(t, p, mia, d, func(s *statement) { s.Count = c.presented })
			switch {
			case c.ok:
				require.NoError(t, err, "%+v", c)
				require.Empty(t, heard)
			case excused:
				require.NoError(t, err, "%+v", c)
				require.Equal(t, []webauthn.Regression{{
					Subject: mia.Subject, AuthenticatorID: a.ID, Stored: c.stored, Presented: c.presented,
				}}, heard)
			default:
				require.Equal(t, webauthn.ErrCloned, err, "%+v", c)
				require.ErrorIs(t, err, authenticator.ErrRefused)
			}
			all, err := p.Credentials(t.Context(), mia.Subject)
			require.NoError(t, err)
			require.Equal(t, c.then, all[0].SignCount, "%+v", c)
		}
	}
}

func TestCounterHookRefuses(t *testing.T) {
	p := newPasskeys(t, store.NewMemory(), func(cf *webauthn.Config) {
		cf.CounterRegression = func(context.Context, webauthn.Regression) error { return context.Canceled }
	})
	d := newDevice(t, es256)
	d.count = 7
	register(t, p, mia.Subject, d)
	require.Equal(t, webauthn.ErrCloned, signIn(t, p, mia, d, func(s *statement) { s.Count = 7 }))
}

// D43: backup flags are facts that are kept, and may not contradict themselves.
func TestBackupFlags(t *testing.T) {
	p, d := newPasskeys(t, store.NewMemory()), newDevice(t, es256)
	d.flags = present | verified | eligible
	register(t, p, mia.Subject, d)
	state := func() [2]bool {
		all, err := p.Credentials(t.Context(), mia.Subject)
		require.NoError(t, err)
		return [2]bool{all[0].BackupEligible, all[0].BackedUp}
	}
	require.Equal(t, [2]bool{true, false}, state())
	d.flags |= backedUp
	require.NoError(t, signIn(t, p, mia, d))
	require.Equal(t, [2]bool{true, true}, state())
	d.flags &^= backedUp
	require.NoError(t, signIn(t, p, mia, d))
	require.Equal(t, [2]bool{true, false}, state())
	d.flags &^= eligible
	require.Equal(t, authenticator.ErrRefused, signIn(t, p, mia, d), "it is no longer eligible")
}
