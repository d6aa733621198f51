package signin_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/oidc/signin"
)

// Who lacks what must be there adds it before the sign-in ends, and has recovery codes
// from then on.
func TestRequired(t *testing.T) {
	bothWays(t, func(t *testing.T, h *house) {
		b := h.browser().asTom()
		require.Equal(t, []string{"totp"}, b.offers())
		require.NotContains(t, b.body, `id="skip"`)
		require.Equal(t, 200, b.press("continue", "action", "skip").requirePage("factor").status, "it is not left out by hand either")
		b.press("continue", "factor", "sms").requireError(422)
		b.press("continue", "factor", "totp")
		key := b.key()
		b.press("continue", "otp", "").requireError(422)
		b.press("continue", "otp", "000000").requireError(422)
		require.Equal(t, key, b.key(), "the app has it already")
		b.press("other").press("continue", "factor", "totp")
		require.NotEqual(t, key, b.key())
		b.press("continue", "otp", h.codeOf(key)).requireError(422)
		key = b.key()
		b.press("continue", "otp", h.codeOf(key))
		codes := b.kept()
		require.Len(t, codes, 10)
		have, err := h.recovery.Available(t.Context(), "tom")
		require.NoError(t, err)
		require.Empty(t, have, "nobody has kept them yet")
		b.press("continue")
		require.ElementsMatch(t, []string{"pwd", "otp", "mfa"}, b.claims("app").AMR)
		require.Equal(t, []string{"totp", "recovery_codes"}, h.happened(signin.EventEnrolled))

		h.browser().asTom().requireCode() // and that is all
		h.advance(time.Minute)
		b = h.browser().asTom("client_id", "two")
		require.ElementsMatch(t, []string{"totp", "recovery_codes"}, b.offers())
		b.press("continue", "factor", "recovery_codes").press("continue", "code", codes[3]).press("continue").requireCode()
	}, requires(`{"totp":"required"}`))
}

// Nothing that a page shows once is at rest in the clear.
func TestNothingAtRest(t *testing.T) {
	h := newHouse(t, requires(`{"totp":"required","email":"required"}`))
	b := h.browser().asTom().press("continue", "factor", "totp")
	secrets := []string{b.key()}
	b.press("continue", "otp", h.codeOf(b.key()))
	secrets = append(secrets, b.kept()...)
	b.press("continue").press("continue", "factor", "email").press("continue", "email", "tom.private@example.test").requirePage("code")
	secrets = append(secrets, "tom.private", h.lastCode())
	require.Len(t, secrets, 13)
	n := 0
	for rec, err := range h.memory.Walk(t.Context()) {
		require.NoError(t, err)
		n++
		for _, s := range secrets {
			require.NotContains(t, string(rec.Value), s)
		}
	}
	require.Greater(t, n, 4)
}

// A policy that asks for a second factor of somebody who has none offers to add one.
func TestOffered(t *testing.T) {
	bothWays(t, func(t *testing.T, h *house) {
		b := h.browser().asTom("client_id", "two")
		require.Equal(t, []string{"sms", "email"}, b.offers(), "and neither an app, which is disabled, nor recovery codes, which prove nothing")
		b.press("continue", "factor", "totp").requireError(422)
		b.press("continue", "factor", "sms").requirePage("phone_number")
		b.press("continue").requireError(422).press("continue", "phone_number", "12").requireError(422)
		b.press("other").press("continue", "factor", "sms").press("continue", "phone_number", "+1 555 010 0177").requirePage("code")
		require.Equal(t, "+15550100177", h.sent[len(h.sent)-1].To)
		require.NotContains(t, b.body, "5550100177")
		first := h.lastCode()
		b.press("again").requirePage("code")
		require.NotEqual(t, first, h.lastCode())
		b.press("continue", "code", "000000").requireError(422)
		b.press("continue", "code", first).requireError(422)
		b.press("continue", "code", h.lastCode()).press("continue")
		require.ElementsMatch(t, []string{"pwd", "sms", "mfa"}, b.claims("two").AMR)
		list, err := h.sms.Authenticators(t.Context(), "tom")
		require.NoError(t, err)
		require.Len(t, list, 1, "what was given up is gone")
	}, requires(`{"totp":"disabled"}`))
}

// Without a policy of enrolment nobody adds anything.
func TestNotOffered(t *testing.T) {
	for name, e := range map[string]edit{
		"none":     func(*house, *oauth.Config, *oidc.Config, *signin.Config) {},
		"disabled": requires(`{"*":"disabled"}`),
	} {
		h := newHouse(t, e)
		h.browser().asTom("client_id", "two").requireRefusal("access_denied")
		b := h.browser().asTom()
		b.requireCode()
		b.open("client_id", "two").requireRefusal("access_denied")
		require.Empty(t, h.happened(signin.EventEnrolled), name)
	}
}

// What is required and cannot be added here is denied, with the reason.
func TestRequiredElsewhere(t *testing.T) {
	h := newHouse(t, requires(`{"push":"required"}`))
	h.browser().asTom().requireRefusal("access_denied")
	require.True(t, slices.ContainsFunc(h.events, func(e oauth.Event) bool { return e.Reason == signin.ReasonEnrolmentRequired }))
}

// A passkey is made on a page, and is two factors.
func TestEnrolPasskey(t *testing.T) {
	bothWays(t, func(t *testing.T, h *house) {
		b := h.browser().asTom()
		require.Equal(t, []string{"webauthn"}, b.offers())
		b.press("continue", "factor", "webauthn").requirePage("credential")
		if h.script {
			require.Equal(t, "AAAA", b.page.Data.Options["challenge"])
		}
		require.Contains(t, b.body, "tom@example.test")
		b.press("continue").requireError(422).press("continue", "credential", "x").requireError(422)
		b.press("continue", "credential", `{"id":"good"}`).press("continue")
		c := b.claims("app")
		require.Contains(t, c.AMR, "mfa")
	}, requires(`{"webauthn":"required"}`), func(h *house, _ *oauth.Config, _ *oidc.Config, sc *signin.Config) {
		sc.Passkeys = &keychain{made: make(map[string]bool)}
	})
}
