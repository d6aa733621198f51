package signin

import (
	"html/template"
	"net/url"
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
