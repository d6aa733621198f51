package signin

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

//go:embed web
var ownFiles embed.FS

// pageNames are the pages. Each is a template, NAME.html, inside of layout.html.
var pageNames = []string{
	"identify", "password", "code", "push", "passkey", "question", "choose", "consent", "accounts", "new_password", "new_code",
	"enrol_choose", "enrol_totp", "enrol_address", "enrol_passkey", "recovery_codes", "device", "device_done", "sign_out", "error", "cookies",
}

// scripts are the pages that have one.
var scripts = map[string]string{
	"passkey": "passkey.js", "enrol_passkey": "passkey.js", "push": "push.js",
	"recovery_codes": "copy.js", "new_code": "copy.js", "enrol_totp": "copy.js",
}

// show says what else a page may do: to where its form may send the browser on, and from
// where its pictures and frames come. Popup says that an app has opened the window and
// waits for it (display=popup).
type show struct {
	Locales    []string
	FormAction []string
	Frames     []string
	Images     []string
	Popup      bool
}

// renderer makes pages. It is made once, and safe for use by many.
type renderer struct {
	*look
	brand  Brand
	logo   *file // served beside the pages; nil is none
	style  inline
	texts  catalogues
	strict bool // for tests: a missing text is an error
}

// inline is a style or a script that is part of the page, and how a policy names it.
type inline struct{ source, hash string }

func newInline(source string) inline {
	sum := sha256.Sum256([]byte(source))
	return inline{source, "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"}
}

// newRenderer reads the files, those of the host in place of ours, and parses them: what
// is wrong with one is said here and not on a page.
func newRenderer(b Brand, files, messages fs.FS) (*renderer, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	load, texts := ownLook, ownCatalogues
	if files != nil {
		load = func() (*look, error) { return loadLook(files) }
	}
	if messages != nil {
		texts = func() (catalogues, error) { return loadCatalogues(messages) }
	}
	r := &renderer{brand: b, logo: newLogo(b.Logo)}
	var err error
	if r.texts, err = texts(); err != nil {
		return nil, err
	}
	if r.look, err = load(); err != nil {
		return nil, err
	}
	r.style = newInline(r.css + string(b.style()))
	return r, nil
}

// look is what the files say, whatever the brand.
type look struct {
	css     string
	scripts map[string]inline // by file
	pages   map[string]*template.Template
}

// Our own files are read once: servers of tests are made by the hundred.
var (
	ownLook       = sync.OnceValues(func() (*look, error) { return loadLook(nil) })
	ownCatalogues = sync.OnceValues(func() (catalogues, error) { return loadCatalogues(nil) })
)

func loadLook(files fs.FS) (*look, error) {
	own, err := fs.Sub(ownFiles, "web")
	if err != nil {
		return nil, err
	}
	read := func(name string) (string, error) { return readFile(own, files, name) }
	l := &look{scripts: make(map[string]inline), pages: make(map[string]*template.Template)}
	style, err := read("style.css")
	if err != nil {
		return nil, err
	}
	l.css = smaller(style)
	for _, name := range []string{"passkey.js", "push.js", "copy.js", "leave.js"} {
		s, err := read(name)
		if err != nil {
			return nil, err
		}
		l.scripts[name] = newInline(smallerScript(s))
	}
	return l, l.parse(read)
}

// readFile reads a file of the host's, or else ours.
func readFile(own, host fs.FS, name string) (string, error) {
	if host != nil {
		b, err := fs.ReadFile(host, name)
		if err == nil {
			return string(b), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("signin: Config.Templates: %w", err)
		}
	}
	b, err := fs.ReadFile(own, name)
	return string(b), err
}

func (l *look) parse(read func(name string) (string, error)) error {
	base := template.New("layout").Funcs(template.FuncMap{"icon": icon, "initial": initial, "plain": clean})
	for _, name := range []string{"layout", "parts"} {
		s, err := read(name + ".html")
		if err != nil {
			return err
		}
		t := base
		if name != "layout" {
			t = base.New(name)
		}
		if _, err := t.Parse(s); err != nil {
			return fmt.Errorf("signin: Config.Templates: %w", err)
		}
	}
	for _, name := range pageNames {
		s, err := read(name + ".html")
		if err != nil {
			return err
		}
		t, err := base.Clone()
		if err != nil {
			return err
		}
		if _, err := t.New("body").Parse(s); err != nil {
			return fmt.Errorf("signin: Config.Templates: %s.html: %w", name, err)
		}
		l.pages[name] = t
	}
	return nil
}

// show writes a page. Nothing is written before the page is whole: an error can still be
// answered with another one.
func (r *renderer) show(w http.ResponseWriter, req *http.Request, status int, v *view, o show) error {
	t := r.pages[v.Page]
	if t == nil {
		return fmt.Errorf("signin: there is no page %q", v.Page)
	}
	if script, ok := w.(*headless); ok {
		return script.page(status, v)
	}
	p, script := r.page(req, v, &o)
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return err
	}
	p.header(w.Header(), r.style.hash, script.hash, o)
	w.WriteHeader(status)
	_, _ = b.WriteTo(w)
	return nil
}

// page puts together what the template gets.
func (r *renderer) page(req *http.Request, v *view, o *show) (*page, inline) {
	shown := *v
	shown.Person = clean(v.Person)
	shown.Client.Name, shown.Client.Host = clean(v.Client.Name), clean(v.Client.Host)
	if v.Notice == "sent" {
		shown.Notice = "" // the page says by itself where the code went
	}
	lang := choose(r.texts, o.Locales, strings.Join(req.Header.Values("Accept-Language"), ","))
	p := &page{
		view: &shown, lang: lang, Lang: r.texts[lang]["language"], Dir: r.texts[lang]["direction"], Site: r.brand.Name,
		Style: template.CSS(r.style.source), texts: r.texts, strict: r.strict,
	}
	switch {
	case r.logo != nil:
		p.Logo = v.Base + "/" + r.logo.name
	case r.brand.LogoURL != "":
		p.Logo = r.brand.LogoURL
		o.Images = append(slices.Clone(o.Images), r.brand.LogoURL)
	}
	if slices.Contains(o.Images, v.Client.LogoURI) {
		if u, err := url.Parse(v.Client.LogoURI); err == nil && (u.Scheme == "https" || u.Scheme == "http") {
			p.ClientLogo = v.Client.LogoURI
		}
	}
	script := r.scripts[r.scriptOf(v)]
	p.Script = template.JS(script.source)
	return p, script
}

// scriptOf is the script that a page has; "" is none.
func (r *renderer) scriptOf(v *view) string {
	switch d := v.Data.(type) {
	case identifyView:
		if d.Passkey {
			return "passkey.js"
		}
	case pushView:
		if (&page{view: v}).Over() {
			return ""
		}
	case signOutView:
		if d.Leave {
			return "leave.js"
		}
	}
	return scripts[v.Page]
}
