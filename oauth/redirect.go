package oauth

import (
	"strconv"
	"strings"
)

var (
	errRedirectUnknown = NewError(CodeInvalidRequest, ReasonRedirectUnknown, "redirect_uri is not registered for the client")
	errRedirectMissing = NewError(CodeInvalidRequest, ReasonMissing, "Parameter redirect_uri is missing")
)

// redirectURI finds where the person is sent back to. One that is sent must be
// registered; it may be left out where there is one alone, and no OpenID Connect
// (RFC 6749 section 3.1.2.3, OpenID Connect Core section 3.1.2.1).
func (c *Client) redirectURI(sent string, openid bool) (string, error) {
	if sent == "" {
		if openid || len(c.RedirectURIs) != 1 || strings.Contains(c.RedirectURIs[0], "*") {
			return "", errRedirectMissing
		}
		return c.RedirectURIs[0], c.stillGood(c.RedirectURIs[0])
	}
	registered, ok := c.findRedirect(c.RedirectURIs, sent)
	if !ok {
		return "", errRedirectUnknown
	}
	return sent, c.stillGood(registered)
}

// stillGood holds a URI to what can be registered when it is used too: a host's table
// of clients may hold what nobody has validated.
func (c *Client) stillGood(registered string) error {
	if err := c.checkRedirectURI(registered); err != nil {
		return errRedirectUnknown.WithCause(err)
	}
	return nil
}

// HasRedirect reports whether a URI is one of those registered: the same, character by
// character, or but for what the client's switches allow. It is for other lists that
// are compared alike, such as those of logout.
func (c *Client) HasRedirect(registered []string, uri string) bool {
	_, ok := c.findRedirect(registered, uri)
	return ok
}

// findRedirect is the one of those registered that a URI is.
func (c *Client) findRedirect(registered []string, uri string) (string, bool) {
	if contains(registered, uri) {
		return uri, !strings.Contains(uri, "*") // a pattern is no address
	}
	for _, r := range registered {
		if c.Native && c.samePort(r, uri) || c.WildcardRedirects && sameLabels(r, uri) {
			return r, true
		}
	}
	return "", false
}

// samePort reports whether two URIs on the same loopback host differ in the port
// alone (RFC 8252 section 7.3). Nothing is parsed: what stands before and after the
// port must be the same bytes, and the port nothing but digits.
func (c *Client) samePort(registered, uri string) bool {
	for _, host := range []string{"http://127.0.0.1", "http://[::1]", "http://localhost"} {
		r, ok := strings.CutPrefix(registered, host)
		u, same := strings.CutPrefix(uri, host)
		if !ok || !same || host == "http://localhost" && !c.LocalhostPorts {
			continue
		}
		r, ok = withoutPort(r)
		u, same = withoutPort(u)
		return ok && same && r == u
	}
	return false
}

// withoutPort drops ":digits" from the start of what follows a host. It is false if
// what is left is neither a path nor a query nor nothing.
func withoutPort(s string) (string, bool) {
	if port, ok := strings.CutPrefix(s, ":"); ok {
		n := 0
		for n < len(port) && '0' <= port[n] && port[n] <= '9' {
			n++
		}
		if !normalPort(port[:n]) {
			return "", false
		}
		s = port[n:]
	}
	return s, s == "" || s[0] == '/' || s[0] == '?'
}

// normalPort reports whether s is a port as it is written, without zeros before it.
func normalPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0 && s[0] != '0'
}

// sameLabels reports whether uri is the pattern with one label for its star.
func sameLabels(pattern, uri string) bool {
	rest, ok := strings.CutPrefix(pattern, "https://*.")
	label, is := strings.CutPrefix(uri, "https://")
	if !ok || !is {
		return false
	}
	label, tail, found := strings.Cut(label, ".")
	if !found || tail != rest || label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	for i := range len(label) {
		if c := label[i]; !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}
