package oidc_test

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
)

// L01. Nobody is sent to an address that is not, character by character, one that this
// client has registered; and then nothing has ended either.
func TestLogoutRedirects(t *testing.T) {
	d := newLogoutDoor(t)
	hint := d.hint("app")
	for _, to := range []string{
		"https://app.example/Goodbye", "https://app.example/goodbye/", "https://app.example/goodbye?", "https://app.example/goodbye?x=1&y", "https://app.example/goodbye#x",
		"https://app.example:443/goodbye", "http://app.example/goodbye", "https://app.example.evil.example/goodbye", "https://app.example@evil.example/goodbye",
		"//app.example/goodbye", "/goodbye", "https://app.example/%67oodbye", "https://app.example/x/../goodbye", "https://evil.example", "https://other.example/bye",
		"javascript:alert(1)", "data:text/html,x", back, goodbye + "%00", " " + goodbye,
	} {
		for _, ask := range []func(...string) visit{d.logout, d.postLogout} {
			v := ask("id_token_hint", hint, "post_logout_redirect_uri", to, "state", "s")
			d.requirePage(v, 400, "This request cannot be answered")
			require.True(t, d.signedIn(), to)
		}
	}
	d.requireSentTo(d.logout("id_token_hint", hint, "post_logout_redirect_uri", goodbye+"?x=1"), goodbye, "x", "1")
}

// What a client has registered against better knowledge: code, and no address.
func TestLogoutRegisteredCode(t *testing.T) {
	bad := []string{"javascript:alert(1)//a.b", "vbscript:x", "data:text/html,<script>", "file:///x", "https:/app.example", "com.example.app:/bye#x"}
	d := newLogoutDoor(t)
	list := d.server.Config().Clients.(oauth.ClientList) // New has refused to start with such
	list["app"].OpenID.PostLogoutRedirectURIs = append(bad, "com.example.app:/bye")
	list["app"].OpenID.FrontchannelLogoutURI = "javascript:alert(1)"
	for _, to := range bad {
		d.requirePage(d.logout("id_token_hint", d.hint("app"), "post_logout_redirect_uri", to), 400, "This request cannot be answered")
	}
	d.requireSentTo(d.logout("id_token_hint", d.hint("app"), "post_logout_redirect_uri", "com.example.app:/bye", "state", "s"), "com.example.app:/bye", "state", "s")
}

// L02. Without an ID token of a session of this browser the person is asked, whatever
// else is sent; a GET ends nothing then, also with what a page would post.
func TestLogoutAsks(t *testing.T) {
	d := newLogoutDoor(t)
	elsewhere := ""
	d.withCookie("", func() { d.signInAs("tom"); elsewhere = d.hint("app") })
	d.person = "mia"
	d.hint("app")
	for name, pairs := range map[string][]string{
		"nothing":                   {},
		"a client":                  {"client_id", "app"},
		"a client and its address":  {"client_id", "app", "post_logout_redirect_uri", goodbye},
		"a session of another one":  {"id_token_hint", elsewhere, "post_logout_redirect_uri", goodbye},
		"the person, without proof": {"logout_hint", "mia"},
	} {
		for _, ask := range []func(...string) visit{d.logout, d.postLogout} {
			v := ask(pairs...)
			d.requirePage(v, 200, "Do you want to sign out?")
			m := hidden.FindStringSubmatch(v.body)
			d.requirePage(d.logout("logout", html.UnescapeString(m[1]), "action", "approve"), 200, "Do you want to sign out?")
			require.True(t, d.signedIn(), name)
		}
	}
	d.requireSentTo(d.confirm(d.logout("id_token_hint", elsewhere, "post_logout_redirect_uri", goodbye, "state", "s")), goodbye, "state", "s")
	require.False(t, d.signedIn())
	d.requirePage(d.logout("client_id", "app", "post_logout_redirect_uri", goodbye), 200, `<a id="continue" href="https://app.example/goodbye">`)
}

// What one browser was asked, no other can be made to confirm, even where its cookie
// goes along; nor can a page of another site press the button.
func TestLogoutForgery(t *testing.T) {
	d := newLogoutDoor(t, func(_ *oauth.Config, c *oidc.Config) { c.Sessions.CrossSite = true })
	var mine visit
	d.withCookie("", func() { d.signInAs("eve"); mine = d.logout() })
	d.signInAs("mia")
	m := html.UnescapeString(hidden.FindStringSubmatch(mine.body)[1])
	d.requirePage(d.postLogout("logout", m, "action", "approve"), 200, "You are signed out") // eve is, here
	require.True(t, d.signedIn())

	page := d.logout()
	own := html.UnescapeString(hidden.FindStringSubmatch(page.body)[1])
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		r := httptest.NewRequest(http.MethodPost, "https://op.example/t1/logout", strings.NewReader(values("logout", own).Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(name, value)
		for _, c := range d.cookies() {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		d.mux.ServeHTTP(w, r)
		require.Equal(t, http.StatusForbidden, w.Code)
		require.True(t, d.signedIn())
	}
	for name, sealed := range map[string]string{
		"cut": own[:len(own)-1], "changed": own[:len(own)-9] + strings.Map(func(r rune) rune { return r ^ 1 }, own[len(own)-9:len(own)-8]) + own[len(own)-8:], "rubbish": "x", "a cookie": d.cookie(), "a code": d.authorize().params.Get("code"),
	} {
		d.requirePage(d.postLogout("logout", sealed), 400, "You are still signed in.")
		require.True(t, d.signedIn(), name)
	}
	d.advance(time.Hour + time.Second)
	d.requirePage(d.postLogout("logout", own), 400, "This page is too old")
	require.True(t, d.signedIn())
}

// Several people in one browser: the ID token says who is meant; without it, everybody
// is asked about, or whom the client names.
func TestLogoutOfOneAccount(t *testing.T) {
	d := newLogoutDoor(t)
	d.signInAs("a", "b", "c")
	hint := d.redeem(d.authorize("prompt", "none")).text("id_token")
	d.signInAs("d")
	d.logout("id_token_hint", hint)
	require.Equal(t, []string{"d", "b", "a"}, d.accounts())
	d.confirm(d.logout("logout_hint", "b"))
	require.Equal(t, []string{"d", "a"}, d.accounts())
	d.confirm(d.logout("logout_hint", "nobody"))
	require.Empty(t, d.accounts())
	require.Empty(t, d.cookies(), "none is left behind")
}

// Malformed requests are answered on a page, within bounds, and end nothing.
func TestLogoutMalformed(t *testing.T) {
	d := newLogoutDoor(t)
	hint := d.hint("app")
	long := strings.Repeat("x", 2049)
	for name, c := range map[string]struct {
		method, query, body, contentType string
		status                           int
	}{
		"repeated":        {"GET", "state=a&state=b&id_token_hint=" + hint, "", "", 400},
		"repeated hint":   {"POST", "", "id_token_hint=" + hint + "&id_token_hint=" + hint, "", 400},
		"long state":      {"GET", "id_token_hint=" + hint + "&state=" + long, "", "", 400},
		"long hint":       {"GET", "id_token_hint=" + strings.Repeat("x", 8193), "", "", 400},
		"large query":     {"GET", "x=" + strings.Repeat("x", 64<<10), "", "", 413},
		"large body":      {"POST", "", "x=" + strings.Repeat("x", 64<<10), "", 413},
		"semicolon":       {"GET", "state=a;b&id_token_hint=" + hint, "", "", 400},
		"percent":         {"GET", "state=%zz&id_token_hint=" + hint, "", "", 400},
		"control":         {"GET", "state=%00&id_token_hint=" + hint, "", "", 400},
		"line":            {"GET", "state=a%0d%0aSet-Cookie:x&id_token_hint=" + hint, "", "", 400},
		"not UTF-8":       {"GET", "state=%ff&id_token_hint=" + hint, "", "", 400},
		"JSON":            {"POST", "", `{"id_token_hint":"` + hint + `"}`, "application/json", 400},
		"method":          {"PUT", "id_token_hint=" + hint, "", "", 405},
		"head":            {"HEAD", "id_token_hint=" + hint, "", "", 405},
		"query of a POST": {"POST", "id_token_hint=" + hint, "", "", 200},
	} {
		r := httptest.NewRequest(c.method, "https://op.example/t1/logout?"+c.query, strings.NewReader(c.body))
		if c.method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if c.contentType != "" {
			r.Header.Set("Content-Type", c.contentType)
		}
		for _, cookie := range d.cookies() {
			r.AddCookie(cookie)
		}
		w := httptest.NewRecorder()
		d.mux.ServeHTTP(w, r)
		require.Equal(t, c.status, w.Code, name)
		require.Empty(t, w.Header().Get("Location"), name)
		if c.status == 405 {
			require.Equal(t, "GET, POST", w.Header().Get("Allow"))
		}
		require.True(t, d.signedIn(), name)
	}
}

// Nothing that a request says is code on a page.
func TestLogoutPagesEscape(t *testing.T) {
	const evil = `"><script>alert(1)</script>`
	d := newLogoutDoor(t, func(c *oauth.Config, _ *oidc.Config) {
		c.Clients.(oauth.ClientList)["app"].Name = evil
		c.Clients.(oauth.ClientList)["app"].OpenID.PostLogoutRedirectURIs = []string{"https://app.example/?x='&y=(1)"}
	})
	hint := d.hint("app")
	ask := []string{"client_id", "app", "post_logout_redirect_uri", "https://app.example/?x='&y=(1)", "state", evil, "ui_locales", evil, "logout_hint", evil}
	for _, v := range []visit{
		d.logout(ask...), d.logout("client_id", evil, "state", evil), d.logout("post_logout_redirect_uri", evil), d.logout("id_token_hint", evil), d.logout("logout", evil),
		d.logout(append(ask, "id_token_hint", hint)...), d.logout(ask...),
	} {
		require.NotContains(t, v.body, "<script")
		require.NotContains(t, v.body, `"><`+"script")
	}
}

// A host has pages of its own, and learns what there is to say.
func TestLogoutOwnPages(t *testing.T) {
	var confirmation *oidc.LogoutConfirmation
	var done *oidc.LoggedOut
	var failed *oidc.LogoutError
	d := newLogoutDoor(t, func(_ *oauth.Config, c *oidc.Config) {
		c.ConfirmLogout = func(w http.ResponseWriter, _ *http.Request, page *oidc.LogoutConfirmation) { confirmation = page }
		c.LoggedOut = func(w http.ResponseWriter, _ *http.Request, page *oidc.LoggedOut) { done = page }
		c.LogoutError = func(w http.ResponseWriter, _ *http.Request, page *oidc.LogoutError) { failed = page }
		c.EndSessionPath = "/bye"
	})
	require.Equal(t, "https://op.example/bye", d.provider.Metadata()["end_session_endpoint"])
	hint := d.hint("app")
	d.browse("GET", "/bye?client_id=app&ui_locales=de+en&state=s&post_logout_redirect_uri="+url.QueryEscape(goodbye), "")
	require.Equal(t, []string{"https://op.example/bye", "app", "mia", goodbye}, []string{confirmation.Action, confirmation.Client.ID, confirmation.Sessions[0].Subject(), confirmation.Next})
	require.Equal(t, []string{"de", "en"}, confirmation.UILocales)
	require.Equal(t, []string{"'self'", "https://app.example"}, confirmation.FormTargets())
	d.browse("GET", "/bye?id_token_hint=x", "")
	require.Equal(t, oidc.ReasonHint, failed.Error.Reason)
	require.NotNil(t, failed.Confirmation)
	require.Equal(t, failed.Ref, d.events[len(d.events)-1].Ref)
	d.browse("GET", "/bye?id_token_hint="+hint+"&state=s&post_logout_redirect_uri="+url.QueryEscape(goodbye), "")
	require.Equal(t, goodbye+"?state=s", done.Next)
	require.True(t, done.GoOn)
	require.Equal(t, []string{"https://app.example"}, done.FrameSources())
	require.Len(t, done.Frames, 1)
}

// FuzzLogout: whatever is asked, nobody is sent anywhere but where a client has
// registered, nothing runs on a page, and no session ends but by its ID token.
func FuzzLogout(f *testing.F) {
	d := newLogoutDoor(f)
	d.signInAs("mia")
	hint := d.hint("app")
	for _, s := range []string{
		"", "id_token_hint=x.y.z", "post_logout_redirect_uri=" + url.QueryEscape(goodbye) + "&state=a", "client_id=app&post_logout_redirect_uri=" + url.QueryEscape(goodbye),
		"logout=mint_lo_AAAA", "logout_hint=mia&ui_locales=de", "state=%00", "client_id=other&post_logout_redirect_uri=https://other.example/bye", "id_token_hint=" + hint[:len(hint)-8],
	} {
		f.Add(s, true)
		f.Add(s, false)
	}
	id, cookies := d.sessions()[0].ID(), d.cookies()
	f.Fuzz(func(t *testing.T, text string, get bool) {
		if strings.Contains(text, hint) {
			return
		}
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/t1/logout", RawQuery: text}, Header: http.Header{}, Host: "op.example", Body: http.NoBody}
		if !get {
			r = httptest.NewRequest(http.MethodPost, "/t1/logout", strings.NewReader(text))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		for _, c := range cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		d.mux.ServeHTTP(w, r)
		if to := w.Header().Get("Location"); to != "" {
			t.Fatalf("%q is sent to %q", text, to)
		}
		if strings.Contains(w.Body.String(), "<script") {
			t.Fatalf("%q: %s", text, w.Body)
		}
		list, err := d.provider.Sessions(t.Context(), "mia")
		if err != nil || len(list) != 1 || list[0].ID() != id {
			t.Fatalf("%q has ended the session", text)
		}
	})
}
