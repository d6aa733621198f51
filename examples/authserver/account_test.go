package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/directauth"
)

// A password that was lost is recovered by another factor, for a token that sets a
// new one and does nothing else; the owner is told.
func TestLostPassword(t *testing.T) {
	s := startSequences(t)
	signIn := func(password string) answer {
		return s.token("0oaDemo", "grant_type", "password", "username", "mia@example.test", "password", password, "scope", "openid offline_access")
	}
	before := signIn(miaPassword).ok(t)
	for range 10 { // somebody has locked the password besides
		signIn("wrong").is(t, http.StatusBadRequest, "invalid_grant")
	}
	require.Equal(t, http.StatusTooManyRequests, signIn(miaPassword).status)

	put := func(token, body string) answer {
		return s.do(s.request(http.MethodPut, "/idp/myaccount/password", body, "Authorization", "Bearer "+token, "Content-Type", "application/json"))
	}
	const fresh = `{"profile":{"password":"seven violet umbrellas drift"}}`
	put("", fresh).is(t, http.StatusUnauthorized, "invalid_token")
	put(before.text("access_token"), fresh).is(t, http.StatusUnauthorized, "invalid_token")

	a := s.token("0oaDemo", "grant_type", directauth.GrantOTP, "intent", "recovery", "scope", seqRecovery, "login_hint", "mia@example.test", "otp", s.code()).ok(t)
	s.bearer("/oauth2/aus1/v1/userinfo", a.text("access_token")).is(t, http.StatusForbidden, "insufficient_scope")
	for _, weak := range []string{`{"profile":{"password":"short"}}`, `{"profile":{"password":"passwordpassword"}}`, `{"profile":{}}`, `{}`, `{"profile":{"password":"mia@example.test"}}`} {
		require.Equal(t, http.StatusBadRequest, put(a.text("access_token"), weak).status, weak)
	}
	put(a.text("access_token"), fresh).ok(t)
	put(a.text("access_token"), fresh).is(t, http.StatusUnauthorized, "invalid_token")
	s.refresh(seqT, "0oaDemo", before.text("refresh_token")).is(t, http.StatusBadRequest, "invalid_grant")
	signIn(miaPassword).is(t, http.StatusBadRequest, "invalid_grant")
	signIn("seven violet umbrellas drift").ok(t)

	notice := s.outbox("email")
	require.Equal(t, "password_changed", notice.Purpose)
	require.Empty(t, notice.Code)
}

// A device is enrolled by an administrator's code; see examples/phone for what it does then.
func TestEnrolADevice(t *testing.T) {
	s := startSequences(t)
	a := s.dev(http.MethodPost, "users/00u1/push", `{"device":"a second phone"}`).ok(t)
	require.NotEmpty(t, a.text("code"))
	require.Contains(t, a.text("uri"), "mintyard-push://activate?")
	require.Equal(t, http.StatusNotFound, s.dev(http.MethodPost, "users/00u9/push", `{"device":"x"}`).status)
}
