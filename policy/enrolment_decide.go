package policy

// EnrolmentDecision is what an enrolment policy says about one person.
type EnrolmentDecision struct {
	Types []TypeDecision // the built-in types, then the host's own by name

	// Missing are the types that are required and that the person is not known to
	// have. Only if Known, which is Facts.AvailableKnown, is it sure that they are
	// not there: otherwise they are no reason to let somebody enrol one, who may be
	// another than the person who has one.
	Missing []string
	Known   bool
}

// TypeDecision is what holds of one type of authenticator.
type TypeDecision struct {
	Type            string
	MayEnrol        bool
	Required        bool  // it must be there: also where it is, and where MayEnrol is false
	Enrolled        Truth // by Facts.Methods and Facts.Available
	NumberChallenge NumberChallenge

	Rule   string // that decided, or that could not be; "" is the default
	Reason string // why it cannot be told: ReasonUndecidable, ReasonPanicked, ReasonNoRule, ReasonNoPerson; "" if it can
	Fact   string // as in a Decision
}

// Of is what was decided of the type; of one that the policy does not know it is that
// it cannot be enrolled.
func (d EnrolmentDecision) Of(name string) TypeDecision {
	for _, t := range d.Types {
		if t.Type == name {
			return t
		}
	}
	return TypeDecision{Type: name, Reason: ReasonNoRule}
}

// Decide asks the policy about the person of the facts.
func (e *Enrolment) Decide(f *Facts) EnrolmentDecision {
	if e == nil || e.types == nil {
		e = nothing
	}
	held, facts := make([]Truth, len(e.rules)), make([]string, len(e.rules))
	for i := range e.rules {
		held[i], facts[i] = e.rules[i].cond.holds(f)
	}
	d := EnrolmentDecision{Types: make([]TypeDecision, 0, len(e.types)), Known: f.AvailableKnown}
	for _, name := range e.types {
		t := e.decide(name, held, facts)
		t.Enrolled = f.has(name)
		switch {
		case e == nothing:
			t.Reason = ReasonNoRule
		case f.Subject == "" && t.Reason == "":
			t.MayEnrol, t.Reason = false, ReasonNoPerson
		}
		d.Types = append(d.Types, t)
		if t.Required && t.Enrolled != Yes {
			d.Missing = append(d.Missing, name)
		}
	}
	return d
}

// nothing is the policy of who has none.
var nothing = &Enrolment{defaults: map[string]Terms{AllTypes: {}}, types: authenticatorTypes}

// decide walks through the rules that name the type. Behind one that is undecidable
// it looks on, but only for what else would be required.
func (e *Enrolment) decide(name string, held []Truth, facts []string) TypeDecision {
	d := TypeDecision{Type: name}
	settle := func(rule string, t Terms) TypeDecision {
		d.Required = d.Required || t.Enrolment == Required
		if d.Reason == "" {
			d.Rule, d.MayEnrol, d.NumberChallenge = rule, t.Enrolment != Disabled, t.NumberChallenge
		}
		return d
	}
	for i := range e.rules {
		r := &e.rules[i]
		t, named := termsOf(r.then, name)
		switch {
		case !named || held[i] == No:
			continue
		case held[i] == Yes:
			return settle(r.name, t)
		}
		d.Required = d.Required || t.Enrolment == Required
		if d.Reason == "" {
			d.Rule, d.Reason, d.Fact = r.name, unknownReason(held[i]), facts[i]
		}
	}
	t, _ := termsOf(e.defaults, name)
	return settle("", t)
}

// has reports whether the person has an authenticator of the type.
func (f *Facts) has(name string) Truth {
	for _, list := range [...][]Method{f.Methods, f.Available} {
		for i := range list {
			if list[i].Name == name {
				return Yes
			}
		}
	}
	if f.AvailableKnown {
		return No
	}
	return Unknown
}
