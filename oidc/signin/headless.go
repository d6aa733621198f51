package signin

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/mintyard/mintyard/oauth"
)

// headless writes the pages as JSON, for a script that shows them itself: the same
// handler, the same steps, the same cookies.
type headless struct{ http.ResponseWriter }

var _ oauth.AnswerWriter = (*headless)(nil)

// answering is where a request is answered: as a page, or for one that asks for JSON, and
// not for a page, as JSON.
func answering(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	wants := false
	for _, accept := range r.Header.Values("Accept") {
		for item := range strings.SplitSeq(accept, ",") {
			switch name, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(item)), ";"); strings.TrimSpace(name) {
			case "application/json":
				wants = true
			case "text/html":
				return w // a browser, whatever else it takes
			}
		}
	}
	if wants {
		return &headless{w}
	}
	return w
}

// page writes a page: what a template would get. Texts that are ours are keys.
func (h *headless) page(status int, v *view) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	writeJSON(h, status, body)
	return nil
}

// location says where the script is to send the browser.
type location struct {
	Location string            `json:"location"`
	Params   map[string]string `json:"params,omitempty"` // to be posted there (form_post)
}

// WriteAnswer implements [oauth.AnswerWriter].
func (h *headless) WriteAnswer(resp *oauth.AuthorizationResponse) {
	l := location{Location: resp.RedirectURI}
	if resp.Mode == oauth.ModeFormPost {
		l.Params = make(map[string]string, len(resp.Params))
		for _, p := range resp.Params {
			l.Params[p.Name] = p.Value
		}
	} else {
		l.Location = resp.URL()
	}
	h.leave(l)
}

func (h *headless) leave(l location) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // addresses stay readable
	if err := e.Encode(l); err != nil {
		h.WriteHeader(http.StatusInternalServerError) // cannot be: it is text
		return
	}
	writeJSON(h, http.StatusOK, bytes.TrimSpace(b.Bytes()))
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func isJSON(contentType string) bool {
	name, _, err := mime.ParseMediaType(contentType)
	return err == nil && name == "application/json"
}

// maxMembers bounds the object that is posted.
const maxMembers = 32

// parseJSON reads a form that is written as an object: texts, and for a credential the
// object that the browser has.
func (f *flow) parseJSON() error {
	d := json.NewDecoder(f.r.Body)
	var members map[string]json.RawMessage
	if err := d.Decode(&members); err != nil {
		return errForm.WithCause(err)
	}
	if _, err := d.Token(); err != io.EOF || members == nil || len(members) > maxMembers {
		return errForm
	}
	f.form = make(url.Values, len(members))
	for name, raw := range members {
		text := string(raw)
		if raw[0] == '"' {
			if err := json.Unmarshal(raw, &text); err != nil {
				return errForm.WithCause(err)
			}
		} else if raw[0] != '{' {
			return errForm
		}
		f.form.Set(name, text)
	}
	return nil
}

// jsonText is JSON that a page has in an attribute, and that is an object for a script.
type jsonText string

// MarshalJSON implements [json.Marshaler].
func (t jsonText) MarshalJSON() ([]byte, error) {
	if t == "" {
		return []byte("null"), nil
	}
	return []byte(t), nil
}

// MarshalJSON implements [json.Marshaler]: what a form carries along is an object.
func (f form) MarshalJSON() ([]byte, error) {
	hidden := make(map[string]string, len(f.Hidden))
	for _, h := range f.Hidden {
		hidden[h.Name] = h.Value
	}
	return json.Marshal(struct {
		Action string            `json:"action"`
		Hidden map[string]string `json:"hidden"`
	}{f.Action, hidden})
}
