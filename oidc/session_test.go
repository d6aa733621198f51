package oidc_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync"
	"sync/atomic"
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
			require.NotContains(t, got.Value, "mia")
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

// L11. Somebody who was suspended is not signed in any more, anywhere, and stays so.
func TestSessionsEndWithThePerson(t *testing.T) {
	d := newDoor(t)
	d.authorize()
	other := ""
	d.withCookie("", func() { d.authorize(); other = d.cookie() })
	require.Len(t, d.sessions(), 2)
	d.active = false
	require.Equal(t, "login_required", d.silent(), "before anything has ended it")
	require.NoError(t, d.server.EndSubject(t.Context(), "mia"), "on the server that the host has configured")
	d.active = true
	require.Equal(t, "login_required", d.silent())
	d.withCookie(other, func() { require.Equal(t, "login_required", d.silent()) })
	require.Empty(t, d.sessions())
}

// L12. Ending a session ends what came of it, and of it alone.
func TestEndSession(t *testing.T) {
	for _, offline := range []bool{false, true} {
		t.Run(fmt.Sprintf("EndOffline %v", offline), func(t *testing.T) {
			d := newDoor(t, func(c *oauth.Config, p *oidc.Config) {
				c.AccessToken.Format, p.Sessions.EndOffline = oauth.FormatOpaque, offline
			})
			plain, long := d.redeem(d.authorize()), d.redeem(d.authorize("scope", "openid offline_access"))
			waiting := d.authorize() // a code that nobody has redeemed yet
			var elsewhere answer
			d.withCookie("", func() { elsewhere = d.redeem(d.authorize()) })
			id := d.sessionOf(plain)
			for range 2 { // over is over
				require.NoError(t, d.provider.EndSession(t.Context(), id))
			}
			require.Equal(t, 401, d.userinfo(plain.text("access_token")).status)
			require.Equal(t, 200, d.userinfo(elsewhere.text("access_token")).status, "another browser of the same person")
			d.redeem(waiting).requireError(t, "invalid_grant")
			again := d.post("/t1/token", "client_id", "app", "grant_type", "refresh_token", "refresh_token", long.text("refresh_token"))
			require.Equal(t, offline, again.status == 400, again.raw)
			require.Equal(t, "login_required", d.silent())
			for _, id := range []string{"", "x", strings.Repeat("A", 22), strings.Repeat("A", 2000)} {
				require.NoError(t, d.provider.EndSession(t.Context(), id), "what is no session is over")
			}
		})
	}
}

// sessionOf finds the session of which a client has an ID token.
func (d *door) sessionOf(a answer) string {
	d.t.Helper()
	sid := d.claims(a.text("id_token")).SessionID
	for _, s := range d.sessions() {
		if s.SID("app") == sid {
			return s.ID()
		}
	}
	d.t.Fatal("no session has this sid")
	return ""
}

// An end that was interrupted, wherever, is finished by the one who comes with the
// cookie next: nothing of it is good in the meantime.
func TestInterruptedEndSession(t *testing.T) {
	for n := 1; ; n++ {
		faulty := storetest.Faulty(store.NewMemory())
		d := newDoor(t, func(c *oauth.Config, _ *oidc.Config) { c.Store, c.AccessToken.Format = faulty, oauth.FormatOpaque })
		a := d.redeem(d.authorize())
		id := d.sessionOf(a)
		faulty.Set(n, storetest.FailBefore)
		err := d.provider.EndSession(t.Context(), id)
		hit := faulty.Hit()
		faulty.Clear()
		if hit && err == nil {
			t.Fatalf("call %d failed, and the end is said to be done", n)
		}
		if !hit {
			require.NoError(t, err)
			require.Greater(t, n, 5)
			return
		}
		began := len(d.sessions()) == 0
		if began {
			require.Equal(t, "login_required", d.silent(), "call %d", n)
			require.Equal(t, 401, d.userinfo(a.text("access_token")).status, "call %d: whoever met it has finished it", n)
		}
	}
}

// A session that is written while its person is being ended is not there when both are
// done, in either order of the writes, also where the request was answered before.
func TestSessionBornDuringEnd(t *testing.T) {
	for _, when := range []string{"before it is written", "after it"} {
		for _, again := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, request answered before: %v", when, again), func(t *testing.T) {
				faulty := storetest.Faulty(store.NewMemory())
				d := newDoor(t, func(c *oauth.Config, _ *oidc.Config) { c.Store = faulty })
				hook := onceOn("Put", kindOfSession, func() { check(d.provider.Server().EndSubject(context.Background(), "mia")) })
				arm := func() {
					if when == "after it" {
						faulty.After = hook
					} else {
						faulty.Before = hook
					}
				}
				d.person = ""
				d.authorize()
				d.person = "mia"
				if again {
					require.Empty(t, d.resume().params.Get("error"))
					d.jar, _ = cookiejar.New(nil)
				}
				arm()
				v := d.resume()
				require.NotEmpty(t, v.params.Get("error"), "%v", v.params)
				require.Empty(t, d.cookie())
				require.Empty(t, d.sessions())
			})
		}
	}
}

// onceOn calls f on the first call of a method about a kind of record.
func onceOn(method string, kind store.Kind, f func()) func(storetest.Call) {
	var did atomic.Bool // and no sync.Once: f may come here again
	return func(c storetest.Call) {
		if c.Method == method && c.Key.Kind == kind && !did.Swap(true) {
			f()
		}
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// A session that ends while a client is being answered in it takes the answer along.
func TestGrantBornDuringEndOfSession(t *testing.T) {
	for _, when := range []string{"before the grant is written", "after it"} {
		t.Run(when, func(t *testing.T) {
			faulty := storetest.Faulty(store.NewMemory())
			d := newDoor(t, func(c *oauth.Config, _ *oidc.Config) { c.Store = faulty })
			id := d.sessionOf(d.redeem(d.authorize()))
			hook := onceOn("Put", 'g', func() { check(d.provider.EndSession(context.Background(), id)) })
			if when == "after it" {
				faulty.After = hook
			} else {
				faulty.Before = hook
			}
			v := d.authorize("prompt", "none")
			require.Equal(t, "access_denied", v.params.Get("error"), "%v", v.params)
			require.Empty(t, v.params.Get("code"))
			require.Equal(t, "login_required", d.silent())
		})
	}
}

// What a policy refuses, or a store cannot write, takes nobody's session away.
func TestFailedAnswerLeavesTheSession(t *testing.T) {
	faulty := storetest.Faulty(store.NewMemory())
	d := newDoor(t, func(c *oauth.Config, _ *oidc.Config) { c.Store = faulty })
	d.authorize()
	d.advance(time.Minute)
	faulty.SetOn("Put", 2, storetest.FailBefore) // the session's is the first
	v := d.authorize("prompt", "login")
	require.Equal(t, "temporarily_unavailable", v.params.Get("error"), "%v", v.params)
	d.advance(time.Minute)
	require.Empty(t, d.silent(), "it is that of before, and knows what was proved now")
	require.Len(t, d.sessions(), 1)

	d.jar, _ = cookiejar.New(nil)
	faulty.SetOn("Put", 2, storetest.FailBefore) // the session's is the first
	require.Equal(t, "temporarily_unavailable", d.authorize().params.Get("error"))
	require.Empty(t, d.cookie(), "one that was made for the answer goes with it")
	require.Len(t, d.sessions(), 1)
}

// Every store call of a sign-in, and of an answer from a session, fails in turn: no code
// with an error, no session without its cookie that lists as good for long, and the next
// try succeeds.
func TestEveryStoreCallOfASignInFails(t *testing.T) {
	for _, fault := range []storetest.Fault{storetest.FailBefore, storetest.FailAfter} {
		for name, signedIn := range map[string]bool{"sign-in": false, "single sign-on": true} {
			t.Run(name+" "+fault.String(), func(t *testing.T) {
				for n := 1; ; n++ {
					faulty := storetest.Faulty(store.NewMemory())
					d := newDoor(t, func(c *oauth.Config, _ *oidc.Config) { c.Store = faulty })
					if signedIn {
						d.authorize("client_id", "other")
					}
					faulty.Set(n, fault)
					v := d.authorize()
					hit := faulty.Hit()
					faulty.Clear()
					switch {
					case v.params.Get("code") != "":
						require.Equal(t, 200, d.redeem(v).status)
					case hit:
						require.Equal(t, "temporarily_unavailable", v.params.Get("error"), "call %d: %v", n, v.params)
					default:
						t.Fatalf("call %d: %v", n, v.params)
					}
					require.NotEmpty(t, d.authorize().params.Get("code"), "call %d", n)
					require.Empty(t, d.silent(), "call %d", n)
					if !hit {
						return
					}
				}
			})
		}
	}
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
