package egress

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"syscall"
)

// reach says to which addresses a connection may be made.
type reach int

const (
	public   reach = iota // the Internet
	private               // and this machine, and private networks
	loopback              // this machine only
)

// errAddress is why a connection was not made.
var errAddress = errors.New("egress: the address is not one that may be asked")

// control is called by the dialer with the address of the connection that it is about
// to make. What a name resolved to before does not matter, only this.
func (r reach) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || !strings.HasPrefix(network, "tcp") || !r.admits(ap.Addr()) {
		return errAddress
	}
	return nil
}

// admits judges an address. IPv6 addresses are refused unless they are known to be
// global; of those that carry an IPv4 address, the plainly mapped ones are judged as
// that address, and the rest (NAT64, 6to4, Teredo) are refused.
func (r reach) admits(a netip.Addr) bool {
	if a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	switch {
	case within(never, a):
		return false
	case r == loopback:
		return a.IsLoopback()
	case r == private && within(inner, a):
		return true
	case within(inner, a), within(special, a):
		return false
	}
	return a.Is4() || global.Contains(a)
}

func within(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

func prefixes(list ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(list))
	for i, s := range list {
		all[i] = netip.MustParsePrefix(s)
	}
	return all
}

var (
	// global is what is assigned of IPv6 (RFC 4291 section 2.4).
	global = netip.MustParsePrefix("2000::/3")

	// inner is this machine and private networks.
	inner = prefixes(
		"127.0.0.0/8", "::1/128", // loopback
		"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", // RFC 1918
		"100.64.0.0/10", // between provider and customer: RFC 6598
		"fc00::/7",      // unique local: RFC 4193
	)

	// never is what nobody has a reason to ask: link-local addresses, and those at
	// which clouds tell a machine its credentials.
	never = prefixes(
		"169.254.0.0/16", "fe80::/10",
		"100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::/32", "fd20:ce::254/128",
		"0.0.0.0/8", "::/128", // unspecified: systems take it for themselves
		"224.0.0.0/4", "ff00::/8", "240.0.0.0/4", // multicast, reserved, broadcast
	)

	// special is the rest of the IANA registries of special-purpose addresses (RFC
	// 6890) that lies in IPv4 or in global.
	special = prefixes(
		"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
		"2001::/23",                  // protocols, Teredo among them: RFC 2928
		"2001:db8::/32", "3fff::/20", // documentation
		"2002::/16", // 6to4: RFC 3056
	)
)
