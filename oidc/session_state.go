package oidc

import (
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/store"
)

// OpenID Connect Session Management: pages of clients watch whether somebody is still
// signed in without asking the server. An answer carries session_state, a hash over what
// a cookie of the browser says; a page of ours in a frame of theirs compares the two.
// That cookie is read by a script and is no credential: it is a digest of the ids of the
// sessions, so that it changes when somebody signs in or out, and not before.

// stateCookie is the name of that cookie.
func (p *Provider) stateCookie() string { return p.CookieName("state") }

// state is what the cookie says; "" where nobody is signed in.
func (b *browser) state() string {
	if len(b.sessions) == 0 {
		return ""
	}
	ids := make([]string, len(b.sessions))
	for i, s := range b.sessions {
		ids[i] = string(s.id[:])
	}
	slices.Sort(ids) // whose turn it is changes nothing for those who stay signed in
	digest := store.Digest("browser state", ids...)
	return base64.RawURLEncoding.EncodeToString(digest[:])
}

// writeState sets the cookie, if it is to be another one than came.
func (b *browser) writeState(w http.ResponseWriter) {
	value := b.state()
	if !b.p.config.Sessions.Monitor || value == b.sentState {
		return
	}
	// Frames of other sites need SameSite=None; where the issuer is http, on a loopback
	// host, browsers refuse that, and other ports are the same site.
	c := &http.Cookie{Name: b.p.stateCookie(), Value: value, Path: "/", Secure: b.p.Secure(), SameSite: http.SameSiteLaxMode}
	if c.Secure {
		c.SameSite = http.SameSiteNoneMode
	}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
	b.sentState = value
}

// sessionState is the session_state of an answer (section 2); "" where there is none.
func (b *browser) sessionState(req *oauth.AuthorizationRequest) string {
	at := origin(req.RedirectURI)
	if !b.p.config.Sessions.Monitor || at == "" || !req.HasScope(ScopeOpenID) {
		return ""
	}
	salt := rand.Text()
	sum := sha256.Sum256([]byte(req.ClientID + " " + at + " " + b.state() + " " + salt))
	return hex.EncodeToString(sum[:]) + "." + salt
}

// origin is that of a web page, as browsers write it; "" for other URIs, and where the
// host has characters that no name has: it goes into headers, too.
func origin(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" || strings.ContainsFunc(u.Host, oddInHost) {
		return ""
	}
	switch host := u.Host; u.Scheme {
	case "https":
		return "https://" + strings.TrimSuffix(host, ":443")
	case "http":
		return "http://" + strings.TrimSuffix(host, ":80")
	}
	return ""
}

func oddInHost(c rune) bool {
	return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune(".-_:[]", c))
}

//go:embed check_session.js
var checkSession string

// CheckSessionHandler is the page that clients' pages have in a frame and ask (sections
// 3.2 and 3.3). It is the same for everybody and loads nothing.
func (p *Provider) CheckSessionHandler() http.Handler {
	page := []byte(`<!doctype html><html lang="en" data-cookie="` + html.EscapeString(p.stateCookie()) +
		`"><meta charset="utf-8"><title>Session</title><script>` + checkSession + `</script></html>`)
	sum := sha256.Sum256([]byte(checkSession))
	policy := "default-src 'none'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", policy)
		h.Set("Cache-Control", "public, max-age=300")
		h.Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(page)
	})
}
