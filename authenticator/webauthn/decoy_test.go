package webauthn_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/webauthn"
	"github.com/mintyard/mintyard/store"
)

// Whoever has no passkey is shown the same made-up ones for ever, on every node,
// whether the name has an owner or not.
func TestDecoys(t *testing.T) {
	s := store.NewMemory()
	p := newPasskeys(t, s)
	show := func(p *webauthn.Passkeys, id authenticator.Identity) *authenticator.AssertionOptions {
		o, err := p.Options(t.Context(), id)
		require.NoError(t, err)
		return o
	}
	first := show(p, nobody)
	require.Equal(t, first, show(p, nobody))
	require.Equal(t, first, show(newPasskeys(t, store.NewMemory()), nobody), "another node")
	require.Equal(t, first, show(p, authenticator.Identity{Hint: "  Nobody@Example.TEST "}))
	require.Equal(t, first, show(p, authenticator.Identity{Subject: "00u9", Hint: nobody.Hint}), "somebody without passkeys")
	require.NotEqual(t, first.Allow, show(p, tom).Allow)
	require.NotEqual(t, first.Allow, show(newPasskeys(t, s, func(c *webauthn.Config) { c.DecoyKey[1] = 1 }), nobody).Allow)
	require.NotEqual(t, show(p, authenticator.Identity{Subject: "x"}).Allow, show(p, authenticator.Identity{Hint: "x"}).Allow)

	sizes, counts, ids := make(map[int]int), make(map[int]int), make(map[string]bool)
	for i := range 1000 {
		o := show(p, authenticator.Identity{Hint: fmt.Sprintf("name %d", i)})
		counts[len(o.Allow)]++
		require.Len(t, o.Enrolments, len(o.Allow))
		for j, c := range o.Allow {
			sizes[len(c.ID)]++
			require.Nil(t, c.Transports, "nor are those of real ones told")
			require.False(t, ids[string(c.ID)])
			ids[string(c.ID)] = true
			require.Equal(t, c.ID, o.Enrolments[j].CredentialID)
			require.Equal(t, "Passkey", o.Enrolments[j].Name)
		}
	}
	require.Len(t, counts, 2)
	require.Greater(t, counts[1], counts[2])
	require.Greater(t, counts[2], 150)
	for _, size := range []int{16, 20, 32, 48, 64} {
		require.Greater(t, sizes[size], 50)
	}
	require.Len(t, sizes, 5)
}

// An assertion by a decoy's name is refused like any other.
func TestDecoyAssertion(t *testing.T) {
	p := newPasskeys(t, store.NewMemory())
	for _, id := range []authenticator.Identity{tom, nobody} {
		o, err := p.Options(t.Context(), id)
		require.NoError(t, err)
		d := newDevice(t, es256)
		d.id = o.Allow[0].ID
		require.Equal(t, authenticator.ErrRefused, signIn(t, p, id, d))
	}
}

// What strangers can bring about costs the same whoever is asked about.
func TestEqualWork(t *testing.T) {
	w := &watched{Store: store.NewMemory()}
	clk := newClock()
	p, d := newPasskeys(t, w, clk.use), newDevice(t, es256)
	register(t, p, mia.Subject, d)
	stranger := newDevice(t, es256)
	w.take()
	for _, id := range []authenticator.Identity{mia, tom, nobody} {
		_, err := p.Options(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, "List Get", w.take())
		for i := range 10 {
			challenge := newChallenge()
			a := stranger.assert(t, challenge)
			switch i % 4 {
			case 1:
				a.CredentialID = nil
			case 2:
				a = authenticator.Assertion{}
			case 3:
				a.CredentialID, a.UserHandle = d.id, d.handle
			}
			_, _, err := p.Verify(t.Context(), id, challenge, a)
			require.Equal(t, authenticator.ErrRefused, err)
			require.Equal(t, "List Get Get Put", w.take())
		}
		var locked *authenticator.LockedError
		require.ErrorAs(t, signIn(t, p, id, stranger), &locked)
		require.Equal(t, &authenticator.LockedError{Until: clk.now().Add(time.Minute), Limit: 10}, locked)
		require.Equal(t, "List Get Get", w.take())
	}
	// Without a name: by the handle, whether it is anybody's or not.
	clk.sleep(time.Hour)
	for _, handle := range []string{mia.Subject, tom.Subject, "nobody", "", strings.Repeat("x", 100), "\xff\xfe"} {
		stranger.handle = []byte(handle)
		for range 10 {
			require.Equal(t, authenticator.ErrRefused, signIn(t, p, nameless, stranger))
			require.Equal(t, "Get List Get Get Put", w.take())
			if handle == "" || len(handle) > 64 || handle[0] == 0xff {
				break // these share one count
			}
		}
	}
	stranger.handle = d.handle
	require.ErrorIs(t, signIn(t, p, mia, stranger), authenticator.ErrLocked)
}

// The records that attempts leave behind tell nothing either.
func TestEqualRecords(t *testing.T) {
	shape := func(id authenticator.Identity) (shapes []string) {
		s := store.NewMemory()
		p := newPasskeys(t, s)
		require.Equal(t, authenticator.ErrRefused, signIn(t, p, id, newDevice(t, es256)))
		for _, rec := range records(t, s) {
			require.NotZero(t, rec.Expires, "what strangers can make up must go away")
			shapes = append(shapes, fmt.Sprint(string(rune(rec.Key.Kind)), len(rec.Value), time.Until(time.Unix(rec.Expires, 0)).Round(time.Hour)))
		}
		return shapes
	}
	want := shape(mia)
	require.Len(t, want, 1)
	for _, id := range []authenticator.Identity{tom, nobody} {
		require.Equal(t, want, shape(id))
	}
}

// A coarse look at the clock: an assertion of nobody's is verified too.
func TestEqualTime(t *testing.T) {
	p := newPasskeys(t, store.NewMemory(), func(c *webauthn.Config) { c.Limit = 100 })
	d := newDevice(t, es256)
	register(t, p, mia.Subject, d)
	stranger := newDevice(t, es256)
	least := map[authenticator.Identity]time.Duration{mia: time.Hour, tom: time.Hour, nobody: time.Hour}
	challenge := newChallenge()
	a := stranger.assert(t, challenge)
	a.CredentialID = d.id
	for range 90 { // in turn, so that a busy machine is fair to all
		for id := range least {
			begin := time.Now()
			_, _, err := p.Verify(t.Context(), id, challenge, a)
			least[id] = min(least[id], time.Since(begin))
			require.Equal(t, authenticator.ErrRefused, err)
		}
	}
	for _, id := range []authenticator.Identity{tom, nobody} {
		t.Log(least[mia], least[id])
		require.InDelta(t, 1, float64(least[id])/float64(least[mia]), 0.45, "a missing verification would make it 0.3")
	}
}
