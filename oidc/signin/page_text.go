package signin

import (
	"fmt"
	"html"
	"html/template"
	"slices"
	"strconv"
)

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
