package password

import (
	"math"
	"time"
)

const TestTimeout = 5 * time.Second

// Waiting is how many wait for a place.
func (h *Hasher) Waiting() int {
	h.gate.mu.Lock()
	defer h.gate.mu.Unlock()
	return len(h.gate.waiting)
}

// Canonical writes a record that parses as it would be written here.
func Canonical(hash string) string {
	r, err := parse(hash)
	switch {
	case err != nil:
		return ""
	case r.bcrypt != "":
		return r.bcrypt
	}
	return r.encode()
}

// Work is what verifying a record costs, in KiB filled; bcrypt is beyond measure.
func Work(hash string) uint64 {
	if r, err := parse(hash); err == nil && r.bcrypt == "" {
		return r.params.work()
	}
	return math.MaxUint64
}
