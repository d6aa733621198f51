package smtp

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/idna"
)

// Config says which server takes the mail.
type Config struct {
	Host string // required: name or address, as in the server's certificate
	Port int    // 0 is 587, and 465 with ImplicitTLS
	TLS  TLS    // "" is StartTLS

	// Roots are who may have signed the server's certificate; nil is whom the
	// system trusts.
	Roots *x509.CertPool

	// Username and Password are for the server; both or none.
	Username, Password string

	// From is the sender, "no-reply@login.example" or "Example
	// <no-reply@login.example>". Required. Whoever may send for its domain is the
	// host's to arrange (SPF, DKIM).
	From string

	Hello   string        // how this machine introduces itself; "" is From's domain
	Timeout time.Duration // of a delivery, from dialling to the server's word; 0 is 15 seconds

	Now func() time.Time // nil means time.Now
}

// TLS says how a connection is encrypted.
type TLS string

const (
	StartTLS    TLS = "starttls" // by STARTTLS (RFC 3207), without which nothing is sent
	ImplicitTLS TLS = "implicit" // from the first byte (RFC 8314 section 3.3)
	NoTLS       TLS = "none"     // not at all: only for a server on a loopback address
)

const defaultTimeout = 15 * time.Second

// Format prints no password, whatever the verb.
func (c Config) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "smtp.Config for %q", c.Host) }

// complete checks the configuration and fills in what is zero.
func (c *Config) complete() error {
	switch c.TLS {
	case "":
		c.TLS = StartTLS
	case StartTLS, ImplicitTLS:
	case NoTLS:
		if !isLoopback(c.Host) {
			return fieldError("TLS", "\"none\" is only for localhost and loopback addresses")
		}
	default:
		return fieldError("TLS", "must be starttls, implicit or none")
	}
	if c.Port == 0 {
		c.Port = 587
		if c.TLS == ImplicitTLS {
			c.Port = 465
		}
	}
	switch {
	case !isHost(c.Host):
		return fieldError("Host", "must be the name or the address of the server, without port")
	case c.Port < 0 || c.Port > 65535:
		return fieldError("Port", "must be between 1 and 65535, or 0")
	case (c.Username == "") != (c.Password == ""):
		return fieldError("Password", "is needed with a Username, and only then")
	case c.Hello != "" && !isHost(c.Hello):
		return fieldError("Hello", "must be the name of a host")
	case c.Timeout < 0:
		return fieldError("Timeout", "is negative")
	}
	c.Timeout = cmp.Or(c.Timeout, defaultTimeout)
	if c.Now == nil {
		c.Now = time.Now
	}
	return nil
}

// fieldError names the wrong field of a configuration.
func fieldError(field, reason string) error { return fmt.Errorf("%s: %s", field, reason) }

// parseFrom reads the sender, whose address every server must understand.
func parseFrom(s string) (*mail.Address, error) {
	if strings.ContainsFunc(s, unicode.IsControl) {
		return nil, errors.New("must not contain control characters")
	}
	parsed, err := mail.ParseAddress(s)
	if err != nil {
		return nil, errors.New("is not an address")
	}
	address, utf8, err := parseAddress(parsed.Address)
	if err != nil {
		return nil, err
	}
	if utf8 {
		return nil, errors.New("must be ASCII before the @")
	}
	return &mail.Address{Name: parsed.Name, Address: address}, nil
}

// parseAddress reads a bare address, without name and brackets, and writes the
// domain as every server understands it (RFC 5891). An address whose local part is
// not ASCII needs a server that knows it (RFC 6531): utf8 says so.
func parseAddress(s string) (address string, utf8 bool, err error) {
	parsed, err := mail.ParseAddress("<" + s + ">")
	if err != nil || parsed.Address != s || len(s) > 254 { // comments, quotes, brackets
		return "", false, errors.New("is not an address")
	}
	at := strings.LastIndexByte(s, '@')
	local, domain := s[:at], s[at+1:]
	if strings.ContainsFunc(local, notInLocal) {
		return "", false, errors.New("is not an address")
	}
	if domain, err = idna.Lookup.ToASCII(domain); err != nil || !isHost(domain) || isAddr(domain) {
		return "", false, errors.New("is not an address of an internet domain")
	}
	return local + "@" + domain, strings.ContainsFunc(local, func(r rune) bool { return r > unicode.MaxASCII }), nil
}

// notInLocal reports what no mailbox is called that people have.
func notInLocal(r rune) bool {
	return unicode.IsControl(r) || unicode.IsSpace(r) || r == '@' || r == '"' || r == unicode.ReplacementChar ||
		unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}

// isHost reports whether s is an ASCII host name, or an IP address without brackets.
func isHost(s string) bool {
	if isAddr(s) {
		return true
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, func(r rune) bool {
			return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		}) {
			return false
		}
	}
	return len(s) <= 253
}

func isAddr(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}
