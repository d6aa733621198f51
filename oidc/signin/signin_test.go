package signin_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/oidc/signin"
	"github.com/mintyard/mintyard/policy"
)

func (h *house) otp() string {
	code, err := totp.GenerateCode(secret, h.now())
	require.NoError(h.t, err)
	return code
}

func TestPassword(t *testing.T) { bothWays(t, testPassword) }

func testPassword(t *testing.T, h *house) {
	b := h.browser()
	b.open().requirePage("username").press("continue").requireError(422)
	b.press("continue", "username", "mia@example.test").requirePage("password")
	b.press("continue", "password", "wrong").requireError(422)
	b.press("continue", "password", password)
	c := b.claims("app")
	require.Equal(t, "mia", c.Subject)
	require.Equal(t, []string{"pwd"}, c.AMR)
	b.open().requireCode() // single sign-on
}

// slow takes its time to judge, as a password's hash does on a machine that is busy.
type slow struct {
	authenticator.Verifier
	h *house
}

func (s slow) Verify(ctx context.Context, id authenticator.Identity, plain string) (policy.Method, error) {
	s.h.advance(6 * time.Second)
	return s.Verifier.Verify(ctx, id, plain)
}

// What comes of a sign-in is never older than the sign-in.
func TestSlowPassword(t *testing.T) {
	var s slow
	h := newHouse(t, func(_ *house, _ *oauth.Config, _ *oidc.Config, c *signin.Config) {
		s.Verifier, c.Password = c.Password, &s
	})
	s.h = h
	start := h.now()
	b := h.browser()
	b.open().press("continue", "username", "mia@example.test").press("continue", "password", password)
	require.Equal(t, start.Unix(), b.claims("app").AuthTime)
	require.Equal(t, start.Add(6*time.Second), h.now())
}

// A name that nobody has, and one who is suspended, see what a wrong password shows.
func TestNobodyLooksAlike(t *testing.T) { bothWays(t, testNobodyLooksAlike) }

func testNobodyLooksAlike(t *testing.T, h *house) {
	h.status["tom"] = false
	var pages []string
	for _, name := range []string{"mia@example.test", "tom@example.test", "nobody@example.test"} {
		b := h.browser()
		b.open().press("continue", "username", name).press("continue", "password", "wrong").requireError(422)
		pages = append(pages, name+b.header.Get("Content-Security-Policy"))
		require.NotContains(t, b.body, "suspended")
	}
	require.Len(t, pages, 3)
	b := h.browser()
	b.open().press("continue", "username", "tom@example.test").press("continue", "password", password).requireError(422)
}

func TestStepUp(t *testing.T) { bothWays(t, testStepUp) }

func testStepUp(t *testing.T, h *house) {
	b := h.browser()
	b.open("client_id", "two").press("continue", "username", "mia@example.test").press("continue", "password", password)
	_, _, inputs := b.fields()
	require.ElementsMatch(t, []string{"totp", "f2", "f3", "recovery_codes"}, inputs, "one telephone of two can be chosen")
	b.press("continue", "factor", "totp").requirePage("otp").press("continue", "otp", "000000").requireError(422)
	b.press("continue", "otp", h.otp())
	require.ElementsMatch(t, []string{"pwd", "otp", "mfa"}, b.claims("two").AMR)

	b = h.browser() // from a session
	b.open().press("continue", "username", "mia@example.test").press("continue", "password", password).requireCode()
	b.open("client_id", "two").press("continue", "factor", "f3").requirePage("code")
	require.Equal(t, "+15550199", h.sent[len(h.sent)-1].To)
	b.press("again").requirePage("code")
	b.press("continue", "code", h.lastCode()).requireCode()
}

func TestFirstFactorBySMS(t *testing.T) { bothWays(t, testFirstFactorBySMS) }

func testFirstFactorBySMS(t *testing.T, h *house) {
	b := h.browser()
	b.open().press("continue", "username", "mia@example.test").press("other").press("continue", "factor", "sms").requirePage("code")
	b.press("continue", "code", "000000").requireError(422)
	b.press("continue", "code", h.lastCode())
	require.Equal(t, []string{"sms"}, b.claims("app").AMR)

	n := len(h.sent)
	b = h.browser()
	b.open().press("continue", "username", "nobody@example.test").press("other").press("continue", "factor", "sms").requirePage("code")
	require.Len(t, h.sent, n)
	b.press("continue", "code", "123456").requireError(422)
}

func TestConsentPage(t *testing.T) { bothWays(t, testConsentPage) }

func testConsentPage(t *testing.T, h *house) {
	b := h.browser()
	b.open("client_id", "third").press("continue", "username", "mia@example.test").press("continue", "password", password).requirePage("approve")
	require.NotContains(t, b.body, "<b>Third</b>", "names are escaped")
	require.Contains(t, b.body, "app.example")
	b.press("deny").requireRefusal("access_denied")
	b.open("client_id", "third").press("continue", "username", "mia@example.test").press("continue", "password", password).press("approve").requireCode()
	b.open("client_id", "third").requireCode()
}

func TestAccounts(t *testing.T) { bothWays(t, testAccounts) }

func testAccounts(t *testing.T, h *house) {
	b := h.browser()
	b.open().press("continue", "username", "mia@example.test").press("continue", "password", password).requireCode()
	b.open("prompt", "select_account").requirePage("another").press("another").requirePage("username")
	b.press("continue", "username", "tom@example.test").press("continue", "password", password)
	require.Equal(t, "tom", b.claims("app").Subject)
	b.open("prompt", "select_account")
	sessions := b.accounts()
	require.Len(t, sessions, 2)
	form, _, _ := b.fields()
	form.Set("account", sessions[1])
	b.do(http.MethodPost, "/signin", form)
	require.Equal(t, "mia", b.claims("app").Subject)
}

func TestRecovery(t *testing.T) { bothWays(t, testRecovery) }

func testRecovery(t *testing.T, h *house) {
	b := h.browser()
	b.open().press("continue", "username", "mia@example.test").press("recover")
	_, _, inputs := b.fields()
	require.NotContains(t, inputs, "password")
	b.press("continue", "factor", "sms").press("continue", "code", h.lastCode()).requirePage("new_password")
	b.press("continue", "new_password", "short", "new_password_again", "short").requireError(422)
	b.press("continue", "new_password", "a new password that is long", "new_password_again", "another one").requireError(422)
	b.press("continue", "new_password", "a new password that is long", "new_password_again", "a new password that is long").requirePage("username")
	b.press("continue", "username", "mia@example.test").press("continue", "password", password).requireError(422)
	b.press("continue", "password", "a new password that is long").requireCode()
}

func TestRecoveryCode(t *testing.T) { bothWays(t, testRecoveryCode) }

func testRecoveryCode(t *testing.T, h *house) {
	require.NoError(t, h.totp.Remove(t.Context(), "mia", "f1"))
	b := h.browser()
	b.open("client_id", "two", "acr_values", "urn:okta:loa:2fa:any").press("continue", "username", "mia@example.test").press("continue", "password", password)
	b.requirePage("continue")
}

// Whoever begins a sign-in cannot have somebody else finish it, nor another site post it.
func TestBinding(t *testing.T) { bothWays(t, testBinding) }

func testBinding(t *testing.T, h *house) {
	b, other := h.browser(), h.browser()
	b.open()
	other.do(http.MethodGet, b.url.String(), nil)
	require.Equal(t, 400, other.status)
	require.NotContains(t, other.body, `id="username"`)
	other.open() // has a cookie of its own
	other.do(http.MethodGet, b.url.String(), nil)
	require.Equal(t, 400, other.status)
	form, _, _ := b.fields()
	form.Set("username", "mia@example.test")
	other.do(http.MethodPost, b.url.Path, form)
	require.Equal(t, 400, other.status)
}

func TestLocked(t *testing.T) { bothWays(t, testLocked) }

func testLocked(t *testing.T, h *house) {
	b := h.browser()
	b.open().press("continue", "username", "mia@example.test")
	for range 50 {
		if b.press("continue", "password", "wrong"); b.status == 429 {
			break
		}
	}
	b.requireError(429)
	require.NotEmpty(t, b.header.Get("Retry-After"))
	b.press("continue", "password", password).requireError(429)
}

// A page that was left open too long leads back to the app's own beginning.
func TestTooLate(t *testing.T) { bothWays(t, testTooLate) }

func testTooLate(t *testing.T, h *house) {
	b := h.browser()
	b.open("client_id", "two").press("continue", "username", "mia@example.test").press("continue", "password", password)
	h.advance(6 * time.Minute)
	b.press("continue", "factor", "totp")
	require.Equal(t, 400, b.status)
	b.open()
	h.advance(2 * time.Hour)
	b.press("continue", "username", "mia@example.test")
	require.Equal(t, 400, b.status)
}

// People make an account on a page of the host's, and come back to sign in.
func TestCreate(t *testing.T) {
	h := newHouse(t, func(_ *house, _ *oauth.Config, _ *oidc.Config, c *signin.Config) { c.CreateURL = "/join" })
	h.mux.HandleFunc("/join", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/signin?request="+r.FormValue("request"), http.StatusSeeOther)
	})
	require.Contains(t, h.provider.Metadata()["prompt_values_supported"], "create")
	b := h.browser()
	b.open("prompt", "create").requirePage("username").press("continue", "username", "mia@example.test").press("continue", "password", password).requireCode()

	h = newHouse(t)
	require.NotContains(t, h.provider.Metadata()["prompt_values_supported"], "create")
	h.browser().open("prompt", "create").requireRefusal("invalid_request")
	for _, bad := range []string{"javascript:alert(1)", "join", "http://evil.example", "//evil.example"} {
		_, err := signin.New(signin.Config{Users: h, Password: slow{}, CreateURL: bad})
		require.Error(t, err, bad)
	}
}
