package egress_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/internal/egress"
)

// addresses by what may be done with them. Those at both ends of a range are in, and
// their neighbours are in another list.
var addresses = struct{ public, inner, never []string }{
	public: []string{
		"1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
		"169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.167.255.255",
		"192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "168.63.129.15",
		"2001:200::", "2001:4860:4860::8888", "2003::1", "2600::", "3ffe:ffff::", "3fff:1000::", "::ffff:8.8.8.8", "::ffff:808:808",
	},
	inner: []string{
		"127.0.0.1", "127.0.0.0", "127.255.255.255", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::ffff:7f00:1",
		"0:0:0:0:0:ffff:7f00:0001", "10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3", "172.16.0.0", "172.31.255.255",
		"192.168.0.0", "192.168.255.255", "100.64.0.0", "100.127.255.255", "fc00::", "fdff:ffff::1",
	},
	never: []string{
		"0.0.0.0", "0.255.255.255", "::", "::ffff:0.0.0.0", "169.254.0.0", "169.254.169.254", "169.254.255.255",
		"::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "fe80::1", "febf::1", "fec0::1", "100.100.100.200", "168.63.129.16",
		"192.0.0.192", "fd00:ec2::254", "fd20:ce::254", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "ff02::1", "ff0e::1",
		"192.0.0.0", "192.0.2.1", "192.88.99.1", "198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.255",
		"::127.0.0.1", "::7f00:1", "::8.8.8.8", // IPv4-compatible
		"64:ff9b::127.0.0.1", "64:ff9b::8.8.8.8", "64:ff9b:1::7f00:1", // NAT64
		"2002:7f00:1::", "2002:808:808::1", // 6to4
		"2001::1", "2001:0:7f00:1::", "2001:1ff:ffff::", "2001:db8::1", "3fff::1", "3fff:fff::1", // Teredo and others
		"100::1", "5f00::1", "1::1", "4000::1", "::ffff:0:127.0.0.1", "1fff:ffff::1",
	},
}

func literal(address string) string {
	if strings.Contains(address, ":") {
		return "[" + address + "]"
	}
	return address
}

// problem is what kind of error it is.
func problem(t testing.TB, err error) egress.Problem {
	t.Helper()
	if err == nil {
		return ""
	}
	var e *egress.Error
	require.ErrorAs(t, err, &e)
	return e.Problem
}

func TestAddresses(t *testing.T) {
	strict, err := egress.New(egress.Config{})
	require.NoError(t, err)
	lax, err := egress.New(egress.Config{AllowPrivate: true})
	require.NoError(t, err)
	for i, list := range [][]string{addresses.public, addresses.inner, addresses.never} {
		for _, a := range list {
			for _, port := range []string{"", ":443", ":8443"} {
				at := "https://" + literal(a) + port + "/x"
				require.Equal(t, i == 0, strict.Check(at) == nil, at)
				require.Equal(t, i <= 1, lax.Check(at) == nil, at)
				if i > 0 {
					require.Equal(t, egress.BadAddress, problem(t, strict.Check(at)), at)
				}
			}
			at := "http://" + literal(a) + "/x"
			require.Equal(t, egress.BadURL, problem(t, strict.Check(at)), at)
			ip := netip.MustParseAddr(a).Unmap()
			require.Equal(t, ip.IsLoopback(), lax.Check(at) == nil, "plain http is for this machine: %s", at)
		}
	}
}

// The address counts to which the connection is made: names that lead inside are
// refused then, and nothing of a connection is seen there.
func TestNamesThatLeadInside(t *testing.T) {
	s := newServer(t, nil)
	names := newDNS(t)
	strict := s.client(t, func(c *egress.Config) { c.AllowPrivate, c.Resolver = false, names.resolver() })
	lists := append(append([]string(nil), addresses.inner...), addresses.never...)
	for i, a := range lists {
		name := fmt.Sprintf("n%d.example", i)
		names.set(name, a)
		at := "https://" + name + s.port() + "/"
		require.NoError(t, strict.Check(at))
		for _, ask := range []func() (*egress.Response, error){
			func() (*egress.Response, error) { return strict.Get(t.Context(), at, 0) },
			func() (*egress.Response, error) { return strict.Post(t.Context(), at, "text/plain", []byte("x")) },
		} {
			_, err := ask()
			require.Equal(t, egress.BadAddress, problem(t, err), "%s: %v", a, errors.Unwrap(err))
			require.NotContains(t, err.Error(), a)
		}
	}
	// All of its addresses, and one after the other.
	names.set("both.example", "10.0.0.1", "127.0.0.1", "::1")
	_, err := strict.Get(t.Context(), "https://both.example"+s.port()+"/", 0)
	require.Equal(t, egress.BadAddress, problem(t, err))
	require.Zero(t, s.connections())

	// And the same name is asked where that is allowed, so it is not for another reason.
	lax := s.client(t, func(c *egress.Config) { c.Resolver = names.resolver() })
	names.set("example.com", "127.0.0.1")
	_, err = lax.Get(t.Context(), "https://example.com"+s.port()+"/", 0)
	require.NoError(t, err)
}

// A name may be public when it is judged and not when it is asked.
func TestRebinding(t *testing.T) {
	s := newServer(t, nil)
	names := newDNS(t)
	strict := s.client(t, func(c *egress.Config) { c.AllowPrivate, c.Resolver = false, names.resolver() })
	at := "https://example.com" + s.port() + "/"
	names.set("example.com", "8.8.8.8")
	addrs, err := names.resolver().LookupHost(t.Context(), "example.com")
	require.NoError(t, err)
	require.Equal(t, []string{"8.8.8.8"}, addrs)
	require.NoError(t, strict.Check(at))
	names.set("example.com", "127.0.0.1")
	_, err = strict.Get(t.Context(), at, 0)
	require.Equal(t, egress.BadAddress, problem(t, err))
	require.Zero(t, s.connections())

	// Plain http is for this machine, whatever localhost should mean elsewhere.
	lax := s.client(t, func(c *egress.Config) { c.Resolver = names.resolver() })
	for _, at := range []string{"http://example.com/", "http://10.0.0.1/"} {
		_, err = lax.Get(t.Context(), at, 0)
		require.Equal(t, egress.BadURL, problem(t, err), at)
	}
}

// spellings are refused by a strict client and by one that may go anywhere: they are
// read in more than one way.
var spellings = []string{
	"", "https", "https:", "https:/", "https://", "https:///x", "https://:443/", "//rp.example/", "rp.example", "/x",
	"https:rp.example", "https:/rp.example", "HTTPS:\\\\rp.example", "https://rp.example\\@127.0.0.1/", "https:/\\rp.example",
	"ftp://rp.example/", "file:///etc/passwd", "gopher://127.0.0.1:70/_x", "javascript:alert(1)", "data:,x", "unix:///x", "jar:https://rp.example!/",
	"https://user@rp.example/", "https://user:pass@rp.example/", "https://@rp.example/", "https://a@b@rp.example/", "https://rp.example%40127.0.0.1/", "https://rp.example:80@127.0.0.1/",
	"https://rp.example/#", "https://rp.example/#x", "https://rp.example#@127.0.0.1/",
	"https://rp.example/ x", " https://rp.example/", "https://rp.example/\n", "https://rp.example/\r\nHost: x", "https://rp.example/\x00", "https://rp.example\t/", "https://rp.\nexample/",
	"https://bücher.example/", "https://rp。example/", "https://①②⑦.⓪.⓪.①/", "https://rp%2eexample/", "https://%31%32%37.0.0.1/", "https://127%2e0%2e0%2e1/",
	"https://127.1/", "https://127.0.1/", "https://2130706433/", "https://0x7f000001/", "https://0X7F.0x0.0.0x1/", "https://0x7f.1/", "https://017700000001/", "https://0177.0.0.1/",
	"https://127.0.0.01/", "https://127.0.0.1./", "https://127.0.0.256/", "https://1.2.3.4.5/", "https://256/", "https://0/", "https://0x/", "https://rp.example.1/", "https://rp.0x1f/", "https://4294967297/",
	"https://[127.0.0.1]/", "https://[::1/", "https://::1/", "https://[::1]x/", "https://[]/", "https://[::1]]/", "https://[v1.x]/", "https://[rp.example]/", "https://[::ffff:127.0.0.1.]/", "https://[0:0:0:0:0:0:0:0:1]/",
	"https://rp..example/", "https://.rp.example/", "https://rp.example../", "https://./", "https://rp,example/", "https://rp*example/", "https://rp.example;/", "https://$(x)/",
	"https://rp.example:/", "https://rp.example:0/", "https://rp.example:65536/", "https://rp.example:x/", "https://rp.example:-1/", "https://rp.example:443:443/", "https://rp.example:+443/", "https://rp.example:4 43/",
	"https://" + strings.Repeat("a", 64) + ".example/", "https://" + strings.Repeat("a.", 127) + "example/", "https://rp.example/" + strings.Repeat("x", 2048),
	"http://rp.example/", "http://localhost.example/", "http://127.1/", "http://localhost./", "http://0.0.0.0/", "http://LOCALHOST.example/",
}

func TestSpellings(t *testing.T) {
	for _, allow := range []bool{false, true} {
		c, err := egress.New(egress.Config{AllowPrivate: allow, Timeout: time.Second, Resolver: newDNS(t).resolver()})
		require.NoError(t, err)
		for _, at := range spellings {
			require.Equal(t, egress.BadURL, problem(t, c.Check(at)), "%q", at)
			_, err := c.Get(t.Context(), at, 0)
			require.Equal(t, egress.BadURL, problem(t, err), "%q", at)
			_, err = c.Post(t.Context(), at, "", nil)
			require.Equal(t, egress.BadURL, problem(t, err), "%q", at)
		}
		for _, zone := range []string{"https://[fe80::1%25eth0]/", "https://[::1%25lo]/", "https://[2600::1%25x]/"} {
			require.Error(t, c.Check(zone), zone)
		}
		for _, at := range []string{
			"https://rp.example", "https://rp.example/", "https://RP.Example:8443/a%20b?c=d&e", "HTTPS://rp.example/", "https://rp.example./",
			"https://xn--bcher-kva.example/", "https://1e100.net/", "https://a_b.example/", "https://127.0.0.1.nip.example/", "https://rp/", "https://0xyz/", "https://rp.example?x",
		} {
			require.NoError(t, c.Check(at), at)
		}
		for _, at := range []string{"https://localhost/", "https://LocalHost:8443/", "https://localhost./", "https://a.localhost/"} {
			require.Equal(t, allow, c.Check(at) == nil, at)
		}
		require.Equal(t, allow, c.Check("http://localhost:8080/x") == nil)
	}
}

func FuzzCheck(f *testing.F) {
	for _, at := range spellings {
		f.Add(at)
	}
	for _, a := range addresses.never {
		f.Add("https://" + literal(a) + "/")
	}
	f.Add("https://rp.example:8443/a?b=c")
	c, err := egress.New(egress.Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, at string) {
		if c.Check(at) != nil {
			return
		}
		u, err := url.Parse(at)
		require.NoError(t, err)
		require.Equal(t, "https", u.Scheme)
		require.Nil(t, u.User)
		require.Empty(t, u.Fragment)
		require.True(t, strings.HasPrefix(strings.ToLower(at), "https://"+strings.ToLower(u.Host)), "another parser finds the same host")
		if ip := net.ParseIP(u.Hostname()); ip != nil {
			require.True(t, ip.IsGlobalUnicast() && !ip.IsPrivate())
		}
	})
}
