package main

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/mintyard/mintyard/oauth"
)

// issuer is the configured origin, or the one that is listened on, before the port
// is known.
type issuer struct {
	scheme, host string
	port         string // as it is written; "" is the scheme's own
	bound        bool   // the port is the one that was bound
}

// newIssuer judges the issuer against the command line.
//
// A loopback issuer is for tests: its scheme follows TLS, and its port is the
// bound one if -addr leaves it open. Any other is used as it is written, and needs
// https, which a proxy may terminate if it is alone in reaching us.
func newIssuer(configured, addr string, tls bool) (*issuer, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, refuse("-addr", "%q is not HOST:PORT", addr)
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return nil, refuse("-addr", "%q is not HOST:PORT: the port is from 0 to 65535", addr)
	}
	n, err := strconv.Atoi(port)
	open := err == nil && n == 0
	scheme := "http"
	if tls {
		scheme = "https"
	}
	if configured == "" {
		ip := net.ParseIP(host)
		switch {
		case host == "" || ip != nil && ip.IsUnspecified():
			return nil, refuse("issuer", "is required: -addr %q is no one host", addr)
		case !tls && !oauth.Loopback(host):
			return nil, refuse("issuer", "is required: -addr %q is not a loopback address, and plain http is for those alone", addr)
		}
		return &issuer{scheme: scheme, host: strings.ToLower(host), bound: true}, nil
	}
	u, err := parseOrigin(configured)
	if err != nil {
		return nil, err
	}
	i := &issuer{scheme: u.Scheme, host: u.Hostname(), port: u.Port()}
	switch {
	case oauth.Loopback(i.host):
		i.scheme, i.bound = scheme, open
	case i.scheme == "http":
		return nil, refuse("issuer", "%q: plain http is for loopback hosts alone", configured)
	case !tls && !oauth.Loopback(host):
		return nil, refuse("issuer", "%q wants -tls-cert and -tls-key, or a loopback -addr behind a proxy that terminates TLS", configured)
	}
	return i, nil
}

// parseOrigin admits one spelling of an origin: clients compare issuers byte by byte.
func parseOrigin(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil:
		return nil, refuse("issuer", "%q is not the origin of a server, such as https://login.example", s)
	case u.Path != "" || u.RawQuery != "" || u.ForceQuery || strings.Contains(s, "#"):
		return nil, refuse("issuer", "%q has a path, a query or a fragment: it must be an origin", s)
	case u.Scheme+"://"+strings.ToLower(u.Host) != s || strings.HasSuffix(s, ":"):
		return nil, refuse("issuer", "%q is not in its normal form: lower case, and nothing else", s)
	}
	return u, nil
}

// at is the issuer once it is known where we listen.
func (i *issuer) at(addr net.Addr) string {
	port := i.port
	if i.bound {
		_, port, _ = net.SplitHostPort(addr.String()) // of a listener: always HOST:PORT
		if i.scheme == "http" && port == "80" || i.scheme == "https" && port == "443" {
			port = ""
		}
	}
	if port != "" {
		return i.scheme + "://" + net.JoinHostPort(i.host, port)
	}
	if strings.Contains(i.host, ":") {
		return i.scheme + "://[" + i.host + "]"
	}
	return i.scheme + "://" + i.host
}
