package signin

import (
	"encoding/json"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func newStrict(t *testing.T, b Brand) *renderer {
	t.Helper()
	r, err := newRenderer(b, nil, nil)
	require.NoError(t, err)
	r.strict = true
	return r
}

// draw is a page as a browser gets it.
func draw(t *testing.T, r *renderer, p picture, lang string) (body string, h http.Header) {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, "/signin", nil)
	req.Header.Set("Accept-Language", lang)
	w := httptest.NewRecorder()
	require.NoError(t, r.show(w, req, p.status, &p.view, p.show), "%s in %s", p.name, lang)
	require.Equal(t, p.status, w.Code)
	b, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return string(b), w.Header()
}

// Each page, in each language, has all its texts. (A renderer that is strict fails where
// one is missing.)
func TestEveryPageInEveryLanguage(t *testing.T) {
	for _, name := range pageNames {
		require.True(t, hasPage(name), "the gallery has no %s", name)
	}
	r := newStrict(t, Brand{Name: "Mintyard"})
	for _, lang := range languages {
		for _, p := range gallery() {
			body, h := draw(t, r, p, lang)
			require.Equal(t, lang, h.Get("Content-Language"))
			require.Contains(t, body, `<html lang="`+lang+`"`)
			require.NotContains(t, body, "ZgotmplZ", p.name)
			require.NotRegexp(t, `\{[a-z]+\}`, regexp.MustCompile(`(?s)<style>.*?</style>|<script>.*?</script>`).ReplaceAllString(body, ""), p.name)
			require.Equal(t, p.view.Error != "", strings.Contains(body, `role="alert" id="error"`), p.name)
		}
	}
	body, _ := draw(t, r, gallery()[0], "ar")
	require.Contains(t, body, `dir="rtl"`)
}

// Each catalogue has the keys of the others, and the same placeholders.
func TestCatalogues(t *testing.T) {
	all, err := loadCatalogues(nil)
	require.NoError(t, err)
	require.ElementsMatch(t, languages, slices.Collect(maps.Keys(all)))
	placeholder := regexp.MustCompile(`\{[a-z]+\}`)
	for lang, c := range all {
		require.ElementsMatch(t, slices.Collect(maps.Keys(all[fallback])), slices.Collect(maps.Keys(c)), lang)
		for key, text := range c {
			require.NotEmpty(t, text, "%s in %s", key, lang)
			require.ElementsMatch(t, placeholder.FindAllString(all[fallback][key], -1), placeholder.FindAllString(text, -1), "%s in %s", key, lang)
		}
	}
	for _, key := range []string{"refused", "refused_code", "locked", "busy", "unavailable", "pending", "rejected", "over", "delivery", "not_available", "empty",
		"expired", "mismatch", "weak", "wrong_person", "passkey_failed", "denied_policy"} {
		require.Contains(t, all[fallback], "error."+key)
	}
}

var (
	tag    = regexp.MustCompile(`<(input|button|a|img|iframe|label|form|fieldset)\b([^>]*)>`)
	attr   = regexp.MustCompile(`([a-z-]+)(?:="([^"]*)")?`)
	remote = regexp.MustCompile(`https?://|["'(]//`)
)

// elements are the tags of a page with their attributes.
func elements(body string) (all []map[string]string) {
	for _, m := range tag.FindAllStringSubmatch(body, -1) {
		e := map[string]string{"": m[1]}
		for _, a := range attr.FindAllStringSubmatch(m[2], -1) {
			e[a[1]] = html.UnescapeString(a[2])
		}
		all = append(all, e)
	}
	return all
}

// Forms can be walked by a program: the id of an element is its name, that of a button
// its value. And by a person: each input has a label.
func TestForms(t *testing.T) {
	r := newStrict(t, Brand{Name: "Mintyard"})
	for _, p := range gallery() {
		body, _ := draw(t, r, p, "en")
		ids, labels := make(map[string]bool), make(map[string]bool)
		all := elements(body)
		for _, e := range all {
			if e[""] == "label" {
				labels[e["for"]] = true
			}
			if id := e["id"]; id != "" {
				require.False(t, ids[id], "%s: two elements are %s", p.name, id)
				ids[id] = true
			}
		}
		focused := 0
		for _, e := range all {
			name, id := e["name"], e["id"]
			switch {
			case e[""] == "input" && e["type"] == "radio":
				require.Equal(t, "factor", name)
				require.True(t, labels[id], p.name)
			case e[""] == "input" && name == "": // is not sent
				require.Equal(t, "username", e["autocomplete"])
			case e[""] == "input":
				require.Equal(t, name, id, p.name)
				if e["type"] != "hidden" {
					require.True(t, labels[id], "%s: %s has no label", p.name, id)
				}
				if about := e["aria-describedby"]; about != "" {
					for id := range strings.FieldsSeq(about) {
						require.Contains(t, body, `id="`+id+`"`, p.name)
					}
				}
			case e[""] == "button" && name == "action":
				require.Equal(t, e["value"], id, p.name)
			}
			if _, ok := e["autofocus"]; ok {
				focused++
			}
			if e[""] == "form" && e["action"] != "" {
				require.Equal(t, "post", e["method"], p.name)
				require.Equal(t, "/signin", e["action"], p.name)
			}
		}
		require.LessOrEqual(t, focused, 1, p.name)
		if p.view.Error != "" {
			require.Zero(t, focused, "%s: the message is read first", p.name)
			require.Contains(t, body, "<title>Error: ")
			if f := p.view.Field; f != "" && f != "factor" {
				require.Regexp(t, `id="`+f+`"[^>]* aria-invalid="true" aria-describedby="error`, body, p.name)
			}
		}
		require.NotRegexp(t, `\son[a-z]+=`, body, "%s: a handler that the policy forbids", p.name)
		require.NotRegexp(t, `<[^>]*\sstyle=`, body, "%s: a style that the policy forbids", p.name)
	}
}

// No page loads anything from elsewhere, and each is small.
func TestNothingFromElsewhere(t *testing.T) {
	r := newStrict(t, Brand{Name: "Mintyard", Logo: []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)})
	for _, p := range gallery() {
		p.view.Client.Policy, p.view.Client.TOS, p.view.Client.URI = "", "", ""
		if d, ok := p.view.Data.(signOutView); ok {
			d.Continue, d.Frames = "", nil
			p.view.Data = d
		}
		for _, lang := range languages {
			body, _ := draw(t, r, p, lang)
			require.NotRegexp(t, remote, body, p.name)
			require.Less(t, len(body), 15<<10, "%s in %s", p.name, lang)
		}
	}
	require.Less(t, len(r.style.source), 9<<10)
}

// Whatever names contain is text, and stays where it stands.
func TestHostileNames(t *testing.T) {
	const hostile = "<script>alert(1)</script>\"'>{client}\u202egnp.exe\u2066\x00\n"
	r := newStrict(t, Brand{Name: "Mintyard"})
	for _, p := range gallery() {
		p.view.Client.Name, p.view.Client.Host, p.view.Person = hostile, hostile, hostile
		p.view.Client.Policy, p.view.Client.TOS = "javascript:alert(1)", "data:text/html,x"
		p.view.Form.Hidden = append(p.view.Form.Hidden, field{"username", hostile})
		switch d := p.view.Data.(type) {
		case identifyView:
			d.Username, d.PasskeyURL = hostile, "javascript:alert(1)"
			p.view.Data = d
		case chooseView:
			p.view.Data = chooseView{[]factorView{{ID: hostile, Type: "sms", Name: hostile, Target: hostile}}}
		case codeView:
			d.Target = hostile
			p.view.Data = d
		case questionView:
			d.Question = hostile
			p.view.Data = d
		case consentView:
			p.view.Data = consentView{Scopes: []scopeView{{hostile, hostile}, {"profile", hostile}}}
		case accountsView:
			p.view.Data = accountsView{Accounts: []accountView{{hostile, hostile, hostile}}, SignOut: true}
		case passkeyView:
			d.Options = hostile
			p.view.Data = d
		case deviceView:
			p.view.Data = deviceView{Code: hostile, Confirm: d.Confirm, Device: hostile, Place: hostile}
		case signOutView:
			p.view.Data = signOutView{Done: d.Done, Continue: "javascript:alert(1)", Frames: []string{"javascript:alert(1)"}}
		case errorView:
			p.view.Data = errorView{Code: hostile, Message: hostile, Ref: hostile, Restart: "javascript:alert(1)"}
		case recoveryCodesView:
			p.view.Data = recoveryCodesView{Codes: []string{hostile}}
		}
		body, _ := draw(t, r, p, "ar")
		require.NotContains(t, body, "<script>alert", p.name)
		require.NotContains(t, body, `"javascript:`, p.name)
		require.NotContains(t, body, `"data:text/html`, p.name)
		require.Equal(t, 1, strings.Count(body, "</title>"))
		require.LessOrEqual(t, strings.Count(body, "<script>"), 1, p.name)
	}
	p := gallery()[0]
	p.view.Client.Name = "evil\u202egnp" + strings.Repeat("x", 500)
	body, _ := draw(t, r, p, "en")
	require.NotContains(t, body, "\u202e", "nothing turns around")
	require.Less(t, strings.Count(body, "x"), 300)
}

// In service, what has no text shows another one, and nothing fails.
func TestMissingText(t *testing.T) {
	r, err := newRenderer(Brand{}, nil, fstest.MapFS{"nl.json": {Data: []byte(`{"title.identify": "Inloggen"}`)}})
	require.NoError(t, err)
	body, _ := draw(t, r, gallery()[0], "nl-BE")
	require.Contains(t, body, "Inloggen")
	require.Contains(t, body, "User name or email address")
	p := gallery()[0]
	p.view.Error = "no_such_error"
	body, _ = draw(t, r, p, "nl")
	require.Contains(t, body, "Something went wrong")
	p.view.Page = "no_such_page"
	require.Error(t, r.show(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), 200, &p.view, show{}))
}

// A host replaces files by name: templates, the style, and texts.
func TestReplacedFiles(t *testing.T) {
	r, err := newRenderer(Brand{}, fstest.MapFS{
		"identify.html": {Data: []byte(`<h1>Ours</h1><form method="post" action="{{.Form.Action}}">{{template "hidden" .}}<input id="username" name="username">{{template "continue" .}}</form>`)},
		"style.css":     {Data: []byte("h1 { color: red }")},
	}, fstest.MapFS{"en.json": {Data: []byte(`{"continue": "Go"}`)}, "he.json": {Data: []byte(`{"direction": "rtl"}`)}})
	require.NoError(t, err)
	body, _ := draw(t, r, gallery()[0], "he")
	require.Contains(t, body, "<h1>Ours</h1>")
	require.Contains(t, body, "h1{color:red}")
	require.Contains(t, body, ">Go</button>")
	require.Contains(t, body, `lang="he" dir="rtl"`)
	for _, wrong := range []fstest.MapFS{
		{"identify.html": {Data: []byte("{{.")}}, {"layout.html": {Data: []byte("{{end}}")}}, {"parts.html": {Mode: 1 << 31}},
	} {
		_, err := newRenderer(Brand{}, wrong, nil)
		require.ErrorContains(t, err, "Config.Templates")
	}
	for _, wrong := range []fstest.MapFS{
		{"en.json": {Data: []byte("[]")}}, {"e n.json": {Data: []byte("{}")}}, {"fa.json": {Data: []byte(`{"direction": "up"}`)}},
		{"fa.json": {Data: []byte(`{"language": "\""}`)}},
	} {
		_, err := newRenderer(Brand{}, nil, wrong)
		require.ErrorContains(t, err, "Config.Messages")
	}
}

// What the host says of a scope is shown; what it left as it was is translated.
func TestScopesInWords(t *testing.T) {
	r := newStrict(t, Brand{})
	p := gallery()[slices.IndexFunc(gallery(), func(p picture) bool { return p.name == "consent" })]
	p.view.Data = consentView{Scopes: []scopeView{{"email", "Know your email address"}, {"profile", "Read all about you"}, {"orders", ""}}}
	body, _ := draw(t, r, p, "de")
	require.Contains(t, body, "Ihre E-Mail-Adresse kennen")
	require.Contains(t, body, "<span>orders</span>")
	body, _ = draw(t, r, p, "en")
	require.Contains(t, body, "Read all about you")
}

// A program finds out what kind of error a page is about.
func TestErrorPageForPrograms(t *testing.T) {
	r := newStrict(t, Brand{})
	for _, p := range gallery() {
		d, ok := p.view.Data.(errorView)
		if !ok {
			continue
		}
		for _, lang := range []string{"en", "ar"} {
			body, _ := draw(t, r, p, lang)
			require.Contains(t, body, `id="error_code" dir="ltr">`+d.Code+`<`)
			require.Contains(t, body, `id="ref" dir="ltr">`+d.Ref+`<`)
		}
	}
	var texts map[string]string
	b, err := ownMessages.ReadFile("messages/en.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &texts))
	require.Equal(t, "The app that sent you is not known here.", texts["problem.client_unknown"], "programs look for it: it does not change")
}
