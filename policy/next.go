package policy

import "slices"

// known are the methods that can be asked for when nobody has said what a person
// can prove, in the order of preference.
var known = []Method{
	{Name: "webauthn", Types: Possession | Inherence, PhishingResistant: true, UserVerified: true},
	{Name: "push", Types: Possession},
	{Name: "totp", Types: Possession},
	{Name: "sms", Types: Possession},
	{Name: "voice", Types: Possession},
	{Name: "email", Types: Possession},
	{Name: "password", Types: Knowledge},
}

// next lists what would satisfy the rule together with what was proved: one method
// if one does, and else pairs. An app that proves the first of a pair is asked again.
func (r *compiled) next(f *Facts) [][]string {
	candidates := f.Available
	if !f.AvailableKnown {
		candidates = known
	}
	var single, pairs [][]string
	add := func(list *[][]string, names ...string) {
		if !slices.ContainsFunc(*list, func(have []string) bool { return slices.Equal(have, names) }) {
			*list = append(*list, names)
		}
	}
	for i := range candidates {
		if r.satisfied(f, f.Methods, candidates[i:i+1]) {
			add(&single, candidates[i].Name)
		}
	}
	if single != nil {
		return single
	}
	for i := range candidates {
		for j := range candidates {
			if i != j && r.satisfied(f, f.Methods, []Method{candidates[i], candidates[j]}) {
				add(&pairs, candidates[i].Name, candidates[j].Name)
			}
		}
	}
	return pairs
}
