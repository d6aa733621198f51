package egress

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Check says whether the address may be asked, as far as can be seen without asking:
// for whoever accepts it. The error is an [*Error].
func (c *Client) Check(address string) error {
	_, err := c.parse(address)
	return err
}

// parse holds the address to one way of writing it: what another parser could read as
// another host is refused, and not only where it leads.
func (c *Client) parse(address string) (*url.URL, error) {
	bad := func(why string) (*url.URL, error) {
		return nil, &Error{Problem: BadURL, Why: why}
	}
	if len(address) > MaxURL {
		return bad("it is too long")
	}
	for i := range len(address) {
		if b := address[i]; b <= ' ' || b >= 0x7f || strings.IndexByte("\\\"<>^`{|}", b) >= 0 {
			return bad("it has a character that must be encoded") // RFC 3986 section 2
		}
	}
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return bad("it is not a URL")
	case u.Scheme != "https" && u.Scheme != "http" || u.Opaque != "":
		return bad("it is not https")
	case u.User != nil || strings.Contains(u.Host, "@"):
		return bad("it has a user")
	case strings.Contains(address, "#"):
		return bad("it has a fragment")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return bad("its port is not one")
		}
	} else if strings.HasSuffix(u.Host, ":") {
		return bad("its port is not one")
	}
	host := u.Hostname()
	ip, err := netip.ParseAddr(host)
	isIP := err == nil
	switch {
	case host == "":
		return bad("it has no host")
	case isIP && strings.HasPrefix(u.Host, "[") == ip.Is4():
		return bad("its host is not one") // [127.0.0.1]
	case !isIP && !isName(host):
		return bad("its host is not one")
	case u.Scheme == "http" && !(c.allowPrivate && (host == "localhost" || isIP && loopback.admits(ip))):
		return bad("it is not https")
	}
	reach := public
	if c.allowPrivate {
		reach = private
	}
	if isIP && !reach.admits(ip) {
		return nil, &Error{Host: u.Host, Problem: BadAddress}
	}
	if name := strings.ToLower(strings.TrimSuffix(host, ".")); !c.allowPrivate && (name == "localhost" || strings.HasSuffix(name, ".localhost")) {
		return nil, &Error{Host: u.Host, Problem: BadAddress} // RFC 6761 section 6.3
	}
	return u, nil
}

// isName reports whether the host is a name as DNS has them. One whose last part is a
// number is none: some resolvers take 127.1, 0x7f000001 or 017700000001 for an address
// (WHATWG URL, "ends in a number").
func isName(host string) bool {
	host = strings.TrimSuffix(host, ".")
	if host == "" || len(host) > 253 {
		return false
	}
	last := ""
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || !madeOf(label, letters+digits+"-_") {
			return false
		}
		last = label
	}
	if hex, ok := strings.CutPrefix(strings.ToLower(last), "0x"); ok && madeOf(hex, digits+"abcdef") {
		return false
	}
	return !madeOf(last, digits)
}

const (
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
)

func madeOf(s, characters string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune(characters, r) }) < 0
}
