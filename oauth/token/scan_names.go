package token

// nameSet remembers the names of one object, to find two that are equal. Objects of
// up to 32 members need no memory beside it, and hardly a comparison: names are
// compared only if they agree in a hash of 8 bits.
type nameSet[T text] struct {
	seen [4]uint64 // by hash
	n    int
	hash [32]uint8
	list [32]T
	more map[string]struct{} // what list has no room for, so that no input takes quadratic time
}

func (s *nameSet[T]) reset() {
	s.seen, s.n, s.more = [4]uint64{}, 0, nil
}

// add reports false if the name is there already.
func (s *nameSet[T]) add(name T) bool {
	h := nameHash(name)
	word, bit := &s.seen[h>>6], uint64(1)<<(h&63)
	if *word&bit != 0 && s.has(name, h) {
		return false
	}
	*word |= bit
	if s.n < len(s.list) {
		s.hash[s.n], s.list[s.n] = h, name
		s.n++
		return true
	}
	if s.more == nil {
		s.more = make(map[string]struct{})
	}
	s.more[string(name)] = struct{}{}
	return true
}

func (s *nameSet[T]) has(name T, h uint8) bool {
	for i, other := range s.hash[:s.n] {
		if other == h && string(s.list[i]) == string(name) {
			return true
		}
	}
	_, ok := s.more[string(name)]
	return ok
}

func nameHash[T text](name T) uint8 {
	n := len(name)
	if n == 0 {
		return 0
	}
	h := uint32(name[0]) | uint32(name[n-1])<<8 | uint32(name[n/2])<<16 | uint32(n)<<24
	return uint8(h * 0x9E3779B1 >> 24)
}
