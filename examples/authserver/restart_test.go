package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A restart keeps keys and grants, and brings nobody back.
func TestRestart(t *testing.T) {
	s := setup{config: shared(standard), master: testMaster, args: []string{"-dev", "-store", "sqlite:" + filepath.Join(t.TempDir(), "tokens.db")}}
	p := start(t, s)
	keys := p.get("/oauth2/default/v1/keys").ok(t).raw
	code := p.code()
	mia := p.mfa(defaultToken, "app", p.begin(defaultToken), code).ok(t)
	pending := p.begin(defaultToken)
	tom := p.tom(orgToken).ok(t)
	p.dev(http.MethodPatch, "users/00u2", `{"status":"suspended","groups":["staff"],"password":"a new one"}`).ok(t)
	p.Stop()

	p = start(t, s)
	require.JSONEq(t, keys, p.get("/oauth2/default/v1/keys").ok(t).raw)
	require.True(t, p.active(mia.text("access_token")))
	p.refresh(defaultToken, "app", mia.text("refresh_token")).ok(t)
	p.mfa(defaultToken, "app", pending, code).is(t, http.StatusBadRequest, "invalid_grant") // the code was used before
	p.password(orgToken, "plain", "tom", "a new one").is(t, http.StatusBadRequest, "invalid_grant")
	p.dev(http.MethodPatch, "users/00u2", `{"status":"active"}`).ok(t)
	p.refresh(orgToken, "plain", tom.text("refresh_token")).is(t, http.StatusBadRequest, "invalid_grant")
	p.password(orgToken, "plain", "tom", tomPassword).is(t, http.StatusBadRequest, "invalid_grant")
	p.password(orgToken, "staff-only", "tom", "a new one").ok(t)
	p.dev(http.MethodPatch, "users/00u2", `{"status":"suspended"}`).ok(t)
	p.Stop()

	// The file's entry wins once it changes, and then what changes after it.
	s.config = strings.Replace(shared(standard), `"username": "tom@example.test"`, `"username": "tom@example.test", "groups": ["changed"]`, 1)
	p = start(t, s)
	p.password(orgToken, "plain", "tom", "a new one").is(t, http.StatusBadRequest, "invalid_grant")
	p.password(orgToken, "plain", "tom", tomPassword).ok(t)
	p.password(orgToken, "staff-only", "tom", tomPassword).is(t, http.StatusBadRequest, "access_denied")
	p.dev(http.MethodPatch, "users/00u2", `{"status":"suspended"}`).ok(t)
	p.Stop()
	start(t, s).tom(orgToken).is(t, http.StatusBadRequest, "invalid_grant")
}

// What the file takes from a person ends grants as what /dev takes does, and a
// factor that is not in it any more is not good any more.
func TestRestartWithAnotherFile(t *testing.T) {
	s := setup{config: shared(standard), master: testMaster, args: []string{"-dev", "-store", "sqlite:" + filepath.Join(t.TempDir(), "tokens.db")}}
	p := start(t, s)
	tom, mia := p.tom(orgToken).ok(t), p.mfa(defaultToken, "app", p.begin(defaultToken), p.code()).ok(t)
	p.Stop()

	s.config = strings.Replace(shared(standard), `"password": "tom's own password"`, `"password": "tom's own password", "status": "suspended"`, 1)
	p = start(t, s)
	p.refresh(orgToken, "plain", tom.text("refresh_token")).is(t, http.StatusBadRequest, "invalid_grant")
	p.Stop()

	s.config = strings.Replace(shared(standard), `"password": "correct horse battery"`, `"password": "another horse"`, 1)
	p = start(t, s)
	p.refresh(orgToken, "plain", tom.text("refresh_token")).is(t, http.StatusBadRequest, "invalid_grant")
	p.tom(orgToken).ok(t)
	p.refresh(defaultToken, "app", mia.text("refresh_token")).is(t, http.StatusBadRequest, "invalid_grant")
	require.False(t, p.active(mia.text("access_token")))
	p.Stop()

	s.config = strings.Replace(shared(standard), miaSecret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 1)
	p = start(t, s)
	p.mfa(defaultToken, "app", p.begin(defaultToken), p.code()).is(t, http.StatusBadRequest, "invalid_grant")
	p.Stop()

	s.config = strings.Replace(shared(standard), `{"id": "f1", "type": "totp", "secret": "JBSWY3DPEHPK3PXP"}`, "", 1)
	p = start(t, s)
	p.password(defaultToken, "app", "mia", miaPassword).is(t, http.StatusForbidden, "access_denied")
	require.NotContains(t, p.dev(http.MethodGet, "store", "").ok(t).raw, `"id":"f1"`)
}

// With -dev a durable store does without a master key of its own.
func TestDevNeedsNoMasterKey(t *testing.T) {
	s := setup{config: shared(standard), args: []string{"-dev", "-store", "sqlite:" + filepath.Join(t.TempDir(), "tokens.db")}}
	p := start(t, s)
	tok := p.tom(orgToken).ok(t)
	p.Stop()
	start(t, s).refresh(orgToken, "plain", tok.text("refresh_token")).ok(t)
}
