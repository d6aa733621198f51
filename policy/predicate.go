package policy

import "fmt"

// Predicate is a question that only the host can answer. It must be quick, wait for
// nothing, be safe for concurrent use and leave the facts as they are: it is asked
// at every decision whose other conditions do not settle its rule. What it knows
// beyond the facts it must know by itself.
//
// Unknown, or anything that is neither Yes nor No, makes its rule undecidable, and so
// does a panic, which goes no further: the decision denies with [ReasonPanicked].
type Predicate struct {
	Name  string // in JSON, and in decisions
	Holds func(f Facts) Truth
}

// MarshalText writes the name.
func (p Predicate) MarshalText() ([]byte, error) { return []byte(p.Name), nil }

// ask takes the facts as a value, so that those of the caller need not be on the heap.
func (p *Predicate) ask(f Facts) (t Truth) {
	returned := false
	defer func() {
		if !returned {
			_ = recover()
			t = panicked
		}
	}()
	t = p.Holds(f)
	returned = true
	if t != Yes && t != No {
		return Unknown
	}
	return t
}

// Loader reads documents that name what only a host knows. The zero value knows
// what a document alone can say.
type Loader struct {
	Predicates []Predicate // that "predicates" may name
	Types      []string    // of authenticators of the host's own, that an enrolment policy may name
}

// Policy reads a policy: see [Policy.UnmarshalJSON].
func (l Loader) Policy(document []byte) (*Policy, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	rules, err := l.rules(document)
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	return New(rules...)
}

// Enrolment reads an enrolment policy: see [Enrolment.UnmarshalJSON].
func (l Loader) Enrolment(document []byte) (*Enrolment, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	defaults, rules, err := l.enrolment(document)
	if err != nil {
		return nil, fmt.Errorf("policy: enrolment: %w", err)
	}
	return NewEnrolment(defaults, rules...)
}

func (l *Loader) check() error {
	seen := make(map[string]bool, len(l.Predicates))
	for i, p := range l.Predicates {
		if err := p.check(); err != nil {
			return fmt.Errorf("policy: Predicates[%d]%w", i, err)
		}
		if seen[p.Name] {
			return fmt.Errorf("policy: Predicates[%d]: %q stands twice", i, p.Name)
		}
		seen[p.Name] = true
	}
	for i, t := range l.Types {
		if reservedType(t) {
			return fmt.Errorf("policy: Types[%d]: %q cannot be a type", i, t)
		}
	}
	return nil
}

func (p *Predicate) check() error {
	switch {
	case noName(p.Name):
		return fmt.Errorf(".Name: is empty, or not UTF-8")
	case p.Holds == nil:
		return fmt.Errorf(".Holds: %q is no function", p.Name)
	}
	return nil
}

func (l *Loader) predicates(raw []byte, dst *[]Predicate) error {
	*dst = []Predicate{}
	return list(raw, func(raw []byte) error {
		var s string
		if err := value(raw, &s); err != nil {
			return err
		}
		for _, p := range l.Predicates {
			if p.Name == s {
				*dst = append(*dst, p)
				return nil
			}
		}
		return fmt.Errorf("%q is not registered", s)
	})
}
