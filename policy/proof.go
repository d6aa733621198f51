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
// What is yet to be proved is as fresh as can be.
func (r *compiled) each(f *Facts, methods, more []Method, yield func(m *Method, proved bool) bool) {
	for i := range methods {
		if f.fresh(methods[i].At, r.Then.MaxAge) && !yield(&methods[i], true) {
			return
		}
	}
	for i := range more {
		if !yield(&more[i], false) {
			return
		}
	}
}

// authTime is when the authorization was made: the age of a proof is measured then,
// and not now, since a refresh asks for nothing new.
func (f *Facts) authTime() time.Time {
	if f.AuthTime.IsZero() {
		return f.Now
	}
	return f.AuthTime
}

// fresh reports whether a proof is no older than it may be; 0 is any age. A proof of
// which nobody says when it was made is old.
func (f *Facts) fresh(at time.Time, most time.Duration) bool {
	if most == 0 {
		return true
	}
	when := f.authTime()
	return !when.IsZero() && !at.IsZero() && when.Sub(at) <= most
}

// enoughFactors: one is any; two are of different types, and on different devices.
func (r *compiled) enoughFactors(f *Facts, methods, more []Method) bool {
	switch r.factors {
	case 0:
		return true
	case 1:
		found := false
		r.each(f, methods, more, func(*Method, bool) bool { found = true; return false })
		return found
	}
	found := false
	r.each(f, methods, more, func(a *Method, _ bool) bool {
		if a.several() {
			found = true // a device, and what unlocks it
			return false
		}
		r.each(f, methods, more, func(b *Method, _ bool) bool {
			found = a != b && differ(a, b)
			return !found
		})
		return !found
	})
	return found
}

// several reports whether the method alone is two factors.
func (m *Method) several() bool {
	t := m.proves()
	return t&(t-1) != 0
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
	r.each(f, methods, more, func(m *Method, proved bool) bool {
		for i := range r.Then.Require {
			q := &r.Then.Require[i]
			if q.fits(m, r.types[i]) && (!proved || f.fresh(m.At, q.MaxAge)) {
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
