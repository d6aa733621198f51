package policy

import "slices"

// imaginable are the methods that can be asked for when nobody has said what a person
// can prove, in the order of preference: each as good as it could be.
var imaginable = []Method{
	{Name: "webauthn", Types: Possession | Inherence, PhishingResistant: true, UserVerified: true, Hardware: true},
	{Name: "push", Types: Possession},
	{Name: "totp", Types: Possession},
	{Name: "sms", Types: Possession},
	{Name: "voice", Types: Possession},
	{Name: "email", Types: Possession},
	{Name: "password", Types: Knowledge},
}

// next lists what would satisfy the rule together with what was proved: one method
// if one does, and else pairs. An app that proves the first of a pair is asked again.
// It is empty if all that there is would not do.
func (r *compiled) next(f *Facts) [][]string {
	candidates := f.Available
	if !f.AvailableKnown {
		candidates = r.imagine()
	}
	if !r.satisfied(f, f.Methods, candidates) {
		return nil
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
	if pairs == nil {
		return [][]string{r.fewest(f, candidates)}
	}
	return pairs
}

// fewest leaves out of the candidates, which do together, what is not needed.
func (r *compiled) fewest(f *Facts, candidates []Method) []string {
	needed := slices.Clone(candidates)
	for i := len(needed) - 1; i >= 0; i-- {
		if fewer := slices.Delete(slices.Clone(needed), i, i+1); r.satisfied(f, f.Methods, fewer) {
			needed = fewer
		}
	}
	names := make([]string, len(needed))
	for i := range needed {
		names[i] = needed[i].Name
	}
	return names
}

// imagine adds the methods that only the rule knows: of those nothing is known but
// that the rule counts on them.
func (r *compiled) imagine() []Method {
	methods := slices.Clip(imaginable)
	for _, q := range r.Then.Require {
		for _, name := range q.Methods {
			if !slices.ContainsFunc(methods, func(m Method) bool { return m.Name == name }) {
				methods = append(methods, Method{
					Name: name, Types: Knowledge | Possession | Inherence,
					PhishingResistant: true, Hardware: true, UserVerified: true,
				})
			}
		}
	}
	return methods
}
