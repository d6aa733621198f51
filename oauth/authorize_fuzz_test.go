package oauth_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
)

// browserHost is the host that a browser goes to, as the URL Standard has it and not as
// our code does: blanks around it and line ends inside are dropped, a backslash is a
// slash, and what stands before the last "@" is a user.
func browserHost(s string) string {
	s = strings.Trim(s, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f ")
	s = strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(s)
	scheme, rest, _ := strings.Cut(s, ":")
	if scheme = strings.ToLower(scheme); scheme != "http" && scheme != "https" {
		return scheme + ":"
	}
	rest = strings.TrimLeft(rest, "/")
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	rest = strings.ToLower(rest[strings.LastIndexByte(rest, '@')+1:])
	if i := strings.LastIndexByte(rest, ':'); i > strings.LastIndexByte(rest, ']') {
		rest = rest[:i]
	}
	return rest
}

var (
	loopbackPort = regexp.MustCompile(`^(http://(?:127\.0\.0\.1|\[::1\]|localhost))(?::([1-9][0-9]{0,4}))?((?:[/?].*)?)$`)
	oneLabel     = regexp.MustCompile(`^https://[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(\..*)$`)
)

// same is the oracle: what may be sent for a redirect URI that is registered.
func same(c *oauth.Client, registered, sent string) bool {
	if registered == sent {
		return !strings.Contains(sent, "*")
	}
	r, s := loopbackPort.FindStringSubmatch(registered), loopbackPort.FindStringSubmatch(sent)
	if c.Native && r != nil && s != nil && r[1] == s[1] && r[3] == s[3] && (c.LocalhostPorts || !strings.HasSuffix(r[1], "localhost")) {
		return len(s[2]) < 5 || s[2] <= "65535"
	}
	m := oneLabel.FindStringSubmatch(sent)
	return c.WildcardRedirects && m != nil && registered == "https://*"+m[1]
}

// quiet lets a fuzz target run for long.
func quiet(c *oauth.Config) { c.Observe = nil }

// FuzzRedirectMatch: the browser is sent to what the oracle allows and nowhere else, and
// a browser sees the host that is registered there.
func FuzzRedirectMatch(f *testing.F) {
	for _, c := range redirects {
		f.Add(c.registered, c.sent, strings.Contains(c.switches, "native"), strings.Contains(c.switches, "localhost"), strings.Contains(c.switches, "wildcard"))
	}
	d := newDoor(f, quiet)
	f.Fuzz(func(t *testing.T, registered, sent string, native, localhost, wildcard bool) {
		d.t = t
		c := d.redirected(registered, "")
		c.Native, c.LocalhostPorts, c.WildcardRedirects = native, localhost, wildcard
		v := d.authorize(redirectID, "redirect_uri", sent)
		at := v.header.Get("Location")
		good := sent != "" && c.Validate() == nil && same(c, registered, sent)
		if sent == "" { // left out: the only one there is
			good, sent = c.Validate() == nil && !strings.Contains(registered, "*"), registered
		}
		if !good {
			require.Empty(t, at, "registered %q, sent %q", registered, sent)
			require.Equal(t, http.StatusBadRequest, v.status)
			return
		}
		require.True(t, strings.HasPrefix(at, sent) && strings.Contains(at, "code=mint_ac_"), "registered %q, sent %q, location %q", registered, sent, at)
		want := browserHost(registered)
		if label, rest, ok := strings.Cut(browserHost(at), "."); ok && strings.HasPrefix(want, "*.") && !strings.ContainsAny(label, "/@:") {
			want = label + "." + strings.TrimPrefix(want, "*.")
			require.Equal(t, want, label+"."+rest)
		}
		require.Equal(t, want, browserHost(at), "registered %q, location %q", registered, at)
	})
}

// FuzzRedirectRegister: what can be registered is read alike by every parser, can be no
// script, and is no response by itself.
func FuzzRedirectRegister(f *testing.F) {
	for _, c := range registrations {
		f.Add(c.uri, strings.Contains(c.switches, "wildcard"))
	}
	d := newDoor(f, quiet)
	f.Fuzz(func(t *testing.T, uri string, wildcard bool) {
		c := d.redirected(uri, "")
		c.WildcardRedirects = wildcard
		err := c.Validate()
		v := d.authorize(redirectID, "redirect_uri", uri)
		if err != nil {
			require.Empty(t, v.header.Get("Location"), uri)
			return
		}
		u, err := url.Parse(uri)
		require.NoError(t, err)
		require.True(t, len(uri) <= 2048 && !strings.ContainsAny(uri, "#\\ \t\r\n") && u.User == nil && u.Scheme == strings.ToLower(u.Scheme), uri)
		switch {
		case u.Scheme == "https" || u.Scheme == "http":
			require.Equal(t, strings.Trim(u.Hostname(), "[]"), strings.Trim(browserHost(uri), "[]"), uri)
			require.True(t, u.Scheme == "https" || oauth.Loopback(u.Hostname()), uri)
			require.NotContains(t, u.Path, "/../")
		default:
			require.Contains(t, u.Scheme, ".")
		}
		for _, part := range strings.FieldsFunc(u.RawQuery, func(r rune) bool { return r == '&' || r == ';' }) {
			name, _, _ := strings.Cut(part, "=")
			name, _ = url.QueryUnescape(name)
			require.NotContains(t, []string{"code", "state", "iss", "error", "access_token", "id_token"}, name, uri)
		}
		if !strings.Contains(uri, "*") {
			require.True(t, strings.HasPrefix(v.header.Get("Location"), uri), uri)
		}
	})
}

// formAction is where a page posts, and formState the state it carries.
var (
	formAction = regexp.MustCompile(`<form method="post" action="([^"]*)">`)
	formState  = regexp.MustCompile(`<input type="hidden" name="state" value="([^"]*)">`)
)

// FuzzAuthorizeQuery: no query makes the endpoint panic or fail, none has it send the
// browser to what is not registered, and the state comes back byte by byte.
func FuzzAuthorizeQuery(f *testing.F) {
	d := newDoor(f, quiet)
	for _, pairs := range [][]string{
		nil, {"state", "%00"}, {"response_type", "token code"}, {"response_mode", "form_post"}, {"response_mode", "form_post", "state", `"><script>`},
		{"response_mode", "fragment", "state", "a b+c&d=e#f"}, {"prompt", "none login"}, {"max_age", "0"}, {"request", "x"}, {"scope", "openid"},
		{"redirect_uri", "https://evil.example/"}, {"redirect_uri", "https://app.example/other?x=1"}, {"resource", "https://other.example"}, {"claims", "{"},
	} {
		for _, client := range []string{spaID, frontID, phoneID} {
			f.Add(d.query(client, pairs...).Encode())
		}
	}
	f.Add(d.query(spaID).Encode() + "&state=2")
	f.Add("state=&" + d.query(spaID).Encode())
	f.Add(d.query(spaID).Encode() + "&scope=write")
	f.Add("client_id=" + spaID + "&redirect_uri=" + url.QueryEscape(back) + "&response_type=code;token")
	f.Fuzz(func(t *testing.T, query string) {
		r, err := http.NewRequest(http.MethodGet, "/authorize", nil)
		require.NoError(t, err)
		r.URL.RawQuery = query
		v := d.serve(r)
		require.Less(t, v.status, 500, v.body)
		to, state := v.header.Get("Location"), ""
		values, _ := url.ParseQuery(query)
		sent := func(name string) string { // a parameter without a value is none
			if i := slices.IndexFunc(values[name], func(v string) bool { return v != "" }); i >= 0 {
				return values[name][i]
			}
			return ""
		}
		switch {
		case to != "":
			require.Equal(t, http.StatusSeeOther, v.status)
			require.NotContains(t, to, "\n")
			state = v.params.Get("state")
		case v.status == http.StatusOK:
			require.Len(t, formAction.FindAllString(v.body, -1), 1, v.body)
			to = html.UnescapeString(formAction.FindStringSubmatch(v.body)[1])
			if m := formState.FindStringSubmatch(v.body); m != nil {
				state = html.UnescapeString(m[1])
			}
		default: // nobody is sent anywhere
			require.NotContains(t, v.body, "mint_ac_")
			return
		}
		c := d.clients[sent("client_id")]
		require.NotNil(t, c, query)
		require.True(t, slices.ContainsFunc(c.RedirectURIs, func(u string) bool {
			asked := sent("redirect_uri")
			return asked == "" && strings.HasPrefix(to, u) || same(c, u, asked) && strings.HasPrefix(to, asked)
		}), "%s: sent to %s", query, to)
		require.Equal(t, sent("state"), state, query)
	})
}

// FuzzOpenRequest: nothing is a sealed request but what was sealed, to the last bit.
func FuzzOpenRequest(f *testing.F) {
	d := newDoor(f, quiet)
	sealed := d.sealed(spaID, "state", "s", "nonce", "n")
	for _, s := range []string{
		"", sealed, sealed + "=", sealed[:len(sealed)-1], sealed + "A", " " + sealed, sealed + "\n", strings.ToUpper(sealed), "mint_au_", "mint_ac_" + sealed[8:],
		`{"i":"AAAAAAAAAAAAAAAAAAAAAA"}`, strings.Repeat("A", 9000),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		req, err := d.server.Open(s)
		if s == sealed {
			require.NoError(t, err)
			require.Equal(t, d.last, req)
			return
		}
		require.Nil(t, req)
		var e *oauth.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, "invalid_request", e.Code)
	})
}

// FuzzSealRequest: what is sealed comes back as it was, or is too long and says so.
func FuzzSealRequest(f *testing.F) {
	d := newDoor(f, quiet)
	d.sealed(spaID)
	f.Add("state", "mia@example.test", `{"userinfo":{}}`, "data", int64(60))
	f.Add("<&>\u2028\"\\", "\t", strings.Repeat("x", 5000), "ä", int64(0))
	f.Fuzz(func(t *testing.T, state, hint, claims, data string, age int64) {
		for _, s := range []string{state, hint, claims, data} {
			if !utf8.ValidString(s) {
				return // parameters are text, and so is what a host keeps
			}
		}
		req := *d.last
		req.State, req.LoginHint, req.Claims, req.Data, req.MaxAge = state, hint, claims, data, &age
		sealed, err := d.server.Seal(&req)
		if err != nil {
			require.Greater(t, len(state)+len(hint)+len(claims)+len(data), 500)
			return
		}
		require.Regexp(t, `^[A-Za-z0-9_-]+$`, sealed)
		got, err := d.server.Open(sealed)
		require.NoError(t, err)
		require.Equal(t, &req, got)
	})
}
