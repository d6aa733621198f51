package policy

import (
	"slices"
	"time"
)

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
		if t := a.proves(); t&(t-1) != 0 {
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
	p, q := a.proves(), b.proves()
	return p != 0 && q != 0 && p != q
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
	return (types == 0 || m.proves()&types != 0) &&
		(q.Methods == nil || slices.Contains(q.Methods, m.Name)) &&
		(!q.PhishingResistant || m.PhishingResistant) &&
		(!q.Hardware || m.Hardware) &&
		(!q.UserVerified || m.UserVerified)
}
