package policy

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Policy is a checked list of rules. It does not change, and is safe for
// concurrent use. The zero value denies everything.
type Policy struct{ rules []compiled }

// compiled is a rule with what every decision would otherwise compute.
type compiled struct {
	If   compiledCondition
	Name string
	Then Outcome

	factors int    // that are really asked for
	types   []Type // of each requirement
	timed   bool   // it asks how old something is
}

// New checks the rules. An error gives the path of what is wrong, as it would
// stand in JSON: rules[1].if.networks[0].
func New(rules ...Rule) (*Policy, error) {
	if len(rules) == 0 {
		return nil, errors.New("policy: rules: a policy without rules denies everything")
	}
	p := &Policy{rules: make([]compiled, len(rules))}
	for i := range rules {
		c := &p.rules[i]
		if err := rules[i].check(); err != nil {
			return nil, fmt.Errorf("policy: rules[%d].%w", i, err)
		}
		cond, err := rules[i].If.compile()
		if err != nil {
			return nil, fmt.Errorf("policy: rules[%d].%w", i, err)
		}
		if i > 0 && p.rules[i-1].If.open() {
			return nil, fmt.Errorf("policy: rules[%d]: comes after a rule without conditions, and is never reached", i)
		}
		c.Name, c.If, c.Then = rules[i].Name, cond, rules[i].Then.clone()
		c.prepare()
	}
	return p, nil
}

// prepare computes what follows from the outcome.
func (c *compiled) prepare() {
	t := &c.Then
	c.factors, c.timed = t.Factors, t.MaxAge != 0
	if t.MaxAge != 0 && t.Factors == 0 && t.Require == nil {
		c.factors = 1
	}
	c.types = make([]Type, len(t.Require))
	for i, q := range t.Require {
		for _, name := range q.Types {
			c.types[i] |= parseType(name)
		}
		c.timed = c.timed || q.MaxAge != 0
	}
}

// OneFactor is the policy that asks a person for one factor, whichever. It refuses
// clients that ask for themselves.
func OneFactor() *Policy { return must("one factor", Outcome{Access: Allow, Factors: 1}) }

// AllowAll is the policy that asks for nothing.
func AllowAll() *Policy { return must("anything", Outcome{Access: Allow}) }

// must makes a policy of one rule that is known to be right. Each caller has its own:
// a policy can be loaded into.
func must(name string, o Outcome) *Policy {
	p, err := New(Rule{Name: name, Then: o})
	if err != nil {
		panic(err) // only constants come here
	}
	return p
}

// Rules returns the rules.
func (p *Policy) Rules() []Rule {
	rules := make([]Rule, len(p.rules))
	for i := range p.rules {
		r := &p.rules[i]
		rules[i] = Rule{Name: r.Name, If: r.If.clone(), Then: r.Then.clone()}
	}
	return rules
}

func (t Outcome) clone() Outcome {
	t.Require = slices.Clone(t.Require)
	for i := range t.Require {
		q := &t.Require[i]
		q.Types, q.Methods = slices.Clone(q.Types), slices.Clone(q.Methods)
	}
	return t
}

// Decision is what a policy says to a set of facts.
type Decision struct {
	Access Access
	Rule   string // the rule that decided; "" if none matched
	Reason string // a stable name: one of the Reason constants
	Fact   string // with ReasonUndecidable and ReasonPanicked: the condition that is unknown, by its path in JSON; "now" for the time

	// Next says, with StepUp, what would do: each is the names of methods that
	// would satisfy the rule together with what was proved. If it was not known
	// what the person can prove, the names are those the rule can be satisfied with.
	Next [][]string

	// AccessTokenTTL and RefreshTokenTTL shorten lifetimes; 0 leaves the server's.
	AccessTokenTTL, RefreshTokenTTL time.Duration
}

// The reasons of a decision.
const (
	ReasonSatisfied   = "satisfied"
	ReasonDenied      = "denied"      // a rule says so
	ReasonNoRule      = "no_rule"     // none matched
	ReasonUndecidable = "undecidable" // a fact that a rule asks for is unknown: Rule says which rule
	ReasonPanicked    = "panicked"    // as undecidable, since the host's predicate that Fact names panicked
	ReasonUnsatisfied = "unsatisfied" // more proof is needed
	ReasonUnreachable = "unreachable" // the person has nothing that would do
	ReasonNoPerson    = "no_person"   // a rule asks for proof, and nobody is there to give it
)

// Combine is the decision of two policies that must both agree: denial wins, then
// the need for more proof, and the shorter life. An access that is none of the three
// denies.
func Combine(a, b Decision) Decision {
	d := a
	if b.Access.rank() < a.Access.rank() {
		d = b
	}
	if d.Access.rank() == 0 {
		d.Access = Deny
	}
	if a.Access == StepUp && b.Access == StepUp {
		d.Next = both(a.Next, b.Next)
	}
	d.AccessTokenTTL = shorter(a.AccessTokenTTL, b.AccessTokenTTL)
	d.RefreshTokenTTL = shorter(a.RefreshTokenTTL, b.RefreshTokenTTL)
	return d
}

func (a Access) rank() int {
	switch a {
	case Allow:
		return 2
	case StepUp:
		return 1
	}
	return 0
}

// both prefers what satisfies the two; where nothing does at once, the first goes first.
func both(a, b [][]string) [][]string {
	var common [][]string
	for _, x := range a {
		if slices.ContainsFunc(b, func(y []string) bool { return slices.Equal(x, y) }) {
			common = append(common, x)
		}
	}
	if common == nil {
		return a
	}
	return common
}

func shorter(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
