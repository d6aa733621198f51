package policy

// Truth is the answer to a question that may have none. The zero value is Unknown,
// and never opens a door.
type Truth byte

// The answers.
const (
	Unknown Truth = iota
	No
	Yes

	panicked // of a host's predicate: unknown, for a reason that has a name
)

// TruthOf is the answer that a boolean gives.
func TruthOf(b bool) Truth {
	if b {
		return Yes
	}
	return No
}

// String is "yes", "no" or "unknown".
func (t Truth) String() string {
	switch t {
	case Yes:
		return "yes"
	case No:
		return "no"
	}
	return "unknown"
}

// MarshalJSON writes true, false, or null for what is unknown.
func (t Truth) MarshalJSON() ([]byte, error) {
	switch t {
	case Yes:
		return []byte("true"), nil
	case No:
		return []byte("false"), nil
	}
	return []byte("null"), nil
}

// not: what is unknown stays so.
func (t Truth) not() Truth {
	switch t {
	case Yes:
		return No
	case No:
		return Yes
	}
	return t
}
