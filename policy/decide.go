package policy

import (
	"net/netip"
	"slices"
)

// Decide asks the policy. It does not allocate when it allows.
func (p *Policy) Decide(f *Facts) Decision {
	if p == nil {
		return Decision{Access: Deny, Reason: ReasonNoRule}
	}
	for i := range p.rules {
		r := &p.rules[i]
		switch held, fact := r.holds(f); held {
		case yes:
			return r.decide(f)
		case unknown:
			return Decision{Access: Deny, Rule: r.Name, Reason: ReasonUndecidable, Fact: fact}
		}
	}
	return Decision{Access: Deny, Reason: ReasonNoRule}
}

// Step is what became of one rule.
type Step struct {
	Rule   string
	Result string // "matched", "skipped", "undecidable"
	Fact   string // the condition that was false or unknown, by its name in JSON
}

// Explain decides, and says for each rule that was looked at what became of it.
func (p *Policy) Explain(f *Facts) (Decision, []Step) {
	if p == nil {
		return p.Decide(f), nil
	}
	var steps []Step
	for i := range p.rules {
		r := &p.rules[i]
		held, fact := r.holds(f)
		switch held {
		case yes:
			return r.decide(f), append(steps, Step{r.Name, "matched", ""})
		case unknown:
			return Decision{Access: Deny, Rule: r.Name, Reason: ReasonUndecidable, Fact: fact}, append(steps, Step{r.Name, "undecidable", fact})
		}
		steps = append(steps, Step{r.Name, "skipped", fact})
	}
	return Decision{Access: Deny, Reason: ReasonNoRule}, steps
}

// truth is three-valued.
type truth byte

const (
	no truth = iota
	unknown
	yes
)

// holds says whether all conditions hold: no if one is false, and else unknown if
// one is. fact names the condition.
func (r *compiled) holds(f *Facts) (truth, string) {
	if r.open {
		return yes, ""
	}
	c := &r.If
	result, fact := yes, ""
	for _, t := range [...]struct {
		name  string
		value truth
	}{
		{"users", oneOf(c.Users, f.Subject)},
		{"groups", anyOf(c.Groups, f.Groups)},
		{"clients", known(c.Clients, f.Client)},
		{"grant_types", known(c.GrantTypes, f.GrantType)},
		{"scopes", anyOf(c.Scopes, f.Scopes)},
		{"networks", within(c.Networks, f.Network)},
		{"not_networks", outside(c.NotNetworks, f.Network)},
		{"requester_networks", within(c.RequesterNetworks, f.RequesterNetwork)},
		{"risk", hasRisk(c.Risk, f.Risk)},
	} {
		if t.value == no {
			return no, t.name
		}
		if t.value == unknown && result == yes {
			result, fact = unknown, t.name
		}
	}
	return result, fact
}

func oneOf(list []string, value string) truth {
	if list == nil || slices.Contains(list, value) {
		return yes
	}
	return no
}

// known is oneOf for what every request has: if it is not there, it is unknown.
func known(list []string, value string) truth {
	if list != nil && value == "" {
		return unknown
	}
	return oneOf(list, value)
}

func anyOf(list, values []string) truth {
	if list == nil {
		return yes
	}
	for _, v := range values {
		if slices.Contains(list, v) {
			return yes
		}
	}
	return no
}

func within(list []netip.Prefix, a netip.Addr) truth {
	if list == nil {
		return yes
	}
	if !a.IsValid() {
		return unknown
	}
	a = a.Unmap().WithZone("")
	for _, p := range list {
		if p.Contains(a) {
			return yes
		}
	}
	return no
}

func outside(list []netip.Prefix, a netip.Addr) truth {
	if list == nil {
		return yes
	}
	return yes - within(list, a) // yes and no change places, unknown stays
}

func hasRisk(list []Risk, r Risk) truth {
	switch {
	case list == nil || slices.Contains(list, r):
		return yes
	case r == RiskUnknown || int(r) >= len(riskNames):
		return unknown
	}
	return no
}

// decide says what the rule that matched decides.
func (r *compiled) decide(f *Facts) Decision {
	t := &r.Then
	d := Decision{Access: t.Access, Rule: r.Name, AccessTokenTTL: t.AccessTokenTTL, RefreshTokenTTL: t.RefreshTokenTTL}
	if t.Access == Deny {
		d.Reason = ReasonDenied
		return d
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
