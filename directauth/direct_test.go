package directauth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// claims verifies the ID token of an answer as a client would.
func (k *kit) claims(a answer, client string) *token.Claims {
	k.t.Helper()
	require.Equal(k.t, http.StatusOK, a.status, a.raw)
	set, err := token.ParseKeySet(k.config.Keys.Signing.JWKS())
	require.NoError(k.t, err)
	v := token.IDTokenVerifier{Issuer: issuer, ClientID: client, Keys: set, Now: k.Now}
	c, err := v.Verify(k.t.Context(), a.text("id_token"), token.IDTokenExpectation{AccessToken: a.text("access_token")})
	require.NoError(k.t, err)
	require.Empty(k.t, c.Nonce)
	return c
}

func TestOneFactor(t *testing.T) {
	k := newKit(t)
	a := k.password("one", "mia@example.test", password)
	c := k.claims(a, "one")
	require.Equal(t, "mia", c.Subject)
	require.Equal(t, []string{"pwd"}, c.AMR)
	require.Equal(t, k.Now().Unix(), c.AuthTime)
	require.Equal(t, "openid offline_access", a.text("scope"))
	require.NotEmpty(t, a.text("refresh_token"))
	require.Equal(t, []string{"application/json"}, a.header["Content-Type"], "exactly")

	c = k.claims(k.otp("one", "mia", k.code()), "one")
	require.Equal(t, []string{"otp"}, c.AMR)
}

func TestTwoFactors(t *testing.T) {
	k := newKit(t)
	start := k.Now()
	first := k.password("two", "mia@example.test", password)
	first.requireError(t, http.StatusForbidden, "mfa_required")
	require.Equal(t, directauth.GrantMFAOOB+" "+directauth.GrantMFAOTP+" "+directauth.GrantMFARecoveryCode, first.text("supported_challenge_types"))
	require.True(t, strings.HasPrefix(first.text("mfa_token"), "mint_mfa_"))
	require.Len(t, first.body, 4)

	k.advance(time.Minute)
	a := k.mfa("two", first.text("mfa_token"), k.code())
	c := k.claims(a, "two")
	require.ElementsMatch(t, []string{"pwd", "otp", "mfa"}, c.AMR)
	require.Equal(t, start.Add(time.Minute).Unix(), c.AuthTime, "of the last completed factor")

	k.advance(time.Hour)
	b := k.post(tokenPath, "client_id", "two", "grant_type", "refresh_token", "refresh_token", a.text("refresh_token"))
	r := k.claims(b, "two")
	require.Equal(t, c.AMR, r.AMR, "a refresh repeats no factor")
	require.Equal(t, c.AuthTime, r.AuthTime)
	require.Equal(t, c.Subject, r.Subject)
}

// A code first is one factor. An app that lists the password grant alone does not
// know that a password can come second, and is told at once that it cannot go on.
func TestCodeFirst(t *testing.T) {
	k := newKit(t)
	a := k.otp("two", "mia", k.code(), "grant_types_supported", "password")
	a.requireError(t, http.StatusForbidden, "access_denied")
	require.NotContains(t, a.body, "mfa_token")
	k.advance(30 * time.Second)
	k.otp("two", "mia", k.code()).requireError(t, http.StatusForbidden, directauth.CodeMFARequired)
}

// Wrong password, unknown person, person without password, suspended person: one
// answer, the same to the byte.
func TestOneAnswerForEveryRefusal(t *testing.T) {
	k := newKit(t)
	k.host.status["nopw"] = true
	wrong := k.password("two", "mia", "wrong")
	wrong.requireError(t, http.StatusBadRequest, "invalid_grant")
	for name, a := range map[string]answer{
		"unknown": k.password("two", "nobody@example.test", password), "no password": k.password("two", "nopw", password),
		"suspended": k.password("two", "amy", password), "suspended, one factor": k.password("one", "amy", password),
		"73rd byte": k.password("two", "mia", password+strings.Repeat(" ", 50)), "blank": k.password("two", "mia", password+" "),
		"case": k.password("two", "mia", strings.ToUpper(password)), "huge": k.password("two", "mia", strings.Repeat("x", 60_000)),
		"unknown code": k.otp("two", "nobody", "123456"), "wrong code": k.otp("two", "mia", "000000"),
		"no authenticator": k.otp("two", "tom", "123456"), "suspended code": k.otp("one", "amy", "123456"),
	} {
		require.Equal(t, wrong.status, a.status, name)
		require.Equal(t, wrong.raw, a.raw, name)
		require.Equal(t, wrong.header, a.header, name)
	}
}

func TestRequests(t *testing.T) {
	k := newKit(t)
	mfa := k.started("two")
	for _, c := range []struct {
		name   string
		a      answer
		status int
		code   string
		reason oauth.Reason
	}{
		{"grant not for client", k.password("plain", "mia", password), 400, "unauthorized_client", oauth.ReasonGrantNotFor},
		{"no username", k.password("one", "", password), 400, "invalid_request", oauth.ReasonMissing},
		{"no password", k.password("one", "mia", ""), 400, "invalid_request", oauth.ReasonMissing},
		{"no hint", k.otp("one", "", "123456"), 400, "invalid_request", oauth.ReasonMissing},
		{"no code", k.otp("one", "mia", ""), 400, "invalid_request", oauth.ReasonMissing},
		{"no mfa_token", k.mfa("two", "", "123456"), 400, "invalid_request", oauth.ReasonMissing},
		{"no code for mfa", k.mfa("two", mfa, ""), 400, "invalid_request", oauth.ReasonMissing},
		{"bad list", k.password("one", "mia", password, "grant_types_supported", `["password"]`), 400, "invalid_request", oauth.ReasonMalformedValue},
		{"forged mfa_token", k.mfa("two", "mint_mfa_AAAA", "123456"), 400, "invalid_grant", oauth.ReasonHandle},
		{"other client", k.mfa("one", mfa, k.code()), 401, "invalid_client", oauth.ReasonClientMismatch},
		{"more scope", k.mfa("two", mfa, k.code(), "scope", "openid offline_access profile"), 400, "invalid_scope", directauth.ReasonScopeChanged},
		{"less scope", k.mfa("two", mfa, k.code(), "scope", "openid"), 400, "invalid_scope", directauth.ReasonScopeChanged},
		{"other acr", k.mfa("two", mfa, k.code(), "acr_values", "phr"), 400, "invalid_request", directauth.ReasonACRChanged},
		{"wrong code", k.mfa("two", mfa, "000000"), 400, "invalid_grant", directauth.ReasonRefused},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.a.requireError(t, c.status, c.code)
			require.Contains(t, k.reasons(), c.reason)
		})
	}
	a := k.mfa("two", mfa, k.code(), "scope", "offline_access openid openid")
	require.Equal(t, 200, a.status, "scope compares as a set, and no refusal spent the mfa_token: %s", a.raw)
}

func TestMFATokenEnds(t *testing.T) {
	k := newKit(t)
	used := k.started("two")
	require.Equal(t, 200, k.mfa("two", used, k.code()).status)
	k.advance(30 * time.Second)
	k.mfa("two", used, k.code()).requireError(t, 403, "access_denied")

	old := k.started("two")
	k.advance(5 * time.Minute)
	k.mfa("two", old, k.code()).requireError(t, 403, "access_denied")

	suspended := k.started("two")
	k.host.suspend("mia", false)
	k.mfa("two", suspended, k.code()).requireError(t, 400, "invalid_grant")
	k.host.suspend("mia", true)
	require.NoError(t, k.provider.Server().EndSubject(t.Context(), "mia"))
	k.advance(30 * time.Second)
	k.mfa("two", suspended, k.code()).requireError(t, 403, "access_denied")
}

// A handle is good for what it is, and nothing else.
func TestMFATokenIsNothingElse(t *testing.T) {
	k := newKit(t)
	mfa := k.started("two")
	k.post(tokenPath, "client_id", "two", "grant_type", "refresh_token", "refresh_token", mfa).requireError(t, 400, "invalid_grant")
	full := k.mfa("two", mfa, k.code())
	for _, name := range []string{"refresh_token", "access_token", "id_token"} {
		k.mfa("two", full.text(name), "123456").requireError(t, 400, "invalid_grant")
	}
	r := httptest.NewRequest(http.MethodGet, "/oauth2/v1/userinfo", nil)
	r.Header.Set("Authorization", "Bearer "+mfa)
	w := httptest.NewRecorder()
	k.mux.ServeHTTP(w, r)
	require.Equal(t, http.StatusUnauthorized, w.Code)
}

// An app that cannot do what is missing is told so, after the first factor and not
// before.
func TestAppThatCannot(t *testing.T) {
	k := newKit(t)
	for name, a := range map[string]answer{
		"says so":         k.password("two", "mia", password, "grant_types_supported", "password"),
		"has no grant":    k.password("no-mfa", "mia", password),
		"not enrolled":    k.password("two", "tom", password),
		"policy too high": k.password("hard", "mia", password),
	} {
		t.Run(name, func(t *testing.T) {
			a.requireError(t, 403, "access_denied")
			require.NotContains(t, a.body, "mfa_token")
		})
	}
	k.password("two", "mia", "wrong", "grant_types_supported", "password").requireError(t, 400, "invalid_grant")
	all := "password urn:okta:params:oauth:grant-type:oob urn:okta:params:oauth:grant-type:otp http://auth0.com/oauth/grant-type/mfa-oob " +
		"http://auth0.com/oauth/grant-type/mfa-otp urn:okta:params:oauth:grant-type:webauthn urn:okta:params:oauth:grant-type:mfa-webauthn"
	k.password("two", "mia", password, "grant_types_supported", all).requireError(t, 403, "mfa_required")
}

func TestACR(t *testing.T) {
	k := newKit(t)
	a := k.password("two", "mia", password, "acr_values", "urn:okta:loa:2fa:any")
	a.requireError(t, 403, "mfa_required")
	c := k.claims(k.mfa("two", a.text("mfa_token"), k.code()), "two")
	require.Equal(t, "urn:okta:loa:2fa:any", c.ACR)

	// It asks for more than the app's own policy does.
	k.advance(30 * time.Second)
	a = k.password("one", "mia", password, "acr_values", "nobody:knows urn:okta:loa:2fa:any")
	a.requireError(t, 403, "mfa_required")
	k.mfa("one", a.text("mfa_token"), k.code(), "acr_values", "phr").requireError(t, 400, "invalid_request")
	c = k.claims(k.mfa("one", a.text("mfa_token"), k.code()), "one")
	require.Equal(t, "urn:okta:loa:2fa:any", c.ACR)

	// Two factors of who has two, and one of who has one.
	k.advance(30 * time.Second)
	const possible = "urn:okta:loa:2fa:any:ifpossible"
	a = k.password("one", "mia", password, "acr_values", possible)
	a.requireError(t, 403, "mfa_required")
	require.Equal(t, possible, k.claims(k.mfa("one", a.text("mfa_token"), k.code()), "one").ACR)
	require.Equal(t, possible, k.claims(k.password("one", "tom", password, "acr_values", possible), "one").ACR)

	k.password("one", "mia", password, "acr_values", "phr").requireError(t, 400, "unmet_authentication_requirements")
	k.password("one", "mia", "wrong", "acr_values", "phr").requireError(t, 400, "invalid_grant")
	require.Empty(t, k.claims(k.password("one", "mia", password, "acr_values", "nobody:knows"), "one").ACR)
}

func TestEveryServerNeedsStepUp(t *testing.T) {
	k := newKit(t)
	config := k.config
	config.StepUp = nil
	_, err := oauth.New(config)
	require.ErrorContains(t, err, "oauth: Config.StepUp: ")
}
