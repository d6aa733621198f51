package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/directauth"
)

// The sequences of direct authentication on the wire, with their numbers; 41, a
// gateway that is down, is a test of package directauth. T, P and C are the endpoints.
const (
	seqT = "/oauth2/aus1/v1/token"
	seqP = "/oauth2/aus1/v1/primary-authenticate"
	seqC = "/oauth2/aus1/v1/challenge"

	seqOTP, seqOOB, seqWA    = directauth.GrantOTP, directauth.GrantOOB, directauth.GrantWebAuthn
	seqMOTP, seqMOOB, seqMWA = directauth.GrantMFAOTP, directauth.GrantMFAOOB, directauth.GrantMFAWebAuthn
	seqRecovery              = "okta.myAccount.password.manage"
)

// sequenced is a process with the people and apps of the sequences.
type sequenced struct {
	*process
	key *passkey
}

func startSequences(t *testing.T) *sequenced {
	t.Helper()
	key := newPasskey(t)
	return &sequenced{start(t, setup{config: sequenceConfig(t, key), args: []string{"-dev"}}), key}
}

func sequenceConfig(t *testing.T, key *passkey) string {
	t.Helper()
	grants, err := json.Marshal([]string{"password", seqOTP, seqOOB, seqWA, seqMOTP, seqMOOB, seqMWA, directauth.GrantMFARecoveryCode, "refresh_token"})
	require.NoError(t, err)
	client := func(id, policy string) string {
		return fmt.Sprintf(`{"client_id": %q, "application_type": "native", "grant_types": %s, "sign_in_policy": %q}`, id, grants, policy)
	}
	return `{
		"servers": [{"id": "aus1", "audience": "api://aus1"}, {"id": "aus2"}],
		"clients": [` + strings.Join([]string{
		client("0oaDemo", "one"), client("0oaTwo", "two"), client("0oaPhr", "phr"),
		`{"client_id": "0oaNone", "application_type": "native", "grant_types": ["refresh_token"]}`,
	}, ",") + `],
		"users": [{"id": "00u1", "username": "mia@example.test", "password": "` + miaPassword + `", "claims": {"name": "Mia"}, "factors": [
			{"id": "f1", "type": "totp", "secret": "` + miaSecret + `"},
			{"id": "f2", "type": "sms", "phone": "+15550100"}, {"id": "f3", "type": "voice", "phone": "+15550100"},
			{"id": "f4", "type": "email", "address": "mia.private@example.test"}, {"id": "f5", "type": "push", "device": "Mia's phone"},
			{"id": "f6", "type": "webauthn", "credential_id": "` + key.Credential() + `", "public_key": "` + key.COSE(t) + `"},
			{"id": "f7", "type": "recovery_codes", "codes": ["WXYZ7-23456"]}
		]}, {"id": "00u2", "username": "tom@example.test", "password": "` + tomPassword + `", "factors": [
			{"id": "f1", "type": "totp", "secret": "` + miaSecret + `"}]}],
		"policies": {
			"one": {"rules": [{"name": "one", "then": {"access": "allow", "factors": 1}}]},
			"two": {"rules": [{"name": "two", "then": {"access": "allow", "factors": 2}}]},
			"phr": {"rules": [{"name": "phr", "then": {"access": "allow", "require": [{"phishing_resistant": true, "hardware": true}]}}]}
		}
	}`
}

// token posts to the token endpoint.
func (s *sequenced) token(client string, pairs ...string) answer {
	s.t.Helper()
	return s.form(seqT, append([]string{"client_id", client}, pairs...)...)
}

func (s *sequenced) primary(client string, pairs ...string) answer {
	s.t.Helper()
	return s.form(seqP, append([]string{"client_id", client, "login_hint", "mia@example.test"}, pairs...)...)
}

func (s *sequenced) challenge(client string, pairs ...string) answer {
	s.t.Helper()
	return s.form(seqC, append([]string{"client_id", client}, pairs...)...)
}

// started is the mfa_token after mia's password (5a).
func (s *sequenced) started(client string) string {
	s.t.Helper()
	a := s.token(client, "grant_type", "password", "username", "mia@example.test", "password", miaPassword, "scope", "openid profile")
	a.is(s.t, http.StatusForbidden, "mfa_required")
	return a.text("mfa_token")
}

// outbox is the last message to mia over a channel.
func (s *sequenced) outbox(channel string) sentMessage {
	s.t.Helper()
	var sent []sentMessage
	a := s.get("/dev/outbox?user=00u1&channel="+channel, "Accept", "application/json").ok(s.t)
	require.NoError(s.t, json.Unmarshal([]byte(a.raw), &sent))
	require.NotEmpty(s.t, sent)
	return sent[len(sent)-1]
}

func (s *sequenced) answerPush(answer, number string) {
	s.t.Helper()
	s.dev(http.MethodPost, "push/"+s.outbox("push").ID, `{"answer":"`+answer+`","number":"`+number+`"}`).ok(s.t)
}

// tokens checks a success body: the amr of its ID token, and the shape.
func (s *sequenced) tokens(a answer, amr ...string) {
	s.t.Helper()
	a.ok(s.t)
	require.Equal(s.t, []string{"application/json"}, a.header["Content-Type"], "exactly, or a client stops")
	require.Equal(s.t, "Bearer", a.text("token_type"))
	require.Equal(s.t, float64(600), a.body["expires_in"])
	parts := strings.Split(a.text("id_token"), ".")
	require.Len(s.t, parts, 3, a.raw)
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(s.t, err)
	var claims struct {
		AMR   []string `json:"amr"`
		Nonce any      `json:"nonce"`
		Sub   string   `json:"sub"`
	}
	require.NoError(s.t, json.Unmarshal(payload, &claims))
	require.ElementsMatch(s.t, amr, claims.AMR)
	require.Nil(s.t, claims.Nonce)
	require.Equal(s.t, "00u1", claims.Sub)
}

// oob checks the answer that begins a challenge over another channel.
func (s *sequenced) oob(a answer, channel, binding string) (code, number string) {
	s.t.Helper()
	a.ok(s.t)
	require.Equal(s.t, channel, a.text("channel"))
	require.Equal(s.t, binding, a.text("binding_method"))
	require.Equal(s.t, float64(5), a.body["interval"])
	require.Equal(s.t, float64(300), a.body["expires_in"])
	return a.text("oob_code"), a.text("binding_code")
}

// TestSequences walks the numbered sequences, each with a sign-in of its own, on one
// process whose clock moves on between them.
func TestSequences(t *testing.T) {
	s := startSequences(t)
	scope := []string{"scope", "openid profile"}
	with := func(pairs ...string) []string { return append(pairs, scope...) }
	for _, seq := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"1 one-time code first", func(t *testing.T) {
			s.tokens(s.token("0oaDemo", with("grant_type", seqOTP, "login_hint", "mia@example.test", "otp", s.code())...), "otp")
		}},
		{"2 and 3 push first, with a number", func(t *testing.T) {
			code, number := s.oob(s.primary("0oaDemo", "channel_hint", "push", "challenge_hint", seqOOB), "push", "transfer")
			poll := with("grant_type", seqOOB, "oob_code", code)
			s.token("0oaDemo", poll...).is(t, http.StatusBadRequest, "authorization_pending")
			sent := s.outbox("push")
			require.Len(t, sent.Choices, 3)
			require.Contains(t, sent.Choices, number)
			require.Empty(t, sent.Code)
			s.answerPush("approve", number)
			s.tokens(s.token("0oaDemo", poll...), "swk")
		}},
		{"4 text message first", func(t *testing.T) {
			code, _ := s.oob(s.primary("0oaDemo", "channel_hint", "sms", "challenge_hint", seqOOB), "sms", "prompt")
			s.tokens(s.token("0oaDemo", "grant_type", seqOOB, "oob_code", code, "binding_code", s.outbox("sms").Code, "scope", "openid"), "sms")
		}},
		{"4 by voice", func(t *testing.T) {
			code, _ := s.oob(s.primary("0oaDemo", "channel_hint", "voice", "challenge_hint", seqOOB), "voice", "prompt")
			s.tokens(s.token("0oaDemo", "grant_type", seqOOB, "oob_code", code, "binding_code", s.outbox("voice").Code, "scope", "openid"), "tel")
		}},
		{"4 by e-mail", func(t *testing.T) {
			code, _ := s.oob(s.primary("0oaDemo", "channel_hint", "email", "challenge_hint", seqOOB), "email", "prompt")
			s.tokens(s.token("0oaDemo", "grant_type", seqOOB, "oob_code", code, "binding_code", s.outbox("email").Code, "scope", "openid"), "email")
		}},
		{"5 password and one-time code", func(t *testing.T) {
			mfa := s.started("0oaTwo")
			a := s.challenge("0oaTwo", "mfa_token", mfa, "challenge_types_supported", seqMOTP).ok(t)
			require.JSONEq(t, `{"challenge_type":"`+seqMOTP+`"}`, a.raw)
			s.tokens(s.token("0oaTwo", with("grant_type", seqMOTP, "mfa_token", mfa, "otp", s.code())...), "pwd", "otp", "mfa")
		}},
		{"6 password and push", func(t *testing.T) {
			mfa := s.started("0oaTwo")
			a := s.challenge("0oaTwo", "mfa_token", mfa, "channel_hint", "push", "challenge_types_supported", seqMOOB)
			code, number := s.oob(a, "push", "transfer")
			require.Equal(t, seqMOOB, a.text("challenge_type"))
			poll := with("grant_type", seqMOOB, "mfa_token", mfa, "oob_code", code)
			s.token("0oaTwo", poll...).is(t, http.StatusBadRequest, "authorization_pending")
			s.answerPush("approve", number)
			s.tokens(s.token("0oaTwo", poll...), "pwd", "swk", "mfa")
		}},
		{"7 password and text message", func(t *testing.T) {
			mfa := s.started("0oaTwo")
			code, _ := s.oob(s.challenge("0oaTwo", "mfa_token", mfa, "channel_hint", "sms", "challenge_types_supported", seqMOOB), "sms", "prompt")
			s.tokens(s.token("0oaTwo", "grant_type", seqMOOB, "mfa_token", mfa, "oob_code", code, "binding_code", s.outbox("sms").Code), "pwd", "sms", "mfa")
		}},
		{"8 passkey first", func(t *testing.T) {
			a := s.primary("0oaDemo", "challenge_hint", seqWA).ok(t)
			fields := s.key.assert(t, a, s.Issuer, false)
			s.tokens(s.token("0oaDemo", append(fields, "grant_type", seqWA, "scope", "openid")...), "pop", "swk")
			s.token("0oaDemo", append(fields, "grant_type", seqWA, "scope", "openid")...).is(t, http.StatusBadRequest, "invalid_grant") // 38
		}},
		{"8 passkey that verified its user, for two factors", func(t *testing.T) {
			a := s.primary("0oaTwo", "challenge_hint", seqWA).ok(t)
			s.tokens(s.token("0oaTwo", append(s.key.assert(t, a, s.Issuer, true), "grant_type", seqWA, "scope", "openid")...), "pop", "swk", "user", "mfa")
		}},
		{"9 password and passkey, from either endpoint", func(t *testing.T) {
			for _, begin := range []func(mfa string) answer{
				func(mfa string) answer {
					return s.challenge("0oaTwo", "mfa_token", mfa, "challenge_types_supported", seqMWA+" "+seqMOOB+" "+seqMOTP)
				},
				func(mfa string) answer {
					return s.form(seqP, "client_id", "0oaTwo", "mfa_token", mfa, "challenge_hint", seqWA)
				},
			} {
				mfa := s.started("0oaTwo")
				fields := s.key.assert(t, begin(mfa).ok(t), s.Issuer, false)
				s.tokens(s.token("0oaTwo", append(fields, with("grant_type", seqMWA, "mfa_token", mfa)...)...), "pwd", "pop", "swk", "mfa")
			}
		}},
		{"10 push first, then more", func(t *testing.T) {
			code, number := s.oob(s.primary("0oaTwo", "channel_hint", "push", "challenge_hint", seqOOB), "push", "transfer")
			s.answerPush("approve", number)
			a := s.token("0oaTwo", with("grant_type", seqOOB, "oob_code", code)...)
			a.is(t, http.StatusForbidden, "mfa_required")
			b := s.challenge("0oaTwo", "mfa_token", a.text("mfa_token"), "challenge_types_supported", seqMWA).ok(t)
			fields := s.key.assert(t, b, s.Issuer, true)
			s.tokens(s.token("0oaTwo", append(fields, "grant_type", seqMWA, "mfa_token", a.text("mfa_token"))...), "swk", "pop", "user", "mfa")
		}},
		{"11 recovery", func(t *testing.T) {
			for _, signal := range [][]string{{"intent", "recovery"}, {"prompt", "recover_authenticator"}} {
				a := s.token("0oaDemo", append(signal, "grant_type", seqOTP, "scope", seqRecovery, "login_hint", "mia@example.test", "otp", s.code())...).ok(t)
				require.Equal(t, seqRecovery, a.text("scope"))
				require.Equal(t, float64(600), a.body["expires_in"])
				require.NotContains(t, a.body, "id_token")
				require.NotContains(t, a.body, "refresh_token")
				s.advance(30 * time.Second)
			}
		}},
		{"20 and 31 wrong code, and nobody's", func(t *testing.T) {
			a := s.token("0oaDemo", with("grant_type", seqOTP, "login_hint", "mia@example.test", "otp", "000000")...)
			a.is(t, http.StatusBadRequest, "invalid_grant")
			b := s.token("0oaDemo", with("grant_type", seqOTP, "login_hint", "nobody@example.test", "otp", "000000")...)
			require.Equal(t, a.raw, b.raw)
		}},
		{"21 wrong code further on", func(t *testing.T) {
			mfa := s.started("0oaTwo")
			s.token("0oaTwo", with("grant_type", seqMOTP, "mfa_token", mfa, "otp", "000000")...).is(t, http.StatusBadRequest, "invalid_grant")
			s.tokens(s.token("0oaTwo", with("grant_type", seqMOTP, "mfa_token", mfa, "otp", s.code())...), "pwd", "otp", "mfa")
		}},
		{"22 wrong binding code", func(t *testing.T) {
			code, _ := s.oob(s.primary("0oaDemo", "channel_hint", "email", "challenge_hint", seqOOB), "email", "prompt")
			s.token("0oaDemo", with("grant_type", seqOOB, "oob_code", code, "binding_code", "11111x")...).is(t, http.StatusBadRequest, "invalid_grant")
			s.tokens(s.token("0oaDemo", with("grant_type", seqOOB, "oob_code", code, "binding_code", s.outbox("email").Code)...), "email")
		}},
		{"23 and 37 expired, and used", func(t *testing.T) {
			code, _ := s.oob(s.primary("0oaDemo", "channel_hint", "sms", "challenge_hint", seqOOB), "sms", "prompt")
			again := s.outbox("sms").Code
			s.advance(300 * time.Second)
			s.token("0oaDemo", with("grant_type", seqOOB, "oob_code", code, "binding_code", again)...).is(t, http.StatusForbidden, "access_denied")
			mfa := s.started("0oaTwo")
			redeem := with("grant_type", seqMOTP, "mfa_token", mfa, "otp", s.code())
			s.token("0oaTwo", redeem...).ok(t)
			s.token("0oaTwo", redeem...).is(t, http.StatusForbidden, "access_denied")
		}},
		{"24 rejected push", func(t *testing.T) {
			code, _ := s.oob(s.primary("0oaDemo", "channel_hint", "push", "challenge_hint", seqOOB), "push", "transfer")
			s.answerPush("deny", "")
			for range 2 {
				s.token("0oaDemo", with("grant_type", seqOOB, "oob_code", code)...).is(t, http.StatusBadRequest, "invalid_grant")
			}
		}},
		{"25 and 26 more factors, and an app that cannot", func(t *testing.T) {
			a := s.token("0oaTwo", with("grant_type", seqOTP, "login_hint", "mia@example.test", "otp", s.code())...)
			a.is(t, http.StatusForbidden, "mfa_required")
			require.NotEmpty(t, a.text("mfa_token"))
			s.advance(30 * time.Second)
			b := s.token("0oaTwo", with("grant_type", seqOTP, "login_hint", "mia@example.test", "otp", s.code(), "grant_types_supported", "password")...)
			b.is(t, http.StatusForbidden, "access_denied")
			require.NotContains(t, b.body, "mfa_token")
		}},
		{"27 never by direct authentication", func(t *testing.T) {
			a := s.token("0oaPhr", with("grant_type", "password", "username", "mia@example.test", "password", miaPassword)...)
			a.is(t, http.StatusForbidden, "access_denied")
		}},
		{"28 not enrolled, after a first factor", func(t *testing.T) {
			a := s.token("0oaTwo", with("grant_type", "password", "username", "tom@example.test", "password", tomPassword)...)
			a.is(t, http.StatusForbidden, "mfa_required")
			s.challenge("0oaTwo", "mfa_token", a.text("mfa_token"), "channel_hint", "push", "challenge_types_supported", seqMOOB).
				is(t, http.StatusForbidden, "access_denied")
		}},
		{"29 and 32 not enrolled, or nobody", func(t *testing.T) {
			for _, name := range []string{"tom@example.test", "nobody@example.test"} {
				code, _ := s.oob(s.primary("0oaDemo", "login_hint", name, "channel_hint", "push", "challenge_hint", seqOOB), "push", "transfer")
				s.token("0oaDemo", with("grant_type", seqOOB, "oob_code", code)...).is(t, http.StatusBadRequest, "authorization_pending")
				s.advance(300 * time.Second)
				s.token("0oaDemo", with("grant_type", seqOOB, "oob_code", code)...).is(t, http.StatusForbidden, "access_denied")
			}
		}},
		{"30 nobody's password", func(t *testing.T) {
			a := s.token("0oaDemo", with("grant_type", "password", "username", "nobody@example.test", "password", "x")...)
			a.is(t, http.StatusBadRequest, "invalid_grant")
			b := s.token("0oaDemo", with("grant_type", "password", "username", "mia@example.test", "password", "x")...)
			require.Equal(t, a.raw, b.raw)
		}},
		{"33 grant not enabled", func(t *testing.T) {
			s.token("0oaNone", with("grant_type", seqOTP, "login_hint", "mia@example.test", "otp", s.code())...).is(t, http.StatusBadRequest, "unauthorized_client")
			s.primary("0oaNone", "channel_hint", "sms", "challenge_hint", seqOOB).is(t, http.StatusBadRequest, "unauthorized_client")
		}},
		{"34 code of another sign-in", func(t *testing.T) {
			one, two := s.started("0oaTwo"), s.started("0oaTwo")
			code, _ := s.oob(s.challenge("0oaTwo", "mfa_token", one, "channel_hint", "sms", "challenge_types_supported", seqMOOB), "sms", "prompt")
			s.token("0oaTwo", "grant_type", seqMOOB, "mfa_token", two, "oob_code", code, "binding_code", s.outbox("sms").Code).
				is(t, http.StatusBadRequest, "invalid_request")
		}},
		{"35 another client", func(t *testing.T) {
			s.token("0oaDemo", with("grant_type", seqMOTP, "mfa_token", s.started("0oaTwo"), "otp", s.code())...).is(t, http.StatusUnauthorized, "invalid_client")
		}},
		{"36 another scope", func(t *testing.T) {
			s.token("0oaTwo", "grant_type", seqMOTP, "mfa_token", s.started("0oaTwo"), "otp", s.code(), "scope", "openid profile offline_access").
				is(t, http.StatusBadRequest, "invalid_scope")
		}},
		{"39 unknown channel", func(t *testing.T) {
			s.primary("0oaDemo", "channel_hint", "fax", "challenge_hint", seqOOB).is(t, http.StatusBadRequest, "invalid_request")
		}},
		{"42 context out of reach", func(t *testing.T) {
			s.token("0oaDemo", with("grant_type", "password", "username", "tom@example.test", "password", tomPassword, "acr_values", "phr")...).
				is(t, http.StatusBadRequest, "unmet_authentication_requirements")
		}},
		{"another authorization server", func(t *testing.T) {
			mfa := s.started("0oaTwo")
			a := s.form("/oauth2/aus2/v1/token", "client_id", "0oaTwo", "grant_type", seqMOTP, "mfa_token", mfa, "otp", s.code())
			a.is(t, http.StatusBadRequest, "invalid_request")
		}},
		{"40 too many tries", func(t *testing.T) {
			for range 10 {
				s.token("0oaDemo", with("grant_type", seqOTP, "login_hint", "mia@example.test", "otp", "000000")...).is(t, http.StatusBadRequest, "invalid_grant")
			}
			a := s.token("0oaDemo", with("grant_type", seqOTP, "login_hint", "mia@example.test", "otp", s.code())...)
			a.is(t, http.StatusTooManyRequests, "invalid_grant")
			for _, name := range []string{"X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset", "Retry-After"} {
				require.NotEmpty(t, a.header.Get(name), name)
			}
		}},
	} {
		t.Run(seq.name, func(t *testing.T) {
			s.t = t
			seq.run(t)
		})
		s.t = t
		s.advance(3 * time.Hour) // what was capped is over
	}
}
