package main

import (
	"crypto/rand"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oidc/oidctest"
)

// module is one run of one, for a response type in a response mode ("" is its default).
type module struct {
	*certification
	*process
	responseType, mode string
	client             party
	browser            *oidctest.Walker
}

func (m *module) includes(what string) bool {
	return slices.Contains(strings.Fields(m.responseType), what)
}

// by is how answers come back: "query", "fragment" or "form_post" (OAuth 2.0 Multiple
// Response Type Encoding Practices section 2.1).
func (m *module) by() string {
	switch {
	case m.mode != "":
		return m.mode
	case m.responseType == "code":
		return "query"
	}
	return "fragment"
}

// ask is the authorization request of the suite. A pair with an empty value leaves its
// parameter out.
func (m *module) ask(pairs ...string) url.Values {
	v := url.Values{
		"client_id": {m.client.id}, "redirect_uri": {partyRedirect}, "scope": {"openid"}, "state": {rand.Text()}, "nonce": {rand.Text()},
		"response_type": {m.responseType},
	}
	if m.mode != "" {
		v.Set("response_mode", m.mode)
	}
	for i := 0; i < len(pairs); i += 2 {
		if v.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			v.Del(pairs[i])
		}
	}
	return v
}

// send sends the browser to the authorization endpoint. The addresses in the query are as
// the suite writes them: a colon and a slash need no escape there (RFC 3986 section 3.4).
func (m *module) send(request url.Values) {
	m.t.Helper()
	m.sendInOrder(request, slices.Sorted(maps.Keys(request)))
}

func (m *module) sendInOrder(request url.Values, order []string) {
	m.t.Helper()
	var pairs []string
	for _, name := range order {
		value := strings.NewReplacer("%3A", ":", "%2F", "/", "+", "%20").Replace(url.QueryEscape(request.Get(name)))
		pairs = append(pairs, name+"="+value)
	}
	require.NoError(m.t, m.browser.Open(m.metadata.text("authorization_endpoint")+"?"+strings.Join(pairs, "&")))
}

// pages walks the pages as alice does, until the browser is sent back, and reports
// whether she had to give her password.
func (m *module) pages() (asked bool) {
	m.t.Helper()
	w := m.browser
	for range 4 {
		switch {
		case w.Has("username"):
			require.NoError(m.t, w.Press("continue", "username", "alice"))
		case w.Has("password"):
			asked = true
			require.NoError(m.t, w.Press("continue", "password", miaPassword))
		case w.Has("approve"):
			require.NoError(m.t, w.Press("approve"))
		default:
			return asked
		}
	}
	require.Fail(m.t, "there is no end of pages", "at %s: %s", w.URL, w.Text())
	return asked
}

// answer is what the browser brings back to the client, each parameter once.
func (m *module) answer(by string) url.Values {
	m.t.Helper()
	w, params := m.browser, url.Values(nil)
	if by == "form_post" {
		require.Equal(m.t, http.StatusOK, w.Status, "%s: %s", w.URL, w.Text())
		to, form, err := w.Form()
		require.NoError(m.t, err, w.Body)
		require.Equal(m.t, partyRedirect, to.String(), w.Body)
		require.Contains(m.t, w.Body, `<form method="post"`) // and its encoding is the default
		require.NotContains(m.t, w.Body, "enctype")
		params = form
	} else {
		require.Equal(m.t, http.StatusSeeOther, w.Status, "%s: %s", w.URL, w.Text())
		to := *w.URL
		used, unused := to.RawQuery, to.EscapedFragment()
		if by == "fragment" {
			used, unused = unused, used
		}
		to.RawQuery, to.Fragment, to.RawFragment = "", "", ""
		require.Equal(m.t, partyRedirect, to.String())
		require.Empty(m.t, unused, by)
		var err error
		params, err = url.ParseQuery(used)
		require.NoError(m.t, err)
	}
	for name, values := range params {
		require.Len(m.t, values, 1, name)
	}
	return params
}

// refused is an error that comes back to the client (OpenID Connect Core section 3.1.2.6),
// and nothing beside it.
func (m *module) refused(request url.Values, by string, codes ...string) {
	m.t.Helper()
	a := m.answer(by)
	require.Contains(m.t, codes, a.Get("error"), "%v", a)
	require.Equal(m.t, request.Get("state"), a.Get("state"))
	require.Equal(m.t, m.metadata.text("issuer"), a.Get("iss"))
	require.Regexp(m.t, `^[\x20-\x21\x23-\x5b\x5d-\x7e]+$`, a.Get("error_description"))
	require.Subset(m.t, []string{"error", "error_description", "state", "iss", "session_state"}, slices.Collect(maps.Keys(a)))
}

// errorPage is an error that the person sees, since the browser must not be sent on.
func (m *module) errorPage() {
	m.t.Helper()
	w := m.browser
	require.Equal(m.t, http.StatusBadRequest, w.Status, "%s: %s", w.URL, w.Text())
	require.True(m.t, strings.HasPrefix(w.URL.String(), m.metadata.text("authorization_endpoint")+"?"), "%s", w.URL)
	require.Contains(m.t, w.Text(), "The app wants to send you back to an address that is not its own.")
	_, _, err := w.Form()
	require.Error(m.t, err, "there is nothing to go on with")
}
