package signin

import (
	"net/http"
	"net/url"
	"strings"
)

// permissions are what no page of ours uses, and what only passkeys use.
const permissions = "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), microphone=(), geolocation=(), " +
	"payment=(), usb=(), serial=(), bluetooth=(), display-capture=(), clipboard-write=(self)"

// header sets what every page has, and what this one needs besides. script is the hash
// of its script; "" is none.
func (p *page) header(h http.Header, style, script string, o show) {
	h.Set("Content-Security-Policy", policyOf(style, script, o))
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", p.Lang)
	h.Set("Cache-Control", "no-store") // names, codes, and forms that are good once
	// The address has the sealed request, which is nobody else's business: it goes to no
	// site that a page links to or returns to. Browsers then post our own forms with the
	// header "Origin: null" (Fetch section 3.2.5), so whoever asks where a form comes from
	// has to look at Sec-Fetch-Site first, as http.CrossOriginProtection does.
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("X-Frame-Options", "DENY") // for what does not know frame-ancestors (RFC 9700 section 4.16)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Permissions-Policy", permissions)
	if !o.Popup {
		// Whoever opened the window has no hand in it. An app that has said that it opens a
		// popup (display=popup) waits for word from it, and would wait for ever.
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
	}
	h.Set("Vary", "Accept, Accept-Language")
}

// policyOf is the content security policy of a page. Style and script are part of the
// page and named by their hashes: nothing else runs, whatever a name contains.
func policyOf(style, script string, o show) string {
	var b strings.Builder
	b.WriteString("default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src ")
	b.WriteString(style)
	if script != "" {
		b.WriteString("; script-src " + script + "; connect-src 'self'")
	}
	b.WriteString("; img-src 'self' data:" + sources(o.Images))
	// Chromium holds the redirect that answers a form to form-action too.
	b.WriteString("; form-action 'self'" + sources(o.FormAction))
	if s := sources(o.Frames); s != "" {
		b.WriteString("; frame-src" + s)
	}
	return b.String()
}

// sources are the origins of addresses, in the grammar of a policy, which has no place
// for an IPv6 address and none for most characters that Go takes in a host: for these,
// and for schemes of apps, the scheme has to do. What has not even that is left out.
func sources(addresses []string) string {
	var b strings.Builder
	for _, a := range addresses {
		u, err := url.Parse(a)
		if err != nil || u.Scheme == "" || u.Scheme == "javascript" || u.Scheme == "data" {
			continue
		}
		s := " " + u.Scheme + ":"
		if plainHost(u.Host) {
			s += "//" + u.Host
		}
		if !strings.Contains(b.String()+" ", s+" ") {
			b.WriteString(s)
		}
	}
	return b.String()
}

func plainHost(host string) bool {
	for _, c := range []byte(host) {
		if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == ':') {
			return false
		}
	}
	return host != ""
}
