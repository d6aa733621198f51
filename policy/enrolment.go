package policy

import (
	"fmt"
	"slices"
)

// Enrolment is the policy about authenticators: which types a person may enrol, must
// have, or cannot have. For each type the first rule decides whose conditions hold
// and which names it; what no rule names is as the defaults say. It speaks of enrolment
// alone: what an authenticator counts for is for the sign-in policy to say, and what
// must be proved before one may be enrolled is so too.
//
// It fails closed. If it is unknown whether a rule holds, the types that it names, and
// that no earlier rule has decided, cannot be enrolled; and each is required if that
// rule, or what would decide without it, says so. Such a person waits for a fact, and
// is not let in without what may be required.
//
// An Enrolment does not change, and is safe for concurrent use. The zero value, and
// nil, let nobody enrol anything.
type Enrolment struct {
	defaults map[string]Terms
	rules    []compiledEnrolment
	types    []string
}

// EnrolmentRule is one rule: if all of If holds, Then decides about the types that it
// names.
type EnrolmentRule struct {
	Name string           `json:"name"`
	If   Condition        `json:"if,omitzero"`
	Then map[string]Terms `json:"then"` // by type, or AllTypes
}

// AllTypes stands for every type that is not named beside it.
const AllTypes = "*"

// Terms are on what terms authenticators of one type are enrolled. The zero value
// lets nobody enrol one.
type Terms struct {
	Enrolment       EnrolmentMode
	NumberChallenge NumberChallenge // of push
}

// EnrolmentMode says whether a type is for a person.
type EnrolmentMode byte

// The modes.
const (
	Disabled EnrolmentMode = iota // it cannot be enrolled
	Optional
	Required // it must be there
)

// NumberChallenge says when a push shows a number that the person must choose on the
// device.
type NumberChallenge byte

// The zero value is the strict one.
const (
	NumberAlways   NumberChallenge = iota
	NumberHighRisk                 // unless the risk is known to be lower
	NumberNever
)

// Wanted reports whether a push at this risk has a number.
func (n NumberChallenge) Wanted(r Risk) bool {
	switch n {
	case NumberNever:
		return false
	case NumberHighRisk:
		return r != RiskLow && r != RiskMedium
	}
	return true
}

// authenticatorTypes are built in. Each proves the method of its name.
var authenticatorTypes = []string{
	"password", "webauthn", "push", "totp", "hotp", "sms", "voice", "email", "recovery_codes", "question",
}

type compiledEnrolment struct {
	name string
	cond compiledCondition
	then map[string]Terms
}

// NewEnrolment checks the rules, and the defaults for what no rule names. A type that
// is in neither, and where there is no [AllTypes], is optional. An error gives the path
// of what is wrong, as it would stand in JSON: rules[1].then.push.
func NewEnrolment(defaults map[string]Terms, rules ...EnrolmentRule) (*Enrolment, error) {
	e := &Enrolment{defaults: map[string]Terms{AllTypes: {Enrolment: Optional}}, types: slices.Clone(authenticatorTypes)}
	if err := checkTerms(defaults); err != nil {
		return nil, fmt.Errorf("policy: enrolment: default.%w", err)
	}
	e.takeTerms(e.defaults, defaults)
	for i, r := range rules {
		cond, err := r.If.compile()
		switch {
		case noName(r.Name):
			err = fmt.Errorf("name: is required, in UTF-8: decisions are explained with it")
		case err == nil && len(r.Then) == 0:
			err = fmt.Errorf("then: says nothing")
		case err == nil:
			if err = checkTerms(r.Then); err != nil {
				err = fmt.Errorf("then.%w", err)
			} else {
				err = e.reached(r.Then)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("policy: enrolment: rules[%d].%w", i, err)
		}
		c := compiledEnrolment{name: r.Name, cond: cond, then: map[string]Terms{}}
		e.takeTerms(c.then, r.Then)
		e.rules = append(e.rules, c)
	}
	slices.Sort(e.types[len(authenticatorTypes):])
	return e, nil
}

func (e *Enrolment) takeTerms(dst, terms map[string]Terms) {
	for name, t := range terms {
		dst[name] = t
		if name != AllTypes && !slices.Contains(e.types, name) {
			e.types = append(e.types, name)
		}
	}
}

// reached refuses to name a type that an earlier rule without conditions has decided.
func (e *Enrolment) reached(then map[string]Terms) error {
	for _, name := range sortedNames(then) {
		for i := range e.rules {
			if _, decided := termsOf(e.rules[i].then, name); decided && e.rules[i].cond.open() {
				return fmt.Errorf("then.%s: is never reached: rules[%d] has no condition", name, i)
			}
		}
	}
	return nil
}

func sortedNames(terms map[string]Terms) []string {
	names := make([]string, 0, len(terms))
	for name := range terms {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func checkTerms(terms map[string]Terms) error {
	for _, name := range sortedNames(terms) {
		t := terms[name]
		switch {
		case reservedType(name) && name != AllTypes:
			return fmt.Errorf("%q: cannot be a type", name)
		case t.Enrolment > Required:
			return fmt.Errorf("%s: is none of disabled, optional, required", name)
		case name == AllTypes && t.Enrolment == Required:
			return fmt.Errorf("%s: nobody can have every type; name those that are required", name)
		case t.NumberChallenge > NumberNever:
			return fmt.Errorf("%s.number_challenge: is none of always, never, high_risk", name)
		case name != "push" && t.NumberChallenge != NumberAlways:
			return fmt.Errorf("%s.number_challenge: is of push alone", name)
		}
	}
	return nil
}

// reservedType: these names mean something else in JSON.
func reservedType(name string) bool {
	return noName(name) || name == AllTypes || name == "rules" || name == "default"
}

// termsOf looks a type up, and then what stands for all.
func termsOf(terms map[string]Terms, name string) (Terms, bool) {
	t, ok := terms[name]
	if !ok {
		t, ok = terms[AllTypes]
	}
	return t, ok
}
