package authenticator_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

func TestPasswordVerify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := newPassword(t, store.NewMemory())
		m, err := p.Verify(t.Context(), mia, right)
		require.NoError(t, err)
		require.Equal(t, policy.Method{Name: "password", Types: policy.Knowledge, At: time.Now()}, m)
		for name, entry := range map[string]string{
			"wrong": wrong, "empty": "", "trailing blank": right + " ", "leading blank": " " + right, "case": strings.ToUpper(right),
			"cut": right[:len(right)-1], "zero byte": right + "\x00", "one megabyte": strings.Repeat("x", 1<<20),
		} {
			m, err := p.Verify(t.Context(), mia, entry)
			require.Equal(t, authenticator.ErrRefused, err, name)
			require.Zero(t, m)
		}
		for _, id := range []authenticator.Identity{tom, nobody, {}, {Hint: mia.Hint}} {
			_, err := p.Verify(t.Context(), id, right)
			require.Equal(t, authenticator.ErrRefused, err)
		}
	})
}

// What a host has under the empty subject, by mistake, is nobody's password.
func TestNobodysPassword(t *testing.T) {
	p, host := newPassword(t, store.NewMemory())
	host.set("", host.hash(mia.Subject))
	_, err := p.Verify(t.Context(), nobody, right)
	require.Equal(t, authenticator.ErrRefused, err)
	methods, err := p.Available(t.Context(), "")
	require.NoError(t, err)
	require.Empty(t, methods)
}

func TestPasswordAvailable(t *testing.T) {
	p, host := newPassword(t, store.NewMemory())
	methods, err := p.Available(t.Context(), mia.Subject)
	require.NoError(t, err)
	require.Equal(t, []policy.Method{{Name: "password", Types: policy.Knowledge}}, methods)
	methods, err = p.Available(t.Context(), tom.Subject)
	require.NoError(t, err)
	require.Empty(t, methods)
	host.fail = errFault
	_, err = p.Available(t.Context(), mia.Subject)
	require.ErrorIs(t, err, authenticator.ErrUnavailable)
}

func TestPasswordLock(t *testing.T) {
	for name, id := range map[string]authenticator.Identity{"somebody": mia, "without a password": tom, "nobody": nobody} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, _ := newPassword(t, store.NewMemory())
				for range 10 {
					_, err := p.Verify(t.Context(), id, wrong)
					require.Equal(t, authenticator.ErrRefused, err)
				}
				_, err := p.Verify(t.Context(), id, right)
				var locked *authenticator.LockedError
				require.ErrorAs(t, err, &locked)
				require.ErrorIs(t, err, authenticator.ErrLocked)
				require.NotErrorIs(t, err, authenticator.ErrRefused)
				require.Equal(t, authenticator.LockedError{Until: time.Now().Add(15 * time.Minute), Limit: 10}, *locked)

				time.Sleep(15*time.Minute - time.Second)
				_, err = p.Verify(t.Context(), id, right)
				require.ErrorIs(t, err, authenticator.ErrLocked)
				time.Sleep(time.Second)
				_, err = p.Verify(t.Context(), id, right)
				if id == mia {
					require.NoError(t, err, "an outsider must not lock anybody out for good")
				} else {
					require.Equal(t, authenticator.ErrRefused, err)
				}
			})
		})
	}
}

func TestOneCounterHoweverTheNameIsWritten(t *testing.T) {
	p, _ := newPassword(t, store.NewMemory())
	for i := range 10 {
		id := authenticator.Identity{Hint: []string{"no@example.test", " NO@example.test", "No@Example.TEST "}[i%3]}
		_, err := p.Verify(t.Context(), id, wrong)
		require.Equal(t, authenticator.ErrRefused, err)
	}
	_, err := p.Verify(t.Context(), authenticator.Identity{Hint: "no@example.test"}, wrong)
	require.ErrorIs(t, err, authenticator.ErrLocked)
	// Whoever is known is counted by subject, whatever name was entered; and a
	// name cannot be made to look like a subject.
	_, err = p.Verify(t.Context(), authenticator.Identity{Subject: "no@example.test", Hint: "no@example.test"}, wrong)
	require.Equal(t, authenticator.ErrRefused, err)
}

func TestSuccessResetsItsOwnCounterOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.NewMemory()
		p, _ := newPassword(t, s)
		f := newTOTP(t, s)
		for range 9 {
			_, err := p.Verify(t.Context(), mia, wrong)
			require.Equal(t, authenticator.ErrRefused, err)
			_, err = f.Verify(t.Context(), mia, wrongCode(t, secret))
			require.Equal(t, authenticator.ErrRefused, err)
		}
		_, err := p.Verify(t.Context(), mia, right)
		require.NoError(t, err)
		for range 9 {
			_, err := p.Verify(t.Context(), mia, wrong)
			require.Equal(t, authenticator.ErrRefused, err, "the password starts anew")
		}
		_, err = f.Verify(t.Context(), mia, wrongCode(t, secret))
		require.Equal(t, authenticator.ErrRefused, err)
		_, err = f.Verify(t.Context(), mia, codeAt(t, secret, time.Now()))
		require.ErrorIs(t, err, authenticator.ErrLocked, "the code does not")
		require.NoError(t, f.Unlock(t.Context(), mia.Subject))
		_, err = f.Verify(t.Context(), mia, codeAt(t, secret, time.Now()))
		require.NoError(t, err)
	})
}

func TestPasswordUnlock(t *testing.T) {
	p, _ := newPassword(t, store.NewMemory())
	for range 10 {
		_, _ = p.Verify(t.Context(), mia, wrong)
	}
	require.NoError(t, p.Unlock(t.Context(), mia.Subject))
	require.NoError(t, p.Unlock(t.Context(), "who was never counted"))
	_, err := p.Verify(t.Context(), mia, right)
	require.NoError(t, err)
}

// Somebody who does not wait for the answer is counted all the same, and a right
// password whose owner hung up is no failure.
func TestHangingUpUndoesNothing(t *testing.T) {
	p, _ := newPassword(t, store.NewMemory())
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		_, err := p.Verify(gone, mia, right)
		require.NoError(t, err)
	}
	for range 10 {
		_, err := p.Verify(gone, mia, wrong)
		require.Equal(t, authenticator.ErrRefused, err)
	}
	_, err := p.Verify(t.Context(), mia, right)
	require.ErrorIs(t, err, authenticator.ErrLocked)
}

func TestUpgrade(t *testing.T) {
	weak := func(t *testing.T) string {
		p, _ := newPassword(t, store.NewMemory(), func(c *authenticator.PasswordConfig) { c.Params.Memory = 32 })
		hash, err := p.Hash(t.Context(), right)
		require.NoError(t, err)
		return hash
	}
	blowfish := func(t *testing.T) string {
		hash, err := bcrypt.GenerateFromPassword([]byte(right), bcrypt.MinCost)
		require.NoError(t, err)
		return string(hash)
	}
	for name, old := range map[string]func(*testing.T) string{"argon2id": weak, "bcrypt": blowfish} {
		t.Run(name, func(t *testing.T) {
			var told []error
			p, host := newPassword(t, store.NewMemory(), func(c *authenticator.PasswordConfig) {
				c.Upgraded = func(_ context.Context, subject string, err error) {
					require.Equal(t, mia.Subject, subject)
					told = append(told, err)
				}
			})
			hash := old(t)
			host.set(mia.Subject, hash)
			_, err := p.Verify(t.Context(), mia, wrong)
			require.Equal(t, authenticator.ErrRefused, err)
			require.Equal(t, hash, host.hash(mia.Subject), "only the owner's password upgrades")
			_, err = p.Verify(t.Context(), mia, right)
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(host.hash(mia.Subject), "$argon2id$v=19$m=64,t=1,p=1$"))
			_, err = p.Verify(t.Context(), mia, right)
			require.NoError(t, err)
			require.Equal(t, []error{nil}, told, "once is enough")
		})
	}
}

// A host that cannot store the new hash has lost nothing.
func TestUpgradeFails(t *testing.T) {
	var told error
	p, host := newPassword(t, store.NewMemory(), func(c *authenticator.PasswordConfig) {
		c.Source = readOnly{c.Source.(*people)}
		c.Upgraded = func(_ context.Context, _ string, err error) { told = err }
	})
	hash, err := bcrypt.GenerateFromPassword([]byte(right), bcrypt.MinCost)
	require.NoError(t, err)
	host.set(mia.Subject, string(hash))
	for range 2 {
		_, err = p.Verify(t.Context(), mia, right)
		require.NoError(t, err)
		require.ErrorIs(t, told, errReadOnly)
	}
	require.Equal(t, string(hash), host.hash(mia.Subject))
}

type readOnly struct{ *people }

var errReadOnly = errors.New("read only")

func (readOnly) SetPasswordHash(context.Context, string, string, string) error { return errReadOnly }

func TestPasswordUnavailable(t *testing.T) {
	p, host := newPassword(t, store.NewMemory())
	host.set(mia.Subject, "not a hash")
	_, err := p.Verify(t.Context(), mia, right)
	require.ErrorIs(t, err, authenticator.ErrUnavailable)
	require.NotContains(t, err.Error(), "not a hash")
	host.fail = errFault
	for _, id := range []authenticator.Identity{mia, tom, nobody} {
		_, err := p.Verify(t.Context(), id, right)
		require.ErrorIs(t, err, authenticator.ErrUnavailable)
		require.ErrorIs(t, err, errFault)
	}
}
