package policy

import (
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"
)

// UnmarshalJSON reads a policy:
//
//	{"rules": [{"name": "…", "if": {"not_networks": ["10.0.0.0/8"]}, "then": {"access": "allow", "factors": 2, "max_age": "12h"}}]}
//
// The members are those of [Condition], [DeviceCondition], [Window], [Outcome] and
// [Requirement]; networks are in CIDR form and durations as time.ParseDuration reads
// them. A document that names predicates is read by a [Loader]. Unknown members,
// members that stand twice and everything that New refuses is an error, which gives
// the path: rules[0].if.not_networks[0].
func (p *Policy) UnmarshalJSON(b []byte) error {
	q, err := Loader{}.Policy(b)
	if err != nil {
		return err
	}
	*p = *q
	return nil
}

func (l *Loader) rules(b []byte) (rules []Rule, err error) {
	if !utf8.Valid(b) {
		return nil, errors.New("is not UTF-8")
	}
	err = object(b, func(name string, raw []byte) error {
		if name != "rules" {
			return errUnknown
		}
		return list(raw, func(raw []byte) error {
			r, err := l.rule(raw)
			rules = append(rules, r)
			return err
		})
	})
	return rules, err
}

// MarshalJSON writes what UnmarshalJSON reads.
func (p *Policy) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Rules []Rule `json:"rules"`
	}{p.Rules()})
}

var errUnknown = errors.New("is not known")

func (l *Loader) rule(raw []byte) (r Rule, err error) {
	err = object(raw, func(name string, raw []byte) error {
		switch name {
		case "name":
			return value(raw, &r.Name)
		case "if":
			return l.condition(raw, &r.If)
		case "then":
			return parseOutcome(raw, &r.Then)
		}
		return errUnknown
	})
	return r, err
}

func (l *Loader) condition(raw []byte, c *Condition) error {
	return object(raw, func(name string, raw []byte) error {
		switch name {
		case "users":
			return texts(raw, &c.Users)
		case "groups":
			return texts(raw, &c.Groups)
		case "clients":
			return texts(raw, &c.Clients)
		case "grant_types":
			return texts(raw, &c.GrantTypes)
		case "scopes":
			return texts(raw, &c.Scopes)
		case "networks":
			return networks(raw, &c.Networks)
		case "not_networks":
			return networks(raw, &c.NotNetworks)
		case "requester_networks":
			return networks(raw, &c.RequesterNetworks)
		case "risk":
			return risks(raw, &c.Risk)
		case "device":
			return parseDevice(raw, &c.Device)
		case "time":
			return parseWindows(raw, &c.Time)
		case "predicates":
			return l.predicates(raw, &c.Predicates)
		}
		return errUnknown
	})
}

func parseOutcome(raw []byte, o *Outcome) error {
	access := false
	err := object(raw, func(name string, raw []byte) error {
		switch name {
		case "access":
			access = true
			var name string
			if err := value(raw, &name); err != nil {
				return err
			}
			return o.Access.UnmarshalText([]byte(name))
		case "factors":
			if err := value(raw, &o.Factors); err != nil {
				return err
			}
			if o.Factors == 0 {
				return errors.New("is neither 1 nor 2; leave it out for none")
			}
			return nil
		case "require":
			o.Require = []Requirement{}
			return list(raw, func(raw []byte) error {
				q, err := parseRequirement(raw)
				o.Require = append(o.Require, q)
				return err
			})
		case "max_age":
			return duration(raw, &o.MaxAge)
		case "access_token_ttl":
			return duration(raw, &o.AccessTokenTTL)
		case "refresh_token_ttl":
			return duration(raw, &o.RefreshTokenTTL)
		}
		return errUnknown
	})
	if err == nil && !access {
		return under("access", errors.New("is required"))
	}
	return err
}

func parseRequirement(raw []byte) (q Requirement, err error) {
	err = object(raw, func(name string, raw []byte) error {
		switch name {
		case "types":
			return texts(raw, &q.Types)
		case "methods":
			return texts(raw, &q.Methods)
		case "phishing_resistant":
			return value(raw, &q.PhishingResistant)
		case "hardware":
			return value(raw, &q.Hardware)
		case "user_verified":
			return value(raw, &q.UserVerified)
		case "max_age":
			return duration(raw, &q.MaxAge)
		}
		return errUnknown
	})
	return q, err
}

// MarshalJSON writes the durations as text.
func (o Outcome) MarshalJSON() ([]byte, error) {
	type plain Outcome // without this method
	return json.Marshal(struct {
		plain
		MaxAge          string `json:"max_age,omitempty"`
		AccessTokenTTL  string `json:"access_token_ttl,omitempty"`
		RefreshTokenTTL string `json:"refresh_token_ttl,omitempty"`
	}{plain(o), durationText(o.MaxAge), durationText(o.AccessTokenTTL), durationText(o.RefreshTokenTTL)})
}

// MarshalJSON writes the duration as text.
func (q Requirement) MarshalJSON() ([]byte, error) {
	type plain Requirement
	return json.Marshal(struct {
		plain
		MaxAge string `json:"max_age,omitempty"`
	}{plain(q), durationText(q.MaxAge)})
}

func durationText(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// MarshalText writes "deny", "allow" or "step_up".
func (a Access) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads "deny" or "allow": a rule cannot say step_up, which follows
// from what it asks for.
func (a *Access) UnmarshalText(b []byte) error {
	switch string(b) {
	case "deny":
		*a = Deny
	case "allow":
		*a = Allow
	default:
		return errors.New("is neither allow nor deny")
	}
	return nil
}

// MarshalText writes the name of the risk.
func (r Risk) MarshalText() ([]byte, error) { return []byte(r.String()), nil }
