package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/store/sqlstore/sqltest"
)

// What one process has sent or asked, the other takes the answer to; and what is
// counted on the one is counted on the other.
func TestFactorsOnTwoProcesses(t *testing.T) {
	for name, url := range map[string]func() string{
		"sqlite":   func() string { return "sqlite:" + filepath.Join(t.TempDir(), "tokens.db") },
		"postgres": func() string { return sqltest.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			key := newPasskey(t)
			s := setup{config: shared(sequenceConfig(t, key)), master: testMaster, args: []string{"-dev", "-store", url()}}
			a, b := &sequenced{start(t, s), key}, &sequenced{start(t, s), key}
			code, _ := a.oob(a.primary("0oaDemo", "channel_hint", "sms", "challenge_hint", seqOOB), "sms", "prompt")
			redeem := []string{"grant_type", seqOOB, "oob_code", code, "binding_code", a.outbox("sms").Code, "scope", "openid"}
			b.tokens(b.token("0oaDemo", redeem...), "sms")
			a.token("0oaDemo", redeem...).is(t, http.StatusForbidden, "access_denied")

			code, number := a.oob(a.primary("0oaDemo", "channel_hint", "push", "challenge_hint", seqOOB), "push", "transfer")
			b.dev(http.MethodPost, "push/"+a.outbox("push").ID, `{"answer":"approve","number":"`+number+`"}`).ok(t)
			a.tokens(a.token("0oaDemo", "grant_type", seqOOB, "oob_code", code, "scope", "openid"), "swk")

			options := a.primary("0oaDemo", "challenge_hint", seqWA).ok(t)
			fields := append(key.assert(t, options, "https://login.example", true), "grant_type", seqWA, "scope", "openid")
			b.tokens(b.token("0oaDemo", fields...), "pop", "swk", "user", "mfa")
			a.token("0oaDemo", fields...).is(t, http.StatusBadRequest, "invalid_grant")

			mfa := b.started("0oaTwo")
			use := []string{"grant_type", "http://auth0.com/oauth/grant-type/mfa-recovery-code", "mfa_token", mfa, "recovery_code", "wxyz7 23456"}
			a.token("0oaTwo", use...).ok(t)
			b.token("0oaTwo", append(use, "mfa_token", a.started("0oaTwo"))...).is(t, http.StatusBadRequest, "invalid_grant")

			for i := range 5 { // one was sent above
				next := []*sequenced{a, b}[i%2].primary("0oaDemo", "channel_hint", "sms", "challenge_hint", seqOOB)
				if i == 4 {
					next.is(t, http.StatusTooManyRequests, "invalid_grant")
				}
			}
		})
	}
}

// A restart takes back nothing: neither what was used nor what was taken away, until
// the file says something new.
func TestFactorsSurviveARestart(t *testing.T) {
	key := newPasskey(t)
	s := setup{config: sequenceConfig(t, key), master: testMaster, args: []string{"-dev", "-store", "sqlite:" + filepath.Join(t.TempDir(), "tokens.db")}}
	p := &sequenced{start(t, s), key}
	otp := []string{"grant_type", seqOTP, "login_hint", "mia@example.test", "otp", p.code(), "scope", "openid"}
	p.token("0oaDemo", otp...).ok(t)
	for range 5 {
		p.primary("0oaDemo", "channel_hint", "sms", "challenge_hint", seqOOB).ok(t)
	}
	sent := p.outbox("sms")
	p.Stop()
	p = &sequenced{start(t, s), key}
	p.token("0oaDemo", otp...).is(t, http.StatusBadRequest, "invalid_grant")
	p.primary("0oaDemo", "channel_hint", "sms", "challenge_hint", seqOOB).is(t, http.StatusTooManyRequests, "invalid_grant")
	require.NotEmpty(t, sent.Code)
}

// Nothing that proves something is at rest: no code, no number of a push, no
// recovery code; and of a person's numbers and addresses none is readable.
func TestNoFactorAtRest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens.db")
	key := newPasskey(t)
	s := &sequenced{start(t, setup{config: sequenceConfig(t, key), master: testMaster, args: []string{"-dev", "-store", "sqlite:" + file}}), key}
	secrets := []string{"15550100", "mia.private@example.test", "WXYZ7", miaSecret, "Mia's phone\x00"}
	for _, channel := range []string{"sms", "voice", "email", "push"} {
		code, _ := s.oob(s.primary("0oaDemo", "channel_hint", channel, "challenge_hint", seqOOB), channel, map[bool]string{true: "transfer", false: "prompt"}[channel == "push"])
		sent := s.outbox(channel)
		secrets = append(secrets, code)
		if sent.Code != "" {
			secrets = append(secrets, `"`+sent.Code+`"`)
			s.token("0oaDemo", "grant_type", seqOOB, "oob_code", code, "binding_code", "111111", "scope", "openid")
		}
		for _, n := range sent.Choices {
			secrets = append(secrets, `"`+n+`"`)
		}
	}
	mfa := s.started("0oaTwo")
	used := s.token("0oaTwo", "grant_type", "http://auth0.com/oauth/grant-type/mfa-recovery-code", "mfa_token", mfa, "recovery_code", "WXYZ7-23456").ok(t)
	secrets = append(secrets, used.text("recovery_code"), mfa)
	options := s.primary("0oaDemo", "challenge_hint", seqWA).ok(t)
	secrets = append(secrets, options.body["publicKey"].(map[string]any)["challenge"].(string))

	places := map[string]string{
		"the dump": s.dev(http.MethodGet, "store", "").ok(t).raw, "the events": s.dev(http.MethodGet, "events", "").ok(t).raw,
	}
	s.advance(time.Second)
	s.Stop()
	places["the log"] = s.Log.String()
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
