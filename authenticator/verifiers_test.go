package authenticator_test

import (
	"context"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// verifier is one factor that is enrolled, how mia proves it once, and how an
// operator ends a lock.
type verifier struct {
	authenticator.Verifier
	authenticator.Manager
	right  string
	unlock func() error
	fails  string // the calls of a wrong entry
	locked string // and of one that is locked
	used   string // and of one that is right and was used; "" where it is good again
	limit  int
}

// verifiers makes all factors in which something is entered and enrolled. Racers
// find the clock standing.
func verifiers(t testing.TB, s store.Store) map[string]verifier {
	t.Helper()
	now := func() time.Time { return time.Unix(1_700_000_010, 0) }
	totp := newTOTP(t, s, frozen)
	hotp := newHOTP(t, s, func(c *authenticator.HOTPConfig) { c.Now = now })
	codes := newRecovery(t, s, func(c *authenticator.RecoveryCodesConfig) { c.Now = now })
	require.NoError(t, codes.Import(t.Context(), mia.Subject, []string{"recovery-1", "recovery-2"}))
	question := newQuestion(t, s, func(c *authenticator.QuestionConfig) { c.Now = now })
	unlock := func(f interface {
		Unlock(ctx context.Context, subject string) error
	}) func() error {
		return func() error { return f.Unlock(t.Context(), mia.Subject) }
	}
	return map[string]verifier{
		"totp":           {totp, totp, frozenCode(t, 0), unlock(totp), "List Get Get Put", "List Get Get", "List Get Get Put", 10},
		"hotp":           {hotp, hotp, pressed(t, secret, 0), unlock(hotp), "List Get Get Put", "List Get Get", "List Get Get Put", 10},
		"recovery_codes": {codes, codes, "RECOVERY1", unlock(codes), "Get Get Put", "Get Get", "Get Get Put", 10},
		"question":       {question, question, answered, unlock(question), "Get Get Put", "Get Get", "", 5},
	}
}

// What an attacker can bring about costs the same, whoever is asked about and
// from wherever.
func TestVerifiersEqualWork(t *testing.T) {
	w := &watched{Store: store.NewMemory()}
	for name, f := range verifiers(t, w) {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, name, f.Type())
			spent := func(id authenticator.Identity, entry string, want error) string {
				t.Helper()
				w.take()
				_, err := f.Verify(t.Context(), id, entry)
				require.ErrorIs(t, err, want)
				return w.take()
			}
			known, proved := mia, mia
			known.Device, proved.Proved = "laptop", true
			for _, id := range []authenticator.Identity{mia, known, proved, tom, nobody} {
				for i := range f.limit {
					entry := []string{"000000", "wrong entry", "nonsense"}[i%3]
					require.Equal(t, f.fails, spent(id, entry, authenticator.ErrRefused))
				}
				require.Equal(t, f.locked, spent(id, f.right, authenticator.ErrLocked), "one counter does not lock another")
			}
			require.NoError(t, f.unlock())
			_, err := f.Verify(t.Context(), mia, f.right)
			require.NoError(t, err)
			if f.used != "" {
				require.Equal(t, f.used, spent(mia, f.right, authenticator.ErrRefused))
				require.Equal(t, f.used, spent(proved, f.right, authenticator.ErrRefused), "used for all counters")
			}
		})
	}
}

// The records that wrong entries leave behind do not tell who has what.
func TestVerifiersEqualRecords(t *testing.T) {
	shapes := func(id authenticator.Identity) map[string]string {
		found := map[string]string{}
		for name := range verifiers(t, store.NewMemory()) {
			s := store.NewMemory()
			f := verifiers(t, s)[name]
			before := map[store.Key]bool{}
			for _, rec := range records(t, s) {
				before[rec.Key] = true
			}
			_, err := f.Verify(t.Context(), id, "000000")
			require.Equal(t, authenticator.ErrRefused, err)
			for _, rec := range records(t, s) {
				if !before[rec.Key] {
					require.NotZero(t, rec.Expires, "what strangers can make up must go away")
					found[name] += fmt.Sprint(rec.Key.Kind, len(rec.Value), rec.Expires, len(rec.Tags))
				}
			}
		}
		return found
	}
	want := shapes(mia)
	require.Len(t, want, 4)
	require.Equal(t, want, shapes(tom))
	require.Equal(t, want, shapes(nobody))
}

// One entry, many racers, all counters: what is good once is accepted once.
func TestVerifiersRace(t *testing.T) {
	for range 3 {
		s := store.NewMemory()
		first, second := verifiers(t, s), verifiers(t, s)
		for name, f := range first {
			nodes := []verifier{f, second[name]}
			var y tally
			var named atomic.Int32
			race(45, func(i int) {
				id := mia
				id.Device, id.Proved = []string{"", "one", "two", "three"}[i%4], i%5 == 4
				m, err := nodes[i%2].Verify(t.Context(), id, f.right)
				y.add(err)
				if err == nil && m.Name == name {
					named.Add(1)
				}
			})
			require.Zero(t, y.other.Load(), name)
			require.Equal(t, y.accepted.Load(), named.Load())
			if f.used == "" {
				continue
			}
			require.LessOrEqual(t, y.accepted.Load(), int32(1), name)
			for _, id := range []authenticator.Identity{{Subject: mia.Subject, Device: "four"}, {Subject: mia.Subject, Device: "five"}} {
				_, err := nodes[0].Verify(t.Context(), id, f.right)
				require.Equal(t, authenticator.ErrRefused, err, name)
			}
		}
	}
}

// Few racers do not lock each other out, and then exactly one is accepted.
func TestVerifiersRaceFew(t *testing.T) {
	for range 10 {
		for name, f := range verifiers(t, store.NewMemory()) {
			if f.used == "" {
				continue
			}
			var y tally
			race(4, func(int) {
				_, err := f.Verify(t.Context(), mia, f.right)
				y.add(err)
			})
			require.EqualValues(t, 1, y.accepted.Load(), name)
			require.EqualValues(t, 3, y.refused.Load(), name)
		}
	}
}

// Every call of the store fails in turn, before it takes effect or after: nothing
// is accepted twice, and no fault is an answer.
func TestVerifiersFaults(t *testing.T) {
	for name := range verifiers(t, store.NewMemory()) {
		for _, after := range []bool{false, true} {
			for k := 1; ; k++ {
				w := &watched{Store: store.NewMemory(), after: after}
				w.paused.Store(true)
				f := verifiers(t, w)[name]
				w.faultK = k
				w.paused.Store(false)
				_, err := f.Verify(t.Context(), mia, f.right)
				met := len(w.calls) >= k
				w.paused.Store(true)
				_, again := f.Verify(t.Context(), mia, f.right)
				accepted := 0
				for _, err := range []error{err, again} {
					switch {
					case err == nil:
						accepted++
					case err != authenticator.ErrRefused:
						require.ErrorIs(t, err, authenticator.ErrUnavailable)
						require.NotErrorIs(t, err, authenticator.ErrRefused)
						require.NotContains(t, err.Error(), f.right)
					}
				}
				require.NotErrorIs(t, err, authenticator.ErrRefused, "%s: a fault is no wrong entry", name)
				if f.used != "" {
					require.LessOrEqual(t, accepted, 1, "%s, after %v, call %d", name, after, k)
				}
				if !met {
					require.Greater(t, k, 4)
					break
				}
			}
		}
	}
}

// A removal that returned is final, whatever is under way; and a damaged record
// accepts nothing, panics nowhere, and can be removed.
func TestVerifiersRemoved(t *testing.T) {
	for name := range verifiers(t, store.NewMemory()) {
		w := &watched{Store: store.NewMemory()}
		f := verifiers(t, w)[name]
		list, err := f.Authenticators(t.Context(), mia.Subject)
		require.NoError(t, err)
		require.Len(t, list, 1)
		w.before(2, func() { // between the count and the spending
			require.NoError(t, f.Remove(t.Context(), mia.Subject, list[0].ID))
		})
		_, err = f.Verify(t.Context(), mia, f.right)
		require.Equal(t, authenticator.ErrRefused, err, name)
		methods, err := f.Available(t.Context(), mia.Subject)
		require.NoError(t, err)
		require.Empty(t, methods, name)

		for _, value := range []string{"", "null", `{"v":1,"f":"` + name + `"}`, `{"v":1,"f":"` + name + `","co":1,"sealed":"AAAA"}`, `{"v":7,"f":"` + name + `"}`} {
			s := store.NewMemory()
			f := verifiers(t, s)[name]
			list, err := f.Authenticators(t.Context(), mia.Subject)
			require.NoError(t, err)
			for _, rec := range records(t, s) {
				old := rec.Version
				rec.Version, rec.Tags, rec.Value = store.NewVersion(), nil, []byte(value)
				require.NoError(t, s.Put(t.Context(), rec, old))
			}
			_, err = f.Verify(t.Context(), mia, f.right)
			require.Error(t, err, "%s: %s", name, value)
			_, err = f.Available(t.Context(), mia.Subject)
			if err != nil {
				require.ErrorIs(t, err, authenticator.ErrUnavailable)
			}
			require.NoError(t, f.Remove(t.Context(), mia.Subject, list[0].ID), "%s: %s", name, value)
		}
	}
}

// What is at rest proves nothing, and names nobody.
func TestVerifiersAtRest(t *testing.T) {
	s := store.NewMemory()
	codes := newRecovery(t, s)
	generated, err := codes.Generate(t.Context(), tom.Subject)
	require.NoError(t, err)
	for _, f := range verifiers(t, s) {
		_, err := f.Verify(t.Context(), mia, f.right)
		require.NoError(t, err)
		_, err = f.Verify(t.Context(), nobody, "000000")
		require.Error(t, err)
	}
	_, _, err = codes.VerifyAndReplace(t.Context(), tom, generated[0])
	require.NoError(t, err)
	var all strings.Builder
	for _, rec := range records(t, s) {
		all.Write(rec.Value)
	}
	raw, err := base32.StdEncoding.DecodeString(secret)
	require.NoError(t, err)
	never := append(generated, secret, string(raw), base64.StdEncoding.EncodeToString(raw), "RECOVERY", "stjosephsrow12", "argon2", "example.test")
	for _, text := range never {
		for _, form := range []string{text, strings.ReplaceAll(text, "-", ""), base64.StdEncoding.EncodeToString([]byte(text))} {
			require.NotContains(t, all.String(), form)
		}
	}
	// Names of four characters occur in sealed bytes by chance, about once in ten
	// thousand runs.
	readable := regexp.MustCompile(`"sealed":"[^"]*"`).ReplaceAllString(all.String(), "")
	for _, subject := range []string{mia.Subject, tom.Subject} {
		require.NotContains(t, readable, subject)
	}
}
