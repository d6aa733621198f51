package authenticator

// Hashes is how many hashes were computed, and how many KiB filled for them.
func (p *Password) Hashes() (hashes, filled uint64) { return p.hasher.Computed() }
