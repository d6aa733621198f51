package webauthn_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/webauthn"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

func TestSignIn(t *testing.T) {
	for name, alg := range map[string]int{"ES256": es256, "EdDSA": eddsa, "RS256": rs256} {
		t.Run(name, func(t *testing.T) {
			clk := newClock()
			p, d := newPasskeys(t, store.NewMemory(), clk.use), newDevice(t, alg)
			registered := register(t, p, mia.Subject, d)
			want := policy.Method{
				Name: "webauthn", Types: policy.Possession | policy.Inherence, At: clk.now(),
				PhishingResistant: true, UserVerified: true, Device: registered.ID,
			}
			for _, id := range []authenticator.Identity{mia, nameless} {
				for _, named := range []bool{true, false} { // the wire of direct grants names no credential
					challenge := newChallenge()
					a := d.assert(t, challenge)
					if !named {
						a.CredentialID = nil
					}
					subject, m, err := p.Verify(t.Context(), id, challenge, a)
					require.NoError(t, err)
					require.Equal(t, mia.Subject, subject)
					require.Equal(t, want, m)
				}
			}
		})
	}
}

// D42: an assertion of one person is none of another's.
func TestForeignCredential(t *testing.T) {
	p, d := enrolled(t)
	other := newDevice(t, es256)
	register(t, p, tom.Subject, other)
	for _, id := range []authenticator.Identity{mia, tom, nobody} {
		owner := map[string]*device{mia.Subject: d, tom.Subject: other}[id.Subject]
		for _, dev := range []*device{d, other} {
			for _, handle := range [][]byte{dev.handle, nil} {
				for _, credential := range [][]byte{dev.id, nil} {
					challenge := newChallenge()
					a := dev.assert(t, challenge)
					a.UserHandle, a.CredentialID = handle, credential
					_, _, err := p.Verify(t.Context(), id, challenge, a)
					if dev == owner {
						require.NoError(t, err)
					} else {
						require.Equal(t, authenticator.ErrRefused, err)
					}
				}
			}
		}
	}
}

// A credential id that somebody copied, with a key of his own, leads to him and to
// nobody else.
func TestCopiedID(t *testing.T) {
	p, d := enrolled(t)
	thief := newDevice(t, es256)
	thief.id = d.id
	register(t, p, tom.Subject, thief)
	require.NoError(t, signIn(t, p, mia, d))
	require.NoError(t, signIn(t, p, tom, thief))
	require.Equal(t, authenticator.ErrRefused, signIn(t, p, mia, thief))
	thief.handle = d.handle
	require.Equal(t, authenticator.ErrRefused, signIn(t, p, mia, thief))
	require.Equal(t, authenticator.ErrRefused, signIn(t, p, nameless, thief))
}

// D39: what is short is the caller's mistake.
func TestShortChallenge(t *testing.T) {
	p, d := enrolled(t)
	for _, n := range []int{0, 15} {
		challenge := make([]byte, n)
		_, _, err := p.Verify(t.Context(), mia, challenge, d.assert(t, challenge))
		require.ErrorContains(t, err, "16 bytes")
	}
}

// D39, row 92: that a challenge is good once is the caller's promise. What is
// promised here is that an assertion is no good for another challenge, and, if the
// authenticator counts, not good twice.
func TestReplay(t *testing.T) {
	p, d := enrolled(t)
	challenge := newChallenge()
	a := d.assert(t, challenge)
	for range 2 {
		_, _, err := p.Verify(t.Context(), mia, challenge, a)
		require.NoError(t, err, "a passkey does not count")
	}
	_, _, err := p.Verify(t.Context(), mia, newChallenge(), a)
	require.Equal(t, authenticator.ErrRefused, err)

	p, d = newPasskeys(t, store.NewMemory()), newDevice(t, es256)
	d.count = 1
	register(t, p, mia.Subject, d)
	a = d.assert(t, challenge)
	_, _, err = p.Verify(t.Context(), mia, challenge, a)
	require.NoError(t, err)
	_, _, err = p.Verify(t.Context(), mia, challenge, a)
	require.Equal(t, webauthn.ErrCloned, err)
}

func TestAppOrigin(t *testing.T) {
	p, d := enrolled(t)
	d.origin = android
	require.NoError(t, signIn(t, p, mia, d))
	app := newDevice(t, es256)
	app.origin = android
	register(t, p, mia.Subject, app)
	require.NoError(t, signIn(t, p, mia, app))
}

// A signature of another algorithm than the key's.
func TestOtherKey(t *testing.T) {
	p, d := enrolled(t)
	for _, alg := range []int{es256, eddsa, rs256} {
		other := newDevice(t, alg)
		require.Equal(t, authenticator.ErrRefused, signIn(t, p, mia, d, func(s *statement) { s.Key = other.key }))
	}
}

// Extensions that were not asked for are not looked at, but must be well made.
func TestExtensions(t *testing.T) {
	p, d := enrolled(t)
	require.NoError(t, signIn(t, p, mia, d, func(s *statement) {
		s.Flags |= extended
		s.Extensions = marshal(t, map[string]any{"unasked": true})
	}))
}

// The same person, several devices: each proof names its own.
func TestSeveralCredentials(t *testing.T) {
	p, first := enrolled(t)
	second := newDevice(t, eddsa)
	register(t, p, mia.Subject, second)
	devices := make(map[string]bool)
	for _, d := range []*device{first, second} {
		challenge := newChallenge()
		a := d.assert(t, challenge)
		a.CredentialID, a.UserHandle = nil, nil
		_, m, err := p.Verify(t.Context(), mia, challenge, a)
		require.NoError(t, err)
		devices[m.Device] = true
		a.CredentialID = map[*device][]byte{first: second.id, second: first.id}[d]
		_, _, err = p.Verify(t.Context(), mia, challenge, a)
		require.Equal(t, authenticator.ErrRefused, err, "the wrong one is named")
	}
	require.Len(t, devices, 2)
}

// A credential belongs to its relying party.
func TestOtherRelyingParty(t *testing.T) {
	s := store.NewMemory()
	p, d := newPasskeys(t, s), newDevice(t, es256)
	register(t, p, mia.Subject, d)
	other := newPasskeys(t, s, func(c *webauthn.Config) { c.RPID = "login.example.test" })
	d.rpID = "login.example.test"
	require.Equal(t, authenticator.ErrRefused, signIn(t, other, mia, d))
	all, err := other.Authenticators(t.Context(), mia.Subject)
	require.NoError(t, err)
	require.Empty(t, all)
}

// Subjects of any length can sign in without a name.
func TestUserHandle(t *testing.T) {
	for _, subject := range []string{
		"a", strings.Repeat("s", 64), strings.Repeat("s", 65), strings.Repeat("s", 1000), "\xff\xfe", "\x00", "\x00" + strings.Repeat("s", 32), "Zoë",
	} {
		p, d := newPasskeys(t, store.NewMemory()), newDevice(t, es256)
		register(t, p, subject, d)
		register(t, p, subject, newDevice(t, es256)) // the handle is there
		require.LessOrEqual(t, len(d.handle), 64)
		challenge := newChallenge()
		got, _, err := p.Verify(t.Context(), nameless, challenge, d.assert(t, challenge))
		require.NoError(t, err, "%q", subject)
		require.Equal(t, subject, got)
		d.handle = nil
		require.Equal(t, authenticator.ErrRefused, signIn(t, p, nameless, d), "who is it?")
	}
}

// A hint of blanks is a name, though nobody's: it does not become a sign-in without
// a name.
func TestBlankHint(t *testing.T) {
	p, d := enrolled(t)
	id := authenticator.Identity{Hint: "  "}
	require.Equal(t, authenticator.ErrRefused, signIn(t, p, id, d))
	o, err := p.Options(t.Context(), id)
	require.NoError(t, err)
	require.NotEmpty(t, o.Allow)
}
