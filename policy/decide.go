package policy

// Decide asks the policy. It does not allocate when it allows, but for what a host's
// predicates do.
func (p *Policy) Decide(f *Facts) Decision {
	if p == nil {
		return Decision{Access: Deny, Reason: ReasonNoRule}
	}
	for i := range p.rules {
		r := &p.rules[i]
		switch held, fact := r.If.holds(f); held {
		case Yes:
			return r.decide(f)
		case No:
		default:
			return r.undecidable(held, fact)
		}
	}
	return Decision{Access: Deny, Reason: ReasonNoRule}
}

// undecidable is the decision of a rule that can be neither matched nor skipped.
func (r *compiled) undecidable(held Truth, fact string) Decision {
	return Decision{Access: Deny, Rule: r.Name, Reason: unknownReason(held), Fact: fact}
}

func unknownReason(t Truth) string {
	if t == panicked {
		return ReasonPanicked
	}
	return ReasonUndecidable
}

// decide says what the rule that matched decides.
func (r *compiled) decide(f *Facts) Decision {
	t := &r.Then
	d := Decision{Access: t.Access, Rule: r.Name, AccessTokenTTL: t.AccessTokenTTL, RefreshTokenTTL: t.RefreshTokenTTL}
	if t.Access == Deny {
		d.Reason = ReasonDenied
		return d
	}
	if r.timed && f.authTime().IsZero() {
		return r.undecidable(Unknown, "now") // nobody can say how old anything is
	}
	if r.satisfied(f, f.Methods, nil) {
		d.Reason = ReasonSatisfied
		return d
	}
	if f.Subject == "" {
		d.Access, d.Reason = Deny, ReasonNoPerson
		return d
	}
	if d.Next = r.next(f); len(d.Next) == 0 {
		d.Access, d.Reason = Deny, ReasonUnreachable
		return d
	}
	d.Access, d.Reason = StepUp, ReasonUnsatisfied
	return d
}
