package egress_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/internal/egress"
)

func TestNewNamesTheField(t *testing.T) {
	for want, c := range map[string]egress.Config{
		"Config.Timeout": {Timeout: egress.MaxTimeout + 1},
		"Config.Proxy":   {Proxy: &url.URL{Scheme: "socks5", Host: "proxy.example"}},
	} {
		_, err := egress.New(c)
		require.ErrorContains(t, err, want)
	}
}

// What is sent is what is needed, and nothing that tells who asks, or who asked before.
func TestRequests(t *testing.T) {
	var seen []*http.Request
	var bodies, from []string
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		seen, bodies, from = append(seen, r), append(bodies, string(b)), append(from, r.RemoteAddr)
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b", Path: "/"})
		w.Header().Set("Cache-Control", "max-age=60")
		io.WriteString(w, "hello")
	})
	c := s.client(t)
	resp, err := c.Get(t.Context(), s.URL+"/jwks?x=y", 0)
	require.NoError(t, err)
	require.Equal(t, "hello", string(resp.Body))
	require.Equal(t, 200, resp.Status)
	require.Equal(t, "max-age=60", resp.Header.Get("Cache-Control"))
	for range 2 {
		resp, err = c.Post(t.Context(), s.URL+"/out", "application/x-www-form-urlencoded", []byte("logout_token=x"))
		require.NoError(t, err)
		require.Empty(t, resp.Body)
	}

	require.Equal(t, []string{"", "logout_token=x", "logout_token=x"}, bodies)
	for i, r := range seen {
		require.Equal(t, "identity", r.Header.Get("Accept-Encoding"))
		require.True(t, r.Close)
		allowed := map[string]bool{"Accept-Encoding": true, "User-Agent": true, "Connection": true, "Content-Type": i > 0, "Content-Length": i > 0}
		for name := range r.Header {
			require.True(t, allowed[name], "%s", name)
		}
	}
	require.NotEqual(t, from[0], from[1])
	require.NotEqual(t, from[1], from[2])
	require.EqualValues(t, 3, s.connections())
}

func TestPlainHTTPOfThisMachine(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }))
	defer s.Close()
	lax, err := egress.New(egress.Config{AllowPrivate: true})
	require.NoError(t, err)
	for _, at := range []string{s.URL, strings.Replace(s.URL, "127.0.0.1", "localhost", 1)} {
		_, err = lax.Get(t.Context(), at, 0)
		require.NoError(t, err)
	}
	strict, err := egress.New(egress.Config{})
	require.NoError(t, err)
	_, err = strict.Get(t.Context(), s.URL, 0)
	require.Equal(t, egress.BadURL, problem(t, err))
}

// A redirect is an error, wherever it leads; nobody is asked there.
func TestRedirects(t *testing.T) {
	inside := newServer(t, nil)
	for _, status := range []int{300, 301, 302, 303, 304, 305, 307, 308, 399} {
		for _, to := range []string{inside.URL, "https://169.254.169.254/latest/", "/same", "file:///etc/passwd", "http://[%zz", ""} {
			asked := 0
			s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
				asked++
				w.Header()["Location"] = []string{to}
				w.Header().Set("Refresh", "0; url="+inside.URL)
				w.WriteHeader(status)
			})
			c := s.client(t)
			_, err := c.Get(t.Context(), s.URL, 0)
			require.Equal(t, egress.Redirect, problem(t, err), "%d %q: %v", status, to, errors.Unwrap(err))
			var e *egress.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, status, e.Status)
			_, err = c.Post(t.Context(), s.URL, "text/plain", []byte("x"))
			require.Equal(t, egress.Redirect, problem(t, err), "%d %q: %v", status, to, errors.Unwrap(err))
			require.Equal(t, 2, asked)
		}
	}
	require.Zero(t, inside.connections())
}

func TestStatus(t *testing.T) {
	for status, want := range map[int][2]egress.Problem{
		200: {"", ""}, 201: {egress.BadStatus, ""}, 204: {egress.BadStatus, ""}, 206: {egress.BadStatus, ""},
		400: {egress.BadStatus, egress.BadStatus}, 404: {egress.BadStatus, egress.BadStatus}, 500: {egress.BadStatus, egress.BadStatus}, 999: {egress.BadStatus, egress.BadStatus},
	} {
		s := newServer(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		_, err := s.client(t).Get(t.Context(), s.URL, 0)
		require.Equal(t, want[0], problem(t, err), status)
		_, err = s.client(t).Post(t.Context(), s.URL, "", nil)
		require.Equal(t, want[1], problem(t, err), status)
		if err != nil {
			require.ErrorContains(t, err, fmt.Sprint(status))
		}
	}
}

func TestLongAnswers(t *testing.T) {
	size := 0
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/endless" {
			for r.Context().Err() == nil {
				w.Write(make([]byte, 32<<10))
			}
			return
		}
		w.Write(make([]byte, size))
	})
	c := s.client(t)
	for limit, max := range map[int]int{0: egress.DefaultMax, 1: 1, 1000: 1000, egress.MaxMax: egress.MaxMax} {
		size = max
		resp, err := c.Get(t.Context(), s.URL, limit)
		require.NoError(t, err)
		require.Len(t, resp.Body, max)
		size = max + 1
		_, err = c.Get(t.Context(), s.URL, limit)
		require.Equal(t, egress.TooLarge, problem(t, err))
		_, err = c.Get(t.Context(), s.URL+"/endless", limit)
		require.Equal(t, egress.TooLarge, problem(t, err))
	}
	for _, limit := range []int{-1, egress.MaxMax + 1} {
		_, err := c.Get(t.Context(), s.URL, limit)
		require.Equal(t, egress.TooLarge, problem(t, err))
	}
	// Nothing of the answer to a Post is read.
	_, err := c.Post(t.Context(), s.URL+"/endless", "", nil)
	require.NoError(t, err)
	_, err = c.Post(t.Context(), s.URL, "", make([]byte, egress.MaxBody+1))
	require.Equal(t, egress.TooLarge, problem(t, err))
}

func TestCompressedAnswers(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	z.Write(make([]byte, 10<<20))
	z.Close()
	for encoding, want := range map[string]egress.Problem{
		"gzip": egress.Encoded, "GZIP": egress.Encoded, "br": egress.Encoded, "identity, gzip": egress.Encoded, "x": egress.Encoded,
		"": "", "identity": "", "Identity ": "",
	} {
		s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Encoding"] = []string{encoding}
			w.Write(bomb.Bytes())
		})
		resp, err := s.client(t).Get(t.Context(), s.URL, 0)
		require.Equal(t, want, problem(t, err), encoding)
		if err == nil {
			require.Equal(t, bomb.Bytes(), resp.Body, "as it came")
		}
	}
}

// raw serves what is not HTTP, over TLS with the certificate of like.
func raw(t testing.TB, like *server, serve func(net.Conn)) (at string) {
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: like.TLS.Certificates})
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return "https://" + l.Addr().String()
}

// Whatever is slow, the whole request ends in its time.
func TestSlowReceivers(t *testing.T) {
	s := newServer(t, nil)
	read := func(conn net.Conn) { conn.Read(make([]byte, 4096)) }
	dribble := func(conn net.Conn, text string) {
		for _, err := conn.Write([]byte(text)); err == nil; _, err = conn.Write([]byte("x")) {
			time.Sleep(10 * time.Millisecond)
		}
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and says nothing, not even TLS
	require.NoError(t, err)
	defer silent.Close()
	hole := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	const limit = 200 * time.Millisecond
	c := s.client(t, func(c *egress.Config) { c.Timeout, c.Resolver = limit, hole })
	for name, at := range map[string]string{
		"handshake": "https://" + silent.Addr().String(),
		"resolver":  "https://rp.example/",
		"no answer": raw(t, s, func(conn net.Conn) { read(conn); io.Copy(io.Discard, conn) }),
		"header":    raw(t, s, func(conn net.Conn) { read(conn); dribble(conn, "HTTP/1.1 200 OK\r\nX: ") }),
		"body":      raw(t, s, func(conn net.Conn) { read(conn); dribble(conn, "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n") }),
		"chunks": raw(t, s, func(conn net.Conn) {
			read(conn)
			dribble(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n")
		}),
	} {
		begin := time.Now()
		_, err := c.Get(t.Context(), at, 0)
		require.Equal(t, egress.Timeout, problem(t, err), name)
		require.Less(t, time.Since(begin), 10*limit, name)
	}
	// And a caller who goes away does not wait for it.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Get(ctx, "https://"+silent.Addr().String(), 0)
	require.Equal(t, egress.Interrupted, problem(t, err))
	require.ErrorIs(t, err, context.Canceled)
}

func TestBrokenAnswers(t *testing.T) {
	s := newServer(t, nil)
	for name, text := range map[string]string{
		"nothing":           "",
		"not HTTP":          "SSH-2.0-OpenSSH_9.9\r\n",
		"half a header":     "HTTP/1.1 200 OK\r\nContent-Le",
		"half a body":       "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
		"two lengths":       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
		"a bad chunk":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"a long header":     "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n",
		"many informations": strings.Repeat("HTTP/1.1 103 Early Hints\r\nX: "+strings.Repeat("x", 1000)+"\r\n\r\n", 100) + "HTTP/1.1 200 OK\r\n\r\n",
		"HTTP/2":            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	} {
		at := raw(t, s, func(conn net.Conn) {
			conn.Read(make([]byte, 4096))
			io.WriteString(conn, text)
		})
		_, err := s.client(t).Get(t.Context(), at, 0)
		require.Equal(t, egress.BadAnswer, problem(t, err), name)
	}
}

func TestCertificates(t *testing.T) {
	s := newServer(t, nil)
	names := newDNS(t)
	names.set("rp.test", "127.0.0.1")
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	old := httptest.NewUnstartedServer(http.NotFoundHandler())
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	old.Config.ErrorLog = s.Config.ErrorLog
	old.StartTLS()
	defer old.Close()
	for name, c := range map[string]struct {
		at     string
		change func(*egress.Config)
	}{
		"nobody known signed it": {s.URL, func(c *egress.Config) { c.Roots = x509.NewCertPool() }},
		"the system's roots":     {s.URL, func(c *egress.Config) { c.Roots = nil }},
		"another host's":         {"https://rp.test" + s.port(), func(c *egress.Config) { c.Resolver = names.resolver() }},
		"expired":                {s.URL, func(c *egress.Config) { c.Now = func() time.Time { return time.Now().AddDate(200, 0, 0) } }},
		"not yet good":           {s.URL, func(c *egress.Config) { c.Now = func() time.Time { return time.Unix(-1, 0) } }},
		"TLS 1.1":                {old.URL, func(*egress.Config) {}},
		"no TLS":                 {strings.Replace(plain.URL, "http:", "https:", 1), func(*egress.Config) {}},
	} {
		_, err := s.client(t, c.change).Get(t.Context(), c.at, 0)
		require.Equal(t, egress.BadTLS, problem(t, err), "%s: %v", name, errors.Unwrap(err))
	}
	require.NoError(t, func() error { _, err := s.client(t).Get(t.Context(), s.URL, 0); return err }())
}

func TestUnreachable(t *testing.T) {
	s := newServer(t, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed := l.Addr().String()
	l.Close()
	c := s.client(t, func(c *egress.Config) { c.Resolver = newDNS(t).resolver() })
	for _, at := range []string{"https://" + closed, "https://nobody.example/"} {
		_, err = c.Get(t.Context(), at, 0)
		require.Equal(t, egress.Unreachable, problem(t, err))
	}
}

// The environment chooses no proxy; the configuration may.
func TestProxy(t *testing.T) {
	s := newServer(t, nil)
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.Host)
		to, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer to.Close()
		from, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer from.Close()
		io.WriteString(from, "HTTP/1.1 200 OK\r\n\r\n")
		go io.Copy(to, buffered)
		io.Copy(from, to)
	}))
	defer proxy.Close()
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	names := newDNS(t)
	names.set("example.com", "127.0.0.1")
	_, err := s.client(t, func(c *egress.Config) { c.Resolver = names.resolver() }).Get(t.Context(), "https://example.com"+s.port(), 0)
	require.NoError(t, err)
	require.Empty(t, asked)

	at, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	strict := s.client(t, func(c *egress.Config) { c.AllowPrivate, c.Proxy = false, at })
	_, err = strict.Get(t.Context(), "https://example.com:8443/", 0)
	require.NoError(t, err, "%v", errors.Unwrap(err))
	require.Equal(t, []string{"CONNECT example.com:8443"}, asked)
	for _, inside := range []string{"https://127.0.0.1" + s.port(), "https://localhost/", "https://[::ffff:a9fe:a9fe]/"} {
		_, err = strict.Get(t.Context(), inside, 0)
		require.Equal(t, egress.BadAddress, problem(t, err))
	}
	require.Len(t, asked, 1)

	proxy.Close()
	_, err = strict.Get(t.Context(), "https://example.com:8443/", 0)
	require.Equal(t, egress.Unreachable, problem(t, err))
	require.NotContains(t, err.Error(), at.Host)
}

// What an error prints tells nothing of the network, and nothing that may be secret.
func TestErrorsTellNothing(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "https://inside.example/s3cret")
		w.WriteHeader(http.StatusFound)
		io.WriteString(w, "s3cret")
	})
	names := newDNS(t)
	names.set("inside.example", "10.1.2.3")
	names.set("example.com", "127.0.0.1")
	c := s.client(t, func(c *egress.Config) { c.Resolver = names.resolver() })
	strict := s.client(t, func(c *egress.Config) { c.AllowPrivate, c.Resolver = false, names.resolver() })
	for at, client := range map[string]*egress.Client{
		"https://example.com" + s.port() + "/s3cret?token=s3cret": c,
		"https://nobody.example/s3cret?token=s3cret":              c,
		"https://inside.example/s3cret?token=s3cret":              strict,
		"https://example.com/s3cret?token=s3cret":                 strict,
		"https://user:s3cret@example.com/":                        strict,
		"https://example.com/s3cret#s3cret":                       strict,
		"s3cret://example.com/":                                   strict,
		"https://example.com:s3cret/":                             strict,
		"https://s3cret\x00/":                                     strict,
	} {
		_, err := client.Get(t.Context(), at, 0)
		require.Error(t, err)
		for cause := err; cause != nil; cause = errors.Unwrap(cause) {
			require.NotContains(t, cause.Error(), "s3cret", at)
		}
		for _, inside := range []string{"127.0.0.1", "10.1.2.3", names.conn.LocalAddr().String(), "lookup", "dial"} {
			require.NotContains(t, err.Error(), inside, at)
		}
	}
}
