package signin

import (
	"fmt"
	"html"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// page is what a template gets: the view, the language, and what makes texts of keys.
type page struct {
	*view
	Lang, Dir  string
	Site       string // name of the brand
	Logo       string // address of its logo; "" is none
	ClientLogo string // the same of the client; "" if it may not be shown
	Style      template.CSS
	Script     template.JS

	lang   string // key of the catalogue
	texts  catalogues
	strict bool // a text that is missing is an error
}

// T is a text of the catalogue. The pairs replace what stands in braces; they may come
// from anywhere, and are kept apart from the text around them (Unicode Standard Annex 9
// section 2.4), since a name in another script would turn it around.
func (p *page) T(key string, pairs ...string) (string, error) {
	text, err := p.lookup(key)
	if err != nil {
		return "", err
	}
	return fill(text, pairs, func(v string) string { return "\u2068" + v + "\u2069" }), nil
}

// TB is the same with the values in bold.
func (p *page) TB(key string, pairs ...string) (template.HTML, error) {
	text, err := p.lookup(key)
	if err != nil {
		return "", err
	}
	bold := func(v string) string { return "<b><bdi>" + html.EscapeString(v) + "</bdi></b>" }
	return template.HTML(fill(html.EscapeString(text), pairs, bold)), nil
}

// fill replaces what stands in braces, each value cleaned and set apart.
func fill(text string, pairs []string, apart func(string) string) string {
	values := slices.Clone(pairs)
	for i := 1; i < len(values); i += 2 {
		values[i] = apart(clean(values[i]))
	}
	return replace(text, values)
}

// lookup finds a text. In service a missing one is the English one, and one that is
// missing there as well is its key.
func (p *page) lookup(key string) (string, error) {
	text, own := p.texts.text(p.lang, key)
	if p.strict && (!own || text == "") {
		return "", fmt.Errorf("%w: %s in %s", errNoText, key, p.lang)
	}
	if text == "" {
		return key, nil
	}
	return text, nil
}

// has reports whether there is a text.
func (p *page) has(key string) bool {
	text, _ := p.texts.text(p.lang, key)
	return text != ""
}

// Title is the heading of the page, and of the window.
func (p *page) Title() (string, error) {
	key := "title." + p.Page
	switch d := p.Data.(type) {
	case identifyView:
		if p.Recovery() {
			key += ".recovery"
		}
	case codeView:
		key += "." + d.Type
	case enrolAddressView:
		key += "." + d.Type
	case consentView:
		return p.T(key, "client", p.Client.Name)
	case deviceView:
		if d.Confirm {
			key += ".confirm"
		}
	case deviceDoneView:
		if d.Denied {
			key += ".denied"
		}
	case signOutView:
		if d.Done {
			key += ".done"
		}
	}
	return p.T(key)
}

// ErrorText says what was wrong. A page may have a text of its own for it.
func (p *page) ErrorText() (string, error) {
	if p.Error == "locked" && p.Retry > 0 {
		return p.T("error.locked_for", "wait", p.wait())
	}
	for _, key := range []string{"error." + p.Page + "." + p.Error, "error." + p.Error} {
		if p.has(key) {
			return p.T(key)
		}
	}
	if p.strict {
		return "", fmt.Errorf("%w: error.%s", errNoText, p.Error)
	}
	return p.T("error.unavailable")
}

// wait is the time to wait, rounded up: seconds are of no use to somebody who is locked
// out for an hour.
func (p *page) wait() string {
	unit, n := "seconds", p.Retry
	switch {
	case n > 2*60*60:
		unit, n = "hours", (n+3599)/3600
	case n > 90:
		unit, n = "minutes", (n+59)/60
	}
	text, err := p.lookup("wait." + unit)
	if err != nil {
		return strconv.Itoa(n)
	}
	return replace(text, []string{"n", strconv.Itoa(n)})
}

// NoticeText is a message that is no error. A page may have a text of its own for it.
func (p *page) NoticeText() (string, error) {
	if key := "notice." + p.Page + "." + p.Notice; p.has(key) {
		return p.T(key)
	}
	return p.T("notice." + p.Notice)
}

// Problem says why a request cannot be answered: a text for the reason, or else for the
// OAuth error, or else for what is left.
func (p *page) Problem() (string, error) {
	d, _ := p.Data.(errorView)
	for _, key := range []string{"problem." + d.Message, "problem." + d.Code} {
		if p.has(key) {
			return p.T(key)
		}
	}
	return p.T("problem.other")
}

// Scope says in words what a scope lets a client do: what the host says of it. What it
// leaves as package oidc has it is translated.
func (p *page) Scope(s scopeView) (string, error) {
	key := "scope." + s.Name
	english, known := p.texts[fallback][key]
	switch text := p.texts[p.lang][key]; {
	case known && (s.Description == "" || s.Description == english):
		return p.T(key)
	case !known && text != "":
		return text, nil
	case s.Description != "":
		return clean(s.Description), nil
	}
	return clean(s.Name), nil
}

// Recovery reports whether the page is part of the recovery of a password.
func (p *page) Recovery() bool { return p.hidden("recovery") != "" }

// Over reports that nothing will come any more of what was asked.
func (p *page) Over() bool { return p.Error == "rejected" || p.Error == "over" || p.Error == "expired" }

// Again is where the sign-in begins anew, for somebody else. It is "" if there is none,
// and once something is proved: that is not given up by a link.
func (p *page) Again() string {
	if p.hidden("request") == "" || p.hidden("state") != "" {
		return ""
	}
	return p.Form.Action + "?request=" + url.QueryEscape(p.hidden("request"))
}

func (p *page) hidden(name string) string {
	for _, f := range p.Form.Hidden {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// Wrong marks an input that the error is about, and ties it to the message and to its
// hint, if it has one (WCAG 2.2 section 3.3.1).
func (p *page) Wrong(input string, hint ...string) template.HTMLAttr {
	var about []string
	var invalid template.HTMLAttr
	if p.Error != "" && p.Field == input {
		about, invalid = append(about, "error"), ` aria-invalid="true"`
	}
	if about = append(about, hint...); len(about) == 0 {
		return ""
	}
	return invalid + template.HTMLAttr(` aria-describedby="`+strings.Join(about, " ")+`"`)
}

// Described ties a group of inputs to the message.
func (p *page) Described() template.HTMLAttr {
	if p.Error == "" {
		return ""
	}
	return ` aria-describedby="error"`
}

// Focus puts the cursor into the input, unless there is something to be read first.
func (p *page) Focus() template.HTMLAttr {
	if p.Error != "" {
		return ""
	}
	return " autofocus"
}

// Slots are the classes of an input that shows a place for each digit.
func (p *page) Slots(digits int) string {
	if digits == 6 || digits == 8 {
		return " slots n" + strconv.Itoa(digits)
	}
	return ""
}

// Denied reports that a device was refused.
func (p *page) Denied() bool {
	d, _ := p.Data.(deviceDoneView)
	return d.Denied
}

// To is where a page that has ended a session goes on. The address was registered; it
// may be one of an app's own scheme, which templates would take away.
func (p *page) To() template.URL {
	d, _ := p.Data.(signOutView)
	u, err := url.Parse(d.Continue)
	if err != nil {
		return ""
	}
	switch u.Scheme {
	case "javascript", "data", "vbscript", "blob", "file", "filesystem":
		return ""
	}
	return template.URL(d.Continue)
}

// kept is what a person should keep, as a text and as a file.
type kept struct {
	*page
	Text, Name string
	File       template.URL
}

// Keep is for codes that are shown once.
func (p *page) Keep(codes any) kept {
	var text string
	switch c := codes.(type) {
	case string:
		text = c
	case []string:
		text = strings.Join(c, "\n")
	}
	return kept{page: p, Text: text, Name: "recovery-codes.txt",
		File: template.URL("data:text/plain;charset=utf-8," + url.PathEscape(text+"\n"))}
}
