package oauth

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// responseParams are what an authorization response has: a redirect URI that has one
// of them by itself would be a response that nobody gave.
var responseParams = []string{
	"code", "state", "error", "error_description", "error_uri", "iss", "access_token", "token_type", "expires_in", "scope",
	"id_token", "session_state", "response",
}

// checkRedirectURI reports why a redirect URI cannot be registered. What is admitted
// is one spelling of an absolute URI: what two parsers could read in two ways is not.
func (c *Client) checkRedirectURI(s string) error {
	scheme, rest, ok := strings.Cut(s, ":")
	switch {
	case !ok || !uriScheme(scheme):
		return fmt.Errorf("%q is not an absolute URI", s)
	case scheme != strings.ToLower(scheme):
		return fmt.Errorf("%q has a scheme that is not in lower case", s)
	case strings.Contains(s, "#"):
		return fmt.Errorf("%q has a fragment (RFC 6749 section 3.1.2)", s)
	case len(s) > maxRedirectURI:
		return fmt.Errorf("has more than %d bytes", maxRedirectURI)
	case !uriCharacters(rest):
		return fmt.Errorf("%q has characters that a URI has only in percent-encoding", s)
	case scheme != "https" && scheme != "http" && !strings.Contains(scheme, "."):
		return fmt.Errorf("%q: a scheme of an app's own has a dot in it, as a domain name that is the app's (RFC 8252 section 7.1)", s)
	}
	u, err := url.Parse(s)
	if err != nil {
		return fmt.Errorf("%q is not a URI", s)
	}
	if name := responseParam(u.RawQuery); name != "" {
		return fmt.Errorf("%q has the parameter %q of an authorization response", s, name)
	}
	if scheme == "https" || scheme == "http" {
		return c.checkWebRedirect(s, u)
	}
	switch {
	case u.User != nil:
		return fmt.Errorf("%q names a user", s)
	case strings.Contains(s, "*"):
		return fmt.Errorf("%q has a wildcard, which is for https alone", s)
	}
	return nil
}

// responseParam is the first parameter of an authorization response that some reader
// could find in a query: there are those that take ";" for a separator too.
func responseParam(query string) string {
	for pair := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' }) {
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil && slices.Contains(responseParams, plain) {
			return plain
		}
	}
	return ""
}

func (c *Client) checkWebRedirect(s string, u *url.URL) error {
	host := u.Hostname()
	switch {
	case u.Opaque != "" || u.Host == "" || host == "":
		return fmt.Errorf("%q has no host", s)
	case u.User != nil || strings.Contains(u.Host, "@"):
		return fmt.Errorf("%q names a user", s)
	case u.Host != strings.ToLower(u.Host) || strings.HasSuffix(u.Host, ":") || strings.ContainsAny(u.Host, "%\\") || u.Port() != "" && !normalPort(u.Port()):
		return fmt.Errorf("%q has a host that is not in its normal form", s)
	case u.Scheme == "http" && !Loopback(host):
		return fmt.Errorf("%q is plain http, which is for loopback hosts alone", s)
	case dotSegments(u.EscapedPath()):
		return fmt.Errorf("%q has a dot segment", s)
	case !strings.Contains(s, "*"):
		return nil
	case !c.WildcardRedirects:
		return fmt.Errorf("%q has a wildcard (Client.WildcardRedirects)", s)
	}
	return checkWildcard(s, u)
}

// checkWildcard admits https://*.name.name… and nothing else: the star is the leftmost
// label, and two labels at least are left, so that no top-level domain is anybody's.
// What else nobody should be master of alone (a public suffix) the operator must know.
func checkWildcard(s string, u *url.URL) error {
	host, ok := strings.CutPrefix(u.Host, "*.")
	switch {
	case u.Scheme != "https":
		return fmt.Errorf("%q: a wildcard is for https alone", s)
	case !ok || strings.Contains(s[len("https://*."):], "*"):
		return fmt.Errorf("%q: a wildcard is the whole leftmost label, once", s)
	case strings.Count(host, ".") < 1 || strings.Contains(host, "..") || strings.HasPrefix(host, ".") || u.Port() != "":
		return fmt.Errorf("%q: a wildcard stands before a name of two labels or more, without a port", s)
	}
	return nil
}

// maxRedirectURI bounds a redirect URI, in bytes.
const maxRedirectURI = 2048

func uriScheme(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		switch {
		case 'a' <= c && c <= 'z':
		case i > 0 && ('0' <= s[i] && s[i] <= '9' || s[i] == '+' || s[i] == '-' || s[i] == '.'):
		default:
			return false
		}
	}
	return s != ""
}

// uriCharacters reports whether s has the characters of RFC 3986 section 2 alone, and
// well-formed percent-encoding.
func uriCharacters(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~:/?[]@!$&'()*+,;=", c) >= 0:
		case c == '%' && i+2 < len(s) && unhex(s[i+1]) < 16 && unhex(s[i+2]) < 16:
			i += 2
		default:
			return false
		}
	}
	return true
}

// dotSegments reports whether a path has a segment that a reader may resolve away,
// also behind percent-encoding or before a path parameter.
func dotSegments(path string) bool {
	lower := strings.ToLower(path)
	if strings.Contains(lower, "%2f") || strings.Contains(lower, "%5c") || strings.Contains(lower, "%00") {
		return true
	}
	for segment := range strings.SplitSeq(strings.ReplaceAll(lower, "%2e", "."), "/") {
		segment, _, _ = strings.Cut(strings.ReplaceAll(segment, "%3b", ";"), ";")
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// webURL reports whether s is an absolute https URL, or one of a loopback host.
func webURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && u.User == nil && u.Opaque == "" && uriCharacters(s[min(len(s), len(u.Scheme)+1):]) &&
		(u.Scheme == "https" || u.Scheme == "http" && Loopback(u.Hostname()))
}

// CheckWebURL reports why s cannot be an address of a client that the server loads,
// posts to or links to: it must be https, or http on a loopback host, without a
// fragment.
func CheckWebURL(s string) error {
	switch {
	case !webURL(s):
		return fmt.Errorf("%q is not an https URL", s)
	case strings.Contains(s, "#"):
		return errors.New("has a fragment")
	}
	return nil
}

// CheckRedirectURI reports why a URI cannot be registered as one to send people to: for
// other lists than RedirectURIs that are compared alike.
func (c *Client) CheckRedirectURI(s string) error { return c.checkRedirectURI(s) }
