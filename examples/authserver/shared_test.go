package main

import (
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/store/sqlstore/sqltest"
)

const testMaster = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// shared is a configuration for several processes: whoever issues, the issuer is
// one, as behind a proxy.
func shared(config string) string { return `{"issuer": "https://login.example",` + config[1:] }

// onBoth runs a test on each kind of durable store, with two processes on it.
func onBoth(t *testing.T, test func(t *testing.T, a, b *process)) {
	for name, url := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "tokens.db") },
		"postgres": func(t *testing.T) string { return sqltest.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			s := setup{config: shared(standard), master: testMaster, args: []string{"-dev", "-store", url(t)}}
			test(t, start(t, s), start(t, s))
		})
	}
}

// What one process has begun, the other finishes; what was good once on one is
// refused on the other.
func TestTwoProcesses(t *testing.T) {
	onBoth(t, func(t *testing.T, a, b *process) {
		for _, path := range []string{"/oauth2/v1/keys", "/oauth2/default/v1/keys"} {
			require.JSONEq(t, a.get(path).ok(t).raw, b.get(path).ok(t).raw, "the keys are in the store")
		}
		code := a.code()
		mfaToken := a.begin(defaultToken)
		tok := b.mfa(defaultToken, "app", mfaToken, code).ok(t)
		a.mfa(defaultToken, "app", mfaToken, code).is(t, http.StatusForbidden, "access_denied")
		a.mfa(defaultToken, "app", a.begin(defaultToken), code).is(t, http.StatusBadRequest, "invalid_grant")
		require.True(t, a.active(tok.text("access_token")))

		first := tok.text("refresh_token")
		second := a.refresh(defaultToken, "app", first).ok(t)
		b.refresh(defaultToken, "app", first).is(t, http.StatusBadRequest, "invalid_grant")
		a.refresh(defaultToken, "app", second.text("refresh_token")).is(t, http.StatusBadRequest, "invalid_grant")
		require.False(t, a.active(second.text("access_token")), "reuse on the one has ended the grant on the other")

		one, two := a.tom(defaultToken).ok(t), b.tom(orgToken).ok(t)
		a.form("/oauth2/default/v1/revoke", "client_id", "plain", "token", one.text("access_token")).ok(t)
		require.False(t, b.active(one.text("access_token")))
		require.True(t, b.active(b.refresh(defaultToken, "plain", one.text("refresh_token")).ok(t).text("access_token")))
		a.form("/oauth2/v1/revoke", "client_id", "plain", "token", two.text("refresh_token")).ok(t)
		b.bearer("/resource", two.text("access_token")).is(t, http.StatusUnauthorized, "invalid_token")
		b.refresh(orgToken, "plain", two.text("refresh_token")).is(t, http.StatusBadRequest, "invalid_grant")
	})
}

// Of any number of racers on both processes one gets what is good once.
func TestTwoProcessesRace(t *testing.T) {
	onBoth(t, func(t *testing.T, a, b *process) {
		const racers = 4 // fewer than lock the factor, whatever their order
		race := func(attempt func(p *process) answer) []answer {
			answers := make([]answer, racers)
			var wg sync.WaitGroup
			for i := range answers {
				wg.Go(func() { answers[i] = attempt([]*process{a, b}[i%2]) })
			}
			wg.Wait()
			return answers
		}
		won := func(answers []answer) (good []answer) {
			for _, w := range answers {
				require.Less(t, w.status, 500, w.raw)
				if w.status == http.StatusOK {
					good = append(good, w)
				}
			}
			return good
		}
		mfaToken, code := a.begin(defaultToken), a.code()
		good := won(race(func(p *process) answer { return p.mfa(defaultToken, "app", mfaToken, code) }))
		require.Len(t, good, 1, "one mfa_token and one code")

		tok := good[0].text("refresh_token")
		good = won(race(func(p *process) answer { return p.refresh(defaultToken, "app", tok) }))
		require.LessOrEqual(t, len(good), 1, "one refresh token without grace")
		for _, w := range good {
			b.refresh(defaultToken, "app", w.text("refresh_token")).is(t, http.StatusBadRequest, "invalid_grant")
		}

		a.advance(30 * time.Second)
		b.advance(30 * time.Second)
		code = a.code()
		pending := make([]string, racers)
		for i := range pending {
			pending[i] = a.begin(orgToken)
		}
		var next sync.Mutex
		good = won(race(func(p *process) answer {
			next.Lock()
			mfaToken := pending[0]
			pending = pending[1:]
			next.Unlock()
			return p.mfa(orgToken, "app", mfaToken, code)
		}))
		require.Len(t, good, 1, "one code in many sign-ins")
	})
}

// A person who is suspended on one process is suspended on the other, and so on.
func TestTwoProcessesOnePerson(t *testing.T) {
	onBoth(t, func(t *testing.T, a, b *process) {
		tok, org := b.tom(defaultToken).ok(t), b.tom(orgToken).ok(t)
		pending := b.begin(defaultToken)
		a.dev(http.MethodPatch, "users/00u2", `{"status":"suspended"}`).ok(t)
		require.False(t, b.active(tok.text("access_token")))
		b.bearer("/resource", org.text("access_token")).is(t, http.StatusUnauthorized, "invalid_token")
		b.refresh(defaultToken, "plain", tok.text("refresh_token")).is(t, http.StatusBadRequest, "invalid_grant")
		b.tom(defaultToken).is(t, http.StatusBadRequest, "invalid_grant")
		b.dev(http.MethodPatch, "users/00u2", `{"status":"active"}`).ok(t)
		for _, p := range []*process{a, b} {
			p.refresh(defaultToken, "plain", tok.text("refresh_token")).is(t, http.StatusBadRequest, "invalid_grant")
			p.refresh(orgToken, "plain", org.text("refresh_token")).is(t, http.StatusBadRequest, "invalid_grant")
			p.tom(defaultToken).ok(t)
		}
		a.dev(http.MethodPatch, "users/00u1", `{"status":"suspended"}`).ok(t)
		a.dev(http.MethodPatch, "users/00u1", `{"status":"active"}`).ok(t)
		b.mfa(defaultToken, "app", pending, b.code()).is(t, http.StatusForbidden, "access_denied")

		tok = a.tom(defaultToken).ok(t)
		b.dev(http.MethodPatch, "users/00u2", `{"password":"a new one"}`).ok(t)
		a.refresh(defaultToken, "plain", tok.text("refresh_token")).is(t, http.StatusBadRequest, "invalid_grant")
		a.tom(defaultToken).is(t, http.StatusBadRequest, "invalid_grant")
		a.password(defaultToken, "plain", "tom", "a new one").ok(t)
		b.dev(http.MethodPatch, "users/00u2", `{"groups":["staff"]}`).ok(t)
		a.password(defaultToken, "staff-only", "tom", "a new one").ok(t)
	})
}

// Keys that one process rotates serve the other.
func TestTwoProcessesRotate(t *testing.T) {
	onBoth(t, func(t *testing.T, a, b *process) {
		before := b.tom(defaultToken).ok(t)
		a.dev(http.MethodPost, "keys/rotate", "").ok(t)
		a.dev(http.MethodPost, "keys/rotate?kind=handle", "").ok(t)
		jwt, opaque := a.tom(defaultToken).ok(t), a.tom(orgToken).ok(t)
		require.NotEqual(t, jwtHeader(before.text("access_token")), jwtHeader(jwt.text("access_token")))
		require.True(t, b.active(jwt.text("access_token")), "it was the next key, which the other knows")
		b.bearer("/resource?server=org", opaque.text("access_token")).ok(t)
		b.refresh(orgToken, "plain", opaque.text("refresh_token")).ok(t)
		require.True(t, a.active(before.text("access_token")))
		a.refresh(defaultToken, "plain", before.text("refresh_token")).ok(t)
		mfaToken := a.begin(orgToken)
		b.mfa(orgToken, "app", mfaToken, b.code()).ok(t)
	})
}

// Two processes that start at once on an empty store agree on the keys.
func TestTwoProcessesStart(t *testing.T) {
	s := setup{config: shared(standard), master: testMaster, args: []string{"-store", sqltest.Postgres(t)}}
	first, second := launch(t, s), launch(t, s)
	a, b := first(), second()
	for _, path := range []string{"/oauth2/v1/keys", "/oauth2/default/v1/keys"} {
		require.JSONEq(t, a.get(path).ok(t).raw, b.get(path).ok(t).raw)
	}
	b.bearer("/resource", a.tom(orgToken).ok(t).text("access_token")).ok(t)
}

// The data base goes away and comes back: nothing is lost, and nobody has to
// restart us.
func TestDatabaseRestarts(t *testing.T) {
	server := sqltest.StartPostgres(t)
	p := start(t, setup{config: standard, master: testMaster, args: []string{"-dev", "-store", server.Database(t)}})
	tok := p.tom(defaultToken).ok(t)
	server.Restart(t)
	var renewed answer
	require.Eventually(t, func() bool {
		renewed = p.tom(orgToken)
		return renewed.status == http.StatusOK
	}, 20*time.Second, 10*time.Millisecond, "%v", renewed.raw)
	require.True(t, p.active(tok.text("access_token")))
	p.refresh(defaultToken, "plain", tok.text("refresh_token")).ok(t)
}
