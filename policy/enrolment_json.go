package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// UnmarshalJSON reads an enrolment policy, in the simple form that is the same for
// everybody:
//
//	{"totp": "optional", "email": "disabled", "push": {"enrolment": "required", "number_challenge": "high_risk"}}
//
// or in the form with rules, whose conditions are those of a [Policy]:
//
//	{"rules": [{"name": "staff", "if": {"groups": ["staff"]}, "then": {"webauthn": "required", "sms": "disabled"}}],
//	 "default": {"question": "disabled"}}
//
// A type that is not named is as "*" says, or else optional. An object without
// "enrolment" means optional, one without "number_challenge" always. Unknown members
// and types (see [Loader.Types]), members that stand twice and everything that
// NewEnrolment refuses is an error, which gives the path.
func (e *Enrolment) UnmarshalJSON(b []byte) error {
	q, err := Loader{}.Enrolment(b)
	if err != nil {
		return err
	}
	*e = *q
	return nil
}

// MarshalJSON writes what UnmarshalJSON reads.
func (e *Enrolment) MarshalJSON() ([]byte, error) {
	if e == nil || e.types == nil {
		e = nothing
	}
	if len(e.rules) == 0 {
		return json.Marshal(e.defaults)
	}
	rules := make([]EnrolmentRule, len(e.rules))
	for i, r := range e.rules {
		rules[i] = EnrolmentRule{Name: r.name, If: r.cond.Condition, Then: r.then}
	}
	return json.Marshal(struct {
		Rules   []EnrolmentRule  `json:"rules"`
		Default map[string]Terms `json:"default"`
	}{rules, e.defaults})
}

func (l *Loader) enrolment(b []byte) (defaults map[string]Terms, rules []EnrolmentRule, err error) {
	if !utf8.Valid(b) {
		return nil, nil, errors.New("is not UTF-8")
	}
	ruled, simple := false, ""
	defaults = map[string]Terms{}
	err = object(b, func(name string, raw []byte) error {
		switch name {
		case "rules":
			ruled = true
			err := list(raw, func(raw []byte) error {
				r, err := l.enrolmentRule(raw)
				rules = append(rules, r)
				return err
			})
			if err == nil && rules == nil {
				return errors.New("is empty; leave it out for no rule")
			}
			return err
		case "default":
			ruled = true
			return l.terms(raw, defaults)
		}
		simple = name
		return l.term(name, raw, defaults)
	})
	if err == nil && ruled && simple != "" {
		err = under(simple, errors.New("stands beside rules; its place is in default"))
	}
	return defaults, rules, err
}

func (l *Loader) enrolmentRule(raw []byte) (r EnrolmentRule, err error) {
	err = object(raw, func(name string, raw []byte) error {
		switch name {
		case "name":
			return value(raw, &r.Name)
		case "if":
			return l.condition(raw, &r.If)
		case "then":
			r.Then = map[string]Terms{}
			return l.terms(raw, r.Then)
		}
		return errUnknown
	})
	return r, err
}

func (l *Loader) terms(raw []byte, dst map[string]Terms) error {
	return object(raw, func(name string, raw []byte) error { return l.term(name, raw, dst) })
}

func (l *Loader) term(name string, raw []byte, dst map[string]Terms) error {
	if name != AllTypes && !slices.Contains(authenticatorTypes, name) && !slices.Contains(l.Types, name) {
		return errors.New("is no type of authenticator that is known")
	}
	t := Terms{Enrolment: Optional}
	defer func() { dst[name] = t }()
	if len(raw) == 0 || raw[0] != '{' {
		return t.Enrolment.parse(raw)
	}
	return object(raw, func(name string, raw []byte) error {
		switch name {
		case "enrolment":
			return t.Enrolment.parse(raw)
		case "number_challenge":
			return t.NumberChallenge.parse(raw)
		}
		return errUnknown
	})
}

// MarshalJSON writes the mode alone where there is nothing else to say.
func (t Terms) MarshalJSON() ([]byte, error) {
	if t.NumberChallenge == NumberAlways {
		return json.Marshal(t.Enrolment)
	}
	return json.Marshal(struct {
		Enrolment       EnrolmentMode   `json:"enrolment"`
		NumberChallenge NumberChallenge `json:"number_challenge"`
	}{t.Enrolment, t.NumberChallenge})
}

var (
	modeNames   = []string{Disabled: "disabled", Optional: "optional", Required: "required"}
	numberNames = []string{NumberAlways: "always", NumberHighRisk: "high_risk", NumberNever: "never"}
)

// String is the mode's name in JSON.
func (m EnrolmentMode) String() string { return nameOf(modeNames, int(m)) }

// MarshalText writes the name.
func (m EnrolmentMode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// String is the name in JSON.
func (n NumberChallenge) String() string { return nameOf(numberNames, int(n)) }

// MarshalText writes the name.
func (n NumberChallenge) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// nameOf takes what has no name for the strict one.
func nameOf(names []string, i int) string {
	if i >= len(names) {
		i = 0
	}
	return names[i]
}

func (m *EnrolmentMode) parse(raw []byte) error {
	i, err := parseName(raw, modeNames)
	*m = EnrolmentMode(i)
	return err
}

func (n *NumberChallenge) parse(raw []byte) error {
	i, err := parseName(raw, numberNames)
	*n = NumberChallenge(i)
	return err
}

func parseName(raw []byte, names []string) (int, error) {
	var s string
	if err := value(raw, &s); err != nil {
		return 0, err
	}
	if i := slices.Index(names, s); i >= 0 {
		return i, nil
	}
	return 0, fmt.Errorf("%q is none of %s", s, strings.Join(names, ", "))
}
