package oidc_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
)

// L03 and L04. What counts as a hint: an ID token of ours for this client, however old.
func TestLogoutHints(t *testing.T) {
	old := func(d *logoutDoor, a answer) string { return a.text("id_token") }
	for name, c := range map[string]struct {
		hint   func(d *logoutDoor, a answer) string
		client string
		good   bool
	}{
		"as it was issued":    {old, "", true},
		"with its client":     {old, "app", true},
		"with another one":    {old, "other", false},
		"with one that isn't": {old, "nobody", false},
		"expired": {func(d *logoutDoor, a answer) string {
			d.advance(90 * time.Minute)
			return a.text("id_token")
		}, "", true},
		"of a key that is retiring": {func(d *logoutDoor, a answer) string {
			require.NoError(d.t, d.keys.Rotate(d.t.Context(), token.ES256))
			return a.text("id_token")
		}, "", true},
		"an access token": {func(_ *logoutDoor, a answer) string { return a.text("access_token") }, "", false},
		"a logout token": {func(d *logoutDoor, a answer) string {
			other := ""
			d.withCookie("", func() {
				d.logout("id_token_hint", d.hint("app"))
				other = d.deliver(d.mail.kept[0], 200)
			})
			return other
		}, "", false},
		"of another issuer": {func(d *logoutDoor, a answer) string {
			raw, err := d.keys.Signing.Active(token.ES256).IDTokenString(&token.IDToken{Issuer: "https://evil.example", Subject: "mia", Audience: []string{"app"},
				IssuedAt: d.now.Load(), Expires: d.now.Load() + 60})
			require.NoError(d.t, err)
			return raw
		}, "", false},
		"what UserInfo has signed": {func(d *logoutDoor, a answer) string {
			raw, err := d.keys.Signing.Active(token.ES256).AppendSigned(nil, token.TypeIDToken, []byte(`{"iss":"`+issuer+`","aud":"app","sub":"mia"}`))
			require.NoError(d.t, err)
			return string(raw)
		}, "", false},
		"cut":     {func(_ *logoutDoor, a answer) string { return a.text("id_token")[:100] }, "", false},
		"rubbish": {func(*logoutDoor, answer) string { return "a.b.c" }, "", false},
		"of whom the client was before": {func(d *logoutDoor, a answer) string {
			list := d.server.Config().Clients.(oauth.ClientList)
			list["app"].Registered = time.Unix(d.now.Load()+1, 0)
			return a.text("id_token")
		}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := oauth.GenerateKeys("op", token.ES256) // of its own: one is rotated
			require.NoError(t, err)
			d := newLogoutDoor(t, func(s *oauth.Config, p *oidc.Config) { s.Keys, p.Sessions.Idle = keys, 3*time.Hour })
			d.keys = keys
			hint := c.hint(d, d.redeem(d.authorize()))
			v := d.logout("id_token_hint", hint, "client_id", c.client, "post_logout_redirect_uri", goodbye, "state", "s")
			if c.good {
				d.requireSentTo(v, goodbye, "state", "s")
				return
			}
			d.requirePage(v, 400, "This request cannot be answered")
			require.Len(t, d.sessions(), 1)
			d.requirePage(d.confirm(v), 200, "You are signed out")
			require.Empty(t, d.sessions(), "but the person can, here")
		})
	}
}

// L04. With the ID token of one client nobody is sent to where another one has registered.
func TestLogoutToAnotherClient(t *testing.T) {
	d := newLogoutDoor(t)
	hint := d.hint("app")
	for _, client := range []string{"", "app", "other"} {
		d.requirePage(d.logout("id_token_hint", hint, "client_id", client, "post_logout_redirect_uri", "https://other.example/bye"), 400, "This request cannot be answered")
		require.True(t, d.signedIn())
	}
	d.requireSentTo(d.logout("id_token_hint", d.hint("other"), "client_id", "other", "post_logout_redirect_uri", "https://other.example/bye"), "https://other.example/bye")
}

// A client that is gone sends nobody anywhere, and its ID token still says which session
// is meant.
func TestLogoutByGoneClient(t *testing.T) {
	for _, gone := range []func(oauth.ClientList){
		func(l oauth.ClientList) { delete(l, "app") },
		func(l oauth.ClientList) { l["app"].Disabled = true },
	} {
		d := newLogoutDoor(t)
		hint := d.hint("app")
		gone(d.server.Config().Clients.(oauth.ClientList))
		d.requirePage(d.logout("id_token_hint", hint, "post_logout_redirect_uri", goodbye), 400, "This request cannot be answered")
		require.Len(t, d.sessions(), 1)
		d.requirePage(d.logout("id_token_hint", hint), 200, "You are signed out")
		require.Empty(t, d.sessions())
		require.Empty(t, d.mail.kept)
	}
}

// A POST from another site does not bring the cookie, and is not the end of it.
func TestLogoutByPostOfAnotherSite(t *testing.T) {
	d := newLogoutDoor(t)
	hint := d.hint("app")
	var v visit
	d.withCookie("", func() { v = d.postLogout("id_token_hint", hint, "post_logout_redirect_uri", goodbye, "state", "s") })
	require.Equal(t, http.StatusSeeOther, v.status)
	u, err := url.Parse(v.header.Get("Location"))
	require.NoError(t, err)
	require.Equal(t, issuer+"/logout", u.Scheme+"://"+u.Host+u.Path)
	require.True(t, d.signedIn())
	d.requireSentTo(d.browse(http.MethodGet, u.RequestURI(), ""), goodbye, "state", "s")
	require.False(t, d.signedIn())
	v = d.postLogout("id_token_hint", hint, "post_logout_redirect_uri", goodbye, "state", "s")
	u, err = url.Parse(v.header.Get("Location"))
	require.NoError(t, err)
	d.requireSentTo(d.browse(http.MethodGet, u.RequestURI(), ""), goodbye, "state", "s") // where nobody is signed in any more
}
