package webauthn

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// checkOrigin accepts an origin as clients write it, and nothing that merely means
// the same: origins are compared byte by byte.
func checkOrigin(origin string) error {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme == "" {
		return errors.New("must be an origin, such as https://login.example.com")
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return checkAppOrigin(origin)
	}
	host := u.Hostname()
	switch {
	case origin != u.Scheme+"://"+u.Host || host == "":
		return errors.New("must be scheme, host and port alone")
	case u.Host != strings.ToLower(u.Host) || strings.HasSuffix(u.Host, ":"):
		return errors.New("must be in lower case, as clients write it")
	case u.Scheme == "https" && u.Port() == "443", u.Scheme == "http" && u.Port() == "80":
		return errors.New("must not have the scheme's own port, as clients leave it out")
	case u.Scheme == "http" && host != "localhost" && !strings.HasSuffix(host, ".localhost") && !loopback(host):
		return errors.New("must be https: clients offer no credentials to plain http, loopback hosts excepted")
	}
	return nil
}

// loopback reports whether a host is a loopback address.
func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// appOrigins are the forms in which apps, extensions and local files appear.
var appOrigins = []string{
	"android:apk-key-hash:", "android:apk-key-hash-sha256:", "ios:bundle-id:",
	"chrome-extension://", "moz-extension://", "safari-web-extension://",
}

func checkAppOrigin(origin string) error {
	i := slices.IndexFunc(appOrigins, func(prefix string) bool { return strings.HasPrefix(origin, prefix) })
	if i < 0 {
		return errors.New("must be a web origin, or begin with one of " + strings.Join(appOrigins, ", "))
	}
	rest := origin[len(appOrigins[i]):]
	if rest == "" || strings.ContainsAny(rest, " \t\r\n") {
		return errors.New("names no app")
	}
	if i < 2 && !isHash(rest) {
		return errors.New("must end in the SHA-256 of the signing certificate, in base64url without padding")
	}
	return nil
}

// isHash reports whether s is base64url of 32 bytes.
func isHash(s string) bool {
	raw, err := base64url.DecodeString(s)
	return err == nil && len(raw) == 32
}
