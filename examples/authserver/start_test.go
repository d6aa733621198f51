package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/examples/authserver/servertest"
)

func TestReady(t *testing.T) {
	for _, c := range []struct {
		name, config string
		args         []string
		issuer       string // PORT is the bound one
	}{
		{"the demo", "", nil, "http://127.0.0.1:PORT"},
		{"no issuer, by name", `{}`, []string{"-addr", "localhost:0"}, "http://localhost:PORT"},
		{"no issuer, IPv6", `{}`, []string{"-addr", "[::1]:0"}, "http://[::1]:PORT"},
		{"a loopback issuer takes the port", `{"issuer": "http://localhost:8080"}`, nil, "http://localhost:PORT"},
		{"and the scheme", `{"issuer": "https://127.0.0.1:8443"}`, nil, "http://127.0.0.1:PORT"},
		{"and a port where none was", `{"issuer": "http://127.0.0.1"}`, []string{"-addr", "0.0.0.0:0"}, "http://127.0.0.1:PORT"},
		{"behind a proxy", `{"issuer": "https://login.example"}`, nil, "https://login.example"},
		{"behind a proxy, with a port", `{"issuer": "https://login.example:8443"}`, nil, "https://login.example:8443"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if strings.Contains(strings.Join(c.args, ""), "[::1]") && !hasIPv6() {
				c.args, c.issuer = nil, "http://127.0.0.1:PORT" // a machine without IPv6 shows the rest
			}
			p := start(t, setup{config: c.config, args: c.args})
			_, port, err := net.SplitHostPort(p.Addr)
			require.NoError(t, err)
			require.Equal(t, strings.ReplaceAll(c.issuer, "PORT", port), p.Issuer)
			meta := p.get("/.well-known/openid-configuration").ok(t)
			require.Equal(t, strings.ReplaceAll(c.issuer, "PORT", port), meta.text("issuer"))
			require.Equal(t, meta.text("issuer")+"/oauth2/v1/token", meta.text("token_endpoint"))
		})
	}
}

func hasIPv6() bool {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// The port of a loopback issuer stays as it is written unless -addr leaves it open.
func TestIssuerKeepsItsPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	free := l.Addr().String()
	l.Close()
	p := start(t, setup{config: `{"issuer": "http://localhost:8080"}`, args: []string{"-addr", free}})
	require.Equal(t, "http://localhost:8080", p.Issuer)
	require.Equal(t, free, p.Addr)
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	pool := servertest.Certificate(t, dir)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
	p := start(t, setup{
		config: `{"issuer": "http://localhost:8080"}`, client: client,
		args: []string{"-tls-cert", filepath.Join(dir, "cert.pem"), "-tls-key", filepath.Join(dir, "key.pem")},
	})
	require.True(t, strings.HasPrefix(p.Issuer, "https://localhost:"), "the scheme follows TLS: %s", p.Issuer)
	resp, err := client.Get(p.Issuer + "/.well-known/openid-configuration")
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, 2, resp.ProtoMajor)

	_, err = tls.Dial("tcp", p.Addr, &tls.Config{RootCAs: pool, ServerName: "localhost", MaxVersion: tls.VersionTLS11})
	require.Error(t, err, "older than TLS 1.2")
}

// What is in flight is finished, nothing new is accepted, and the status is 0.
func TestStop(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			p := start(t, setup{config: standard})
			body := "grant_type=client_credentials&scope=orders%3Aread&client_id=short&client_secret=short+secret"
			conn, err := net.Dial("tcp", p.Addr)
			require.NoError(t, err)
			defer conn.Close()
			_, err = conn.Write([]byte("POST " + defaultToken + " HTTP/1.1\r\nHost: " + p.Addr + "\r\nExpect: 100-continue\r\n" +
				"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n"))
			require.NoError(t, err)
			from := bufio.NewReader(conn)
			line, err := from.ReadString('\n') // the handler reads: the request is in flight
			require.NoError(t, err)
			require.Contains(t, line, "100 Continue")
			_, err = from.ReadString('\n')
			require.NoError(t, err)

			p.Signal(sig)
			require.Eventually(t, func() bool {
				c, err := net.Dial("tcp", p.Addr)
				if err == nil {
					c.Close()
				}
				return err != nil
			}, 5*time.Second, time.Millisecond, "it still accepts")

			_, err = conn.Write([]byte(body))
			require.NoError(t, err)
			resp, err := http.ReadResponse(from, nil)
			require.NoError(t, err)
			defer resp.Body.Close()
			require.Equal(t, http.StatusOK, resp.StatusCode)
			var tokens map[string]any
			require.NoError(t, json.NewDecoder(resp.Body).Decode(&tokens))
			require.NotEmpty(t, tokens["access_token"])
			p.Wait()
		})
	}
}

func TestLogs(t *testing.T) {
	p := start(t, setup{config: standard})
	p.password(defaultToken, "plain", "tom@example.test", "a wrong password").is(t, 400, "invalid_grant")
	p.tom(defaultToken).ok(t)
	p.Stop()
	lines := strings.Split(strings.TrimSpace(p.Log.String()), "\n")
	require.GreaterOrEqual(t, len(lines), 2)
	for _, line := range lines {
		require.True(t, json.Valid([]byte(line)), line)
	}
	require.Contains(t, p.Log.String(), `"msg":"token.issued","server":"default","client":"plain","subject":"00u2"`)
	require.Contains(t, p.Log.String(), `"level":"WARN","msg":"token.refused"`)
	for _, secret := range []string{"a wrong password", tomPassword, "eyJ", "mint_"} {
		require.NotContains(t, p.Log.String(), secret)
	}
}
