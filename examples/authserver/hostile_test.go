package main

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What is said of a passkey to who has proved nothing has one shape, whether it is
// there or made up.
func TestPasskeysHaveOneShape(t *testing.T) {
	s := startSequences(t)
	shape := func(hint string) (names []string) {
		a := s.primary("0oaDemo", "challenge_hint", seqWA, "login_hint", hint).ok(t)
		allow := a.body["publicKey"].(map[string]any)["allowCredentials"].([]any)
		enrolments := a.body["authenticatorEnrollments"].([]any)
		require.Len(t, enrolments, len(allow))
		for i := range allow {
			credential, enrolment := allow[i].(map[string]any), enrolments[i].(map[string]any)
			names = slices.Concat(names, slices.Sorted(maps.Keys(credential)), slices.Sorted(maps.Keys(enrolment)))
			require.Equal(t, credential["id"], enrolment["credentialId"])
			names = append(names, enrolment["displayName"].(string))
		}
		return slices.Compact(slices.Sorted(slices.Values(names)))
	}
	want := shape("mia@example.test")
	for _, hint := range []string{"tom@example.test", "nobody@example.test", "somebody@example.test", "anybody", "x"} {
		require.Equal(t, want, shape(hint), hint)
	}
	s.dev(http.MethodPatch, "users/00u1", `{"status":"suspended"}`).ok(t)
	require.Equal(t, want, shape("mia@example.test"))
}

// A password that is changed, and a suspension that is lifted again, leave nothing of
// what was begun before.
func TestChangedBetweenSteps(t *testing.T) {
	s := startSequences(t)
	for change, back := range map[string]string{
		`{"password":"another battery staple horse"}`: `{"password":"` + miaPassword + `"}`,
		`{"status":"suspended"}`:                      `{"status":"active"}`,
	} {
		s.advance(25 * time.Hour) // no cap is what is looked at here
		mfa := s.started("0oaTwo")
		further, _ := s.oob(s.challenge("0oaTwo", "mfa_token", mfa, "channel_hint", "email"), "email", "prompt")
		mail := s.outbox("email").Code
		first, _ := s.oob(s.primary("0oaDemo", "channel_hint", "sms", "challenge_hint", seqOOB), "sms", "prompt")
		options := s.primary("0oaDemo", "challenge_hint", seqWA).ok(t)
		recovery := s.token("0oaDemo", "grant_type", seqOTP, "intent", "recovery", "scope", seqRecovery, "login_hint", "mia@example.test", "otp", s.code()).ok(t)
		s.dev(http.MethodPatch, "users/00u1", change).ok(t)
		s.dev(http.MethodPatch, "users/00u1", back).ok(t)
		s.advance(30 * time.Second)
		s.token("0oaTwo", "grant_type", seqMOTP, "mfa_token", mfa, "otp", s.code()).is(t, http.StatusForbidden, "access_denied")
		s.token("0oaTwo", "grant_type", seqMOOB, "mfa_token", mfa, "oob_code", further, "binding_code", mail).is(t, http.StatusForbidden, "access_denied")
		s.token("0oaDemo", "grant_type", seqOOB, "oob_code", first, "binding_code", s.outbox("sms").Code, "scope", "openid").is(t, http.StatusForbidden, "access_denied")
		s.token("0oaDemo", append(s.key.assert(t, options, s.Issuer, true), "grant_type", seqWA, "scope", "openid")...).is(t, http.StatusBadRequest, "invalid_grant")
		a := s.do(s.request(http.MethodPut, "/idp/myaccount/password", `{"profile":{"password":"seven violet umbrellas drift"}}`,
			"Authorization", "Bearer "+recovery.text("access_token"), "Content-Type", "application/json"))
		a.is(t, http.StatusUnauthorized, "invalid_token")
	}
}

// Nothing that a person enters, and nothing that a client holds, is in the audit
// trail or the log, whatever was wrong with it.
func TestAuditTrailTellsNoSecret(t *testing.T) {
	s := startSequences(t)
	mfa := s.started("0oaTwo")
	code, number := s.oob(s.primary("0oaDemo", "channel_hint", "push", "challenge_hint", seqOOB), "push", "transfer")
	secrets := []string{
		miaPassword, "a wrong pass phrase", "271828", "314159", "BADBA-DBADB", mfa, mfa[:40], code, code[:40], s.code(), miaSecret, "15550100", "mia.private",
	}
	s.token("0oaTwo", "grant_type", seqMOTP, "mfa_token", mfa, "otp", "271828")
	s.token("0oaTwo", "grant_type", seqMOTP, "mfa_token", mfa+"x", "otp", "271828")
	s.token("0oaTwo", "grant_type", "http://auth0.com/oauth/grant-type/mfa-recovery-code", "mfa_token", mfa, "recovery_code", "BADBA-DBADB")
	s.token("0oaDemo", "grant_type", "password", "username", "mia@example.test", "password", "a wrong pass phrase", "scope", "openid")
	s.token("0oaDemo", "grant_type", seqOOB, "oob_code", code, "binding_code", "314159", "scope", "openid")
	s.token("0oaPhr", "grant_type", seqOOB, "oob_code", code, "scope", "openid")
	s.primary("0oaDemo", "channel_hint", "sms", "challenge_hint", seqOOB).ok(t)
	secrets = append(secrets, s.outbox("sms").Code)
	s.dev(http.MethodPost, "push/"+s.outbox("push").ID, `{"answer":"approve","number":"`+number+`"}`).ok(t)
	got := s.token("0oaDemo", "grant_type", seqOOB, "oob_code", code, "scope", "openid offline_access").ok(t)
	secrets = append(secrets, got.text("access_token"), got.text("refresh_token"), got.text("id_token"))
	trail := s.dev(http.MethodGet, "events", "").ok(t).raw
	s.Stop()
	require.Contains(t, trail, "factor.refused")
	for _, secret := range secrets {
		require.False(t, strings.Contains(trail, secret), "the audit trail holds %q", secret)
		require.False(t, strings.Contains(s.Log.String(), secret), "the log holds %q", secret)
	}
}

// Wrong signatures, which a stranger can make by name alone, do not keep the owner of
// a passkey out: there is nothing to guess.
func TestStrangerKeepsNoPasskeyOut(t *testing.T) {
	s := startSequences(t)
	stranger := newPasskey(t)
	with := func(key *passkey) answer {
		options := s.primary("0oaDemo", "challenge_hint", seqWA).ok(t)
		return s.token("0oaDemo", append(key.assert(t, options, s.Issuer, true), "grant_type", seqWA, "scope", "openid")...)
	}
	for range 2 {
		for range 10 {
			with(stranger).is(t, http.StatusBadRequest, "invalid_grant")
		}
		for range 2 {
			with(stranger).is(t, http.StatusTooManyRequests, "invalid_grant")
			s.tokens(with(s.key), "pop", "swk", "user", "mfa")
		}
		s.advance(2 * time.Minute)
	}
}
