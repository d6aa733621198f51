package oidctest

import (
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Walker walks the sign-in pages as a person does whose browser has no script: it reads
// the one form of a page, and posts it.
type Walker struct {
	client *http.Client

	URL    *url.URL // of the page, or of where it was sent that is not the server's
	Status int
	Body   string

	form    url.Values           // hidden fields
	action  string               // where the form posts to
	buttons map[string][2]string // by id: name and value
	inputs  map[string][]string  // by name: the values of radio buttons
}

// Walker returns a browser of its own, without cookies, that goes to the server alone.
func (s *Server) Walker() *Walker { return NewWalker(s.Transport(nil), s.issuer+"/") }

// NewWalker returns a browser without cookies whose requests go through a transport, for
// a server of another kind than [Server]. It stays where addresses begin with within, ""
// being everywhere: when it is sent elsewhere it says where, in Walker.URL.
func NewWalker(transport http.RoundTripper, within string) *Walker {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // it has no options
	}
	return &Walker{client: &http.Client{Transport: transport, Jar: jar, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if !strings.HasPrefix(r.URL.String(), within) || len(via) > 10 {
			return http.ErrUseLastResponse
		}
		return nil
	}}}
}

// Open goes to an address.
func (w *Walker) Open(address string) error {
	return w.do(http.MethodGet, address, nil)
}

// Post sends a form to an address, as a page of a client's would.
func (w *Walker) Post(address string, form url.Values) error {
	return w.do(http.MethodPost, address, form)
}

// Has reports whether the page has an input or a button of that name or id.
func (w *Walker) Has(name string) bool {
	_, button := w.buttons[name]
	_, input := w.inputs[name]
	return button || input
}

// Choices are the values among which the page lets choose, of an input of that name.
func (w *Walker) Choices(name string) []string { return slices.Clone(w.inputs[name]) }

// Form is the form of the page as the server filled it in: where it is posted to, and its
// hidden fields. An answer in the mode form_post is one for the client.
func (w *Walker) Form() (to *url.URL, hidden url.Values, err error) {
	if w.action == "" {
		return nil, nil, errNoForm
	}
	to, err = w.URL.Parse(w.action)
	return to, maps.Clone(w.form), err
}

// Press presses the button of that id, with what is entered: names and values in turn.
func (w *Walker) Press(button string, entries ...string) error {
	at, ok := w.buttons[button]
	if !ok {
		return fmt.Errorf("oidctest: the page at %s has no button %q: %s", w.URL, button, w.Text())
	}
	to, form, err := w.Form()
	if err != nil {
		return err
	}
	if at[0] != "" {
		form.Set(at[0], at[1])
	}
	for i := 0; i+1 < len(entries); i += 2 {
		form.Set(entries[i], entries[i+1])
	}
	return w.Post(to.String(), form)
}

var (
	errNoForm = errors.New("oidctest: the page has no form")
	formTag   = regexp.MustCompile(`(?is)<form\b([^>]*)>`)
	fieldTag  = regexp.MustCompile(`(?is)<(input|button)\b([^>]*)>`)
	attribute = regexp.MustCompile(`([a-zA-Z-]+)(?:\s*=\s*"([^"]*)")?`)
)

// do asks for a page, which is what browsers say that they want.
func (w *Walker) do(method, address string, form url.Values) error {
	r, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "text/html,*/*;q=0.8")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := w.client.Do(r)
	if err != nil {
		return err
	}
	return w.take(res)
}

// take reads a page.
func (w *Walker) take(res *http.Response) error {
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	w.Status, w.Body, w.URL = res.StatusCode, string(body), res.Request.URL
	w.form, w.action, w.buttons, w.inputs = make(url.Values), "", make(map[string][2]string), make(map[string][]string)
	if to := res.Header.Get("Location"); to != "" { // to where the walker does not go
		w.URL, err = w.URL.Parse(to)
		return err
	}
	if m := formTag.FindStringSubmatch(w.Body); m != nil {
		w.action = attributes(m[1])["action"]
	}
	for _, m := range fieldTag.FindAllStringSubmatch(w.Body, -1) {
		at := attributes(m[2])
		switch {
		case strings.EqualFold(m[1], "button"):
			w.buttons[at["id"]] = [2]string{at["name"], at["value"]}
		case at["type"] == "hidden":
			w.form.Add(at["name"], at["value"])
		default:
			w.inputs[at["name"]] = append(w.inputs[at["name"]], at["value"])
		}
	}
	return nil
}

func attributes(tag string) map[string]string {
	at := make(map[string]string)
	for _, m := range attribute.FindAllStringSubmatch(tag, -1) {
		at[strings.ToLower(m[1])] = html.UnescapeString(m[2])
	}
	return at
}

var tags = regexp.MustCompile(`(?s)<style.*?</style>|<script.*?</script>|<[^>]*>`)

// Text is what the page says, without its tags, for messages and assertions.
func (w *Walker) Text() string {
	return strings.Join(strings.Fields(tags.ReplaceAllString(w.Body, " ")), " ")
}
