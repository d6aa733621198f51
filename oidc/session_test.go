package oidc_test

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

// kindOfSession is the kind of a session's record, for faults that are to hit it.
const kindOfSession store.Kind = 'n'

// cookie is the session cookie as the browser has it; "" if it has none.
func (d *door) cookie() string {
	for _, c := range d.cookies() {
		if strings.Contains(c.Name, "_session_") {
			return c.Value
		}
	}
	return ""
}

func (d *door) cookies() []*http.Cookie {
	r, err := http.NewRequest(http.MethodGet, "https://op.example/", nil)
	require.NoError(d.t, err)
	return d.jar.Cookies(r.URL)
}

// withCookie lets f run in another browser, which has that cookie and nothing else.
func (d *door) withCookie(value string, f func()) {
	own := d.jar
	d.jar, _ = cookiejar.New(nil)
	if value != "" {
		r, _ := http.NewRequest(http.MethodGet, "https://op.example/", nil)
		d.jar.SetCookies(r.URL, []*http.Cookie{{Name: d.provider.CookieName("session"), Value: value, Path: "/", Secure: true}})
	}
	f()
	d.jar = own
}

func (d *door) silent(pairs ...string) string {
	return d.authorize(append(pairs, "prompt", "none")...).params.Get("error")
}

// sessions are those of mia.
func (d *door) sessions() []*oidc.Session {
	d.t.Helper()
	list, err := d.provider.Sessions(d.t.Context(), "mia")
	require.NoError(d.t, err)
	return list
}

// L09. What a browser is told about the cookie, by the issuer and the choice of the host.
func TestSessionCookie(t *testing.T) {
	for _, c := range []struct {
		name, issuer string
		cross        bool
		prefix       string
		secure       bool
		same         http.SameSite
	}{
		{"https", "https://op.example/t1", false, "__Host-mint_session_", true, http.SameSiteLaxMode},
		{"https, for frames of other sites", "https://op.example/t1", true, "__Host-mint_session_", true, http.SameSiteNoneMode},
		{"http on a loopback host", "http://127.0.0.1:8080/t1", false, "mint_session_", false, http.SameSiteLaxMode},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDoor(t, func(s *oauth.Config, p *oidc.Config) { s.Issuer, p.Sessions.CrossSite = c.issuer, c.cross })
			w := d.authorize()
			set := (&http.Response{Header: w.header}).Cookies()
			require.Len(t, set, 1)
			got := set[0]
			require.True(t, strings.HasPrefix(got.Name, c.prefix), got.Name)
			require.Equal(t, []any{c.secure, true, c.same, "/", "", 0},
				[]any{got.Secure, got.HttpOnly, got.SameSite, got.Path, got.Domain, got.MaxAge})
			require.Regexp(t, `^mint_ss_[A-Za-z0-9_-]{55}$`, got.Value, "a handle, and nothing about anybody")
		})
	}
	a := newDoor(t)
	b := newDoor(t, func(c *oauth.Config, _ *oidc.Config) {
		var err error
		c.ID = "op2"
		c.Keys, err = oauth.GenerateKeys("op2", token.ES256)
		require.NoError(t, err)
	})
	require.NotEqual(t, a.provider.CookieName("session"), b.provider.CookieName("session"), "two servers of one origin")
}

// L08. Proving more changes the cookie; what somebody has seen of it before is good for
// the tabs that are asking just now, earns nothing, and is refused then.
func TestSessionGeneration(t *testing.T) {
	d := newDoor(t)
	d.authorize()
	first := d.cookie()
	d.advance(time.Second)
	d.authorize("client_id", "other")
	require.Equal(t, first, d.cookie(), "another client of the same session changes nothing")
	d.methods = []string{"totp"}
	d.authorize("client_id", "strict")
	second := d.cookie()
	require.NotEqual(t, first, second, "step-up")
	d.advance(time.Second)
	d.authorize("prompt", "login")
	third := d.cookie()
	require.NotEqual(t, second, third, "a new sign-in")

	for _, c := range []struct {
		name, cookie string
		after        time.Duration
		want         string
	}{
		{"the one before the last", first, 0, "login_required"},
		{"the last one", second, 0, ""},
		{"the last one, just before ten seconds are over", second, 9 * time.Second, ""},
		{"the last one, after ten seconds", second, time.Second, "login_required"},
		{"the present one", third, 0, ""},
	} {
		d.advance(c.after)
		d.withCookie(c.cookie, func() {
			require.Equal(t, c.want, d.silent(), c.name)
			if c.cookie == second {
				require.Equal(t, second, d.cookie(), "%s: the present one is not handed out for it", c.name)
			}
		})
	}
	require.Empty(t, d.silent(), "and the old ones have ended nothing")
	require.Len(t, d.sessions(), 1)
}

// A tab that proves something itself gets the present cookie, whichever it came with.
func TestParallelTabs(t *testing.T) {
	d := newDoor(t)
	d.authorize()
	first := d.cookie()
	d.advance(time.Second)
	d.authorize("prompt", "login")
	d.advance(time.Second)
	d.withCookie(first, func() {
		d.authorize("prompt", "login")
		require.NotEqual(t, first, d.cookie())
		d.advance(time.Minute)
		require.Empty(t, d.silent())
	})
}

// L10. The server's own clock decides; being used is written down now and then only.
func TestSessionTouch(t *testing.T) {
	faulty := storetest.Faulty(store.NewMemory())
	d := newDoor(t, func(c *oauth.Config, p *oidc.Config) {
		c.Store, p.Sessions.Idle = faulty, 160*time.Minute
	})
	d.authorize()
	var writes int
	faulty.After = func(c storetest.Call) {
		if c.Method == "Put" && c.Key.Kind == kindOfSession {
			writes++
		}
	}
	for range 30 {
		d.advance(time.Minute)
		require.Empty(t, d.silent())
	}
	require.Equal(t, 3, writes, "every tenth minute: a sixteenth of 160")
	d.advance(150 * time.Minute)
	require.Empty(t, d.silent(), "it is the last use that counts, within that sixteenth")
}

// A use that cannot be written down is harmless.
func TestSessionTouchLost(t *testing.T) {
	faulty := storetest.Faulty(store.NewMemory())
	d := newDoor(t, func(c *oauth.Config, _ *oidc.Config) { c.Store = faulty })
	d.authorize()
	d.advance(time.Hour)
	faulty.SetOn("Put", 1, storetest.FailBefore) // the grant's comes after it
	require.Empty(t, d.silent())
	require.True(t, faulty.Hit())
}

// A session knows a bounded number of clients.
func TestManyClients(t *testing.T) {
	clients := make(oauth.ClientList)
	for i := range 120 {
		id := fmt.Sprintf("c%d", i)
		clients[id] = &oauth.Client{ID: id, AuthMethod: oauth.AuthNone, GrantTypes: []string{oauth.GrantAuthorizationCode}, RedirectURIs: []string{back}}
	}
	d := newDoor(t, func(c *oauth.Config, _ *oidc.Config) { c.Clients = clients })
	for i := range 120 {
		require.Empty(t, d.authorize("client_id", fmt.Sprintf("c%d", i)).params.Get("error"))
	}
	require.Len(t, d.sessions(), 1)
	list := d.sessions()[0].Clients()
	require.Len(t, list, 100)
	require.Equal(t, "c119", list[99])
}

// Twenty tabs of one browser ask at once while one proves more and a client is new: every
// one is answered, and there is one session.
func TestTabsRace(t *testing.T) {
	d := newDoor(t)
	d.authorize()
	d.advance(time.Second)
	cookie := d.cookie()
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			v := d.ask(cookie, "client_id", []string{"app", "other"}[i%2], "prompt", "none")
			if v.params.Get("code") == "" {
				t.Errorf("%v", v.params)
			}
		})
	}
	wg.Wait()
	require.Len(t, d.sessions(), 1)
	require.ElementsMatch(t, []string{"app", "other"}, d.sessions()[0].Clients())
}
