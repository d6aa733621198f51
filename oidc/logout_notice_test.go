package oidc_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

// A logout that fails says so, and nobody is told that it was done; asked again, it is
// finished, and clients are told, however far it had come.
func TestLogoutFails(t *testing.T) {
	for _, fault := range []storetest.Fault{storetest.FailBefore, storetest.FailAfter} {
		t.Run(fault.String(), func(t *testing.T) {
			for n := 1; ; n++ {
				faulty := storetest.Faulty(store.NewMemory())
				d := newLogoutDoor(t, func(c *oauth.Config, _ *oidc.Config) { c.Store, c.AccessToken.Format = faulty, oauth.FormatOpaque })
				a := d.redeem(d.authorize())
				ask := func() visit {
					return d.logout("id_token_hint", a.text("id_token"), "post_logout_redirect_uri", goodbye, "state", "s")
				}
				faulty.Set(n, fault)
				v := ask()
				hit := faulty.Hit()
				faulty.Clear()
				if v.status == http.StatusServiceUnavailable {
					d.requirePage(v, 503, "You are still signed in")
					v = ask()
				}
				d.requireSentTo(v, goodbye, "state", "s")
				require.Len(t, frame.FindAllString(v.body, -1), 1, "call %d", n)
				require.Empty(t, d.sessions(), "call %d", n)
				require.Equal(t, 401, d.userinfo(a.text("access_token")).status, "call %d", n)
				require.Len(t, d.mail.kept, 1, "call %d", n)
				if !hit {
					require.Greater(t, n, 6)
					return
				}
			}
		})
	}
}

// What cannot be promised is not promised: a notice that cannot be kept stops the logout.
func TestNoticesCannotBeKept(t *testing.T) {
	d := newLogoutDoor(t)
	hint := d.hint("app")
	d.mail.err = errors.New("full")
	for range 2 {
		d.requirePage(d.logout("id_token_hint", hint), 503, "You are still signed in")
		require.Empty(t, d.mail.sent)
	}
	d.mail.err = nil
	d.requirePage(d.logout("id_token_hint", hint), 200, "You are signed out")
	require.Len(t, d.mail.sent, 1)
}

// Whoever ends a session, its clients are told, each with its own sid and none twice.
func TestNotices(t *testing.T) {
	for name, end := range map[string]func(d *logoutDoor) error{
		"the host, the session": func(d *logoutDoor) error { return d.provider.EndSession(d.t.Context(), d.sessions()[0].ID()) },
		"the host, the person":  func(d *logoutDoor) error { return d.server.EndSubject(d.t.Context(), "mia") },
		"the person, on a page": func(d *logoutDoor) error {
			return d.page(func(w http.ResponseWriter, r *http.Request) error { return d.provider.SignOut(w, r, "mia") })
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newLogoutDoor(t, func(c *oauth.Config, _ *oidc.Config) {
				list := c.Clients.(oauth.ClientList)
				list["third"].OpenID.BackchannelLogoutURI = channel
			})
			d.allow = []string{"openid"}
			app, third := d.hint("app"), d.hint("third")
			d.hint("other")
			require.NoError(t, end(d))
			require.NoError(t, d.provider.EndSession(t.Context(), "AAAAAAAAAAAAAAAAAAAAAA"))
			require.Len(t, d.mail.kept, 2)
			d.requireLogoutToken(d.deliver(d.mail.kept[0], 200), "app", d.claims(app).SessionID)
			d.requireLogoutToken(d.deliver(d.mail.kept[1], 204), "third", d.claims(third).SessionID)
			require.Equal(t, "https://app.example", d.mail.kept[0].receiver)
			first := d.deliver(d.mail.kept[0], 500)
			require.NotEqual(t, first, d.deliver(d.mail.kept[0], 400), "each attempt has a token of its own")
		})
	}
}

// A client that joins while the session is being ended is told like the others.
func TestNoticeOfLateClient(t *testing.T) {
	faulty := storetest.Faulty(store.NewMemory())
	d := newLogoutDoor(t, func(c *oauth.Config, _ *oidc.Config) { c.Store = faulty })
	list := d.server.Config().Clients.(oauth.ClientList)
	list["other"].OpenID.BackchannelLogoutURI = channel
	d.signInAs("mia")
	cookie := d.cookie()
	faulty.Before = onceOn("Put", kindOfSession, func() {
		if d.ask(cookie, "client_id", "other", "prompt", "none").params.Get("code") == "" {
			panic("no code")
		}
	})
	require.NoError(t, d.provider.EndSession(t.Context(), d.sessions()[0].ID()))
	require.Len(t, d.mail.kept, 2)
}

// Whoever has a client's id now is not told of sessions of whom had it before, nor is one
// that has gone meanwhile.
func TestNoticeOfAnotherOwner(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(c *oauth.Client, now time.Time)
	}{
		{"registered since", func(c *oauth.Client, now time.Time) { c.Registered = now.Add(time.Second) }},
		{"disabled", func(c *oauth.Client, _ time.Time) { c.Disabled = true }},
		{"without an address", func(c *oauth.Client, _ time.Time) { c.OpenID.BackchannelLogoutURI = "" }},
		{"at what is no host", func(c *oauth.Client, _ time.Time) { c.OpenID.BackchannelLogoutURI = "https://a;b,c'.example/x" }},
		{"at a host that is too long for one", func(c *oauth.Client, _ time.Time) {
			c.OpenID.BackchannelLogoutURI = "https://" + strings.Repeat("a.", 150) + "example/x"
		}},
		{"with what is no address", func(c *oauth.Client, _ time.Time) { c.OpenID.BackchannelLogoutURI = "http://10.0.0.1/x" }},
	} {
		d := newLogoutDoor(t)
		d.signInAs("mia")
		require.NoError(t, d.provider.EndSession(t.Context(), d.sessions()[0].ID()))
		require.Len(t, d.mail.kept, 1)
		client := d.server.Config().Clients.(oauth.ClientList)["app"]
		c.change(client, time.Unix(d.now.Load(), 0))
		require.Empty(t, d.deliver(d.mail.kept[0], 200), c.name)
		d.authorize("prompt", "login")
		for _, s := range d.sessions() {
			require.NoError(t, d.provider.EndSession(t.Context(), s.ID()), "%s: what cannot be told stops no logout", c.name)
		}
	}
}

// A host with the signs of a policy does not get into one.
func TestFrameOfAnOddHost(t *testing.T) {
	d := newLogoutDoor(t)
	for _, uri := range []string{"https://a;sandbox/front", "https://a,b/front", "https://a'b/front", "https://a$b/front"} {
		d.server.Config().Clients.(oauth.ClientList)["app"].OpenID.FrontchannelLogoutURI = uri
		v := d.logout("id_token_hint", d.hint("app"))
		d.requirePage(v, 200, "You are signed out")
		require.NotContains(t, v.header.Get("Content-Security-Policy"), "frame-src")
		require.NotContains(t, v.body, "<iframe")
	}
}
