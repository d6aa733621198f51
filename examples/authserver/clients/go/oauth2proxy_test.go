package clients

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// oauth2Proxy is a command, not a library: it is installed, with the versions that its
// own authors have chosen.
const oauth2Proxy = "github.com/oauth2-proxy/oauth2-proxy/v7@v7.15.3"

func installProxy(t *testing.T) (command string) {
	t.Helper()
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute) // the first time it is fetched and compiled
	defer cancel()
	install := exec.CommandContext(ctx, "go", "install", oauth2Proxy)
	install.Env = append(os.Environ(), "GOBIN="+dir, "GOWORK=off", "GOFLAGS=")
	out, err := install.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return filepath.Join(dir, "oauth2-proxy")
}

// oauth2-proxy in front of an upstream that knows nothing of signing in: code with PKCE,
// ID token, UserInfo, and the refresh token when its cookie gets old.
func TestOAuth2Proxy(t *testing.T) {
	command := installProxy(t)
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer(t, w, map[string]string{
			"user": r.Header.Get("X-Forwarded-User"), "email": r.Header.Get("X-Forwarded-Email"),
			"name": r.Header.Get("X-Forwarded-Preferred-Username"), "token": r.Header.Get("X-Forwarded-Access-Token"),
		})
	}))
	t.Cleanup(upstream.Close)

	// The proxy listens on a socket in a folder of the test's, so that where it is can be
	// said before it is there.
	socket := filepath.Join(t.TempDir(), "proxy")
	mux, origin := app(t)
	mux.Handle("/", &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: "proxy"})
			r.Out.Host = r.In.Host
		},
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		}},
	})
	h := newHouse(t, origin+"/oauth2/callback", nil)

	var log bytes.Buffer
	ctx, stop := context.WithCancel(t.Context())
	proxy := exec.CommandContext(ctx, command,
		"--provider=oidc", "--oidc-issuer-url="+h.Issuer, "--provider-ca-file="+h.ca, "--client-id="+clientID, "--client-secret="+secret,
		"--redirect-url="+origin+"/oauth2/callback", "--scope=openid profile email offline_access", "--code-challenge-method=S256",
		"--http-address=unix://"+socket, "--upstream="+upstream.URL, "--email-domain=*", "--skip-provider-button", "--pass-access-token",
		"--cookie-secure=false", "--cookie-refresh=2s", "--cookie-secret=0123456789abcdef0123456789abcdef")
	proxy.Env, proxy.Stdout, proxy.Stderr = []string{"PATH=" + os.Getenv("PATH")}, &log, &log
	require.NoError(t, proxy.Start())
	t.Cleanup(func() {
		stop()
		_ = proxy.Wait() // it was killed
		if t.Failed() {
			t.Logf("the log of the proxy:\n%s", log.String())
		}
	})
	require.Eventually(t, func() bool {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			conn.Close()
		}
		return err == nil
	}, 30*time.Second, 50*time.Millisecond, "the proxy does not listen")

	w := h.walker()
	signIn(t, w, origin+"/orders?page=2")
	require.Equal(t, origin+"/orders?page=2", w.URL.String(), "the person is where they wanted to go")
	var seen map[string]string
	read(t, w, &seen)
	require.Equal(t, "mia", seen["user"])
	require.Equal(t, "mia@example.test", seen["email"])
	require.Equal(t, "mia", seen["name"])
	require.NotEmpty(t, seen["token"])

	var later map[string]string
	for end := time.Now().Add(30 * time.Second); later["token"] == "" || later["token"] == seen["token"]; time.Sleep(500 * time.Millisecond) {
		require.True(t, time.Now().Before(end), "the refresh token brings no other access token")
		require.NoError(t, w.Open(origin+"/"))
		read(t, w, &later)
	}
	require.Equal(t, "mia", later["user"])
}
