package oauth

import (
	"mime"
	"slices"
	"strings"
	"unicode/utf8"
)

// JSONBody lets a request be a JSON object in place of a form, for clients that send
// one. Its members are text, and become the parameters of that name; null counts as
// omitted, as an empty text does. Everything else is refused, unless it is named
// here by its path: the names from the outermost member inwards, joined by full stops.
type JSONBody struct {
	// Objects may be objects. A member of one is the parameter named by its path.
	Objects []string

	// Lists may be lists of text without blanks. They become words, as of scope.
	Lists []string

	// Skip may be anything, and is not read.
	Skip []string
}

// TakesJSON is implemented by a [Grant] whose request may be a JSON object: no other
// grant type can be asked for in one.
type TakesJSON interface{ JSONBody() JSONBody }

var errMalformedJSON = NewError(CodeInvalidRequest, ReasonMalformedJSON, "The body is not a well-formed JSON object of text")

// jsonGrants is what the token endpoint takes as JSON, and for which grant types;
// nil is nothing.
func (s *Server) jsonGrants() (*JSONBody, []string) {
	var body *JSONBody
	var types []string
	for _, g := range s.config.Grants {
		t, ok := g.(TakesJSON)
		if !ok {
			continue
		}
		if body == nil {
			body = new(JSONBody)
		}
		b := t.JSONBody()
		body.Objects = append(body.Objects, b.Objects...)
		body.Lists = append(body.Lists, b.Lists...)
		body.Skip = append(body.Skip, b.Skip...)
		types = append(types, g.Type())
	}
	return body, types
}

// isJSONType accepts the JSON type alone or in UTF-8.
func isJSONType(header []string) bool {
	const want = "application/json"
	if len(header) != 1 {
		return false
	}
	mediaType, params, err := mime.ParseMediaType(header[0])
	if err != nil || mediaType != want {
		return false
	}
	for name, value := range params {
		if name != "charset" || !strings.EqualFold(value, "utf-8") {
			return false
		}
	}
	return true
}

// parseJSON reads a JSON object (RFC 8259) as the parameters of the request. What two
// readers could read differently is refused: members that are repeated, wherever
// they are, halves of surrogate pairs, what is not UTF-8, anything behind the object.
// The characters of a value are those of a form's.
func (f *form) parseJSON(body []byte, shape *JSONBody) error {
	if !utf8.Valid(body) {
		return errMalformedJSON
	}
	p := jsonForm{jsonReader{b: body}, f, shape}
	if err := p.object(""); err != nil {
		return err
	}
	if p.blank(); p.i != len(body) {
		return errMalformedJSON
	}
	return nil
}

// jsonForm reads one body.
type jsonForm struct {
	jsonReader
	form  *form
	shape *JSONBody
}

// object reads an object whose members have the path before their names.
func (p *jsonForm) object(path string) error {
	return p.members(func(name string) error {
		if !plainName(name) {
			return errMalformedJSON
		}
		name = path + name
		if slices.Contains(p.shape.Skip, name) {
			return p.skip(maxJSONDepth)
		}
		switch c := p.peek(); {
		case c == '"':
			text, err := p.text()
			if err != nil {
				return err
			}
			return p.form.add(name, text)
		case c == 'n':
			return p.word("null")
		case c == '{' && slices.Contains(p.shape.Objects, name):
			return p.object(name + ".")
		case c == '[' && slices.Contains(p.shape.Lists, name):
			return p.list(name)
		}
		return errMalformedJSON
	})
}

// list reads a list of words.
func (p *jsonForm) list(name string) error {
	var words []string
	err := p.elements(func() error {
		word, err := p.text()
		if err == nil && (word == "" || strings.ContainsAny(word, " \t")) {
			err = errMalformedJSON
		}
		words = append(words, word)
		return err
	})
	if err != nil {
		return err
	}
	return p.form.add(name, strings.Join(words, " "))
}

// add adds a parameter, unless it has no value.
func (f *form) add(name, value string) error {
	if value == "" {
		return nil
	}
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return errMalformedJSON
		}
	}
	if f.n == maxParams {
		return errTooManyParams
	}
	f.pairs[f.n] = param{name, value}
	f.n++
	return nil
}

// plainName keeps the paths of members apart from their names.
func plainName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}
