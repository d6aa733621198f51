package oidc

import (
	"bytes"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/mintyard/mintyard/oauth"
)

// LogoutPages is implemented by [Pages] that have the pages of signing out too; those of
// Config go before. Each writes the whole answer.
type LogoutPages interface {
	ConfirmLogout(w http.ResponseWriter, r *http.Request, p *Provider, page *LogoutConfirmation)
	LoggedOut(w http.ResponseWriter, r *http.Request, p *Provider, page *LoggedOut)
	LogoutError(w http.ResponseWriter, r *http.Request, p *Provider, page *LogoutError)
}

// resolveLogout settles who shows the pages of signing out: the host's functions, or its
// Pages, or plain ones.
func (p *Provider) resolveLogout() {
	c := &p.config
	confirm, done, failed := showConfirmLogout, showLoggedOut, showLogoutError
	if own, ok := c.Pages.(LogoutPages); ok {
		confirm = func(w http.ResponseWriter, r *http.Request, page *LogoutConfirmation) {
			own.ConfirmLogout(w, r, p, page)
		}
		done = func(w http.ResponseWriter, r *http.Request, page *LoggedOut) { own.LoggedOut(w, r, p, page) }
		failed = func(w http.ResponseWriter, r *http.Request, page *LogoutError) { own.LogoutError(w, r, p, page) }
	}
	if c.ConfirmLogout == nil {
		c.ConfirmLogout = confirm
	}
	if c.LoggedOut == nil {
		c.LoggedOut = done
	}
	if c.LogoutError == nil {
		c.LogoutError = failed
	}
}

// LogoutConfirmation is a page that asks whether to sign out.
type LogoutConfirmation struct {
	Action  string // where the page posts to
	Request string // as its field "logout"

	Sessions []*Session    // that end then
	Client   *oauth.Client // who has sent the browser here; nil where that is not known
	Next     string        // where the person goes then; "" stays here

	UILocales []string
}

// FormTargets is what a page's content security policy must allow as form-action: the
// browser follows the redirect that answers the form only if that is allowed too.
func (page *LogoutConfirmation) FormTargets() []string {
	targets := []string{"'self'"}
	if scheme, _, ok := strings.Cut(page.Next, ":"); ok {
		if at := origin(page.Next); at != "" {
			return append(targets, at)
		}
		return append(targets, scheme+":")
	}
	return targets
}

// LoggedOut is a page that says that the person is signed out.
type LoggedOut struct {
	// Frames are loaded so that other clients forget the person too: hidden, and without
	// waiting for what they answer.
	Frames []string

	// Next is where the person can go on to; "" stays here. If GoOn, the page goes there
	// by itself when there was time for the frames.
	Next string
	GoOn bool

	Client    *oauth.Client // whose address Next is
	UILocales []string
}

// FrameSources is what the page's content security policy must allow as frame-src.
func (page *LoggedOut) FrameSources() []string {
	var list []string
	for _, f := range page.Frames {
		if at := origin(f); at != "" && !slices.Contains(list, at) {
			list = append(list, at)
		}
	}
	return list
}

// LogoutError is a page that says why nobody was signed out.
type LogoutError struct {
	Error *oauth.Error // its HTTPStatus is that of the page
	Ref   string       // that the event has too

	// Confirmation lets the person sign out all the same; nil where nobody is signed in.
	Confirmation *LogoutConfirmation
}

// The pages of who has none of their own: plain, and with texts and ids that do not
// change, because software looks for them.

func showConfirmLogout(w http.ResponseWriter, _ *http.Request, page *LogoutConfirmation) {
	writePage(w, http.StatusOK, "form-action "+strings.Join(page.FormTargets(), " "), "confirm", page)
}

func showLoggedOut(w http.ResponseWriter, _ *http.Request, page *LoggedOut) {
	policy := "form-action 'none'"
	if list := page.FrameSources(); len(list) > 0 {
		policy += "; frame-src " + strings.Join(list, " ")
	}
	writePage(w, http.StatusOK, policy, "done", page)
}

func showLogoutError(w http.ResponseWriter, _ *http.Request, page *LogoutError) {
	writePage(w, page.Error.HTTPStatus(), "form-action 'self'", "error", page)
}

func writePage(w http.ResponseWriter, status int, policy, name string, page any) {
	var b bytes.Buffer
	if err := logoutPages.ExecuteTemplate(&b, name, page); err != nil {
		http.Error(w, "The page cannot be shown", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; "+policy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// link lets an address of a client through that was checked when it was registered and
// again when it was asked for: also that of an app, whose scheme templates do not know.
func link(uri string) template.URL {
	if !mayBeSentTo(uri) {
		return ""
	}
	return template.URL(uri)
}

func hostOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

var logoutPages = template.Must(template.New("").Funcs(template.FuncMap{"link": link, "host": hostOf}).Parse(`
{{define "head"}}<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.}}</title>{{end}}
{{define "form"}}<form method="post" action="{{.Action}}"><input type="hidden" name="logout" value="{{.Request}}"><button id="approve" name="action" value="approve">Sign out</button></form>{{end}}
{{define "confirm"}}{{template "head" "Sign out"}}</head><body><h1>Do you want to sign out?</h1>
{{with .Client}}<p>{{or .Name .ID}} asks you to sign out.</p>{{end}}{{with host .Next}}<p>You go on to {{.}} then.</p>{{end}}
{{template "form" .}}</body></html>{{end}}
{{define "done"}}{{template "head" "Signed out"}}{{if .GoOn}}<meta http-equiv="refresh" content="2;url={{link .Next}}">{{end}}</head><body><h1>You are signed out</h1>
{{with .Next}}<p><a id="continue" href="{{link .}}">Continue</a></p>{{end}}
{{range .Frames}}<iframe hidden src="{{.}}" title="Sign out" sandbox="allow-same-origin allow-scripts"></iframe>{{end}}</body></html>{{end}}
{{define "error"}}{{template "head" "Error"}}</head><body><h1>This request cannot be answered</h1><p>{{.Error.Description}}</p><p>{{.Error.Code}} · {{.Ref}}</p>
{{with .Confirmation}}<p>You are still signed in.</p>{{template "form" .}}{{end}}</body></html>{{end}}
`))
