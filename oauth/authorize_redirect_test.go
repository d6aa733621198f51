package oauth_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
)

const redirectID = "redirected" // a client whose redirect URI a test chooses

// redirected registers a client with one redirect URI. Switches are words: native,
// localhost, wildcard.
func (d *door) redirected(uri, switches string) *oauth.Client {
	c := &oauth.Client{ID: redirectID, AuthMethod: oauth.AuthNone, GrantTypes: []string{oauth.GrantAuthorizationCode}, RedirectURIs: []string{uri},
		Native: strings.Contains(switches, "native"), LocalhostPorts: strings.Contains(switches, "localhost"), WildcardRedirects: strings.Contains(switches, "wildcard")}
	d.clients[c.ID] = c
	return c
}

// redirects are what is registered, what is sent, and whether that is the same. The rows
// are those of the catalogue of holes in other servers (#) and of the checklist (A).
var redirects = []struct {
	row, registered, sent, switches string
	same                            bool
}{
	{"A03 equal", "https://app.example/cb", "https://app.example/cb", "", true},
	{"A03 equal, with a query", "https://app.example/cb?x=1&y=%20", "https://app.example/cb?x=1&y=%20", "", true},
	{"A03 a query that is empty", "https://app.example/cb?", "https://app.example/cb?", "", true},
	{"A03 a port of its own", "https://app.example:8443/cb", "https://app.example:8443/cb", "", true},
	{"A03 no path", "https://app.example", "https://app.example", "", true},
	{"A02 another host", "https://app.example/cb", "https://evil.example/cb", "", false},
	{"A03 another scheme", "https://app.example/cb", "http://app.example/cb", "", false},
	{"A03 a slash more", "https://app.example/cb", "https://app.example/cb/", "", false},
	{"A03 a slash less", "https://app.example/", "https://app.example", "", false},
	{"A03 two slashes", "https://app.example/cb", "https://app.example//cb", "", false},
	{"A03 a query more", "https://app.example/cb", "https://app.example/cb?x=1", "", false},
	{"A03 a query less", "https://app.example/cb?x=1", "https://app.example/cb", "", false},
	{"A03 the order of a query", "https://app.example/cb?x=1&y=2", "https://app.example/cb?y=2&x=1", "", false},
	{"A03 a prefix", "https://app.example/cb", "https://app.example/c", "", false},
	{"A03 a path below", "https://app.example/cb", "https://app.example/cb/evil", "", false},
	{"A03 the default port", "https://app.example/cb", "https://app.example:443/cb", "", false},
	{"A03 another port", "https://app.example/cb", "https://app.example:444/cb", "", false},
	{"A03 percent-encoding", "https://app.example/cb", "https://app.example/c%62", "", false},
	{"A03 other percent-encoding", "https://app.example/c%C3%A4", "https://app.example/c%c3%a4", "", false},
	{"A03 a dot segment", "https://app.example/cb", "https://app.example/x/../cb", "", false},
	{"A03 a space before", "https://app.example/cb", " https://app.example/cb", "", false},
	{"A03 a space behind", "https://app.example/cb", "https://app.example/cb ", "", false},
	{"A03 a tab inside", "https://app.example/cb", "https://app.example/\tcb", "", false},
	{"A03 a dot behind the host", "https://app.example/cb", "https://app.example./cb", "", false},
	{"A07 a fragment", "https://app.example/cb", "https://app.example/cb#x", "", false},
	{"A07 an empty fragment", "https://app.example/cb", "https://app.example/cb#", "", false},
	{"#41 a path in capitals", "https://app.example/callback", "https://app.example/CALLBACK", "", false},
	{"#41 a host in capitals", "https://app.example/cb", "https://APP.example/cb", "", false},
	{"#41 a scheme in capitals", "https://app.example/cb", "HTTPS://app.example/cb", "", false},
	{"#44 a user", "https://app.example/cb", "https://app.example@evil.example/cb", "", false},
	{"#44 two users", "https://*.example.com/cb", "https://a@b@evil.example.com/cb", "wildcard", false},
	{"#45 a user behind a port", "http://localhost:8090", "http://localhost:8090%25@evil.example", "native localhost", false},
	{"#45 a user in encoding", "http://127.0.0.1/cb", "http://127.0.0.1:80%40evil.example/cb", "native", false},
	{"#46 a parameter in the path", "https://app.example/cb", "https://app.example/x/..;/cb", "", false},
	{"#46 an encoded one", "https://app.example/cb", "https://app.example/x/..%3b/cb", "", false},
	{"#46 an encoded dot", "https://app.example/cb", "https://app.example/x/%2e%2e/cb", "", false},
	{"#46 a backslash", "https://app.example/cb", `https://app.example\cb`, "", false},
	{"#53 a backslash before the host", "https://app.example/cb", `https:/\app.example/cb`, "", false},
	{"#53 no scheme", "https://app.example/cb", "//app.example/cb", "", false},
	{"#49 a dot is a dot", "https://app.example/cb", "https://appXexample/cb", "", false},
	{"#50 a name behind", "https://portal.example.com/cb", "https://portal.example.com.evil.example/cb", "", false},
	{"#50 a name before", "https://example.com/cb", "https://evilexample.com/cb", "", false},
	{"#47 a script", "https://app.example/cb", "javascript:alert(1)", "", false},
	{"#47 a script in mixed case", "https://app.example/cb", "JaVaScRiPt://app.example/%0aalert(1)", "", false},
	{"A06 the same", "com.example.app:/cb", "com.example.app:/cb", "native", true},
	{"A06 without native", "com.example.app:/cb", "com.example.app:/cb", "", true},
	{"A06 another path", "com.example.app:/cb", "com.example.app:/cb/x", "native", false},
	{"A06 two slashes", "com.example.app:/cb", "com.example.app://cb", "native", false},
	{"A06 in capitals", "com.example.app:/cb", "com.example.App:/cb", "native", false},

	{"A04 the same", "http://127.0.0.1/cb", "http://127.0.0.1/cb", "native", true},
	{"A04 a port", "http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", "native", true},
	{"A04 another port", "http://127.0.0.1:8080/cb", "http://127.0.0.1:51004/cb", "native", true},
	{"A04 no port", "http://127.0.0.1:8080/cb", "http://127.0.0.1/cb", "native", true},
	{"A04 IPv6", "http://[::1]/cb?x=1", "http://[::1]:51004/cb?x=1", "native", true},
	{"A04 no path", "http://127.0.0.1", "http://127.0.0.1:51004", "native", true},
	{"A04 a query and no path", "http://127.0.0.1?x", "http://127.0.0.1:51004?x", "native", true},
	{"A04 the greatest port", "http://127.0.0.1/cb", "http://127.0.0.1:65535/cb", "native", true},
	{"A04 not native", "http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", "", false},
	{"A04 another path", "http://127.0.0.1/cb", "http://127.0.0.1:51004/c", "native", false},
	{"A04 another loopback address", "http://127.0.0.1/cb", "http://127.0.0.2:51004/cb", "native", false},
	{"A04 the other family", "http://127.0.0.1/cb", "http://[::1]:51004/cb", "native", false},
	{"A04 another spelling", "http://127.0.0.1/cb", "http://127.1:51004/cb", "native", false},
	{"A04 another spelling of IPv6", "http://[::1]/cb", "http://[0:0:0:0:0:0:0:1]:51004/cb", "native", false},
	{"A04 https", "https://127.0.0.1/cb", "https://127.0.0.1:51004/cb", "native", false},
	{"A04 port 0", "http://127.0.0.1/cb", "http://127.0.0.1:0/cb", "native", false},
	{"A04 a zero before", "http://127.0.0.1/cb", "http://127.0.0.1:08080/cb", "native", false},
	{"A04 too great a port", "http://127.0.0.1/cb", "http://127.0.0.1:65536/cb", "native", false},
	{"A04 no number", "http://127.0.0.1/cb", "http://127.0.0.1:http/cb", "native", false},
	{"A04 a colon alone", "http://127.0.0.1/cb", "http://127.0.0.1:/cb", "native", false},
	{"A04 a name behind", "http://127.0.0.1", "http://127.0.0.1.evil.example", "native", false},
	{"A04 digits behind", "http://127.0.0.1/cb", "http://127.0.0.12/cb", "native", false},
	{"#42 a query more", "http://127.0.0.1/cb", "http://127.0.0.1:51004/cb?x=1", "native", false},
	{"#42 a query less", "http://127.0.0.1/cb?x=1", "http://127.0.0.1:51004/cb", "native", false},
	{"#43 any URL", "http://localhost", "http://evil.example", "native localhost", false},
	{"#43 a name behind", "http://localhost", "http://localhost.evil.example", "native localhost", false},
	{"#43 a user", "http://localhost", "http://localhost:51004@evil.example", "native localhost", false},
	{"A05 localhost by default", "http://localhost/cb", "http://localhost:51004/cb", "native", false},
	{"A05 localhost, opted in", "http://localhost/cb", "http://localhost:51004/cb", "native localhost", true},
	{"A05 localhost, not native", "http://localhost/cb", "http://localhost:51004/cb", "localhost", false},
	{"A05 a name below", "http://localhost/cb", "http://evil.localhost:51004/cb", "native localhost", false},

	{"A08 one label", "https://*.example.com/cb", "https://a.example.com/cb", "wildcard", true},
	{"A08 a label with a hyphen", "https://*.example.com/cb", "https://pr-17.example.com/cb", "wildcard", true},
	{"A08 without the switch", "https://*.example.com/cb", "https://a.example.com/cb", "", false},
	{"A08 two labels", "https://*.example.com/cb", "https://a.b.example.com/cb", "wildcard", false},
	{"A08 no label", "https://*.example.com/cb", "https://example.com/cb", "wildcard", false},
	{"A08 an empty label", "https://*.example.com/cb", "https://.example.com/cb", "wildcard", false},
	{"A08 no boundary", "https://*.example.com/cb", "https://evilexample.com/cb", "wildcard", false},
	{"A08 a name behind", "https://*.example.com/cb", "https://a.example.com.evil/cb", "wildcard", false},
	{"A08 the star itself", "https://*.example.com/cb", "https://*.example.com/cb", "wildcard", false},
	{"A08 http", "https://*.example.com/cb", "http://a.example.com/cb", "wildcard", false},
	{"A08 a port", "https://*.example.com/cb", "https://a.example.com:8443/cb", "wildcard", false},
	{"A08 another path", "https://*.example.com/cb", "https://a.example.com/cb2", "wildcard", false},
	{"A08 a path for a label", "https://*.example.com/cb", "https://evil/a.example.com/cb", "wildcard", false},
	{"A08 a query for a label", "https://*.example.com/cb", "https://evil?a.example.com/cb", "wildcard", false},
	{"A08 a user for a label", "https://*.example.com/cb", "https://evil@a.example.com/cb", "wildcard", false},
	{"A08 a percent sign", "https://*.example.com/cb", "https://a%2eevil.example.com/cb", "wildcard", false},
	{"A08 an umlaut", "https://*.example.com/cb", "https://ä.example.com/cb", "wildcard", false},
	{"A08 capitals", "https://*.example.com/cb", "https://A.example.com/cb", "wildcard", false},
	{"A08 a hyphen before", "https://*.example.com/cb", "https://-a.example.com/cb", "wildcard", false},
	{"A08 too long a label", "https://*.example.com/cb", "https://" + strings.Repeat("a", 64) + ".example.com/cb", "wildcard", false},

	// What nobody should have registered, in the table of a host that has not asked.
	{"#48 a code of its own", "https://app.example/cb?code=1", "https://app.example/cb?code=1", "", false},
	{"#48 a state of its own", "https://app.example/cb?state=1", "https://app.example/cb?state=1", "", false},
	{"#47 a script, registered", "javascript:alert(1)", "javascript:alert(1)", "", false},
	{"#44 a user, registered", "https://user@app.example/cb", "https://user@app.example/cb", "", false},
	{"A07 a fragment, registered", "https://app.example/cb#x", "https://app.example/cb#x", "", false},
	{"A08 any name at all", "https://*.com/cb", "https://evil.com/cb", "wildcard", false},
}

// Nobody is sent to what is not registered, whatever else is asked for: A02, #33, #51, #52.
func TestRedirectURIs(t *testing.T) {
	besides := [][]string{
		nil, {"prompt", "none"}, {"response_type", "nonsense"}, {"response_type", ""}, {"response_type", "token"}, {"scope", "nonsense"},
		{"code_challenge", ""}, {"max_age", "-1"}, {"request", "x"},
		{"response_mode", "query"}, {"response_mode", "fragment"}, {"response_mode", "form_post"}, {"response_mode", "form_post.jwt"},
	}
	d := newDoor(t)
	for _, c := range redirects {
		t.Run(c.row, func(t *testing.T) {
			d.redirected(c.registered, c.switches)
			v := d.authorize(redirectID, "redirect_uri", c.sent)
			if c.same {
				require.True(t, strings.HasPrefix(v.header.Get("Location"), c.sent), v.header)
				// The code remembers exactly what was sent.
				d.redeem(redirectID, v, "redirect_uri", c.sent+"x").requireError(t, 400, "invalid_grant")
				require.Equal(t, http.StatusOK, d.redeem(redirectID, v, "redirect_uri", c.sent).status)
				return
			}
			for _, more := range besides {
				v := d.authorize(redirectID, append([]string{"redirect_uri", c.sent}, more...)...)
				v.requireDirect(t)
				require.Equal(t, oauth.ReasonRedirectUnknown, d.lastReason())
				require.NotContains(t, v.body, "evil", "what was sent is not shown")
			}
			require.Equal(t, redirectID, d.events[len(d.events)-1].ClientID, "the operator sees whose it is")
		})
	}
}

// A09: it can be left out where there is one alone, and it is no OpenID Connect.
func TestRedirectURILeftOut(t *testing.T) {
	d := newDoor(t)
	d.redirected(back, "")
	v := d.authorize(redirectID, "redirect_uri", "")
	v.code(t)
	require.Equal(t, back+"?", v.to)
	require.Equal(t, http.StatusOK, d.redeem(redirectID, v, "redirect_uri", "").status)
	d.authorize(redirectID, "redirect_uri", "", "scope", "openid").requireDirect(t)
	d.authorize(spaID, "redirect_uri", "").requireDirect(t)
	require.Equal(t, oauth.ReasonMissing, d.lastReason())
	d.redirected("https://*.example.com/cb", "wildcard")
	d.authorize(redirectID, "redirect_uri", "").requireDirect(t)
	d.redirected("https://app.example/cb?iss=x", "")
	d.authorize(redirectID, "redirect_uri", "").requireDirect(t)
	d.change(redirectID, func(c *oauth.Client) { c.RedirectURIs = nil })
	d.authorize(redirectID, "redirect_uri", "").requireDirect(t)
	d.authorize(redirectID).requireDirect(t)
}

// registrations are redirect URIs, and why they cannot be registered; "" is that they can.
var registrations = []struct{ row, uri, switches, why string }{
	{"A06", "com.example.app:/cb", "", ""},
	{"A06 with an authority", "com.example.app://cb/x?y", "", ""},
	{"A06 opaque", "com.example.app:cb", "", ""},
	{"A06 no dot", "myapp:/cb", "native", "a dot"},
	{"A06 a star", "com.example.app:/*", "native wildcard", "wildcard"},
	{"A06 a user", "com.example.app://me@cb", "", "user"},
	{"A07", "https://app.example/cb#x", "", "fragment"},
	{"A07 empty", "https://app.example/cb#", "", "fragment"},
	{"A07 of an app", "com.example.app:/cb#x", "", "fragment"},
	{"A08", "https://*.example.com/cb", "wildcard", ""},
	{"A08 without the switch", "https://*.example.com/cb", "", "WildcardRedirects"},
	{"A08 in the middle", "https://a.*.example.com/cb", "wildcard", "leftmost label"},
	{"A08 a part of a label", "https://a*.example.com/cb", "wildcard", "leftmost label"},
	{"A08 twice", "https://*.*.example.com/cb", "wildcard", "leftmost label"},
	{"A08 in the path", "https://app.example/*", "wildcard", "leftmost label"},
	{"A08 and in the path", "https://*.example.com/*", "wildcard", "leftmost label"},
	{"A08 a whole top-level domain", "https://*.com/cb", "wildcard", "two labels"},
	{"A08 an empty label", "https://*..example.com/cb", "wildcard", "two labels"},
	{"A08 a port", "https://*.example.com:8443/cb", "wildcard", "without a port"},
	{"A08 http", "http://*.example.com/cb", "wildcard", "plain http"},
	{"A08 http on the own machine", "http://*.localhost/cb", "wildcard", "plain http"},
	{"plain http", "http://app.example/cb", "", "plain http"},
	{"plain http, loopback", "http://127.0.0.1:8080/cb", "", ""},
	{"plain http, any loopback", "http://127.8.0.1/cb", "", ""},
	{"plain http, localhost", "http://localhost/cb", "", ""},
	{"plain http, like localhost", "http://localhost.evil.example/cb", "", "plain http"},
	{"plain http, like loopback", "http://127.0.0.1.evil.example/cb", "", "plain http"},
	{"plain http, any address", "http://0.0.0.0/cb", "", "plain http"},
	{"#47", "javascript:alert(1)", "", "a dot"},
	{"#47 in mixed case", "JaVaScRiPt:alert(1)", "", "lower case"},
	{"#47 a blank before", " javascript:alert(1)", "", "not an absolute URI"},
	{"#47 a control character", "java\tscript:alert(1)", "", "not an absolute URI"},
	{"#47 data", "data:text/html,x", "", "a dot"},
	{"#47 a file", "file:///etc/passwd", "", "a dot"},
	{"#47 a blob", "blob:https://app.example/x", "", "a dot"},
	{"#47 something else", "vbscript:x", "", "a dot"},
	{"#44", "https://a@b@app.example/cb", "", "URI"},
	{"#44 one", "https://a@app.example/cb", "", "user"},
	{"#44 empty", "https://@app.example/cb", "", "user"},
	{"#45", "http://localhost:8090%25@evil.example", "native localhost", "URI"},
	{"#45 a host in encoding", "https://app%2eexample/cb", "", "URI"},
	{"#45 a zone", "http://[::1%25lo]/cb", "", "normal form"},
	{"#46 a dot segment", "https://app.example/x/../cb", "", "dot segment"},
	{"#46 an encoded one", "https://app.example/x/%2e%2E/cb", "", "dot segment"},
	{"#46 with a parameter", "https://app.example/x/..;a=b/cb", "", "dot segment"},
	{"#46 with an encoded one", "https://app.example/x/..%3b/cb", "", "dot segment"},
	{"#46 an encoded slash", "https://app.example/x%2fcb", "", "dot segment"},
	{"#46 an encoded backslash", "https://app.example/x%5Ccb", "", "dot segment"},
	{"#46 a backslash", `https://app.example\cb`, "", "characters"},
	{"#48 code", "https://app.example/cb?code=1", "", `"code"`},
	{"#48 state", "https://app.example/cb?x=1&state=", "", `"state"`},
	{"#48 without a value", "https://app.example/cb?error", "", `"error"`},
	{"#48 encoded", "https://app.example/cb?%69ss=x", "", `"iss"`},
	{"#48 behind a semicolon", "https://app.example/cb?x=1;code=2", "", `"code"`},
	{"#48 before a semicolon", "https://app.example/cb?code=1;x", "", `"code"`},
	{"#48 a token", "com.example.app:/cb?access_token=1", "", `"access_token"`},
	{"#48 something like it", "https://app.example/cb?codes=1", "", ""},
	{"#50 a host in capitals", "https://APP.example/cb", "", "normal form"},
	{"#56 nothing", "", "", "not an absolute URI"},
	{"#56 no scheme", "/cb", "", "not an absolute URI"},
	{"#56 no scheme but a host", "//app.example/cb", "", "not an absolute URI"},
	{"#56 no host", "https:///cb", "", "no host"},
	{"#56 a port and no host", "https://:443/cb", "", "no host"},
	{"#56 opaque", "https:app.example", "", "no host"},
	{"#56 an empty port", "https://app.example:/cb", "", "normal form"},
	{"#56 a zero before a port", "https://app.example:0443/cb", "", "normal form"},
	{"#56 too great a port", "https://app.example:70000/cb", "", "normal form"},
	{"#56 no number", "https://app.example:x/cb", "", "URI"},
	{"#56 an umlaut", "https://app.example/ä", "", "characters"},
	{"#56 a space", "https://app.example/a b", "", "characters"},
	{"#56 a line end", "https://app.example/a\nb", "", "characters"},
	{"#56 a percent sign", "https://app.example/100%", "", "characters"},
	{"#56 too long", "https://app.example/" + strings.Repeat("a", 2048), "", "2048 bytes"},
	{"a long one", "https://app.example/" + strings.Repeat("a", 2000), "", ""},
}

func TestRedirectRegistration(t *testing.T) {
	d := newDoor(t)
	for _, c := range registrations {
		t.Run(c.row, func(t *testing.T) {
			client := d.redirected(c.uri, c.switches)
			err := client.Validate()
			v := d.authorize(redirectID, "redirect_uri", c.uri)
			if c.why != "" {
				require.ErrorContains(t, err, "RedirectURIs[0]")
				require.ErrorContains(t, err, c.why)
				v.requireDirect(t)
				return
			}
			require.NoError(t, err)
			if !strings.Contains(c.uri, "*") {
				v.code(t)
			}
		})
	}
}
