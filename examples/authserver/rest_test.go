package main

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// After everything has been done, nothing that could be presented to anybody is in
// the store: no token, no handle, no password, no secret. The log has none either.
func TestNoSecretAtRest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens.db")
	p := start(t, setup{config: standard, master: testMaster, args: []string{"-dev", "-store", "sqlite:" + file}})
	secrets := []string{miaPassword, tomPassword, miaSecret, serviceKey, "short secret", "a new password of tom's", "a wrong one", testMaster, "mint_"}
	issued := func(a answer) answer {
		for _, name := range []string{"access_token", "refresh_token", "id_token", "mfa_token"} {
			if s := a.text(name); s != "" {
				secrets = append(secrets, s)
			}
		}
		return a
	}
	for _, token := range []string{orgToken, defaultToken} {
		p.advance(time.Minute)
		code, mfaToken := p.code(), p.begin(token)
		secrets = append(secrets, mfaToken)
		tok := issued(p.mfa(token, "app", mfaToken, code)).ok(t)
		renewed := issued(p.refresh(token, "app", tok.text("refresh_token"))).ok(t)
		base := strings.TrimSuffix(token, "token")
		p.form(base+"revoke", "client_id", "app", "token", renewed.text("access_token")).ok(t)
		issued(p.tom(token)).ok(t)
		p.password(token, "plain", "tom", "a wrong one").is(t, http.StatusBadRequest, "invalid_grant")
	}
	issued(p.service(defaultToken, "grant_type", "client_credentials", "scope", "orders:read")).ok(t)
	issued(p.form(defaultToken, "client_id", "short", "client_secret", "short secret", "grant_type", "client_credentials", "scope", "orders:read")).ok(t)
	p.dev(http.MethodPatch, "users/00u2", `{"password":"a new password of tom's"}`).ok(t)
	issued(p.password(orgToken, "plain", "tom", "a new password of tom's")).ok(t)
	p.dev(http.MethodPost, "keys/rotate", "").ok(t)
	issued(p.tom2()).ok(t)
	require.Greater(t, len(secrets), 25)

	dump := p.dev(http.MethodGet, "store", "").ok(t).raw
	var records []struct{ Key, Version string }
	require.NoError(t, json.Unmarshal([]byte(dump), &records))
	kinds := make(map[string]int)
	for _, r := range records {
		kinds[r.Key[:2]]++
	}
	for _, kind := range []string{"g:", "r:", "k:", "s:", "t:", "a:", "U:"} {
		require.NotZero(t, kinds[kind], "the dump has no record of kind %s: %v", kind, kinds)
	}
	events := p.dev(http.MethodGet, "events", "").ok(t).raw
	p.Stop()
	places := map[string]string{"the dump": dump, "the events": events, "the log": p.Log.String()}
	for _, name := range []string{file, file + "-wal"} {
		if b, err := os.ReadFile(name); err == nil {
			places[filepath.Base(name)] = string(b)
		}
	}
	for _, secret := range secrets {
		for place, text := range places {
			for _, form := range forms(secret) {
				require.False(t, strings.Contains(text, form), "%s holds %q", place, secret)
			}
		}
	}
}

// tom2 signs in with the password that tom was given.
func (p *process) tom2() answer {
	return p.password(defaultToken, "plain", "tom", "a new password of tom's")
}

// forms are how a secret could stand somewhere: as it is, in base64, or, of a
// handle, what stands behind its prefix.
func forms(secret string) []string {
	list := []string{secret}
	if len(secret) < 8 {
		return list
	}
	list = append(list, base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)))
	if raw, err := base32.StdEncoding.DecodeString(secret); err == nil {
		list = append(list, string(raw), base64.StdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw))
	}
	if rest, ok := strings.CutPrefix(secret, "mint_"); ok {
		_, handle, _ := strings.Cut(rest, "_")
		list = append(list, handle, handle[len(handle)-22:]) // the MAC is at its end
	}
	return list
}
