package policy

import (
	"fmt"
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

	// MaxAge is how old a proof may be to count; 0 is any age. Where neither Factors
	// nor Require asks for something, it asks for one factor that is no older.
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

	// MaxAge is how old the proof of this one method may be; 0 is any age that the
	// rule's MaxAge allows. A proof of another method does not make it younger.
	MaxAge time.Duration `json:"max_age,omitempty"`
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

// check names what is wrong with the rule but for its condition, by its path.
func (r *Rule) check() error {
	t := &r.Then
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
	case q.Types == nil && q.Methods == nil && !q.PhishingResistant && !q.Hardware && !q.UserVerified && q.MaxAge == 0:
		return fmt.Errorf(": asks for nothing")
	case q.MaxAge < 0:
		return fmt.Errorf(".max_age: is negative")
	}
	return nil
}

// noName: a template that filled in nothing must not match those who have no name,
// and what JSON cannot write would be another name when it is read again.
func noName(s string) bool { return s == "" || !utf8.ValidString(s) }

func parseType(name string) Type {
	for _, t := range typeNames {
		if t.name == name {
			return t.t
		}
	}
	return 0
}
