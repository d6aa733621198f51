package browser

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// spa is an app that lives in a page, made of oidc-client-ts. The test calls its
// functions, and reads what they return.
//
//go:embed spa.html
var spa []byte

// serveSPA serves the app, and what it loads.
func (h *house) serveSPA(t *testing.T) {
	t.Helper()
	_, client := scripts(t)
	h.mux.HandleFunc("/oidc-client-ts.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write(client)
	})
	h.mux.HandleFunc("/issuer.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprintf(w, "const issuer = %q", h.Issuer)
	})
	h.mux.HandleFunc("/spa/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(spa)
	})
}

// session is what the app knows of who is signed in.
type session struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Expires int    `json:"expires_in"`
	State   string `json:"session_state"`
	Profile struct {
		Subject string `json:"sub"`
		Name    string `json:"name"`
		Email   string `json:"email"`
		SID     string `json:"sid"`
	} `json:"profile"`
}

// call evaluates a promise of the app's.
func (p *page) call(expression string) string {
	p.t.Helper()
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`(async () => JSON.stringify(await `+expression+`) ?? "")()`, chromedp.EvalAwaitPromise))
	require.NoError(p.t, err, "%s\n%s", expression, p.shown())
	return text
}

func (p *page) session(expression string) (s session) {
	p.t.Helper()
	require.NoError(p.t, json.Unmarshal([]byte(p.call(expression)), &s))
	return s
}

// oidc-client-ts: a sign-in by redirect, UserInfo, a silent renewal in a frame and one by
// the refresh token, the monitoring of the session, and signing out.
func TestOIDCClient(t *testing.T) {
	h := newHouse(t, nil)
	h.serveSPA(t)
	p := h.page(t)
	p.open(h.app + "/spa/")
	p.do(chromedp.Evaluate[chromedp.Void](`signIn()`))
	p.signIn("tom")
	p.sees("signed_in")
	first := p.session("user()")
	require.Equal(t, "tom", first.Profile.Subject)
	require.Equal(t, "Tom", first.Profile.Name)
	require.Equal(t, "tom@example.test", first.Profile.Email)
	require.NotEmpty(t, first.State)
	require.Empty(t, first.Refresh)

	// In a frame, with prompt=none: the browser's session is all that there is.
	renewed := p.session("manager.signinSilent()")
	require.Equal(t, "tom", renewed.Profile.Subject)
	require.Equal(t, first.Profile.SID, renewed.Profile.SID)
	require.NotEqual(t, first.Access, renewed.Access)

	// With a refresh token there is no frame.
	p.do(chromedp.Evaluate[chromedp.Void](`signIn("openid profile email offline_access")`))
	p.sees("signed_in")
	second := p.session("user()")
	require.NotEmpty(t, second.Refresh)
	again := p.session("manager.signinSilent()")
	require.NotEqual(t, second.Refresh, again.Refresh)
	require.Equal(t, `"revoked"`, p.call("manager.revokeTokens().then(() => 'revoked')"))

	// The session ends in another tab; the app notices.
	time.Sleep(3 * time.Second) // the app has asked a few times, and nothing has changed
	require.Equal(t, "false", p.call("signedOut"))
	other := p.tab()
	other.open(h.Issuer + "/oauth2/v1/logout")
	other.press("approve")
	other.sees("done")
	p.sees("signed_out")
}

// Signing out by the app: the person is sent back to it.
func TestOIDCClientSignsOut(t *testing.T) {
	h := newHouse(t, nil)
	h.serveSPA(t)
	p := h.page(t)
	p.open(h.app + "/spa/")
	p.do(chromedp.Evaluate[chromedp.Void](`signIn()`))
	p.signIn("tom")
	p.sees("signed_in")
	p.do(chromedp.Evaluate[chromedp.Void](`manager.signoutRedirect({ state: "the state" })`))
	p.sees("back")
	require.Equal(t, `"the state"`, p.call("manager.signoutRedirectCallback().then(r => r.userState)"))
	require.Equal(t, `"login_required"`, p.call("manager.signinSilent().catch(e => e.error)"))
}
