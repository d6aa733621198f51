package smtp_test

import (
	"net/mail"
	"strings"
	"testing"
	"unicode"

	"github.com/mintyard/mintyard/authenticator/smtp"
)

// FuzzParseAddress: what passes is one address, on one line, which means the same
// to whoever reads it again.
func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{
		"alice@example.com", "jürgen@bücher.example", "a@b> <c@d", "a@b\r\nRCPT TO:<c@d", `"a b"@c`, "a@[::1]", "a(c)@b", "a@b.", "a@xn--", "A@B",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		address, utf8, err := smtp.ParseAddress(s)
		if err != nil {
			return
		}
		if strings.ContainsFunc(address, func(r rune) bool {
			return unicode.IsControl(r) || unicode.IsSpace(r) || strings.ContainsRune(`<>",;:()[]`, r)
		}) {
			t.Fatalf("%q became %q", s, address)
		}
		if !utf8 && strings.ContainsFunc(address, func(r rune) bool { return r > unicode.MaxASCII }) {
			t.Fatalf("%q needs SMTPUTF8", address)
		}
		if strings.Count(address, "@") != 1 || address[:strings.Index(address, "@")] != s[:strings.Index(s, "@")] {
			t.Fatalf("%q became %q, somebody else's", s, address)
		}
		if written := (&mail.Address{Address: address}).String(); written != "<"+address+">" {
			t.Fatalf("%q is written %q", address, written)
		}
		if again, _, err := smtp.ParseAddress(address); err != nil || again != address {
			t.Fatalf("%q became %q: %v", address, again, err)
		}
	})
}
