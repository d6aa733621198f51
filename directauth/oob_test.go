package directauth_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
)

func TestTextMessageFirst(t *testing.T) {
	for _, path := range []string{primaryPath, oobPath} {
		k := newKit(t)
		a := k.post(path, "client_id", "one", "challenge_hint", directauth.GrantOOB, "login_hint", "mia@example.test", "channel_hint", "sms")
		code := k.requireOOB(a, "sms", "prompt")
		require.NotContains(t, a.body, "challenge_type")
		k.advance(time.Minute)
		c := k.claims(k.oob("one", code, k.sent().Code), "one")
		require.Equal(t, "mia", c.Subject)
		require.Equal(t, []string{"sms"}, c.AMR)
		require.Equal(t, k.Now().Unix(), c.AuthTime)
		k.oob("one", code, k.sent().Code).requireError(t, http.StatusForbidden, "access_denied")
	}
}

// Two clients do not say what they want at the older endpoint.
func TestOlderEndpointNeedsNoHint(t *testing.T) {
	k := newKit(t)
	k.requireOOB(k.post(oobPath, "client_id", "one", "login_hint", "mia", "channel_hint", "sms"), "sms", "prompt")
}

func TestPushFirst(t *testing.T) {
	k := newKit(t)
	a := k.start("one", "mia", "push")
	code := k.requireOOB(a, "push", "transfer")
	require.Regexp(t, `^\d\d$`, a.text("binding_code"))
	require.Contains(t, k.sent().Choices, a.text("binding_code"))
	poll := func() answer { return k.oob("one", code, "") }
	for range 3 { // the first one at once, and as fast as it likes
		poll().requireError(t, http.StatusBadRequest, directauth.CodePending)
	}
	k.approve(a.text("binding_code"))
	require.Equal(t, []string{"swk"}, k.claims(poll(), "one").AMR)
	poll().requireError(t, http.StatusForbidden, "access_denied")
}

func TestPushRejected(t *testing.T) {
	for name, decision := range map[string]func(right string) authenticator.Decision{
		"no": func(string) authenticator.Decision { return authenticator.Decision{} },
		"wrong number": func(right string) authenticator.Decision {
			return authenticator.Decision{Approve: true, Number: other(right)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			a := k.start("one", "mia", "push")
			_ = k.push.Decide(t.Context(), k.sent().ID, decision(a.text("binding_code")))
			for range 2 {
				k.oob("one", a.text("oob_code"), "").requireError(t, http.StatusBadRequest, "invalid_grant")
			}
			require.Error(t, k.push.Decide(t.Context(), k.sent().ID, authenticator.Decision{Approve: true, Number: a.text("binding_code")}))
			k.oob("one", a.text("oob_code"), "").requireError(t, http.StatusBadRequest, "invalid_grant")
			require.Contains(t, k.reasons(), directauth.ReasonRejected)
		})
	}
}

func other(number string) string {
	if number == "58" {
		return "59"
	}
	return "58"
}

func TestFurtherFactorOverAnotherChannel(t *testing.T) {
	k := newKit(t)
	for channel, amr := range map[string]string{"sms": "sms", "push": "swk", "email": "email"} {
		mfa := k.started("two")
		a := k.challenge("two", mfa, directauth.GrantMFAOOB, channel)
		binding := "prompt"
		if channel == "push" {
			binding = "transfer"
		}
		code := k.requireOOB(a, channel, binding)
		require.Equal(t, directauth.GrantMFAOOB, a.text("challenge_type"))
		entry := k.sent().Code
		if channel == "push" {
			k.mfaOOB("two", mfa, code, "").requireError(t, http.StatusBadRequest, directauth.CodePending)
			k.approve(a.text("binding_code"))
		}
		require.ElementsMatch(t, []string{"pwd", amr, "mfa"}, k.claims(k.mfaOOB("two", mfa, code, entry), "two").AMR)
		k.mfaOOB("two", mfa, code, entry).requireError(t, http.StatusForbidden, "access_denied")
	}
}

// To ask again is to send again: the code before is over, the mfa_token is not.
func TestAskingAgain(t *testing.T) {
	k := newKit(t)
	mfa := k.started("two")
	first := k.challenge("two", mfa, directauth.GrantMFAOOB, "sms").text("oob_code")
	firstCode := k.sent().Code
	second := k.challenge("two", mfa, directauth.GrantMFAOOB, "sms").text("oob_code")
	k.mfaOOB("two", mfa, first, firstCode).requireError(t, http.StatusForbidden, "access_denied")
	require.Equal(t, http.StatusOK, k.mfaOOB("two", mfa, second, k.sent().Code).status)
}

// What an app sends wrongly is told before anything about the person.
func TestOutOfBandRequests(t *testing.T) {
	k := newKit(t)
	mfa, again := k.started("two"), k.started("two")
	oob := k.challenge("two", mfa, directauth.GrantMFAOOB, "sms").text("oob_code")
	right := k.sent().Code
	primary := k.start("two", "mia", "email").text("oob_code")
	for _, c := range []struct {
		name   string
		a      answer
		status int
		code   string
		reason oauth.Reason
	}{
		{"no hint", k.post(primaryPath, "client_id", "one", "login_hint", "mia", "channel_hint", "sms"), 400, "invalid_request", oauth.ReasonMissing},
		{"other hint", k.start("one", "mia", "sms", "challenge_hint", directauth.GrantMFAOOB), 400, "invalid_request", directauth.ReasonChallengeHint},
		{"no channel", k.start("one", "mia", ""), 400, "invalid_request", oauth.ReasonMissing},
		{"fax", k.start("one", "mia", "fax"), 400, "invalid_request", directauth.ReasonChannel},
		{"channel that is not there", k.start("one", "mia", "voice"), 400, "invalid_request", directauth.ReasonChannel},
		{"no name", k.start("one", "", "sms"), 400, "invalid_request", oauth.ReasonMissing},
		{"grant not for client", k.start("plain", "mia", "sms"), 400, "unauthorized_client", oauth.ReasonGrantNotFor},
		{"unknown intent", k.start("one", "mia", "sms", "intent", "dance"), 400, "invalid_request", directauth.ReasonIntent},
		{"no such client", k.start("nobody", "mia", "sms"), 401, "invalid_client", oauth.ReasonUnknownClient},
		{"no oob_code", k.oob("one", "", "123456"), 400, "invalid_request", oauth.ReasonMissing},
		{"no binding_code", k.oob("two", primary, ""), 400, "invalid_request", oauth.ReasonMissing},
		{"unknown scope", k.oob("two", primary, "123456", "scope", "no:such"), 400, "invalid_scope", oauth.ReasonScopeUnknown},
		{"forged oob_code", k.oob("one", "mint_oob_AAAA", "123456"), 400, "invalid_grant", oauth.ReasonHandle},
		{"other client's oob_code", k.oob("one", primary, "123456"), 401, "invalid_client", oauth.ReasonClientMismatch},
		{"no mfa_token", k.challenge("two", "", directauth.GrantMFAOOB, "sms"), 400, "invalid_request", oauth.ReasonMissing},
		{"no channel for a challenge", k.challenge("two", mfa, directauth.GrantMFAOOB, ""), 400, "invalid_request", oauth.ReasonMissing},
		{"unknown challenge", k.challenge("two", mfa, "urn:x", ""), 400, "invalid_request", directauth.ReasonChallengeHint},
		{"fax for a challenge", k.challenge("two", mfa, directauth.GrantMFAOOB, "fax"), 400, "invalid_request", directauth.ReasonChannel},
		{"not enrolled", k.challenge("two", mfa, directauth.GrantMFAWebAuthn, ""), 403, "access_denied", directauth.ReasonNotEnrolled},
		{"other client's mfa_token", k.challenge("one", mfa, directauth.GrantMFAOOB, "sms"), 401, "invalid_client", oauth.ReasonClientMismatch},
		{"other acr", k.challenge("two", mfa, directauth.GrantMFAOOB, "sms", "acr_values", "phr"), 400, "invalid_request", directauth.ReasonACRChanged},
		{"another sign-in's mfa_token", k.mfaOOB("two", again, oob, right), 400, "invalid_request", oauth.ReasonOtherTransaction},
		{"primary code as a further one", k.mfaOOB("two", mfa, primary, "123456"), 400, "invalid_request", oauth.ReasonOtherTransaction},
		{"further code as a primary one", k.oob("two", oob, right), 400, "invalid_request", directauth.ReasonOtherStep},
		{"mfa_token as oob_code", k.oob("two", mfa, right), 400, "invalid_grant", oauth.ReasonHandle},
		{"wrong code", k.mfaOOB("two", mfa, oob, wrong(right)), 400, "invalid_grant", directauth.ReasonRefused},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.a.requireError(t, c.status, c.code)
			require.Contains(t, k.reasons(), c.reason)
		})
	}
	a := k.mfaOOB("two", mfa, oob, right)
	require.Equal(t, http.StatusOK, a.status, "no refusal has spent the code: %s", a.raw)
}

func wrong(code string) string {
	if code[0] == '0' {
		return "1" + code[1:]
	}
	return "0" + code[1:]
}

// Nobody, several people, somebody who is suspended and somebody who has no such
// factor get what everybody gets, and nothing is delivered.
func TestDecoys(t *testing.T) {
	for _, channel := range []string{"sms", "push", "email"} {
		k := newKit(t)
		real := k.start("one", "mia", channel)
		delivered := k.delivered()
		for _, name := range []string{"nobody@example.test", "tom", "amy", "nobody@example.test", strings.Repeat("x", 4000)} {
			decoy := k.start("one", name, channel)
			require.Equal(t, real.status, decoy.status, decoy.raw)
			require.Len(t, decoy.raw, len(real.raw), name)
			require.Equal(t, real.header, decoy.header)
			require.Equal(t, real.text("binding_method"), decoy.text("binding_method"))
			pending := k.oob("one", decoy.text("oob_code"), map[bool]string{true: "", false: "123456"}[channel == "push"])
			if channel == "push" {
				pending.requireError(t, http.StatusBadRequest, directauth.CodePending)
			} else {
				pending.requireError(t, http.StatusBadRequest, "invalid_grant")
				require.Equal(t, k.oob("one", real.text("oob_code"), "12345x").raw, pending.raw)
			}
			if channel != "push" {
				k = newKit(t)
				real = k.start("one", "mia", channel)
				delivered = k.delivered()
			}
		}
		require.Equal(t, delivered, k.delivered(), "nothing is delivered to nobody")
		decoy := k.start("one", "someone", channel)
		k.advance(5 * time.Minute)
		for _, code := range []string{decoy.text("oob_code"), real.text("oob_code")} {
			a := k.oob("one", code, "123456")
			a.requireError(t, http.StatusForbidden, "access_denied")
			require.Equal(t, k.oob("one", real.text("oob_code"), "123456").raw, a.raw)
		}
	}
}

// A gateway that is down is our failure: both shapes of error, and nothing counted.
func TestUndeliverable(t *testing.T) {
	k := newKit(t)
	k.undeliverable = errors.New("no route to carrier")
	for range 15 { // more than can be sent in an hour
		a := k.start("one", "mia", "sms")
		a.requireError(t, http.StatusInternalServerError, "server_error")
		require.Equal(t, "E0000009", a.text("errorCode"))
		require.Equal(t, "Could not start verification", a.text("errorSummary"))
		require.NotContains(t, a.raw, "carrier")
	}
	k.undeliverable = nil
	k.requireOOB(k.start("one", "mia", "sms"), "sms", "prompt")
}

// Codes are sent so often and no more, to somebody as to nobody.
func TestSendCaps(t *testing.T) {
	for _, name := range []string{"mia", "nobody"} {
		k := newKit(t)
		for range 5 {
			k.requireOOB(k.start("one", name, "sms"), "sms", "prompt")
		}
		a := k.start("one", name, "sms")
		a.requireError(t, http.StatusTooManyRequests, "invalid_grant")
		const reset = "x-rate-limit-reset"
		require.Contains(t, a.header, reset)
		require.NotEmpty(t, a.header["Retry-After"])
		k.advance(time.Hour)
		k.requireOOB(k.start("one", name, "sms"), "sms", "prompt")
	}
}

// A code is good for so many tries, and then not at all.
func TestTries(t *testing.T) {
	k := newKit(t)
	code := k.start("one", "mia", "sms").text("oob_code")
	right := k.sent().Code
	for range 5 {
		k.oob("one", code, wrong(right)).requireError(t, http.StatusBadRequest, "invalid_grant")
	}
	k.oob("one", code, right).requireError(t, http.StatusForbidden, "access_denied")
}

// Suspended between two steps: nothing more is sent, and nothing granted.
func TestSuspendedBetween(t *testing.T) {
	k := newKit(t)
	mfa := k.started("two")
	oob := k.challenge("two", mfa, directauth.GrantMFAOOB, "sms").text("oob_code")
	code, sent := k.sent().Code, k.delivered()
	k.host.suspend("mia", false)
	a := k.challenge("two", mfa, directauth.GrantMFAOOB, "sms")
	a.requireError(t, http.StatusBadRequest, "invalid_grant")
	require.Equal(t, sent, k.delivered())
	k.mfaOOB("two", mfa, oob, code).requireError(t, http.StatusBadRequest, "invalid_grant")
}

// A client of Kotlin sends a one-time code as the answer to a challenge that it
// never got.
func TestOneTimeCodeAsBindingCode(t *testing.T) {
	k := newKit(t)
	mfa := k.started("two")
	a := k.challenge("two", mfa, directauth.GrantMFAOTP, "")
	require.Equal(t, `{"challenge_type":"`+directauth.GrantMFAOTP+`"}`, a.raw)
	k.mfaOOB("two", mfa, "", "000000").requireError(t, http.StatusBadRequest, "invalid_grant")
	require.Equal(t, http.StatusOK, k.mfaOOB("two", mfa, "", k.code()).status)
}

// The list of one SDK is always the same: the channel says what its user chose.
func TestChannelSaysWhat(t *testing.T) {
	k := newKit(t)
	all := directauth.GrantMFAWebAuthn + " " + directauth.GrantMFAOOB + " " + directauth.GrantMFAOTP
	k.requireOOB(k.challenge("two", k.started("two"), all, "sms"), "sms", "prompt")
	require.Equal(t, directauth.GrantMFAOTP, k.challenge("two", k.started("two"), all, "").text("challenge_type"))
	require.Equal(t, directauth.GrantMFAOTP, k.challenge("two", k.started("two"), "", "").text("challenge_type"))
	zoe := k.password("two", "zoe", password).text("mfa_token")
	require.Contains(t, k.challenge("two", zoe, all, "").body, "publicKey")
}
