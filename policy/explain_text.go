package policy

import (
	"fmt"
	"strings"
	"time"
)

func factorsAsked(n int) string {
	if n == 1 {
		return "one factor"
	}
	return "two factors of different types, on different devices"
}

func noOlder(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return ", no older than " + d.String()
}

// asked puts the requirement into words.
func (q *Requirement) asked() string {
	words := []string{"a method"}
	if q.Methods != nil {
		words[0] = strings.Join(q.Methods, " or ")
	}
	if q.Types != nil {
		words = append(words, "of "+strings.Join(q.Types, " or "))
	}
	if q.PhishingResistant {
		words = append(words, "phishing-resistant")
	}
	if q.Hardware {
		words = append(words, "protected by hardware")
	}
	if q.UserVerified {
		words = append(words, "that has verified its user")
	}
	return strings.Join(words, ", ")
}

// factorsMissing says what each proof counts as, where they are not enough.
func (r *compiled) factorsMissing(f *Facts) []string {
	var missing []string
	var counted []*Method
	for i := range f.Methods {
		m := &f.Methods[i]
		if old := f.tooOld(m, r.Then.MaxAge); old != "" {
			missing = append(missing, m.label()+" "+old)
			continue
		}
		missing = append(missing, m.label()+" counts as "+m.proves().words())
		for _, other := range counted {
			if m.Device != "" && m.Device == other.Device {
				missing = append(missing, other.Name+" and "+m.Name+" are on one device")
			}
		}
		counted = append(counted, m)
	}
	if missing == nil {
		return []string{"nothing was proved"}
	}
	return missing
}

// missing says of each proof what it lacks.
func (q *Requirement) missing(f *Facts, types Type, most time.Duration) []string {
	if len(f.Methods) == 0 {
		return []string{"nothing was proved"}
	}
	missing := make([]string, len(f.Methods))
	for i := range f.Methods {
		m := &f.Methods[i]
		var lacks []string
		for _, l := range []struct {
			lacks bool
			words string
		}{
			{q.Methods != nil && !(&Requirement{Methods: q.Methods}).fits(m, 0), "is not " + strings.Join(q.Methods, " or ")},
			{types != 0 && m.proves()&types == 0, "counts as " + m.proves().words()},
			{q.PhishingResistant && !m.PhishingResistant, "is not phishing-resistant"},
			{q.Hardware && !m.Hardware, "is not protected by hardware"},
			{q.UserVerified && !m.UserVerified, "has not verified its user"},
			{f.tooOld(m, most) != "", f.tooOld(m, most)},
		} {
			if l.lacks {
				lacks = append(lacks, l.words)
			}
		}
		missing[i] = m.label() + " " + strings.Join(lacks, " and ")
	}
	return missing
}

func (f *Facts) tooOld(m *Method, most time.Duration) string {
	switch {
	case f.fresh(m.At, most):
		return ""
	case m.At.IsZero():
		return "was proved nobody knows when"
	}
	return "is " + f.authTime().Sub(m.At).String() + " old"
}

// label tells authenticators of one name apart.
func (m *Method) label() string {
	name := m.Name
	if name == "" {
		name = "a method without a name"
	}
	if m.Device != "" {
		return name + " (" + m.Device + ")"
	}
	return name
}

func (t Type) words() string {
	var words []string
	for _, n := range typeNames {
		if t&n.t != 0 {
			words = append(words, n.name)
		}
	}
	if words == nil {
		return "no type"
	}
	return strings.Join(words, " and ")
}

// String is the explanation as a text: a line for each rule, and one for each thing
// that the last of them asks for.
func (e Explanation) String() string {
	lines := make([]string, len(e))
	for i, s := range e {
		lines[i] = s.String()
	}
	return strings.Join(lines, "\n")
}

// String is the step as a text.
func (s Step) String() string {
	line := fmt.Sprintf("%q: %s", s.Rule, s.Result)
	switch s.Result {
	case "skipped":
		line += ": " + s.Fact + " does not hold"
	case ReasonUndecidable:
		line += ": " + s.Fact + " is not known"
	case ReasonPanicked:
		line += ": " + s.Fact + " is the predicate that did"
	}
	for _, n := range s.Needs {
		line += "\n\t" + n.String()
	}
	return line
}

// String is the need as a text.
func (n Need) String() string {
	if n.Met {
		return n.Name + ": " + n.Asks + ": met"
	}
	would := "nothing that is there would do"
	if len(n.Would) > 0 {
		alternatives := make([]string, len(n.Would))
		for i, choice := range n.Would {
			labels := make([]string, len(choice))
			for j := range choice {
				labels[j] = choice[j].label()
			}
			alternatives[i] = strings.Join(labels, " with ")
		}
		would = strings.Join(alternatives, " or ") + " would do"
		if n.Assumed {
			would += ", if the person has it"
		}
	}
	return n.Name + ": " + n.Asks + ": not met: " + strings.Join(n.Missing, "; ") + ": " + would
}
