package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"
)

// object reads an object member by member, and puts the name of the member before
// the error that it brings.
func object(raw []byte, member func(name string, raw []byte) error) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.New("is not an object")
	}
	seen := make(map[string]bool)
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return errors.New("is malformed")
		}
		name, _ := t.(string)
		if name == "" {
			name = `""` // it is known to nobody, and must show in a path
		}
		if seen[name] {
			return under(name, errors.New("stands twice"))
		}
		seen[name] = true
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return under(name, errors.New("is malformed"))
		}
		if err := member(name, v); err != nil {
			return under(name, err)
		}
	}
	if _, err := d.Token(); err != nil {
		return errors.New("is malformed")
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("is followed by something else")
	}
	return nil
}

// pathError is an error with the path to what is wrong.
type pathError struct {
	path string
	err  error
}

func (e *pathError) Error() string { return e.path + ": " + e.err.Error() }
func (e *pathError) Unwrap() error { return e.err }

// under puts a name, or an index, before the path of an error.
func under(name string, err error) error {
	var p *pathError
	if errors.As(err, &p) {
		dot := "."
		if p.path[0] == '[' {
			dot = ""
		}
		return &pathError{name + dot + p.path, p.err}
	}
	return &pathError{name, err}
}

func list(raw []byte, element func(raw []byte) error) error {
	var elements []json.RawMessage
	if len(raw) == 0 || raw[0] != '[' || json.Unmarshal(raw, &elements) != nil {
		return errors.New("is not a list")
	}
	for i, e := range elements {
		if err := element(e); err != nil {
			return under(fmt.Sprintf("[%d]", i), err)
		}
	}
	return nil
}

// value reads a string, number or boolean; null is none of them.
func value[T string | int | bool](raw []byte, dst *T) error {
	if string(raw) != "null" && json.Unmarshal(raw, dst) == nil {
		return nil
	}
	switch any(*dst).(type) {
	case int:
		return errors.New("is not a whole number")
	case bool:
		return errors.New("is neither true nor false")
	}
	return errors.New("is not text")
}

func texts(raw []byte, dst *[]string) error {
	*dst = []string{}
	return list(raw, func(raw []byte) error {
		var s string
		err := value(raw, &s)
		*dst = append(*dst, s)
		return err
	})
}

func networks(raw []byte, dst *[]netip.Prefix) error {
	*dst = []netip.Prefix{}
	return list(raw, func(raw []byte) error {
		var s string
		if err := value(raw, &s); err != nil {
			return err
		}
		p, err := netip.ParsePrefix(s)
		if err != nil || p != p.Masked() {
			return fmt.Errorf("%q is not a network in CIDR form", s)
		}
		*dst = append(*dst, p)
		return nil
	})
}

func risks(raw []byte, dst *[]Risk) error {
	*dst = []Risk{}
	return list(raw, func(raw []byte) error {
		var s string
		if err := value(raw, &s); err != nil {
			return err
		}
		r := ParseRisk(s)
		if r == RiskUnknown {
			return fmt.Errorf("%q is none of low, medium, high", s)
		}
		*dst = append(*dst, r)
		return nil
	})
}

func duration(raw []byte, dst *time.Duration) error {
	var s string
	if err := value(raw, &s); err != nil {
		return err
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return fmt.Errorf("%q is not a duration such as 12h", s)
	}
	*dst = d
	return nil
}
