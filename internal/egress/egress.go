// Package egress fetches from and posts to addresses that others chose: those of
// clients. Whoever registers a client could otherwise have the server ask its own
// network on their behalf (server-side request forgery).
//
// [New] makes a [Client]; [Client.Get] and [Client.Post] make one request each, and
// [Client.Check] says beforehand whether an address may be asked at all. The address
// that counts is the one a connection is made to: it is judged after every name was
// resolved, so a name that means one thing when it is registered and another when it
// is asked gains nothing.
//
// There are no redirects, cookies, credentials, proxies of the environment and
// connections that are kept. Answers and time are bounded.
package egress

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Limits.
const (
	DefaultMax = 64 << 10 // bytes of an answer
	MaxMax     = 4 << 20  // what a caller can ask for
	MaxBody    = 1 << 20  // bytes that are posted
	MaxURL     = 2048
	MaxTimeout = 10 * time.Second

	maxHeader = 16 << 10 // bytes of an answer's header
)

// Config describes a client. Its zero value is the strict one.
type Config struct {
	// Roots are what certificates must lead to; nil is the system's. Roots besides
	// those are appended to what x509.SystemCertPool returns.
	Roots *x509.CertPool

	// AllowPrivate lets it connect to this machine (there by http too) and to private
	// networks. Then whoever registers a client can reach what listens there: it is for
	// tests, and for clients that are all the operator's own. Link-local addresses, and
	// so the metadata services of clouds, are refused all the same.
	AllowPrivate bool

	// Proxy is the forward proxy through which all requests go. It then resolves names,
	// and must itself refuse addresses that are not public. Nil is none, whatever the
	// environment says.
	Proxy *url.URL

	Resolver *net.Resolver    // of names; nil is net.DefaultResolver
	Timeout  time.Duration    // of a request, answer included, at most 10 seconds; 0 is 10 seconds
	Now      func() time.Time // judges certificates; nil means time.Now
}

// Client makes requests. It is safe for concurrent use.
type Client struct {
	allowPrivate  bool
	timeout       time.Duration
	secure, plain *http.Transport
}

// New checks the configuration. An error names the field that is wrong.
func New(c Config) (*Client, error) {
	switch {
	case c.Timeout < 0 || c.Timeout > MaxTimeout:
		return nil, errors.New("egress: Config.Timeout: must be between 0 and 10 seconds")
	case c.Proxy != nil && (c.Proxy.Host == "" || c.Proxy.Scheme != "http" && c.Proxy.Scheme != "https"):
		return nil, errors.New("egress: Config.Proxy: must be an http or https URL")
	}
	client := &Client{allowPrivate: c.AllowPrivate, timeout: cmp.Or(c.Timeout, MaxTimeout)}
	reach := public
	if c.AllowPrivate {
		reach = private
	}
	client.secure = newTransport(c, reach)
	client.plain = newTransport(c, loopback) // parse lets nobody here unless AllowPrivate
	return client, nil
}

// newTransport connects to what the reach admits, and keeps nothing. It is used without
// an http.Client, which would look at redirects before it asks whether to follow them.
func newTransport(c Config, r reach) *http.Transport {
	dialer := &net.Dialer{Resolver: c.Resolver, KeepAlive: -1}
	t := &http.Transport{
		TLSClientConfig:        &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12, Time: c.Now},
		DialContext:            dialer.DialContext,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeader,
		Protocols:              new(http.Protocols),
	}
	t.Protocols.SetHTTP1(true)
	if c.Proxy != nil {
		t.Proxy = http.ProxyURL(c.Proxy) // the one address that is dialed is the operator's
	} else {
		dialer.ControlContext = r.control
	}
	return t
}

// Response is an answer that says yes: 200, and of a Post any status of 2xx.
type Response struct {
	Status int
	Header http.Header
	Body   []byte // empty of a Post
}

// Get fetches what is at the address. An answer of more than limit bytes is an error;
// 0 is [DefaultMax]. Every error is an [*Error].
func (c *Client) Get(ctx context.Context, address string, limit int) (*Response, error) {
	limit = cmp.Or(limit, DefaultMax)
	if limit < 0 || limit > MaxMax {
		return nil, &Error{Problem: TooLarge, Cause: errors.New("egress: the limit is not between 0 and MaxMax")}
	}
	return c.do(ctx, http.MethodGet, address, "", nil, limit)
}

// Post sends a body. What is answered is said by the status alone; the rest of the
// answer is not read. Every error is an [*Error].
func (c *Client) Post(ctx context.Context, address, contentType string, body []byte) (*Response, error) {
	if len(body) > MaxBody {
		return nil, &Error{Problem: TooLarge, Cause: errors.New("egress: what is posted is over MaxBody")}
	}
	return c.do(ctx, http.MethodPost, address, contentType, body, 0)
}

// do makes a request, and reads at most limit bytes of the answer's body.
func (c *Client) do(ctx context.Context, method, address, contentType string, body []byte, limit int) (*Response, error) {
	u, err := c.parse(address)
	if err != nil {
		return nil, err
	}
	fail := func(p Problem, cause error) (*Response, error) {
		return nil, &Error{Host: u.Host, Problem: p, Cause: cause}
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return fail(BadURL, nil)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	req.Header.Set("Accept-Encoding", "identity")
	req.Header.Set("User-Agent", "mintyard")
	transport := c.secure
	if u.Scheme == "http" {
		transport = c.plain
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return fail(problemOf(ctx, err), err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode <= 399:
		return nil, &Error{Host: u.Host, Problem: Redirect, Status: resp.StatusCode}
	case resp.StatusCode < 200 || resp.StatusCode > 299, method == http.MethodGet && resp.StatusCode != http.StatusOK:
		return nil, &Error{Host: u.Host, Problem: BadStatus, Status: resp.StatusCode}
	case method == http.MethodPost:
		return &Response{Status: resp.StatusCode, Header: resp.Header}, nil
	case !identity(resp.Header):
		return fail(Encoded, nil)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, int64(limit)+1))
	switch {
	case err != nil:
		return fail(problemOf(ctx, err), err)
	case len(b) > limit:
		return fail(TooLarge, nil)
	}
	return &Response{Status: resp.StatusCode, Header: resp.Header, Body: b}, nil
}

// identity reports whether the body is as it was asked for. A compressed one could be
// much longer than its bytes.
func identity(h http.Header) bool {
	for _, v := range h.Values("Content-Encoding") {
		if v = strings.TrimSpace(v); v != "" && !strings.EqualFold(v, "identity") {
			return false
		}
	}
	return true
}
