package signin

import (
	"bytes"
	"html/template"
	"io/fs"
	"iter"
	"net/http"
	"net/url"
	"strings"
)

// Brand is the look of the pages.
type Brand struct {
	Name string // of the site; "" is none
}

// show says what else a page may do: to where its form may send the browser on, and from
// where its pictures come.
type show struct {
	Locales    []string
	FormAction []string
	Frames     []string
	Images     []string
}

type renderer struct {
	brand Brand
	page  *template.Template
}

func newRenderer(b Brand, _, _ fs.FS) (*renderer, error) {
	t, err := template.New("page").Parse(plain)
	return &renderer{b, t}, err
}

func (r *renderer) static() iter.Seq2[string, http.Handler] {
	return func(func(string, http.Handler) bool) {}
}

func (r *renderer) show(w http.ResponseWriter, _ *http.Request, status int, v *view, o show) error {
	var b bytes.Buffer
	if err := r.page.Execute(&b, map[string]any{"V": v, "D": v.Data, "B": r.brand}); err != nil {
		return err
	}
	action := []string{"form-action 'self'"}
	for _, to := range o.FormAction {
		if u, err := url.Parse(to); err == nil && u.Host != "" {
			action = append(action, u.Scheme+"://"+u.Host)
		} else if err == nil && u.Scheme != "" {
			action = append(action, u.Scheme+":")
		}
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; "+strings.Join(action, " "))
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w)
	return nil
}

const plain = `<!doctype html><html lang="en"><meta charset="utf-8"><title>{{.V.Page}}</title>
<h1>{{.V.Page}}</h1>{{with .V.Error}}<p role="alert" id="error">{{.}}</p>{{end}}{{with .V.Notice}}<p id="notice">{{.}}</p>{{end}}
{{with .V.Person}}<p>{{.}}</p>{{end}}
<form method="post" action="{{.V.Form.Action}}">{{range .V.Form.Hidden}}<input type="hidden" name="{{.Name}}" value="{{.Value}}">{{end}}
{{if eq .V.Page "identify"}}<input id="username" name="username" value="{{.D.Username}}"><button id="continue" name="action" value="continue">Continue</button>
{{else if eq .V.Page "password"}}<input id="password" name="password" type="password"><button id="continue" name="action" value="continue">Continue</button>{{if .D.Other}}<button id="other" name="action" value="other">Other</button>{{end}}{{if .D.Recover}}<button id="recover" name="action" value="recover">Recover</button>{{end}}
{{else if eq .V.Page "code"}}{{if or (eq .D.Type "totp") (eq .D.Type "hotp")}}<input id="otp" name="otp">{{else}}<input id="code" name="code">{{end}}<button id="continue" name="action" value="continue">Continue</button>{{if .D.Again}}<button id="again" name="action" value="again">Again</button>{{end}}
{{else if eq .V.Page "push"}}<p id="number">{{.D.Number}}</p><button id="continue" name="action" value="continue">Continue</button>
{{else if eq .V.Page "passkey"}}<p id="options">{{.D.Options}}</p><input id="credential" name="credential"><button id="continue" name="action" value="continue">Continue</button>
{{else if eq .V.Page "choose"}}{{range .D.Factors}}<input type="radio" name="factor" value="{{.ID}}">{{.Type}} {{.Target}}{{end}}<button id="continue" name="action" value="continue">Continue</button>
{{else if eq .V.Page "consent"}}{{range .D.Scopes}}<li>{{.Name}} {{.Description}}{{end}}<b>{{.V.Client.Host}}</b><button id="approve" name="action" value="approve">Allow</button><button id="deny" name="action" value="deny">Deny</button>
{{else if eq .V.Page "accounts"}}{{range .D.Accounts}}<button name="account" value="{{.ID}}">{{.Name}} {{.Detail}}</button>{{end}}<button id="another" name="account" value="">Another</button>
{{else if eq .V.Page "new_password"}}<input id="new_password" name="new_password" type="password"><input id="new_password_again" name="new_password_again" type="password"><button id="continue" name="action" value="continue">Continue</button>
{{else if eq .V.Page "new_code"}}<p id="new_code">{{.D.Code}}</p><button id="continue" name="action" value="continue">Continue</button>
{{else if eq .V.Page "error"}}<p>{{.D.Message}} {{.D.Code}} {{.D.Ref}}</p>{{end}}</form></html>`
