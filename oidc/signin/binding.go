package signin

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
)

// Interact implements [oidc.Pages]: the browser gets a cookie, whose digest goes into
// the sealed request, and is sent to the page. Without that whoever begins a sign-in
// could have somebody else finish it (RFC 6819 section 5.2.4.5). The request is as good
// as a token against forged forms, too: no other site can read one that is bound to
// this browser.
func (p *Pages) Interact(w http.ResponseWriter, r *http.Request, op *oidc.Provider, in *oidc.Interaction) {
	f := &flow{pages: p, op: op, w: w, r: r, req: in.Request}
	name := op.CookieName("browser")
	c, err := r.Cookie(name)
	if err != nil || len(c.Value) < 22 || len(c.Value) > 64 {
		c = &http.Cookie{Name: name, Value: rand.Text(), Path: "/", HttpOnly: true, Secure: op.Secure(), SameSite: http.SameSiteLaxMode}
		http.SetCookie(w, c)
	}
	f.req.Data = digest(c.Value)
	to := f.home()
	if in.Need == oidc.NeedCreate {
		f.req, to = oidc.Chosen(f.req, oauth.PromptCreate), p.config.CreateURL
	}
	if err := f.forwardTo(to); err != nil {
		f.end(err)
	}
}

// Creates implements [oidc.Creating].
func (p *Pages) Creates() bool { return p.config.CreateURL != "" }

// forward sends the browser to the page with the request as it is now.
func (f *flow) forward() error { return f.forwardTo(f.home()) }

// home is where the pages are, or the page of the host's that drives them.
func (f *flow) home() string { return cmp.Or(f.pages.config.AppPath, path(f.op)) }

func (f *flow) forwardTo(to string) error {
	sealed, err := f.op.Server().Seal(f.req)
	if err != nil {
		return err
	}
	h := f.w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	to += "?request=" + sealed
	if script, ok := f.w.(*headless); ok {
		script.leave(location{Location: to})
		return nil
	}
	h.Set("Location", to)
	f.w.WriteHeader(http.StatusSeeOther)
	return nil
}

// bound reports whether the request was begun in this browser.
func (f *flow) bound() bool {
	c, err := f.r.Cookie(f.op.CookieName("browser"))
	return err == nil && f.req.Data != "" && subtle.ConstantTimeCompare([]byte(digest(c.Value)), []byte(f.req.Data)) == 1
}

func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// Error implements [oidc.Pages].
func (p *Pages) Error(w http.ResponseWriter, r *http.Request, op *oidc.Provider, err *oauth.Error, ref string) {
	f := &flow{pages: p, op: op, w: w, r: r}
	f.showError(err, ref, "")
}
