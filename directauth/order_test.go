package directauth_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// The app chooses the order: here the password comes last.
func TestPasswordLast(t *testing.T) {
	k := newKit(t)
	for name, first := range map[string]func() answer{
		"code":         func() answer { return k.otp("two", "mia", k.code()) },
		"text message": func() answer { return k.oob("two", k.start("two", "mia", "sms").text("oob_code"), k.sent().Code) },
	} {
		a := first()
		a.requireError(t, http.StatusForbidden, directauth.CodeMFARequired)
		require.Equal(t, directauth.GrantPassword, a.text("supported_challenge_types"), name)
		last := func(mfa, pass string) answer {
			return k.post(tokenPath, "client_id", "two", "grant_type", directauth.GrantPassword, "mfa_token", mfa, "password", pass)
		}
		last(a.text("mfa_token"), "wrong").requireError(t, http.StatusBadRequest, "invalid_grant")
		require.Contains(t, k.claims(last(a.text("mfa_token"), password), "two").AMR, "mfa")
	}
}

// Three factors in a row, each with a fresh mfa_token; the one before is over.
func TestThreeFactors(t *testing.T) {
	k := newKit(t)
	three, err := policy.New(policy.Rule{Name: "three", Then: policy.Outcome{Access: policy.Allow, Factors: 2,
		Require: []policy.Requirement{{Methods: []string{"push"}}}}})
	require.NoError(t, err)
	k.clients["two"].SignIn = three
	first := k.password("two", "mia", password).text("mfa_token")
	k.advance(time.Minute)
	a := k.challenge("two", first, directauth.GrantMFAOOB, "push")
	k.approve(a.text("binding_code"))
	c := k.claims(k.mfaOOB("two", first, a.text("oob_code"), ""), "two")
	require.ElementsMatch(t, []string{"pwd", "swk", "mfa"}, c.AMR)

	// Text message, then push, then password: two of one kind are one.
	b := k.oob("two", k.start("two", "mia", "sms").text("oob_code"), k.sent().Code)
	b.requireError(t, http.StatusForbidden, directauth.CodeMFARequired)
	old := b.text("mfa_token")
	k.advance(10 * time.Minute)
	b = k.oob("two", k.start("two", "mia", "sms").text("oob_code"), k.sent().Code)
	second := b.text("mfa_token")
	a = k.challenge("two", second, directauth.GrantMFAOOB, "push")
	require.Equal(t, http.StatusOK, a.status, a.raw)
	k.approve(a.text("binding_code"))
	b = k.mfaOOB("two", second, a.text("oob_code"), "")
	b.requireError(t, http.StatusForbidden, directauth.CodeMFARequired)
	third := b.text("mfa_token")
	require.NotEqual(t, second, third)
	for _, stale := range []string{old, second} {
		k.post(tokenPath, "client_id", "two", "grant_type", directauth.GrantPassword, "mfa_token", stale, "password", password).
			requireError(t, http.StatusForbidden, "access_denied")
	}
	c = k.claims(k.post(tokenPath, "client_id", "two", "grant_type", directauth.GrantPassword, "mfa_token", third, "password", password), "two")
	require.ElementsMatch(t, []string{"sms", "swk", "pwd", "mfa"}, c.AMR)
}

func TestRecoveryCode(t *testing.T) {
	k := newKit(t)
	use := func(mfa, code string) answer { return k.recover("two", mfa, code) }
	mfa := k.started("two")
	use(mfa, "AAAAA-AAAAA").requireError(t, http.StatusBadRequest, "invalid_grant")
	a := use(mfa, recoveryCode)
	c := k.claims(a, "two")
	require.Contains(t, c.AMR, "mfa")
	require.NotEmpty(t, a.text("recovery_code"))
	require.NotEqual(t, recoveryCode, a.text("recovery_code"))
	use(k.started("two"), recoveryCode).requireError(t, http.StatusBadRequest, "invalid_grant")
	require.Equal(t, http.StatusOK, use(k.started("two"), a.text("recovery_code")).status)
}

// A recovery code is not spent for what policy denies anyway.
func TestRecoveryCodeIsNotWasted(t *testing.T) {
	k := newKit(t)
	mfa, again := k.started("two"), k.started("two")
	closed, err := policy.New(policy.Rule{Name: "closed", Then: policy.Outcome{Access: policy.Deny}})
	require.NoError(t, err)
	open := k.clients["two"].SignIn
	k.clients["two"].SignIn = closed
	k.recover("two", mfa, recoveryCode).requireError(t, http.StatusForbidden, "access_denied")
	k.clients["two"].SignIn = open
	k.host.suspend("mia", false)
	k.recover("two", mfa, recoveryCode).requireError(t, http.StatusBadRequest, "invalid_grant")
	k.host.suspend("mia", true)
	require.Equal(t, http.StatusOK, k.recover("two", again, recoveryCode).status)
}

// A lost password is recovered by other factors, for a token that sets a new one
// and nothing else.
func TestRecovery(t *testing.T) {
	k := newKit(t)
	for _, signal := range [][]string{{"intent", "recovery"}, {"prompt", "recover_authenticator"}} {
		a := k.otp("two", "mia", k.code(), append(signal, "scope", recoveryScope)...)
		require.Equal(t, http.StatusOK, a.status, a.raw)
		require.Equal(t, recoveryScope, a.text("scope"))
		require.LessOrEqual(t, a.body["expires_in"], float64(600))
		require.NotContains(t, a.body, "id_token")
		require.NotContains(t, a.body, "refresh_token")
		k.advance(30 * time.Second)

		// Over another channel it may be said at the start, at the end, or both.
		code := k.start("two", "mia", "sms").text("oob_code")
		b := k.oob("two", code, k.sent().Code, append(signal, "scope", recoveryScope)...)
		require.Equal(t, recoveryScope, b.text("scope"), b.raw)
		code = k.start("two", "mia", "sms", signal...).text("oob_code")
		require.Equal(t, "recovery", k.sent().Purpose.String())
		b = k.oob("two", code, k.sent().Code, "scope", recoveryScope)
		require.Equal(t, recoveryScope, b.text("scope"), b.raw)
	}
}

func TestRecoveryIsNothingElse(t *testing.T) {
	k := newKit(t)
	hard, err := policy.New(policy.Rule{Name: "hard", Then: policy.Outcome{Access: policy.Allow, Require: []policy.Requirement{{Methods: []string{"sms"}}, {Methods: []string{"push"}}}}})
	require.NoError(t, err)
	for _, c := range []struct {
		name   string
		a      answer
		status int
		code   string
		reason oauth.Reason
	}{
		{"scope without intent", k.otp("one", "mia", k.code(), "scope", recoveryScope), 400, "invalid_scope", oauth.ReasonScopeRecovery},
		{"intent without scope", k.otp("one", "zoe", "123456", "intent", "recovery"), 400, "invalid_scope", oauth.ReasonScopeRecovery},
		{"with a password", k.password("one", "mia", password, "intent", "recovery", "scope", recoveryScope), 400, "invalid_request", directauth.ReasonPasswordLost},
		{"another intent", k.otp("one", "mia", k.code(), "intent", "dance"), 400, "invalid_request", directauth.ReasonIntent},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.a.requireError(t, c.status, c.code)
			require.Contains(t, k.reasons(), c.reason)
		})
	}
	k.advance(30 * time.Second)
	k.otp("one", "mia", k.code(), "intent", "recovery", "scope", "openid "+recoveryScope).requireError(t, http.StatusBadRequest, "invalid_scope")

	// The intent stays, and the policy for recoveries is asked, not that of the app.
	k.clients["two"].Recovery = hard
	k.advance(30 * time.Second)
	a := k.otp("two", "mia", k.code(), "intent", "recovery", "scope", recoveryScope)
	a.requireError(t, http.StatusForbidden, directauth.CodeMFARequired)
	require.Equal(t, directauth.GrantMFAOOB, a.text("supported_challenge_types"), "a password does not recover a password")
	mfa := a.text("mfa_token")
	k.post(tokenPath, "client_id", "two", "grant_type", directauth.GrantPassword, "mfa_token", mfa, "password", password).
		requireError(t, http.StatusBadRequest, "invalid_request")
	oob := k.challenge("two", mfa, directauth.GrantMFAOOB, "sms").text("oob_code")
	k.mfaOOB("two", mfa, oob, k.sent().Code, "scope", "openid").requireError(t, http.StatusBadRequest, "invalid_scope")
	require.Equal(t, recoveryScope, k.mfaOOB("two", mfa, oob, k.sent().Code, "intent", "recovery").text("scope"))

	started := k.started("two")
	k.mfa("two", started, k.code(), "intent", "recovery").requireError(t, http.StatusBadRequest, "invalid_request")
}

// To recover a password, everything else is proved that the app's policy asks for:
// it is no way around a second factor.
func TestRecoveryAsksForWhatIsBesides(t *testing.T) {
	recover := func(k *kit, client string) answer {
		k.advance(30 * time.Second)
		return k.otp(client, "mia", k.code(), "intent", "recovery", "scope", recoveryScope)
	}
	k := newKit(t)
	for client, status := range map[string]int{"one": http.StatusOK, "two": http.StatusOK, "hard": http.StatusForbidden} {
		require.Equal(t, status, recover(k, client).status, client)
	}
	both, err := policy.New(policy.Rule{Name: "both", Then: policy.Outcome{Access: policy.Allow, Factors: 2,
		Require: []policy.Requirement{{Methods: []string{"push"}}}}})
	require.NoError(t, err)
	k.clients["two"].SignIn = both
	a := recover(k, "two")
	a.requireError(t, http.StatusForbidden, directauth.CodeMFARequired)
	b := k.challenge("two", a.text("mfa_token"), directauth.GrantMFAOOB, "push")
	k.approve(b.text("binding_code"))
	require.Equal(t, recoveryScope, k.mfaOOB("two", a.text("mfa_token"), b.text("oob_code"), "").text("scope"))
}

// max_age is met by whoever proves something now, and must be a number.
func TestMaxAge(t *testing.T) {
	k := newKit(t)
	for _, age := range []string{"0", "3600"} {
		require.Equal(t, http.StatusOK, k.password("one", "mia", password, "max_age", age).status)
	}
	for _, age := range []string{"-1", "1h", "x", "99999999999"} {
		k.password("one", "mia", password, "max_age", age).requireError(t, http.StatusBadRequest, "invalid_request")
	}
}

// A host whose relying parties know other references gives a table of them.
func TestAMRTable(t *testing.T) {
	k := newKit(t, func(c *oauth.Config) { c.AMR = policy.AMRTable{"totp": {"google_otp"}} })
	require.Equal(t, []string{"google_otp"}, k.claims(k.otp("one", "mia", k.code()), "one").AMR)
}
