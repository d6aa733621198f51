package webauthn_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/webauthn"
	"github.com/mintyard/mintyard/store"
)

// Every call of the store fails in turn, before it takes effect or after: nothing is
// accepted unless that is stored, and no fault is told as right or wrong.
func TestFaults(t *testing.T) {
	for _, after := range []bool{false, true} {
		for k := 1; ; k++ {
			met := false
			t.Run(fmt.Sprintf("after=%v call %d", after, k), func(t *testing.T) {
				w := &watched{Store: store.NewMemory(), after: after}
				w.paused.Store(true)
				p, d := newPasskeys(t, w), newDevice(t, es256)
				d.count = 1
				register(t, p, mia.Subject, d)
				faulty := func(run func() error) error {
					w.faultK = k
					w.paused.Store(false)
					err := run()
					w.paused.Store(true)
					met = met || len(w.calls) >= k
					w.take()
					return err
				}
				challenge := newChallenge()
				a := d.assert(t, challenge)
				verify := func(id authenticator.Identity) error {
					_, _, err := p.Verify(t.Context(), id, challenge, a)
					return err
				}
				for _, id := range []authenticator.Identity{mia, nameless} {
					a = d.assert(t, challenge)
					if err := faulty(func() error { return verify(id) }); err != nil {
						require.ErrorIs(t, err, authenticator.ErrUnavailable)
						require.NotErrorIs(t, err, authenticator.ErrRefused)
					} else {
						require.Equal(t, webauthn.ErrCloned, verify(id), "accepted, so counted")
					}
					require.NoError(t, signIn(t, p, id, d), "a fault does not cost the account")
				}
				for _, id := range []authenticator.Identity{mia, nobody} {
					err := faulty(func() error { return signIn(t, p, id, newDevice(t, es256)) })
					require.True(t, err == authenticator.ErrRefused || errors.Is(err, authenticator.ErrUnavailable), "%v", err)
				}

				// A registration ends with a credential, or with none.
				var id string
				var options []byte
				err := faulty(func() (err error) {
					options, id, err = p.BeginRegistration(t.Context(), strings.Repeat("t", 70), "tom")
					return err
				})
				if err != nil {
					require.ErrorIs(t, err, authenticator.ErrUnavailable)
					return
				}
				other := newDevice(t, es256)
				response := other.create(t, options)
				err = faulty(func() error {
					_, err := p.FinishRegistration(t.Context(), strings.Repeat("t", 70), id, response)
					return err
				})
				if err != nil {
					require.ErrorIs(t, err, authenticator.ErrUnavailable)
				} else {
					require.NoError(t, signIn(t, p, nameless, other))
				}
				for name, run := range map[string]func() error{
					"import": func() error {
						return p.Import(t.Context(), mia.Subject, "f6", webauthn.Imported{CredentialID: other.id, PublicKey: other.cose(t), UserHandle: []byte{0xff}})
					},
					"list":   func() error { _, err := p.Authenticators(t.Context(), mia.Subject); return err },
					"facts":  func() error { _, err := p.Available(t.Context(), mia.Subject); return err },
					"all":    func() error { _, err := p.Credentials(t.Context(), mia.Subject); return err },
					"show":   func() error { _, err := p.Options(t.Context(), mia); return err },
					"unlock": func() error { return p.Unlock(t.Context(), mia.Subject) },
				} {
					if err := faulty(run); err != nil {
						require.ErrorIs(t, err, authenticator.ErrUnavailable, name)
					}
					require.NoError(t, run(), name)
				}
				if err := faulty(func() error { return p.Remove(t.Context(), mia.Subject, "f6") }); err != nil {
					require.ErrorIs(t, err, authenticator.ErrUnavailable)
				}
			})
			if !met {
				require.Greater(t, k, 5)
				break
			}
		}
	}
}

// Records that somebody damaged accept nothing, and can be removed.
func TestDamagedRecords(t *testing.T) {
	for _, data := range []string{``, `{}`, `null`, `[]`, `7`, `{"id":"AA==","key":"AA=="}`, `{"id":"AA==","key":"AA==","handle":7}`} {
		s := store.NewMemory()
		p, d := newPasskeys(t, s), newDevice(t, es256)
		a := register(t, p, mia.Subject, d)
		edit(t, s, 'w', func(value string) string {
			i, j := strings.Index(value, `"data":`), strings.LastIndex(value, "}}")
			if data == "" {
				return value[:i] + `"x":1}`
			}
			return value[:i] + `"data":` + data + value[j+1:]
		})
		require.ErrorIs(t, signIn(t, p, mia, d), authenticator.ErrUnavailable, data)
		_, err := p.Options(t.Context(), mia)
		require.ErrorIs(t, err, authenticator.ErrUnavailable)
		require.NoError(t, p.Remove(t.Context(), mia.Subject, a.ID))
		require.Equal(t, authenticator.ErrRefused, signIn(t, p, mia, d))
	}
	// A key that cannot be read accepts nothing either.
	s := store.NewMemory()
	p, d := newPasskeys(t, s), newDevice(t, es256)
	register(t, p, mia.Subject, d)
	edit(t, s, 'w', func(value string) string { return strings.Replace(value, `"key":"`, `"key":"AAAA`, 1) })
	require.Equal(t, authenticator.ErrRefused, signIn(t, p, mia, d))
	// Nor does a registration or a user handle.
	for kind, damage := range map[store.Kind]string{'c': `{"v":1}`, 'i': `{"v":1}`} {
		for _, value := range []string{"", "{}", `{"v":2}`, damage} {
			s := store.NewMemory()
			p, d := newPasskeys(t, s), newDevice(t, es256)
			subject := strings.Repeat("s", 100)
			register(t, p, subject, d)
			options, id, err := p.BeginRegistration(t.Context(), subject, "mia")
			require.NoError(t, err)
			edit(t, s, kind, func(string) string { return value })
			if kind == 'c' {
				_, err = p.FinishRegistration(t.Context(), subject, id, d.create(t, options))
			} else {
				err = signIn(t, p, nameless, d)
			}
			require.ErrorIs(t, err, authenticator.ErrUnavailable, "%c %s", kind, value)
		}
	}
}

// edit changes the value of the records of a kind.
func edit(t testing.TB, s *store.Memory, kind store.Kind, change func(string) string) {
	t.Helper()
	changed := 0
	for _, rec := range records(t, s) {
		if rec.Key.Kind == kind {
			old := rec.Version
			rec.Version, rec.Tags, rec.Value = store.NewVersion(), nil, []byte(change(string(rec.Value)))
			require.NoError(t, s.Put(t.Context(), rec, old))
			changed++
		}
	}
	require.NotZero(t, changed)
}

// Members that a newer version wrote survive a write of this one.
func TestUnknownMembersStay(t *testing.T) {
	s := store.NewMemory()
	p, d := newPasskeys(t, s), newDevice(t, es256)
	register(t, p, mia.Subject, d)
	edit(t, s, 'w', func(value string) string { return strings.Replace(value, `"data":{`, `"data":{"prf":{"a":[1,2]},`, 1) })
	require.NoError(t, signIn(t, p, mia, d))
	found := false
	for _, rec := range records(t, s) {
		found = found || strings.Contains(string(rec.Value), `"prf":{"a":[1,2]}`) && strings.Contains(string(rec.Value), `"us":`)
	}
	require.True(t, found)
}
