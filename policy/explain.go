package policy

import "fmt"

// Explanation is what became of each rule that was looked at, in order. Printed, it is
// a text for an operator: it names devices of the person, and is not for apps.
type Explanation []Step

// Step is what became of one rule.
type Step struct {
	Rule   string
	Result string // "matched", "skipped", "undecidable", "panicked"
	Fact   string // the condition that was false or unknown, by its path in JSON
	Needs  []Need
}

// Need is one thing that a rule which matched asks for, with what was proved, and
// with what else the person has.
type Need struct {
	Name string // as it stands in JSON: "factors", and "require[0]" …, of which one must be met
	Asks string // in words
	Met  bool

	// Missing says, of a need that is not met, why each proof does not meet it.
	Missing []string

	// Would are the authenticators that would meet it together with what was proved:
	// each alternative is one, or as many as it takes. Of a need that is not met, and
	// where there is none, nothing that the person has would do.
	Would [][]Method

	// Assumed says that it is not known what the person has: Would are then methods
	// as good as they could be.
	Assumed bool
}

// Explain decides, and says for each rule that was looked at what became of it, and
// of the one that matched what it asks for. The request may be one that nobody made.
func (p *Policy) Explain(f *Facts) (Decision, Explanation) {
	if p == nil {
		return p.Decide(f), nil
	}
	var steps Explanation
	for i := range p.rules {
		r := &p.rules[i]
		held, fact := r.If.holds(f)
		switch held {
		case Yes:
			d := r.decide(f)
			if d.Reason == ReasonUndecidable {
				return d, append(steps, Step{Rule: r.Name, Result: d.Reason, Fact: d.Fact})
			}
			return d, append(steps, Step{Rule: r.Name, Result: "matched", Needs: r.needs(f)})
		case No:
			steps = append(steps, Step{Rule: r.Name, Result: "skipped", Fact: fact})
		default:
			return r.undecidable(held, fact), append(steps, Step{Rule: r.Name, Result: unknownReason(held), Fact: fact})
		}
	}
	return Decision{Access: Deny, Reason: ReasonNoRule}, steps
}

// needs asks for each thing by itself.
func (r *compiled) needs(f *Facts) []Need {
	var needs []Need
	if r.factors > 0 {
		part := &compiled{Then: Outcome{Factors: r.factors, MaxAge: r.Then.MaxAge}}
		n := part.need(f)
		n.Name, n.Asks = "factors", factorsAsked(r.factors)+noOlder(r.Then.MaxAge)
		if !n.Met {
			n.Missing = part.factorsMissing(f)
		}
		needs = append(needs, n)
	}
	for i, q := range r.Then.Require {
		part := &compiled{Then: Outcome{Require: []Requirement{q}, MaxAge: r.Then.MaxAge}}
		n := part.need(f)
		most := shorter(r.Then.MaxAge, q.MaxAge)
		n.Name, n.Asks = fmt.Sprintf("require[%d]", i), q.asked()+noOlder(most)
		if !n.Met {
			n.Missing = q.missing(f, r.types[i], most)
		}
		needs = append(needs, n)
	}
	return needs
}

func (r *compiled) need(f *Facts) Need {
	r.prepare()
	n := Need{Met: r.satisfied(f, f.Methods, nil)}
	if n.Met || f.Subject == "" {
		return n
	}
	n.Assumed = !f.AvailableKnown
	candidates := r.candidates(f)
	for _, choice := range r.alternatives(f, candidates) {
		would := make([]Method, len(choice))
		for i, at := range choice {
			would[i] = candidates[at]
		}
		n.Would = append(n.Would, would)
	}
	return n
}
