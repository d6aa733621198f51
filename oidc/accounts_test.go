package oidc_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
)

// page runs what a page does with the cookies of the browser.
func (d *door) page(f func(w http.ResponseWriter, r *http.Request) error) error {
	r, w := httptest.NewRequest(http.MethodPost, "https://op.example/page", nil), httptest.NewRecorder()
	for _, c := range d.jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	err := f(w, r)
	d.jar.SetCookies(r.URL, w.Result().Cookies())
	return err
}

// accounts are who is signed in in the browser, in order.
func (d *door) accounts() (names []string) {
	d.t.Helper()
	require.NoError(d.t, d.page(func(_ http.ResponseWriter, r *http.Request) error {
		list, err := d.provider.SignedIn(r)
		for _, s := range list {
			names = append(names, s.Subject())
		}
		return err
	}))
	return names
}

func (d *door) signInAs(names ...string) {
	d.t.Helper()
	for _, name := range names {
		d.person = name
		d.sent(d.authorize("prompt", "login"), "")
	}
}

func TestAccounts(t *testing.T) {
	d := newDoor(t)
	require.Empty(t, d.accounts())
	d.signInAs("a", "b", "c", "d", "e")
	require.Equal(t, []string{"e", "d", "c", "b", "a"}, d.accounts())
	d.signInAs("c")
	require.Equal(t, []string{"c", "e", "d", "b", "a"}, d.accounts(), "nobody is there twice")
	d.signInAs("f")
	require.Equal(t, []string{"f", "c", "e", "d", "b"}, d.accounts(), "five, and the one that was used longest ago makes room")

	choose := func(name string) error {
		return d.page(func(w http.ResponseWriter, r *http.Request) error { return d.provider.SelectAccount(w, r, name) })
	}
	require.NoError(t, choose("d"))
	require.Equal(t, "d", d.claims(d.redeem(d.authorize("prompt", "none")).text("id_token")).Subject)
	require.ErrorIs(t, choose("a"), oidc.ErrNotSignedIn)
	require.ErrorIs(t, choose(""), oidc.ErrNotSignedIn)

	for _, name := range []string{"d", "nobody"} {
		require.NoError(t, d.page(func(w http.ResponseWriter, r *http.Request) error { return d.provider.SignOut(w, r, name) }))
		require.Equal(t, []string{"f", "c", "e", "b"}, d.accounts())
	}
	require.Equal(t, "f", d.claims(d.redeem(d.authorize("prompt", "none")).text("id_token")).Subject)
	list, err := d.provider.Sessions(t.Context(), "d")
	require.NoError(t, err)
	require.Empty(t, list, "and not in this browser alone")
}

// Whatever stands in a cookie: nobody is signed in by it but who has made it so, it is
// read within bounds, and no answer fails over it.
func TestHostileCookies(t *testing.T) {
	d := newDoor(t)
	d.signInAs("mia")
	good := d.cookie()
	other := newDoor(t)
	other.signInAs("mia")
	foreign := other.cookie()
	code := d.authorize("prompt", "none").params.Get("code")
	for name, c := range map[string]struct {
		value string
		want  string
	}{
		"as it is":                    {good, ""},
		"twice":                       {good + "." + good, ""},
		"after rubbish":               {"x.." + good, ""},
		"of another store":            {foreign, "login_required"},
		"cut":                         {good[:len(good)-1], "login_required"},
		"longer":                      {good + "A", "login_required"},
		"another spelling":            {strings.ToUpper(good), "login_required"},
		"a code":                      {code, "login_required"},
		"separators":                  {strings.Repeat(".", 1000), "login_required"},
		"behind four that are no one": {strings.Repeat("x.", 4) + good, ""},
		"too long":                    {strings.Repeat("x.", 500) + good, "login_required"},
		"empty":                       {"", "login_required"},
	} {
		require.Equal(t, c.want, d.ask(c.value, "prompt", "none").params.Get("error"), name)
	}
}

// FuzzSessionCookie: no value of a cookie makes a request fail, panic, or sign somebody
// in, unless it has the one handle that was given out.
func FuzzSessionCookie(f *testing.F) {
	d := newDoor(f)
	d.signInAs("mia")
	good := d.cookie()
	for _, s := range []string{good, good + "." + good, "", ".", strings.Repeat(".", 2000), good[:20], "mint_ss_", "mint_ss_AAAA." + good, "\"" + good + "\"", good + "; x=y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if !utf8.ValidString(value) || strings.ContainsAny(value, "\x00\r\n;,\" \\") {
			return // net/http does not read it as one cookie
		}
		r := httptest.NewRequest(http.MethodGet, "https://op.example"+authorization("prompt", "none"), nil)
		r.Header.Set("Cookie", fmt.Sprintf("%s=%s", d.provider.CookieName("session"), value))
		w := httptest.NewRecorder()
		d.mux.ServeHTTP(w, r)
		v := newVisit(w)
		if v.status != http.StatusSeeOther {
			t.Fatalf("status %d", v.status)
		}
		switch code := v.params.Get("error"); {
		case code == "" && strings.Contains(value, good):
		case code == "" || code != oauth.CodeLoginRequired && code != "":
			t.Fatalf("%q: %v", value, v.params)
		}
	})
}
