package policy

import (
	"net/netip"
	"slices"
	"time"
)

// Decide asks the policy. It does not allocate when it allows.
func (p *Policy) Decide(f *Facts) Decision {
	for i := range p.rules {
		r := &p.rules[i]
		switch held, _ := r.holds(f); held {
		case yes:
			return r.decide(f)
		case unknown:
			return Decision{Access: Deny, Rule: r.Name, Reason: ReasonUndecidable}
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
	var steps []Step
	for i := range p.rules {
		r := &p.rules[i]
		held, fact := r.holds(f)
		switch held {
		case yes:
			return r.decide(f), append(steps, Step{r.Name, "matched", ""})
		case unknown:
			return Decision{Access: Deny, Rule: r.Name, Reason: ReasonUndecidable}, append(steps, Step{r.Name, "undecidable", fact})
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
		{"clients", oneOf(c.Clients, f.Client)},
		{"grant_types", oneOf(c.GrantTypes, f.GrantType)},
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
	case r == RiskUnknown:
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

// satisfied reports whether methods, with further ones, are what the rule asks for.
func (r *compiled) satisfied(f *Facts, methods, more []Method) bool {
	return r.enoughFactors(f, methods, more) && r.requirementHolds(f, methods, more)
}

// each calls yield for every method that is fresh enough, until it returns false.
func (r *compiled) each(f *Facts, methods, more []Method, yield func(*Method) bool) {
	for i := range methods {
		if r.fresh(f, methods[i].At) && !yield(&methods[i]) {
			return
		}
	}
	for i := range more {
		if !yield(&more[i]) {
			return
		}
	}
}

// fresh measures the age of a proof at the time of the authorization, not now: a
// refresh asks for nothing new.
func (r *compiled) fresh(f *Facts, at time.Time) bool {
	if r.Then.MaxAge == 0 {
		return true
	}
	when := f.AuthTime
	if when.IsZero() {
		when = f.Now
	}
	return when.Sub(at) <= r.Then.MaxAge
}

// enoughFactors: one is any; two are of different types, and on different devices.
func (r *compiled) enoughFactors(f *Facts, methods, more []Method) bool {
	switch r.Then.Factors {
	case 0:
		return true
	case 1:
		found := false
		r.each(f, methods, more, func(*Method) bool { found = true; return false })
		return found
	}
	found := false
	r.each(f, methods, more, func(a *Method) bool {
		if a.UserVerified && a.Types&(a.Types-1) != 0 {
			found = true // a device, and what unlocks it
			return false
		}
		r.each(f, methods, more, func(b *Method) bool {
			found = a != b && differ(a, b)
			return !found
		})
		return !found
	})
	return found
}

// differ reports whether two methods rest on different things: on one device, or
// of one type alone, they would fall together.
func differ(a, b *Method) bool {
	if a.Device != "" && a.Device == b.Device {
		return false
	}
	return a.Types != 0 && b.Types != 0 && a.Types != b.Types
}

func (r *compiled) requirementHolds(f *Facts, methods, more []Method) bool {
	if r.Then.Require == nil {
		return true
	}
	found := false
	r.each(f, methods, more, func(m *Method) bool {
		for i := range r.Then.Require {
			if r.Then.Require[i].fits(m, r.types[i]) {
				found = true
				return false
			}
		}
		return true
	})
	return found
}

func (q *Requirement) fits(m *Method, types Type) bool {
	return (types == 0 || m.Types&types != 0) &&
		(q.Methods == nil || slices.Contains(q.Methods, m.Name)) &&
		(!q.PhishingResistant || m.PhishingResistant) &&
		(!q.Hardware || m.Hardware) &&
		(!q.UserVerified || m.UserVerified)
}
