package directauth_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
)

// startPasskey begins a sign-in with a passkey.
func (k *kit) startPasskey(client, user string, more ...string) answer {
	k.t.Helper()
	return k.post(primaryPath, append([]string{"client_id", client, "challenge_hint", directauth.GrantWebAuthn, "login_hint", user}, more...)...)
}

func (k *kit) passkey(client string, fields []string, more ...string) answer {
	k.t.Helper()
	return k.post(tokenPath, append(append([]string{"client_id", client, "grant_type", directauth.GrantWebAuthn, "scope", "openid"}, fields...), more...)...)
}

func (k *kit) mfaPasskey(client, mfaToken string, fields []string, more ...string) answer {
	k.t.Helper()
	return k.post(tokenPath, append(append([]string{"client_id", client, "grant_type", directauth.GrantMFAWebAuthn, "mfa_token", mfaToken}, fields...), more...)...)
}

func TestPasskeyFirst(t *testing.T) {
	k := newKit(t)
	a := k.startPasskey("two", "zoe")
	require.Equal(t, http.StatusOK, a.status, a.raw)
	options := a.body["publicKey"].(map[string]any)
	require.Equal(t, "login.example", options["rpId"])
	require.Equal(t, "login.example", options["rpID"], "one client reads this spelling only")
	require.Equal(t, float64(60000), options["timeout"])
	require.Equal(t, "preferred", options["userVerification"])
	require.Equal(t, directauth.GrantWebAuthn, a.text("challengeType"))
	enrolment := a.body["authenticatorEnrollments"].([]any)[0].(map[string]any)
	for _, name := range []string{"credentialId", "displayName", "profile"} {
		require.NotEmpty(t, enrolment[name])
	}
	got := k.passkey("two", assertion(a))
	c := k.claims(got, "two")
	require.Equal(t, "zoe", c.Subject)
	require.ElementsMatch(t, []string{"pop", "swk", "user", "mfa"}, c.AMR, "a passkey that verified its user is two factors")
	k.passkey("two", assertion(a)).requireError(t, http.StatusBadRequest, "invalid_grant")
}

// Without a name, whoever holds a passkey of the site says who it is.
func TestPasskeyWithoutAName(t *testing.T) {
	k := newKit(t)
	a := k.startPasskey("one", "")
	require.Equal(t, "zoe", k.claims(k.passkey("one", assertion(a)), "one").Subject)

	// Ended while it was under way, it is ended too: nobody was known until the last step.
	a = k.startPasskey("one", "")
	k.host.suspend("zoe", false)
	k.passkey("one", assertion(a)).requireError(t, http.StatusBadRequest, "invalid_grant")
	k.host.suspend("zoe", true)
	got := k.passkey("one", assertion(k.startPasskey("one", "")), "scope", "openid offline_access")
	require.NoError(t, k.provider.Server().EndSubject(t.Context(), "zoe"))
	k.post(tokenPath, "client_id", "one", "grant_type", "refresh_token", "refresh_token", got.text("refresh_token")).requireError(t, http.StatusBadRequest, "invalid_grant")
}

// Two SDKs look for the challenge of a further passkey at two places.
func TestFurtherPasskey(t *testing.T) {
	for name, begin := range map[string]func(k *kit, mfa string) answer{
		"challenge":            func(k *kit, mfa string) answer { return k.challenge("two", mfa, directauth.GrantMFAWebAuthn, "") },
		"primary-authenticate": func(k *kit, mfa string) answer { return k.startPasskey("two", "", "mfa_token", mfa) },
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			mfa := k.password("two", "zoe", password).text("mfa_token")
			a := begin(k, mfa)
			require.Equal(t, directauth.GrantMFAWebAuthn, a.text("challengeType"), a.raw)
			c := k.claims(k.mfaPasskey("two", mfa, assertion(a)), "two")
			require.ElementsMatch(t, []string{"pwd", "pop", "swk", "user", "mfa"}, c.AMR)
		})
	}
}

func TestPasskeyRequests(t *testing.T) {
	k := newKit(t)
	started := func() string { return k.password("two", "zoe", password).text("mfa_token") }
	mfa := started()
	further := assertion(k.challenge("two", mfa, directauth.GrantMFAWebAuthn, ""))
	first := assertion(k.startPasskey("two", "zoe"))
	without := func(fields []string, name string) []string { return append(fields[:len(fields):len(fields)], name, "") }
	with := func(fields []string, name, value string) []string {
		return append(fields[:len(fields):len(fields)], name, value)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	expired := assertion(k.startPasskey("two", "zoe"))
	k.advance(time.Minute)
	for _, c := range []struct {
		name   string
		a      answer
		status int
		code   string
		reason oauth.Reason
	}{
		{"no signature", k.passkey("two", without(first, "signature")), 400, "invalid_request", oauth.ReasonMissing},
		{"not base64", k.passkey("two", with(first, "signature", "§")), 400, "invalid_request", oauth.ReasonMalformedValue},
		{"not JSON", k.passkey("two", with(first, "clientDataJSON", b64([]byte("{")))), 400, "invalid_request", oauth.ReasonMalformedValue},
		{"no challenge in it", k.passkey("two", with(first, "clientDataJSON", b64([]byte(`{"challenge":""}`)))), 400, "invalid_request", oauth.ReasonMalformedValue},
		{"challenge of nobody's", k.passkey("two", with(first, "clientDataJSON", b64([]byte(`{"challenge":"AAAA"}`)))), 400, "invalid_grant", directauth.ReasonNoChallenge},
		{"expired", k.passkey("two", expired), 400, "invalid_grant", directauth.ReasonNoChallenge},
		{"further as first", k.passkey("two", further), 400, "invalid_request", directauth.ReasonOtherStep},
		{"first as further", k.mfaPasskey("two", mfa, assertion(k.startPasskey("two", "zoe"))), 400, "invalid_request", oauth.ReasonOtherTransaction},
		{"another sign-in's", k.mfaPasskey("two", started(), assertion(k.challenge("two", mfa, directauth.GrantMFAWebAuthn, ""))), 400, "invalid_request", oauth.ReasonOtherTransaction},
		{"superseded", k.mfaPasskey("two", mfa, further), 400, "invalid_grant", directauth.ReasonNoChallenge},
		{"another client's", k.passkey("one", assertion(k.startPasskey("two", "zoe"))), 401, "invalid_client", oauth.ReasonClientMismatch},
		{"nobody's", k.passkey("two", assertion(k.startPasskey("two", "nobody"))), 400, "invalid_grant", directauth.ReasonRefused},
		{"suspended", k.passkey("two", assertion(k.startPasskey("two", "amy"))), 400, "invalid_grant", directauth.ReasonRefused},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.a.requireError(t, c.status, c.code)
			require.Contains(t, k.reasons(), c.reason)
		})
	}
}

// A challenge is good once, right or wrong.
func TestPasskeyChallengeIsSpent(t *testing.T) {
	k := newKit(t)
	fields := assertion(k.startPasskey("one", "zoe"))
	bad := append(fields[:len(fields):len(fields)], "signature", base64.RawURLEncoding.EncodeToString([]byte("forged")))
	k.passkey("one", bad).requireError(t, http.StatusBadRequest, "invalid_grant")
	k.passkey("one", fields).requireError(t, http.StatusBadRequest, "invalid_grant")

	mfa := k.password("two", "zoe", password).text("mfa_token")
	fields = assertion(k.challenge("two", mfa, directauth.GrantMFAWebAuthn, ""))
	bad = append(fields[:len(fields):len(fields)], "signature", base64.RawURLEncoding.EncodeToString([]byte("forged")))
	k.mfaPasskey("two", mfa, bad).requireError(t, http.StatusBadRequest, "invalid_grant")
	k.mfaPasskey("two", mfa, fields).requireError(t, http.StatusBadRequest, "invalid_grant")
	fields = assertion(k.challenge("two", mfa, directauth.GrantMFAWebAuthn, ""))
	require.Equal(t, http.StatusOK, k.mfaPasskey("two", mfa, fields).status, "another challenge of the same sign-in")
}

// Apps encode in every dialect of base64.
func TestBase64Dialects(t *testing.T) {
	k := newKit(t)
	fields := assertion(k.startPasskey("one", "zoe"))
	for i := 1; i < len(fields); i += 2 {
		raw, err := base64.RawURLEncoding.DecodeString(fields[i])
		require.NoError(t, err)
		fields[i] = base64.StdEncoding.EncodeToString(raw)
	}
	require.Equal(t, http.StatusOK, k.passkey("one", fields).status)
}

// One challenge, many assertions at once: it works once.
func TestPasskeyRace(t *testing.T) {
	k := newKit(t)
	fields := assertion(k.startPasskey("one", "zoe"))
	require.Equal(t, 1, successes(t, race(20, func(int) answer { return k.passkey("one", fields) })))
}

// One code over another channel, many polls at once: one gets the tokens.
func TestOutOfBandRace(t *testing.T) {
	k := newKit(t)
	a := k.start("one", "mia", "push")
	k.approve(a.text("binding_code"))
	require.Equal(t, 1, successes(t, race(20, func(int) answer { return k.oob("one", a.text("oob_code"), "") })))

	mfa := k.started("two")
	oob := k.challenge("two", mfa, directauth.GrantMFAOOB, "sms").text("oob_code")
	code := k.sent().Code
	require.Equal(t, 1, successes(t, race(20, func(int) answer { return k.mfaOOB("two", mfa, oob, code) })))
}

func TestEndpointsAreAdvertised(t *testing.T) {
	k := newKit(t)
	m := k.provider.Server().Metadata()
	require.Equal(t, issuer+challengePath, m["mfa_challenge_endpoint"])
	require.Subset(t, m["grant_types_supported"], allGrants)

	// Nobody has such an app: it is nobody's business.
	for id, c := range k.clients {
		if id != "plain" && id != "machine" {
			c.GrantTypes = []string{oauth.GrantRefreshToken}
		}
	}
	m = k.provider.Server().Metadata()
	require.NotContains(t, m, "mfa_challenge_endpoint")
	for _, g := range m["grant_types_supported"].([]string) {
		require.False(t, strings.Contains(g, "okta") || strings.Contains(g, "auth0") || g == "password", g)
	}
}

// An app of somebody else never sees what a person enters, whatever it is listed with.
func TestThirdParty(t *testing.T) {
	k := newKit(t)
	k.clients["one"].ThirdParty = true
	for name, a := range map[string]answer{
		"password": k.password("one", "mia", password), "otp": k.otp("one", "mia", k.code()),
		"start": k.start("one", "mia", "sms"), "passkey": k.startPasskey("one", "zoe"),
	} {
		a.requireError(t, http.StatusBadRequest, "unauthorized_client")
		require.Contains(t, k.reasons(), oauth.ReasonThirdParty, name)
	}
	require.Zero(t, k.delivered())
}
