package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
)

var backChannel = []string{"/token", "/introspect", "/revoke"}

func TestDoor(t *testing.T) {
	k := newKit(t)
	good := form("grant_type", "client_credentials", "scope", "read").Encode()
	for _, c := range []struct {
		name   string
		method string
		header http.Header
		body   string
		status int
		reason oauth.Reason
	}{
		{"GET", "GET", nil, "", 405, oauth.ReasonMethod},
		{"PUT", "PUT", nil, good, 405, oauth.ReasonMethod},
		{"HEAD", "HEAD", nil, "", 405, oauth.ReasonMethod},
		{"no content type", "POST", http.Header{"Content-Type": nil}, good, 415, oauth.ReasonContentType},
		{"JSON", "POST", http.Header{"Content-Type": {"application/json"}}, `{}`, 415, oauth.ReasonContentType},
		{"plain text", "POST", http.Header{"Content-Type": {"text/plain"}}, good, 415, oauth.ReasonContentType},
		{"multipart", "POST", http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}, good, 415, oauth.ReasonContentType},
		{"utf-16", "POST", http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-16"}}, good, 415, oauth.ReasonContentType},
		{"utf-7", "POST", http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-7"}}, good, 415, oauth.ReasonContentType},
		{"two content types", "POST", http.Header{"Content-Type": {"application/x-www-form-urlencoded", "text/plain"}}, good, 415, oauth.ReasonContentType},
		{"gzip", "POST", http.Header{"Content-Encoding": {"gzip"}}, good, 415, oauth.ReasonEncoding},
		{"too large", "POST", nil, "a=" + strings.Repeat("x", 64<<10), 413, oauth.ReasonBodyTooLarge},
		{"repeated", "POST", nil, "scope=a&scope=b", 400, oauth.ReasonRepeated},
		{"repeated in disguise", "POST", nil, "scope=a&sc%6fpe=b", 400, oauth.ReasonRepeated},
		{"unknown and repeated", "POST", nil, "zz=a&zz=b", 400, oauth.ReasonRepeated},
		{"too many", "POST", nil, manyParams(6000), 400, oauth.ReasonTooMany},
		{"NUL", "POST", nil, "scope=a%00b", 400, oauth.ReasonMalformedForm},
		{"CRLF", "POST", nil, "scope=a%0d%0ab", 400, oauth.ReasonMalformedForm},
		{"not UTF-8", "POST", nil, "scope=%ff", 400, oauth.ReasonMalformedForm},
		{"UTF-8 across parameters", "POST", nil, "a=%c3&b=%a4", 400, oauth.ReasonMalformedForm},
		{"bad escape", "POST", nil, "scope=%zz", 400, oauth.ReasonMalformedForm},
		{"cut escape", "POST", nil, "scope=%4", 400, oauth.ReasonMalformedForm},
		{"semicolon", "POST", nil, "scope=a;b=c", 400, oauth.ReasonMalformedForm},
	} {
		for _, path := range backChannel {
			t.Run(c.name+path, func(t *testing.T) {
				r := httptest.NewRequest(c.method, path, strings.NewReader(c.body))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				for name, v := range c.header {
					r.Header[name] = v
				}
				start := time.Now()
				a := k.do(r)
				require.Less(t, time.Since(start), time.Second)
				a.requireError(t, c.status, "invalid_request")
				require.Equal(t, c.reason, k.lastReason())
				if c.status == http.StatusMethodNotAllowed {
					require.Equal(t, "POST", a.header.Get("Allow"))
				}
				if c.status == http.StatusRequestEntityTooLarge {
					require.Equal(t, "close", a.header.Get("Connection"))
				}
			})
		}
	}
}

// manyParams is a form of n parameters with different names.
func manyParams(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("&p" + strconv.Itoa(i) + "=1")
	}
	return b.String()[1:]
}

func TestDoorAccepts(t *testing.T) {
	k := newKit(t)
	for name, edit := range map[string]func(*http.Request){
		"charset": func(r *http.Request) {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
		},
		"type in capitals": func(r *http.Request) { r.Header.Set("Content-Type", "Application/X-WWW-Form-URLencoded") },
		"chunked":          func(r *http.Request) { r.ContentLength = -1; r.TransferEncoding = []string{"chunked"} },
		"query extras":     func(r *http.Request) { r.URL.RawQuery = "scope=admin&x=y" },
		"hostile host":     func(r *http.Request) { r.Host = "evil.example"; r.Header.Set("X-Forwarded-Host", "evil.example") },
	} {
		t.Run(name, func(t *testing.T) {
			r := newPost("/token", form("grant_type", "client_credentials", "scope", "read", "empty", "", "zz", "<script>"))
			r.SetBasicAuth(machineID, k.secrets[machineID])
			edit(r)
			a := k.do(r)
			require.Equal(t, http.StatusOK, a.status, a.raw)
			require.Equal(t, "read", a.text("scope"), "the query is no source of parameters")
			require.NotContains(t, a.raw, "script")
			require.NotContains(t, a.raw, "evil")
			require.Equal(t, "application/json", a.header.Get("Content-Type"))
			require.Equal(t, "no-store", a.header.Get("Cache-Control"))
			require.Equal(t, "no-cache", a.header.Get("Pragma"))
		})
	}
}

// A parameter without a value is one that was left out (RFC 6749 section 3.1).
func TestEmptyIsAbsent(t *testing.T) {
	k := newKit(t)
	a := k.token(machineID, "grant_type", "client_credentials", "scope", "")
	require.Equal(t, http.StatusOK, a.status, a.raw)
	require.Equal(t, "read", a.text("scope"), "the default")
}

func TestCredentialsInQueryAreNotSeen(t *testing.T) {
	k := newKit(t)
	r := newPost("/token", url.Values{})
	r.URL.RawQuery = form("grant_type", "client_credentials", "client_id", machineID, "client_secret", k.secrets[machineID]).Encode()
	k.do(r).requireError(t, http.StatusUnauthorized, "invalid_client")
}

func TestPathsAreExact(t *testing.T) {
	k := newKit(t)
	for _, path := range []string{"/TOKEN", "/token/", "/token;x"} {
		r := newPost("/token", form("grant_type", "client_credentials"))
		r.URL.Path = path
		require.Equal(t, http.StatusNotFound, k.do(r).status, path)
	}
}
