package signin

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the policy allows is what the page has, and no more.
func TestPolicyNamesWhatThePageHas(t *testing.T) {
	r := newStrict(t, Brand{Name: "Mintyard"})
	inside := regexp.MustCompile(`(?s)<(style|script)>(.*?)</(?:style|script)>`)
	for _, p := range gallery() {
		body, h := draw(t, r, p, "en")
		csp := h.Get("Content-Security-Policy")
		require.True(t, strings.HasPrefix(csp, "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; "), csp)
		require.NotContains(t, csp, "unsafe")
		parts := inside.FindAllStringSubmatch(body, -1)
		for _, m := range parts {
			sum := sha256.Sum256([]byte(m[2]))
			require.Contains(t, csp, m[1]+"-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'", p.name)
		}
		require.Equal(t, len(parts) == 2, strings.Contains(csp, "script-src"), p.name)
		require.Equal(t, len(parts) == 2, strings.Contains(csp, "connect-src"), p.name)
		require.Contains(t, csp, "; form-action 'self' https://shop.example", p.name)
		require.Equal(t, len(p.show.Frames) > 0, strings.Contains(csp, "frame-src"), p.name)
		for name, value := range map[string]string{
			"X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
			"Cross-Origin-Opener-Policy": "same-origin", "Permissions-Policy": permissions, "Content-Type": "text/html; charset=utf-8",
		} {
			require.Equal(t, value, h.Get(name), p.name)
		}
	}
}

// A redirect URI cannot add to the policy.
func TestSources(t *testing.T) {
	for address, want := range map[string]string{
		"https://app.example/cb?x=1":              " https://app.example",
		"https://app.example:8443/cb":             " https://app.example:8443",
		"http://127.0.0.1:49152/":                 " http://127.0.0.1:49152",
		"http://[::1]:49152/":                     " http:",
		"com.example.app:/cb":                     " com.example.app:",
		"https://a;script-src%20'unsafe-inline'/": "",
		"https://a;b/":                            " https:",
		"https://a,b/":                            " https:",
		"https://*/":                              " https:",
		"https://bücher.example/":                 " https:",
		"https://user@app.example/":               " https://app.example",
		"javascript:alert(1)":                     "",
		"data:text/html,x":                        "",
		"/cb":                                     "",
		"":                                        "",
	} {
		require.Equal(t, want, sources([]string{address}), address)
	}
	require.Equal(t, " https://a.example https://a.example:1", sources([]string{"https://a.example/1", "https://a.example/2", "https://a.example:1"}))
}

// The picture of a client is shown if the page may load it, and otherwise its initial.
func TestClientLogo(t *testing.T) {
	r := newStrict(t, Brand{})
	p := gallery()[slices.IndexFunc(gallery(), func(p picture) bool { return p.name == "consent" })]
	p.view.Client.LogoURI = "https://shop.example/logo.png"
	body, h := draw(t, r, p, "en")
	require.NotContains(t, body, "logo.png")
	require.NotContains(t, h.Get("Content-Security-Policy"), "img-src 'self' data: https")
	p.show.Images = []string{"https://shop.example/logo.png"}
	body, h = draw(t, r, p, "en")
	require.Contains(t, body, `<img src="https://shop.example/logo.png" alt="">`)
	require.Contains(t, h.Get("Content-Security-Policy"), "img-src 'self' data: https://shop.example;")
	p.view.Client.LogoURI, p.show.Images = "data:image/svg+xml,x", []string{"data:image/svg+xml,x"}
	body, _ = draw(t, r, p, "en")
	require.NotContains(t, body, "svg+xml,x")
}

// An app that opens a popup is told by it how it went.
func TestPopup(t *testing.T) {
	p := gallery()[0]
	p.show.Popup = true
	_, h := draw(t, newStrict(t, Brand{}), p, "en")
	require.Empty(t, h.Get("Cross-Origin-Opener-Policy"))
}
