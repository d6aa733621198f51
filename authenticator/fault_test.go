package authenticator_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// Every call of the store fails in turn, before it takes effect or after. Nothing
// is accepted unless that is stored, nothing is accepted twice, and a wrong guess
// whose result was told is counted.
func TestFaults(t *testing.T) {
	const limit = 3
	for _, after := range []bool{false, true} {
		for k := 1; ; k++ {
			met := false
			t.Run(fmt.Sprintf("after=%v call %d", after, k), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := &watched{Store: store.NewMemory(), after: after}
					w.paused.Store(true)
					f := newTOTP(t, w, func(c *authenticator.TOTPConfig) { c.Limit = limit })
					p, _ := newPassword(t, w, func(c *authenticator.PasswordConfig) { c.Limit = limit })

					// faulty runs with the k-th call failing.
					faulty := func(run func() error) error {
						w.faultK = k
						w.paused.Store(false)
						err := run()
						w.paused.Store(true)
						met = met || len(w.calls) >= k
						w.calls = nil
						return err
					}
					code := func() error {
						_, err := f.Verify(t.Context(), mia, codeAt(t, secret, time.Now()))
						return err
					}
					err := faulty(code)
					again := code()
					if err == nil {
						require.Equal(t, authenticator.ErrRefused, again, "accepted, so spent")
					} else {
						require.ErrorIs(t, err, authenticator.ErrUnavailable)
						require.NotErrorIs(t, err, authenticator.ErrRefused)
						require.True(t, again == nil || again == authenticator.ErrRefused, "unused, or spent: %v", again)
						require.Equal(t, authenticator.ErrRefused, code())
					}

					// A wrong guess, for either factor and for nobody.
					for name, guess := range map[string]func() error{
						"code":             func() error { _, err := f.Verify(t.Context(), mia, "nonsense"); return err },
						"nobody's code":    func() error { _, err := f.Verify(t.Context(), nobody, "nonsense"); return err },
						"password":         func() error { _, err := p.Verify(t.Context(), mia, wrong); return err },
						"nobody's":         func() error { _, err := p.Verify(t.Context(), nobody, wrong); return err },
						"without password": func() error { _, err := p.Verify(t.Context(), tom, wrong); return err },
					} {
						require.NoError(t, f.Unlock(t.Context(), mia.Subject))
						told := 0
						err := faulty(guess)
						if errors.Is(err, authenticator.ErrRefused) {
							told++
						} else {
							require.ErrorIs(t, err, authenticator.ErrUnavailable, name)
						}
						for !errors.Is(guess(), authenticator.ErrLocked) {
							told++
							require.LessOrEqual(t, told, limit, name)
						}
					}
				})
			})
			if !met {
				require.Greater(t, k, 4)
				break
			}
		}
	}
}

// The right password under every fault.
func TestPasswordFaults(t *testing.T) {
	for _, after := range []bool{false, true} {
		for k := 1; k <= 4; k++ {
			w := &watched{Store: store.NewMemory(), after: after}
			p, _ := newPassword(t, w)
			w.faultK = k
			_, err := p.Verify(t.Context(), mia, right)
			_, second := p.Verify(t.Context(), mia, right) // some faults come only now
			for _, err := range []error{err, second} {
				require.True(t, err == nil || errors.Is(err, authenticator.ErrUnavailable), "%v", err)
			}
			w.paused.Store(true)
			_, err = p.Verify(t.Context(), mia, right)
			require.NoError(t, err, "a fault must not cost the owner the account")
		}
	}
}

// An enrolment under every fault ends confirmed or not, and its code is good for
// no sign-in either way.
func TestConfirmFaults(t *testing.T) {
	for _, after := range []bool{false, true} {
		for k := 1; k <= 6; k++ {
			synctest.Test(t, func(t *testing.T) {
				w := &watched{Store: store.NewMemory(), after: after}
				f := newTOTP(t, w)
				w.take()
				e, err := f.Enrol(t.Context(), tom.Subject, "tom")
				require.NoError(t, err)
				w.take()
				w.faultK = k
				code := codeAt(t, e.Secret, time.Now())
				if err = f.Confirm(t.Context(), tom.Subject, e.ID, code); err != nil {
					require.ErrorIs(t, err, authenticator.ErrUnavailable)
				}
				w.paused.Store(true)
				_, err = f.Verify(t.Context(), tom, code)
				require.Equal(t, authenticator.ErrRefused, err)
				require.NoError(t, f.Confirm(t.Context(), tom.Subject, e.ID, code), "a second try finishes")
				_, err = f.Verify(t.Context(), tom, code)
				require.Equal(t, authenticator.ErrRefused, err)
			})
		}
	}
}

// A record that somebody damaged accepts nothing and panics nowhere.
func TestDamagedRecords(t *testing.T) {
	for _, value := range []string{
		"", "null", "[]", "x", `{"v":2,"f":"totp","id":"phone"}`, `{"v":1,"f":"totp"}`,
		`{"v":1,"f":"totp","id":"phone","co":1,"data":{"alg":"SHA1","digits":6,"period":30}}`,
		`{"v":1,"f":"totp","id":"phone","co":1,"sealed":"","data":{"alg":"SHA1","digits":6,"period":30}}`,
		`{"v":1,"f":"totp","id":"phone","co":1,"sealed":"AAAA","data":{"alg":"SHA1","digits":6,"period":30}}`,
	} {
		s := store.NewMemory()
		f := newTOTP(t, s)
		rec := records(t, s)[0]
		old := rec.Version
		rec.Version, rec.Tags, rec.Value = store.NewVersion(), nil, []byte(value)
		require.NoError(t, s.Put(t.Context(), rec, old))
		_, err := f.Verify(t.Context(), mia, codeAt(t, secret, time.Now()))
		require.Error(t, err, value)
		require.Error(t, f.Confirm(t.Context(), mia.Subject, "phone", "000000"))
		require.NoError(t, f.Remove(t.Context(), mia.Subject, "phone"), "it can be removed")
		require.NoError(t, f.Import(t.Context(), mia.Subject, "phone", secret, authenticator.TOTPOptions{}))
		_, err = f.Verify(t.Context(), mia, codeAt(t, secret, time.Now()))
		require.NoError(t, err)
	}
	for _, data := range []string{
		`null`, `[]`, `{}`, `{"alg":"MD5","digits":6,"period":30}`, `{"alg":"SHA1","digits":99,"period":30}`, `{"alg":"SHA1","digits":6,"period":-30}`,
		`{"alg":"SHA1","digits":6,"period":-9223372036854775808}`, `{"alg":"SHA1","digits":6,"period":30,"next":-1}`,
		`{"alg":"SHA1","digits":6,"period":0}`, `{"alg":"SHA1","digits":6,"period":30,"next":9223372036854775807}`, `{"alg":"SHA1","digits":6,"period":30,"next":"1"}`,
	} {
		s := store.NewMemory()
		f := newTOTP(t, s)
		rec := records(t, s)[0]
		var whole map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(rec.Value, &whole))
		whole["data"] = json.RawMessage(data)
		value, err := json.Marshal(whole)
		require.NoError(t, err)
		old := rec.Version
		rec.Version, rec.Tags, rec.Value = store.NewVersion(), nil, value
		require.NoError(t, s.Put(t.Context(), rec, old))
		_, err = f.Verify(t.Context(), mia, codeAt(t, secret, time.Now()))
		require.ErrorIs(t, err, authenticator.ErrUnavailable, data)
		_, err = f.Authenticators(t.Context(), mia.Subject)
		require.ErrorIs(t, err, authenticator.ErrUnavailable, data)
		require.Error(t, f.Confirm(t.Context(), mia.Subject, "phone", "000000"))
		require.NoError(t, f.Remove(t.Context(), mia.Subject, "phone"), "it can be removed")
	}
}

// Members that a newer version wrote survive a write of this one.
func TestUnknownMembersStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.NewMemory()
		f := newTOTP(t, s)
		require.NoError(t, f.Remove(t.Context(), mia.Subject, "phone"))
		e, err := f.Enrol(t.Context(), mia.Subject, "mia")
		require.NoError(t, err)
		for _, rec := range records(t, s) {
			old := rec.Version
			rec.Version, rec.Tags = store.NewVersion(), nil
			rec.Value = bytes.Replace(rec.Value, []byte(`"data":{`), []byte(`"label":{"a":[1,2]},"data":{"inner":[3],`), 1)
			require.NoError(t, s.Put(t.Context(), rec, old))
		}
		require.NoError(t, f.Confirm(t.Context(), mia.Subject, e.ID, codeAt(t, e.Secret, time.Now())))
		found := false
		for _, rec := range records(t, s) {
			value := string(rec.Value)
			found = found || strings.Contains(value, `"label":{"a":[1,2]}`) && strings.Contains(value, `"inner":[3]`) && strings.Contains(value, `"co":`)
		}
		require.True(t, found)
	})
}
