package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// refusal is a configuration that cannot be honoured, with the path of the member
// that is why: clients[2].grant_types[0].
type refusal struct{ path, text string }

func (r *refusal) Error() string {
	if r.path == "" {
		return r.text
	}
	return r.path + ": " + r.text
}

func refuse(path, format string, args ...any) error {
	return &refusal{path, fmt.Sprintf(format, args...)}
}

// decodeStrict reads one JSON document into the struct that dst points to.
// encoding/json alone will not do: it takes members in any case, lets the last of
// two members win, takes null for anything, and cannot say where it stopped. Here
// an unknown member, a member that stands twice, a value of another type, an empty
// string and anything after the document are refused, each by its path.
func decodeStrict(b []byte, dst any) error {
	if !utf8.Valid(b) {
		return refuse("", "the JSON is not UTF-8")
	}
	var syntax *json.SyntaxError
	var whole json.RawMessage
	if err := json.Unmarshal(b, &whole); errors.As(err, &syntax) {
		before := b[:min(int(syntax.Offset), len(b))]
		line := 1 + bytes.Count(before, []byte("\n"))
		column := len(before) - 1 - bytes.LastIndexByte(before, '\n')
		return refuse("", "the JSON is malformed at line %d, column %d: %v", line, column, syntax)
	} else if err != nil {
		return refuse("", "the JSON is malformed: %v", err)
	}
	return decodeStrictAt("", bytes.TrimSpace(whole), dst)
}

// decodeStrictAt reads valid JSON that stands at the path.
func decodeStrictAt(path string, raw json.RawMessage, dst any) error {
	return decodeValue(path, raw, reflect.ValueOf(dst).Elem())
}

// decoder is a type that reads itself.
type decoder interface {
	decode(path string, raw json.RawMessage) error
}

func decodeValue(path string, raw json.RawMessage, v reflect.Value) error {
	if d, ok := v.Addr().Interface().(decoder); ok {
		return d.decode(path, raw)
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return decodeValue(path, raw, v.Elem())
	case reflect.Struct:
		return decodeStruct(path, raw, v)
	case reflect.Map:
		return decodeMap(path, raw, v)
	case reflect.Slice:
		return decodeSlice(path, raw, v)
	case reflect.Interface:
		x, err := decodeAny(path, raw)
		if x != nil {
			v.Set(reflect.ValueOf(x))
		}
		return err
	case reflect.String:
		s, err := text(path, raw)
		v.SetString(s)
		return err
	case reflect.Bool:
		if s := string(raw); s != "true" && s != "false" {
			return refuse(path, "must be true or false")
		}
		v.SetBool(string(raw) == "true")
		return nil
	}
	return fmt.Errorf("strict: no rule for %s at %s", v.Type(), path)
}

// text reads a string that says something: one that is empty, from a template that
// filled in nothing, is no way to leave a member out.
func text(path string, raw json.RawMessage) (string, error) {
	var s string
	if raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return "", refuse(path, "must be a string")
	}
	if s == "" {
		return "", refuse(path, "is empty")
	}
	return s, nil
}

func decodeStruct(path string, raw json.RawMessage, v reflect.Value) error {
	fields := make(map[string][]int)
	for _, f := range reflect.VisibleFields(v.Type()) {
		if name := f.Tag.Get("json"); name != "" {
			fields[name] = f.Index
		}
	}
	return members(path, raw, func(name string, raw json.RawMessage) error {
		at := join(path, name)
		if index, ok := fields[name]; ok {
			return decodeValue(at, raw, v.FieldByIndex(index))
		}
		if isLater(v.Type(), name) {
			return refuse(at, "is not there yet")
		}
		return refuse(at, "is not known")
	})
}

func decodeMap(path string, raw json.RawMessage, v reflect.Value) error {
	v.Set(reflect.MakeMap(v.Type()))
	return members(path, raw, func(name string, raw json.RawMessage) error {
		if name == "" {
			return refuse(path, "has a member without a name")
		}
		element := reflect.New(v.Type().Elem()).Elem()
		if err := decodeValue(join(path, name), raw, element); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(name), element)
		return nil
	})
}

func decodeSlice(path string, raw json.RawMessage, v reflect.Value) error {
	var list []json.RawMessage
	if raw[0] != '[' || json.Unmarshal(raw, &list) != nil {
		return refuse(path, "must be a list")
	}
	v.Set(reflect.MakeSlice(v.Type(), len(list), len(list)))
	for i, e := range list {
		if err := decodeValue(index(path, i), bytes.TrimSpace(e), v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

// decodeAny reads whatever it is, for claims. Numbers stay as they are written.
func decodeAny(path string, raw json.RawMessage) (any, error) {
	switch raw[0] {
	case '{':
		m := make(map[string]any)
		return m, decodeMap(path, raw, reflect.ValueOf(&m).Elem())
	case '[':
		var l []any
		err := decodeSlice(path, raw, reflect.ValueOf(&l).Elem())
		return l, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var x any
	return x, d.Decode(&x)
}

// members calls yield with every member of an object, which is valid JSON.
func members(path string, raw json.RawMessage, yield func(name string, raw json.RawMessage) error) error {
	if raw[0] != '{' {
		return refuse(path, "must be an object")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return refuse(path, "is malformed")
	}
	seen := make(map[string]bool)
	for d.More() {
		t, err := d.Token()
		name, _ := t.(string)
		var v json.RawMessage
		if err == nil {
			err = d.Decode(&v)
		}
		switch {
		case err != nil:
			return refuse(path, "is malformed")
		case seen[name]:
			return refuse(join(path, name), "stands twice")
		}
		seen[name] = true
		if err := yield(name, v); err != nil {
			return err
		}
	}
	return nil
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// join is the path of a member. Names that would not read well are quoted.
func join(path, name string) string {
	switch {
	case !plainName.MatchString(name):
		return path + "[" + strconv.Quote(name) + "]"
	case path == "":
		return name
	}
	return path + "." + name
}

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// choose checks a word against those that are there and those that will be.
func choose(path, word string, there []string, later ...string) error {
	for _, w := range there {
		if w == word {
			return nil
		}
	}
	for _, w := range later {
		if w == word {
			return refuse(path, "%q is not there yet", word)
		}
	}
	return refuse(path, "%q is none of %s", word, strings.Join(append(there[:len(there):len(there)], later...), ", "))
}
