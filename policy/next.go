package policy

import "slices"

// imaginable are the methods that can be asked for when nobody has said what a person
// can prove, in the order of preference: each as good as it could be.
var imaginable = []Method{
	{Name: "webauthn", Types: Possession | Inherence, PhishingResistant: true, UserVerified: true, Hardware: true},
	{Name: "push", Types: Possession},
	{Name: "totp", Types: Possession},
	{Name: "hotp", Types: Possession},
	{Name: "sms", Types: Possession},
	{Name: "voice", Types: Possession},
	{Name: "email", Types: Possession},
	{Name: "password", Types: Knowledge},
	{Name: "recovery_codes", Types: Possession}, // looked up from a list that the person has
	{Name: "question", Types: Knowledge},
}

// next names what would satisfy the rule: see [Decision.Next].
func (r *compiled) next(f *Facts) [][]string {
	candidates := r.candidates(f)
	var next [][]string
	for _, choice := range r.alternatives(f, candidates) {
		names := make([]string, len(choice))
		for i, at := range choice {
			names[i] = candidates[at].Name
		}
		if !slices.ContainsFunc(next, func(have []string) bool { return slices.Equal(have, names) }) {
			next = append(next, names)
		}
	}
	return next
}

// candidates are what the person could prove, or, if that is not known, what there is.
func (r *compiled) candidates(f *Facts) []Method {
	if f.AvailableKnown {
		return f.Available
	}
	return r.imagine()
}

// alternatives lists what of the candidates would satisfy the rule together with what
// was proved: one if one does, and else pairs. An app that proves the first of a pair
// is asked again. It is empty if all that there is would not do.
func (r *compiled) alternatives(f *Facts, candidates []Method) [][]int {
	if !r.satisfied(f, f.Methods, candidates) {
		return nil
	}
	var single, pairs [][]int
	for i := range candidates {
		if r.satisfied(f, f.Methods, candidates[i:i+1]) {
			single = append(single, []int{i})
		}
	}
	if single != nil {
		return single
	}
	for i := range candidates {
		for j := range candidates {
			if i != j && r.satisfied(f, f.Methods, []Method{candidates[i], candidates[j]}) {
				pairs = append(pairs, []int{i, j})
			}
		}
	}
	if pairs == nil {
		return [][]int{r.fewest(f, candidates)}
	}
	return pairs
}

// fewest leaves out of the candidates, which do together, what is not needed.
func (r *compiled) fewest(f *Facts, candidates []Method) []int {
	needed, at := slices.Clone(candidates), make([]int, len(candidates))
	for i := range at {
		at[i] = i
	}
	for i := len(needed) - 1; i >= 0; i-- {
		if fewer := slices.Delete(slices.Clone(needed), i, i+1); r.satisfied(f, f.Methods, fewer) {
			needed, at = fewer, slices.Delete(at, i, i+1)
		}
	}
	return at
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
