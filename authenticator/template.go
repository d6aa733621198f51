package authenticator

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"text/template"
	"unicode"
)

// TemplateConfig says what the messages to people say. Its zero value is good: it
// is plain English that names no service.
type TemplateConfig struct {
	// App is the service as people know it, where whoever asks has no name of its
	// own; "" is not named.
	App string

	// Domain is the host at which codes are entered, such as "login.example". Text
	// messages with a code then end in the line by which a browser knows where to
	// fill it in, and where not. "" is without. Internationalised names are written
	// as xn--….
	Domain string

	// Place says where an address is, such as "Bern, Switzerland"; nil is the
	// address itself.
	Place func(netip.Addr) string

	// Texts replace the library's, or add a channel of the host's own; that needs
	// all purposes.
	Texts map[TemplateKey]Template
}

// TemplateKey says which messages a [Template] is for.
type TemplateKey struct {
	Channel string
	Purpose Purpose
}

// Template is the source of a message, in the language of text/template, about
// [TemplateData]. Besides the built-in functions there are "minutes", which makes
// "1 minute" and "5 minutes", and "spell", which makes "1, 2, 3".
//
// A text shows the code, in one piece or spelt. That of an e-mail shows code and
// link, whichever there is, since a host may send either or both.
type Template struct {
	Title string // the subject of an e-mail, the headline of a push; else it may be ""
	Text  string
}

// Templates write messages. They are made by [NewTemplates], and safe for
// concurrent use.
type Templates struct {
	app    string
	domain string
	place  func(netip.Addr) string
	texts  map[TemplateKey]parsedTemplate
}

type parsedTemplate struct{ title, text *template.Template }

// plainTemplates are those of the zero configuration. They are read once: servers of
// tests are made by the hundred.
var plainTemplates = sync.OnceValues(func() (*Templates, error) { return NewTemplates(TemplateConfig{}) })

// NewTemplates reads all templates and tries each on sample data, with and without
// what may be missing. An error names the field that is wrong: a template that
// fails, leaves out the code or the link, or is empty.
func NewTemplates(c TemplateConfig) (*Templates, error) {
	t := &Templates{app: foldName(c.App), domain: strings.ToLower(c.Domain), place: c.Place, texts: make(map[TemplateKey]parsedTemplate)}
	if c.Domain != "" && !isHostName(t.domain) {
		return nil, fmt.Errorf("authenticator: TemplateConfig.%w", fieldError("Domain", "must be the name of a host, without scheme and port"))
	}
	if t.place == nil {
		t.place = netip.Addr.String
	}
	sources := defaultTemplates()
	maps.Copy(sources, c.Texts)
	for key, source := range sources {
		if err := t.add(key, source); err != nil {
			return nil, fmt.Errorf("authenticator: TemplateConfig.Texts[%s %s]: %w", key.Channel, key.Purpose, err)
		}
	}
	for key := range c.Texts {
		for _, p := range purposes {
			if _, ok := t.texts[TemplateKey{key.Channel, p}]; !ok {
				return nil, fmt.Errorf("authenticator: TemplateConfig.Texts[%s %s]: is missing", key.Channel, p)
			}
		}
	}
	return t, nil
}

// Render sets the Title and the Text of a message from the rest of it and from the
// facts. Lines end in a line feed, and the last one in nothing; a title is one
// line. After an error, which never shows the code, the message is as it was.
//
// A text message with a code ends, if there is a Domain, in a line of its own as
// "Origin-bound one-time codes delivered via SMS" (WICG) has it, whatever the
// template says. A push never contains a code or a link.
func (t *Templates) Render(m *Message, f MessageFacts) error {
	parsed, ok := t.texts[TemplateKey{m.Channel, m.Purpose}]
	switch {
	case !ok:
		return fmt.Errorf("authenticator: no template for channel %q and purpose %q", m.Channel, m.Purpose)
	case m.Code == "" && (m.Link == "" || m.Channel != TypeEmail) && hasCode(TemplateKey{m.Channel, m.Purpose}):
		return errors.New("authenticator: the message has nothing to prove with")
	case strings.ContainsFunc(m.Code, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("authenticator: a code with blanks, or other than ASCII, cannot be sent")
	case m.Link != "" && !isLink(m.Link):
		return errors.New("authenticator: the link is not an absolute URL")
	}
	title, text, err := parsed.render(t.data(m, f))
	if err != nil {
		return errors.New("authenticator: a template failed") // what the cause quotes may be the code
	}
	if m.Channel == TypeSMS && m.Code != "" && t.domain != "" {
		text += "\n\n@" + t.domain + " #" + m.Code
	}
	m.Title, m.Text = title, text
	return nil
}

// add reads a template and tries it.
func (t *Templates) add(key TemplateKey, source Template) (err error) {
	var p parsedTemplate
	read := func(name, source string) (*template.Template, error) {
		return template.New(name).Funcs(templateFuncs).Parse(source)
	}
	if p.title, err = read("Title", source.Title); err != nil {
		return err
	}
	if p.text, err = read("Text", source.Text); err != nil {
		return err
	}
	for _, d := range samples(key) {
		title, text, err := p.render(d)
		switch {
		case err != nil:
			return err
		case !strings.Contains(text, d.Code) && !strings.Contains(text, spell(d.Code)):
			return fieldError("Text", "leaves out the code")
		case !strings.Contains(text, d.Link):
			return fieldError("Text", "leaves out the link")
		case text == "":
			return fieldError("Text", "is empty")
		case title == "" && (key.Channel == TypeEmail || key.Channel == TypePush):
			return fieldError("Title", "is empty")
		}
	}
	t.texts[key] = p
	return nil
}

func (p parsedTemplate) render(d TemplateData) (title, text string, err error) {
	var b strings.Builder
	if err := p.title.Execute(&b, d); err != nil {
		return "", "", err
	}
	title = strings.Join(strings.FieldsFunc(b.String(), isBreakOrBlank), " ")
	b.Reset()
	if err := p.text.Execute(&b, d); err != nil {
		return "", "", err
	}
	return title, breakLines(b.String()), nil
}

var templateFuncs = template.FuncMap{
	"spell": spell,
	"minutes": func(n int) string {
		if n == 1 {
			return "1 minute"
		}
		return fmt.Sprint(n, " minutes")
	},
}

// spell puts a pause after each character, for a voice that would else read a number.
func spell(code string) string { return strings.Join(strings.Split(code, ""), ", ") }

// breakLines is the one policy for lines: they end in a line feed and not in
// blanks, and of empty ones there is at most one in a row, and none at either end.
func breakLines(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	var lines []string
	for line := range strings.SplitSeq(strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r != ' ' && isBreakOrBlank(r) && !unicode.Is(unicode.Zs, r):
			return '\n'
		}
		return r
	}, strings.ToValidUTF8(s, "")), "\n") {
		line = strings.TrimRight(line, " ")
		if line != "" || len(lines) > 0 && lines[len(lines)-1] != "" {
			lines = append(lines, line)
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

func isBreakOrBlank(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp)
}

// isLink reports whether s is an absolute URL that stays in one piece in a text.
func isLink(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.IsAbs() && !strings.ContainsFunc(s, isBreakOrBlank)
}

// isHostName reports whether s is a domain name of a host, in lower case.
func isHostName(s string) bool {
	labels := strings.Split(s, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	last := labels[len(labels)-1]
	return len(s) <= 253 && strings.Trim(last, "0123456789") != "" // an IPv4 address is none
}
