package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
	"unicode/utf8"
)

// Rule is one rule: if all of If holds, Then decides.
type Rule struct {
	Name string    `json:"name"`
	If   Condition `json:"if,omitzero"`
	Then Outcome   `json:"then"`
}

// Condition is a conjunction. A nil list is no condition; an empty one is refused,
// since a template that filled in nothing would match everybody.
type Condition struct {
	Users      []string `json:"users,omitempty"`
	Groups     []string `json:"groups,omitempty"` // any of them
	Clients    []string `json:"clients,omitempty"`
	GrantTypes []string `json:"grant_types,omitempty"`
	Scopes     []string `json:"scopes,omitempty"` // any of them

	// IPv4 addresses, however they are written, are in IPv4 networks only.
	Networks          []netip.Prefix `json:"networks,omitempty"`     // where factors were proved
	NotNetworks       []netip.Prefix `json:"not_networks,omitempty"` // likewise, and not there
	RequesterNetworks []netip.Prefix `json:"requester_networks,omitempty"`
	Risk              []Risk         `json:"risk,omitempty"`
}

// Outcome is what a rule decides.
type Outcome struct {
	// Access is Allow or Deny.
	Access Access `json:"access"`

	// Factors is how many factors must be proved: 1, or 2 of different types on
	// different devices. 0 asks for none. A passkey that has verified its user is
	// two: the device, and what unlocks it. One that has not is the device alone.
	// A client that asks for itself proves no factor, and a rule that wants one
	// denies it.
	Factors int `json:"factors,omitempty"`

	// Require lists alternatives, one of which must hold besides.
	Require []Requirement `json:"require,omitempty"`

	// MaxAge is how old a proof may be to count; 0 is any age.
	MaxAge time.Duration `json:"max_age,omitempty"`

	// AccessTokenTTL and RefreshTokenTTL shorten lifetimes, in whole seconds; 0 leaves
	// the server's.
	AccessTokenTTL  time.Duration `json:"access_token_ttl,omitempty"`
	RefreshTokenTTL time.Duration `json:"refresh_token_ttl,omitempty"`
}

// Requirement holds if one method that was proved has all that it names.
type Requirement struct {
	Types             []string `json:"types,omitempty"`   // any of: knowledge, possession, inherence
	Methods           []string `json:"methods,omitempty"` // any of these names
	PhishingResistant bool     `json:"phishing_resistant,omitempty"`
	Hardware          bool     `json:"hardware,omitempty"`
	UserVerified      bool     `json:"user_verified,omitempty"`
}

// Access is what a policy says.
type Access byte

// The answers. The zero value denies.
const (
	Deny   Access = iota
	Allow         // go on
	StepUp        // prove more: Decision.Next says what would do
)

var accessNames = [...]string{Deny: "deny", Allow: "allow", StepUp: "step_up"}

// String is the answer's name in JSON.
func (a Access) String() string {
	if int(a) >= len(accessNames) {
		return "deny"
	}
	return accessNames[a]
}

// check names what is wrong with the rule, by its path.
func (r *Rule) check() error {
	c, t := &r.If, &r.Then
	for _, l := range []struct {
		name  string
		empty bool
	}{
		{"users", c.Users != nil && len(c.Users) == 0}, {"groups", c.Groups != nil && len(c.Groups) == 0},
		{"clients", c.Clients != nil && len(c.Clients) == 0}, {"grant_types", c.GrantTypes != nil && len(c.GrantTypes) == 0},
		{"scopes", c.Scopes != nil && len(c.Scopes) == 0}, {"networks", c.Networks != nil && len(c.Networks) == 0},
		{"not_networks", c.NotNetworks != nil && len(c.NotNetworks) == 0},
		{"requester_networks", c.RequesterNetworks != nil && len(c.RequesterNetworks) == 0},
		{"risk", c.Risk != nil && len(c.Risk) == 0},
	} {
		if l.empty {
			return fmt.Errorf("if.%s: is empty; leave it out for no condition", l.name)
		}
	}
	for _, l := range []struct {
		name string
		list []string
	}{{"users", c.Users}, {"groups", c.Groups}, {"clients", c.Clients}, {"grant_types", c.GrantTypes}, {"scopes", c.Scopes}} {
		if i := slices.IndexFunc(l.list, noName); i >= 0 {
			return fmt.Errorf("if.%s[%d]: is empty, or not UTF-8", l.name, i)
		}
	}
	for i, risk := range c.Risk {
		if risk == RiskUnknown || int(risk) >= len(riskNames) {
			return fmt.Errorf("if.risk[%d]: is none of low, medium, high", i)
		}
	}
	for _, l := range []struct {
		name string
		list []netip.Prefix
	}{{"networks", c.Networks}, {"not_networks", c.NotNetworks}, {"requester_networks", c.RequesterNetworks}} {
		for i, p := range l.list {
			switch {
			case !p.IsValid():
				return fmt.Errorf("if.%s[%d]: is not a network", l.name, i)
			case p != p.Masked():
				return fmt.Errorf("if.%s[%d]: %q is an address and not a network: %s is", l.name, i, p, p.Masked())
			case p.Bits() > 0 && p.Bits() < 96 && p.Contains(mapped):
				return fmt.Errorf("if.%s[%d]: %q mixes IPv4 with IPv6", l.name, i, p)
			}
		}
	}
	switch {
	case noName(r.Name):
		return fmt.Errorf("name: is required, in UTF-8: decisions are explained with it")
	case t.Access != Allow && t.Access != Deny:
		return fmt.Errorf("then.access: is neither allow nor deny")
	case t.Access == Deny && (t.Factors != 0 || t.Require != nil || t.MaxAge != 0 || t.AccessTokenTTL != 0 || t.RefreshTokenTTL != 0):
		return fmt.Errorf("then: a rule that denies has nothing else to say")
	case t.Factors < 0 || t.Factors > 2:
		return fmt.Errorf("then.factors: is neither 1 nor 2")
	case t.Require != nil && len(t.Require) == 0:
		return fmt.Errorf("then.require: is empty; leave it out for no requirement")
	case t.MaxAge < 0 || t.AccessTokenTTL < 0 || t.RefreshTokenTTL < 0:
		return fmt.Errorf("then: a duration is negative")
	case t.AccessTokenTTL%time.Second != 0:
		return fmt.Errorf("then.access_token_ttl: is not in whole seconds")
	case t.RefreshTokenTTL%time.Second != 0:
		return fmt.Errorf("then.refresh_token_ttl: is not in whole seconds")
	}
	for i, q := range t.Require {
		if err := q.check(); err != nil {
			return fmt.Errorf("then.require[%d]%w", i, err)
		}
	}
	return nil
}

func (q *Requirement) check() error {
	for i, name := range q.Types {
		if parseType(name) == 0 {
			return fmt.Errorf(".types[%d]: %q is none of knowledge, possession, inherence", i, name)
		}
	}
	if i := slices.IndexFunc(q.Methods, noName); i >= 0 {
		return fmt.Errorf(".methods[%d]: is empty, or not UTF-8", i)
	}
	switch {
	case q.Types != nil && len(q.Types) == 0:
		return fmt.Errorf(".types: is empty")
	case q.Methods != nil && len(q.Methods) == 0:
		return fmt.Errorf(".methods: is empty")
	case q.Types == nil && q.Methods == nil && !q.PhishingResistant && !q.Hardware && !q.UserVerified:
		return fmt.Errorf(": asks for nothing")
	}
	return nil
}

// noName: a template that filled in nothing must not match those who have no name,
// and what JSON cannot write would be another name when it is read again.
func noName(s string) bool { return s == "" || !utf8.ValidString(s) }

// mapped is among the addresses that stand for IPv4 in IPv6. They are compared as IPv4.
var mapped = netip.MustParseAddr("::ffff:0:0")

func parseType(name string) Type {
	for _, t := range typeNames {
		if t.name == name {
			return t.t
		}
	}
	return 0
}

// unconditional reports whether the rule matches whatever the facts.
func (c *Condition) unconditional() bool {
	return c.Users == nil && c.Groups == nil && c.Clients == nil && c.GrantTypes == nil && c.Scopes == nil &&
		c.Networks == nil && c.NotNetworks == nil && c.RequesterNetworks == nil && c.Risk == nil
}
