package oauth_test

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
)

// states are what clients send to find again.
var states = map[string]string{
	"none":            "",
	"reserved":        strings.Repeat(":/?#[]@!$&'()*+,;=", 113),
	"a query":         strings.Repeat("a=b&", 512),
	"a blank":         "a b  c",
	"a tab":           "a\tb",
	"percent signs":   "%41%zz%",
	"markup":          `"><script>alert(1)</script>'<!--`,
	"JSON":            `{"next":"/?a=b&c=d","n":"\u00e4"}`,
	"other languages": "grüße 世界 \u2028\u2029 😀",
	"as long as can":  strings.Repeat("s", 2048),
	"like an answer":  "&code=x&error=y",
}

// A16, A17: the state comes back byte by byte, in every mode, with a code, with an error,
// and by way of pages; and every answer says whose it is.
func TestResponseState(t *testing.T) {
	d := newDoor(t)
	for name, state := range states {
		for _, mode := range []string{"query", "fragment", "form_post"} {
			for _, scope := range []string{"read", "nonsense"} {
				t.Run(name+" "+mode+" "+scope, func(t *testing.T) {
					ask := []string{"state", state, "response_mode", mode, "scope", scope}
					requireAnswer(t, d.authorize(spaID, ask...), mode, state, scope == "read")
					if scope == "read" {
						requireAnswer(t, d.submit(d.sealed(spaID, ask...), "mia"), mode, state, true)
					}
				})
			}
		}
	}
}

// requireAnswer asserts what every answer has.
func requireAnswer(t *testing.T, v visit, mode, state string, good bool) {
	t.Helper()
	p := v.params
	if mode == "form_post" {
		p = posted(t, v)
	} else {
		require.Equal(t, http.StatusSeeOther, v.status, v.body)
		require.Equal(t, back+map[string]string{"query": "?", "fragment": "#"}[mode], v.to)
		require.NotContains(t, v.header.Get("Location"), "+", "a script that is no form reader reads it too")
	}
	require.Equal(t, []string{issuer}, p["iss"])
	require.Equal(t, good, p.Get("code") != "")
	require.Equal(t, good, p.Get("error") == "")
	if state == "" {
		require.NotContains(t, p, "state")
		return
	}
	require.Equal(t, []string{state}, p["state"])
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"<>]*)" value="([^"<>]*)">`)

// posted are the parameters that a page of form_post posts.
func posted(t *testing.T, v visit) url.Values {
	t.Helper()
	require.Equal(t, http.StatusOK, v.status, v.body)
	require.Empty(t, v.header.Get("Location"))
	p := make(url.Values)
	for _, m := range hidden.FindAllStringSubmatch(v.body, -1) {
		p.Add(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	return p
}

// A25: the page posts to the redirect URI alone, runs one script, which it names, and
// nobody may frame it or keep it.
func TestResponseFormPost(t *testing.T) {
	d := newDoor(t)
	v := d.authorize(spaID, "redirect_uri", "https://app.example/other?x=1", "response_mode", "form_post", "state", `"><script>`)
	p := posted(t, v)
	require.Equal(t, http.StatusOK, d.post("/token", spaID, form("grant_type", oauth.GrantAuthorizationCode, "code", p.Get("code"),
		"redirect_uri", "https://app.example/other?x=1", "code_verifier", verifier)).status)
	require.Equal(t, []string{"https://app.example/other?x=1"}, formAction.FindStringSubmatch(v.body)[1:])
	require.Len(t, regexp.MustCompile(`<script>`).FindAllString(v.body, -1), 1)
	script := regexp.MustCompile(`<script>(.*)</script>`).FindStringSubmatch(v.body)[1]
	sum := sha256.Sum256([]byte(script))
	policy := v.header.Get("Content-Security-Policy")
	require.Contains(t, policy, "script-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	require.Contains(t, policy, "default-src 'none'")
	require.Contains(t, policy, "frame-ancestors 'none'")
	require.NotContains(t, policy, "form-action", "browsers hold the redirects behind a post to it")
	requirePageHeaders(t, v)
	require.NotContains(t, v.body, "http-equiv")
	for _, from := range []string{"src=", "href=", "url("} {
		require.NotContains(t, v.body, from, "nothing of anybody else's (A31)")
	}

	// An app's own scheme is no place to post to, and neither is a token in a query.
	d.authorize(phoneID, "redirect_uri", "com.example.app:/cb", "response_mode", "form_post").requireSent(t, "invalid_request")
	v = d.authorize(phoneID, "redirect_uri", "http://127.0.0.1:51004/cb", "response_mode", "form_post")
	require.Equal(t, "http://127.0.0.1:51004/cb", formAction.FindStringSubmatch(v.body)[1])

	v = d.authorize(frontID, "response_type", "code token", "response_mode", "form_post")
	p = posted(t, v)
	require.True(t, d.active(p.Get("access_token")))
	require.NotEmpty(t, p.Get("code"))
}

// requirePageHeaders asserts what every page has: A25, A31, A36, G17.
func requirePageHeaders(t *testing.T, v visit) {
	t.Helper()
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		"Content-Type": "text/html; charset=utf-8",
	} {
		require.Equal(t, want, v.header.Get(name), name)
	}
}

// A31, G26: whatever carries a code is in no cache and in no Referer, and a POST becomes a GET.
func TestResponseRedirectHeaders(t *testing.T) {
	d := newDoor(t)
	for _, v := range []visit{
		d.authorize(spaID), d.authorize(spaID, "scope", "nonsense"), d.browse(http.MethodPost, "/authorize", d.query(spaID).Encode()), d.submit(d.sealed(spaID), "mia"),
	} {
		require.Equal(t, http.StatusSeeOther, v.status)
		require.Equal(t, "no-store", v.header.Get("Cache-Control"))
		require.Equal(t, "no-cache", v.header.Get("Pragma"))
		require.Equal(t, "no-referrer", v.header.Get("Referrer-Policy"))
		require.Empty(t, v.body)
	}
}

// A24: where the answer goes, in every response type and mode.
func TestResponseModes(t *testing.T) {
	d := newDoor(t)
	for _, c := range []struct{ types, mode, to string }{
		{"code", "", "?"}, {"code", "query", "?"}, {"code", "fragment", "#"}, {"token", "", "#"}, {"token", "fragment", "#"},
		{"code token", "", "#"}, {"token code", "", "#"}, {"code token", "fragment", "#"},
	} {
		v := d.authorize(frontID, "response_type", c.types, "response_mode", c.mode)
		require.Equal(t, back+c.to, v.to, "%s %s", c.types, c.mode)
		require.Equal(t, strings.Contains(c.types, "code"), v.params.Has("code"))
		require.Equal(t, strings.Contains(c.types, "token"), v.params.Has("access_token"))
		require.False(t, v.params.Has("refresh_token"))
		// Errors go the same way.
		v = d.authorize(frontID, "response_type", c.types, "response_mode", c.mode, "scope", "nonsense")
		require.Equal(t, back+c.to, v.to, "%s %s", c.types, c.mode)
	}
	v := d.authorize(spaID, "redirect_uri", "https://app.example/other?x=1")
	require.True(t, strings.HasPrefix(v.header.Get("Location"), "https://app.example/other?x=1&code="), "what the URI has by itself is kept")
}

// G18, #36, #59: what a request says of the host changes nothing.
func TestResponseIssuerIsConfigured(t *testing.T) {
	d := newDoor(t)
	r := httptest.NewRequest(http.MethodGet, "http://evil.example/authorize?"+d.query(spaID).Encode(), nil)
	r.Host = "evil.example"
	r.Header.Set("X-Forwarded-Host", "evil.example")
	r.Header.Set("Forwarded", "host=evil.example;proto=http")
	v := d.serve(r)
	require.Equal(t, issuer, v.params.Get("iss"))
	require.NotContains(t, v.header.Get("Location"), "evil")
}

// #55, G15: the endpoint is for browsers that go there, and for no script of another site.
func TestResponseNoCORS(t *testing.T) {
	d := newDoor(t)
	for _, origin := range []string{"https://evil.example", "null", "https://app.example"} {
		for _, method := range []string{http.MethodGet, http.MethodOptions} {
			r := httptest.NewRequest(method, "/authorize?"+d.query(spaID).Encode(), nil)
			r.Header.Set("Origin", origin)
			r.Header.Set("Access-Control-Request-Method", "GET")
			for name := range d.serve(r).header {
				require.False(t, strings.HasPrefix(name, "Access-Control-"), name)
			}
		}
	}
}

// #54, G04: nothing that was sent is on the page of an error, and it can do nothing.
func TestErrorPage(t *testing.T) {
	d := newDoor(t)
	for _, name := range []string{"error_hint", "error_description", "redirect_uri", "client_id", "scope", "zz"} {
		v := d.authorize(spaID, "redirect_uri", "https://evil.example", name, "<script>alert(1)</script>")
		v.requireDirect(t)
		require.NotContains(t, v.body, "script")
		require.NotContains(t, v.body, "evil")
		requirePageHeaders(t, v)
		require.Contains(t, v.header.Get("Content-Security-Policy"), "default-src 'none'")
		last := d.events[len(d.events)-1]
		require.Equal(t, oauth.EventRequestRefused, last.Type)
		require.Len(t, last.Ref, 10)
		require.Contains(t, v.body, last.Ref, "who asks about it can be helped")
	}
}

// What shows no pages gets JSON, as every other endpoint gives it.
func TestErrorWithoutAPage(t *testing.T) {
	shown := 0
	d := newDoor(t, func(c *oauth.Config) {
		c.ErrorPage = func(w http.ResponseWriter, _ *http.Request, err *oauth.Error, ref string) {
			shown++
			w.WriteHeader(err.HTTPStatus())
		}
	})
	for accept, page := range map[string]bool{
		"": false, "*/*": false, "application/json": false, "text/plain, application/json;q=0.5": false,
		"text/html": true, "text/html,application/xhtml+xml,*/*;q=0.8": true, "application/json, Text/HTML": true,
	} {
		r := httptest.NewRequest(http.MethodGet, "/authorize?client_id=nobody", nil)
		if accept != "" {
			r.Header.Set("Accept", accept)
		}
		before := shown
		a := d.do(r)
		if page {
			require.Equal(t, before+1, shown, accept)
			require.Equal(t, http.StatusBadRequest, a.status)
			continue
		}
		a.requireError(t, http.StatusBadRequest, "invalid_request")
		require.Equal(t, before, shown, accept)
	}
}

// Errors that a page has met become those of RFC 6749 section 4.1.2.1.
func TestRefuse(t *testing.T) {
	d := newDoor(t)
	d.sealed(spaID)
	for from, want := range map[*oauth.Error]string{
		oauth.ErrDenied: "access_denied",
		oauth.NewError(oauth.CodeLoginRequired, "x", "y"):          "login_required",
		oauth.NewError(oauth.CodeInvalidGrant, "x", "y"):           "access_denied",
		oauth.NewError(oauth.CodeInvalidClient, "x", "y"):          "unauthorized_client",
		oauth.NewError(oauth.CodeUnsupportedGrantType, "x", "y"):   "unauthorized_client",
		oauth.NewError(oauth.CodeTooManyRequests, "x", "y"):        "temporarily_unavailable",
		oauth.NewError(oauth.CodeTemporarilyUnavailable, "x", "y"): "temporarily_unavailable",
		oauth.NewError("invalid_request", "x", "ä\"\\\n"):          "invalid_request",
	} {
		resp := d.server.Refuse(t.Context(), d.last, from)
		u, err := url.Parse(resp.URL())
		require.NoError(t, err)
		require.Equal(t, want, u.Query().Get("error"))
		for _, r := range u.Query().Get("error_description") {
			require.True(t, r >= 0x20 && r <= 0x7e && r != '"' && r != '\\')
		}
	}
}
