package signin_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/oidc/signin"
	"github.com/mintyard/mintyard/policy"
)

// A session answers nothing for somebody who lacks what must be there by now, and adds
// nothing to an account whose person may have left.
func TestEnrolFromSession(t *testing.T) {
	h := newHouse(t, requires(`{"totp":"optional"}`))
	b := h.browser().asTom()
	b.requireCode()
	b.open("client_id", "two", "prompt", "none").requireRefusal("interaction_required")
	b.open("client_id", "two").requirePage("factor")
	require.Equal(t, []string{"totp", "sms", "email"}, b.offers())
	b.press("continue", "factor", "totp").press("continue", "otp", h.codeOf(b.key())).press("continue")
	require.ElementsMatch(t, []string{"pwd", "otp", "mfa"}, b.claims("two").AMR)

	h = newHouse(t, requires(`{"totp":"optional"}`))
	b = h.browser().asTom()
	b.requireCode()
	h.advance(16 * time.Minute)
	b.open("client_id", "two").requirePage("password").press("continue", "password", "wrong").requireError(422)
	b.press("continue", "password", password)
	require.Equal(t, []string{"totp", "sms", "email"}, b.offers())

	var policyOf *signin.Config
	h = newHouse(t, requires(`{}`), func(_ *house, _ *oauth.Config, _ *oidc.Config, sc *signin.Config) { policyOf = sc })
	b = h.browser().asTom()
	b.requireCode()
	require.NoError(t, json.Unmarshal([]byte(`{"totp":"required"}`), policyOf.Enrolment))
	b.open("prompt", "none").requireRefusal("interaction_required")
	b.open().requirePage("factor")
	require.Equal(t, []string{"totp"}, b.offers())
}

// Whoever has only the password of somebody who has more adds nothing.
func TestAssurance(t *testing.T) {
	bothWays(t, func(t *testing.T, h *house) {
		b := h.browser().as("mia")
		require.ElementsMatch(t, []string{"totp", "f2", "f3", "recovery_codes"}, b.offers(), "what is there is proved first")
		form, _, _ := b.fields()
		form.Set("step", "enrol")
		form.Set("factor", "email")
		b.do(http.MethodPost, "/signin", form)
		require.Contains(t, b.offers(), "f2")
		b.press("continue", "factor", "totp").press("continue", "otp", h.otp())
		require.Equal(t, []string{"email"}, b.offers())
		b.press("continue", "factor", "email").press("continue", "email", "mia@example.test").press("continue", "code", h.lastCode())
		b.requireCode() // she has recovery codes
	}, requires(`{"email":"required"}`))
}

// Of two who begin to add something to one account, the first has it, and the other
// proves it.
func TestEnrolmentRace(t *testing.T) {
	h := newHouse(t, requires(`{"totp":"required"}`))
	thief, tom := h.browser().asTom("client_id", "two"), h.browser().asTom("client_id", "two")
	thief.press("continue", "factor", "totp")
	tom.press("continue", "factor", "totp").press("continue", "otp", h.codeOf(tom.key())).press("continue").requireCode()
	key := thief.key()
	thief.press("continue", "otp", h.codeOf(key))
	require.ElementsMatch(t, []string{"totp", "recovery_codes"}, thief.offers())
	list, err := h.totp.Authenticators(t.Context(), "tom")
	require.NoError(t, err)
	require.Len(t, list, 1)
}

// Recovery codes that were shown in one browser are made good by no other, and twice
// changes nothing.
func TestRecoveryCodesRequired(t *testing.T) {
	bothWays(t, func(t *testing.T, h *house) {
		b := h.browser().asTom()
		require.Equal(t, []string{"recovery_codes"}, b.offers())
		b.press("continue", "factor", "recovery_codes")
		codes := b.kept()
		form, _, _ := b.fields()
		other := h.browser()
		other.open()
		other.do(http.MethodPost, "/signin", form)
		require.Equal(t, 400, other.status)
		b.press("continue")
		require.Equal(t, []string{"pwd"}, b.claims("app").AMR)
		b = h.browser().asTom("client_id", "two").press("continue", "code", codes[0]).press("continue")
		b.requireCode()
	}, requires(`{"recovery_codes":"required"}`))
}

// What policy would like, if it is possible, is offered once and may be left.
func TestSkip(t *testing.T) {
	bothWays(t, func(t *testing.T, h *house) {
		b := h.browser().asTom("client_id", "third", "acr_values", policy.ACRTwoIfPossible).requirePage("skip")
		b.press("continue", "factor", "totp").press("other").press("skip").requirePage("approve")
		b.press("approve")
		require.Equal(t, []string{"pwd"}, b.claims("third").AMR)
		b.open("client_id", "third", "acr_values", policy.ACRTwoIfPossible).requireCode()
		b = h.browser().asTom("acr_values", policy.ACRTwoIfPossible).press("continue", "factor", "totp")
		b.press("continue", "otp", h.codeOf(b.key())).press("continue")
		require.Equal(t, policy.ACRTwoIfPossible, b.claims("app").ACR)
	}, requires(`{}`))
}

// What a person has that no page can ask for counts as well.
func TestOthers(t *testing.T) {
	h := newHouse(t, requires(`{"totp":"required"}`), func(h *house, _ *oauth.Config, _ *oidc.Config, sc *signin.Config) {
		push, err := authenticator.NewPush(authenticator.PushConfig{Store: h.memory, Namespace: "users", Sealer: h.sealer,
			Audience: "https://op.example", Sender: authenticator.SenderFunc(h.send), Now: h.now})
		require.NoError(h.t, err)
		require.NoError(h.t, push.Import(h.t.Context(), "tom", "p1", "Phone"))
		sc.Others = []authenticator.Manager{push}
	})
	h.browser().asTom().requireRefusal("access_denied")
}

// The steps of adding something are those of somebody who has proved something, in the
// browser in which it was proved, and of what was begun there.
func TestForgedSteps(t *testing.T) {
	bothWays(t, func(t *testing.T, h *house) {
		for _, step := range []string{"enrol", "enrol_address", "enrol_confirm", "enrol_passkey", "recovery_codes"} {
			b := h.browser().open()
			for _, state := range []string{"", "x"} {
				form, _, _ := b.fields()
				form.Set("step", step)
				form.Set("state", state)
				b.do(http.MethodPost, "/signin", form)
				require.Equal(t, 400, b.status, "%s with the state %q", step, state)
				b.open()
			}
			b = h.browser().asTom()
			form, _, _ := b.fields()
			form.Set("step", step)
			form.Set("type", "totp")
			form.Set("otp", "123456")
			b.do(http.MethodPost, "/signin", form)
			require.Contains(t, []int{400, 422}, b.status, "%s of what was not begun", step)
		}
		b := h.browser().asTom().press("continue", "factor", "totp")
		form, _, _ := b.fields()
		form.Set("step", "verify") // what is not confirmed proves nothing
		form.Set("otp", h.codeOf(b.key()))
		b.do(http.MethodPost, "/signin", form)
		require.Equal(t, 400, b.status)
		require.Empty(t, h.happened(signin.EventEnrolled))
		require.NotContains(t, h.happened(oauth.EventFactorProved), "totp")
	}, requires(`{"totp":"required"}`))
}

// What is begun is begun by one sign-in, and over with it.
func TestEnrolmentTooLate(t *testing.T) {
	h := newHouse(t, requires(`{"totp":"required"}`))
	b := h.browser().asTom().press("continue", "factor", "totp")
	key := b.key()
	h.advance(6 * time.Minute)
	b.press("continue", "otp", h.codeOf(key))
	require.Equal(t, 400, b.status)
	b.asTom().press("continue", "factor", "totp")
	require.NotEqual(t, key, b.key())
}
