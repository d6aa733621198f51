package authenticator

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lengths of an e-mail address in bytes (RFC 5321 section 4.5.3.1, RFC 3696 erratum
// 1690).
const (
	maxAddress = 254
	maxLocal   = 64
)

// canonicalAddress returns an e-mail address with its domain in lower case. It is
// the address alone: no name beside it, no comment, no quoted local part, no address
// literal, nothing invisible. A domain that is not ASCII is written in punycode.
func canonicalAddress(s string) (string, error) {
	s = strings.Trim(s, " ")
	if len(s) > maxAddress || !utf8.ValidString(s) {
		return "", ErrDestination
	}
	for _, r := range s {
		if r == ' ' || !unicode.IsPrint(r) { // so no CR or LF can start a header
			return "", ErrDestination
		}
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || a.Name != "" {
		return "", ErrDestination
	}
	at := strings.LastIndexByte(s, '@')
	local, domain := s[:at], strings.ToLower(s[at+1:])
	if local == "" || len(local) > maxLocal || strings.ContainsAny(local, `@"<>(),;:\[]`) || !isDomain(domain) {
		return "", ErrDestination
	}
	return local + "@" + domain, nil
}

// isDomain holds for a lower-case host name of at least two labels (RFC 1123
// section 2.1).
func isDomain(s string) bool {
	labels := strings.Split(s, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
				return false
			}
		}
	}
	last := labels[len(labels)-1]
	return len(labels) > 1 && (last[0] < '0' || last[0] > '9') // not an IP address
}

// maskAddress shows the first character and the domain.
func maskAddress(address string) string {
	at := strings.LastIndexByte(address, '@')
	_, n := utf8.DecodeRuneInString(address)
	return address[:n] + "•••" + address[at:]
}
