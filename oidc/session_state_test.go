package oidc_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
)

func monitored(t *testing.T, edit ...func(*oauth.Config, *oidc.Config)) *logoutDoor {
	return newLogoutDoor(t, edit...)
}

// The state changes when somebody signs in or out, and by nothing else that happens to
// those who stay.
func TestSessionState(t *testing.T) {
	d := monitored(t)
	none := d.authorize("prompt", "none")
	d.sent(none, "login_required")
	const at = "https://app.example"
	nobody := none.params.Get("session_state")
	require.Equal(t, "unchanged", d.watch("app", at, nobody), "a page can also wait for somebody to sign in")

	first := d.authorize().params.Get("session_state")
	require.Regexp(t, `^[0-9a-f]{64}\.[A-Z2-7]{26}$`, first)
	require.Equal(t, "changed", d.watch("app", at, nobody))
	second := d.authorize("prompt", "none").params.Get("session_state")
	require.NotEqual(t, first, second, "each answer has a salt of its own")

	same := func(why string) {
		t.Helper()
		require.Equal(t, []string{"unchanged", "unchanged"}, []string{d.watch("app", at, first), d.watch("app", at, second)}, why)
	}
	d.authorize("client_id", "other")
	same("another client")
	d.advance(time.Second)
	d.methods = []string{"totp"}
	d.authorize("client_id", "strict")
	same("step-up")
	d.authorize("prompt", "login")
	same("signing in again")
	d.signInAs("tom")
	require.Equal(t, "changed", d.watch("app", at, first), "somebody else")
	both := d.authorize("prompt", "none").params.Get("session_state")
	require.NoError(t, d.page(func(w http.ResponseWriter, r *http.Request) error { return d.provider.SelectAccount(w, r, "mia") }))
	require.Equal(t, "unchanged", d.watch("app", at, both), "choosing among those who are signed in")
	require.NoError(t, d.page(func(w http.ResponseWriter, r *http.Request) error { return d.provider.SignOut(w, r, "tom") }))
	require.Equal(t, "changed", d.watch("app", at, both))
	same("mia is signed in as before")
}

// The origin is the one that the browser gives for the client's page.
func TestSessionStateOrigin(t *testing.T) {
	for to, at := range map[string]string{
		"https://app.example:443/cb": "https://app.example", "https://app.example:8443/cb": "https://app.example:8443",
		"http://127.0.0.1:80/cb": "http://127.0.0.1", "http://[::1]:8080/cb": "http://[::1]:8080", "com.example.app:/cb": "",
	} {
		d := monitored(t, func(c *oauth.Config, _ *oidc.Config) {
			c.Clients.(oauth.ClientList)["app"].RedirectURIs = []string{to}
		})
		v := d.authorize("redirect_uri", to)
		d.sent(v, "")
		state := v.params.Get("session_state")
		require.Equal(t, at != "", state != "", to)
		if at != "" {
			require.Equal(t, "unchanged", d.watch("app", at, state), to)
		}
	}
	d := monitored(t)
	require.Empty(t, d.authorize("scope", "orders").params.Get("session_state"), "it is of OpenID Connect")
}

// The cookie that scripts read has nothing in it, and is there only if it is asked for.
func TestSessionStateCookie(t *testing.T) {
	cookies := func(d *door) (list []*http.Cookie) {
		for _, c := range (&http.Response{Header: d.authorize().header}).Cookies() {
			if c.Name == d.provider.CookieName("state") {
				list = append(list, c)
			}
		}
		return list
	}
	require.Empty(t, cookies(newDoor(t)))
	require.NotContains(t, newDoor(t).authorize().params, "session_state")
	for issuer, same := range map[string]http.SameSite{"https://op.example/t1": http.SameSiteNoneMode, "http://127.0.0.1:8080/t1": http.SameSiteLaxMode} {
		d := monitored(t, func(c *oauth.Config, _ *oidc.Config) { c.Issuer = issuer })
		list := cookies(d.door)
		require.Len(t, list, 1)
		c := list[0]
		require.Equal(t, []any{false, strings.HasPrefix(issuer, "https:"), same, "/", ""}, []any{c.HttpOnly, c.Secure, c.SameSite, c.Path, c.Domain})
		require.NotContains(t, d.cookie(), c.Value)
		require.NotContains(t, c.Value, d.sessions()[0].ID())
	}
}

// The page is the same for everybody, loads nothing, and runs the one script that its
// policy names; other sites have it in frames.
func TestCheckSessionPage(t *testing.T) {
	d := monitored(t)
	v := d.browse(http.MethodGet, "/t1/check-session", "")
	require.Equal(t, 200, v.status)
	require.Empty(t, v.header.Values("Set-Cookie"))
	require.Empty(t, v.header.Get("X-Frame-Options"))
	policy := v.header.Get("Content-Security-Policy")
	require.Regexp(t, `^default-src 'none'; script-src 'sha256-[A-Za-z0-9+/]{43}='; base-uri 'none'; form-action 'none'$`, policy)
	require.Contains(t, v.body, `data-cookie="`+d.provider.CookieName("state")+`"`)
	require.NotRegexp(t, regexp.MustCompile(`(?i)src=|href=|@import|fetch\(|XMLHttp`), v.body)
	require.Equal(t, "public, max-age=300", v.header.Get("Cache-Control"))
	d.withCookie("", func() { require.Equal(t, v.body, d.browse(http.MethodGet, "/t1/check-session", "").body) })
	require.Equal(t, 405, d.browse(http.MethodPost, "/t1/check-session", "").status)

	plain := newDoor(t)
	w := httptest.NewRecorder()
	plain.mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/t1/check-session", nil))
	require.Equal(t, 404, w.Code)
}
