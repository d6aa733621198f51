package oauth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
)

// What other origins may read, and that nobody is let read what they may not.
func TestCrossOrigin(t *testing.T) {
	const app = "https://app.example"
	k := newKit(t, func(c *oauth.Config) {
		c.AllowOrigin = func(_ context.Context, origin string) bool { return origin == app || origin == "null" }
	})
	ask := func(method, path string, header ...string) answer {
		r := httptest.NewRequest(method, path, strings.NewReader("grant_type=refresh_token&client_id="+nativeID))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i < len(header); i += 2 {
			r.Header.Add(header[i], header[i+1])
		}
		return k.do(r)
	}
	for _, path := range []string{"/token", "/revoke"} {
		a := ask(http.MethodOptions, path, "Origin", app, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization")
		require.Equal(t, http.StatusNoContent, a.status)
		require.Equal(t, app, a.header.Get("Access-Control-Allow-Origin"))
		require.Contains(t, a.header.Get("Access-Control-Allow-Methods"), "POST")
		require.Contains(t, a.header.Get("Access-Control-Allow-Headers"), "Authorization")

		a = ask(http.MethodPost, path, "Origin", app)
		require.Equal(t, http.StatusBadRequest, a.status, "an error, which can be read too")
		require.Equal(t, app, a.header.Get("Access-Control-Allow-Origin"))
		require.Equal(t, "Origin", a.header.Get("Vary"))
		require.Empty(t, a.header.Get("Access-Control-Allow-Credentials"))
		require.Equal(t, app, ask(http.MethodGet, path, "Origin", app).header.Get("Access-Control-Allow-Origin"))
	}
	for _, c := range []struct {
		name, path string
		origin     []string
	}{
		{"another origin", "/token", []string{"Origin", "https://evil.example"}},
		{"the origin in a longer one", "/token", []string{"Origin", app + ".evil.example"}},
		{"another case", "/token", []string{"Origin", "https://APP.example"}},
		{"anybody", "/token", []string{"Origin", "null"}},
		{"two", "/token", []string{"Origin", app, "Origin", app}},
		{"none", "/token", nil},
		{"where the browser itself goes", "/authorize", []string{"Origin", app}},
		{"what servers ask", "/introspect", []string{"Origin", app}},
	} {
		for _, method := range []string{http.MethodOptions, http.MethodPost, http.MethodGet} {
			a := ask(method, c.path, append(c.origin, "Access-Control-Request-Method", "POST")...)
			for name := range a.header {
				require.False(t, strings.HasPrefix(name, "Access-Control-"), "%s: %s", c.name, name)
			}
		}
	}

	plain := newKit(t).do(httptest.NewRequest(http.MethodOptions, "/token", nil))
	require.Equal(t, http.StatusMethodNotAllowed, plain.status)
	require.Empty(t, plain.header.Get("Vary"))
}
