package oidc_test

import (
	"context"
	"fmt"
	"net/http/cookiejar"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

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
