package token

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// Ring holds the signing keys of a server, of any number of algorithms. A key is
// published before it signs and after it has signed, so that whoever caches the JWKS
// document verifies every token at any time: it is next for at least the time that the
// document is cached, then active, then retiring for at least the life of the longest
// token. A Ring is safe for concurrent use; what it answers is from one moment.
type Ring struct {
	mu  sync.Mutex // of those who change it
	now atomic.Pointer[ringSnapshot]
}

// RingState has the keys by what they are for. Each algorithm has at most one active
// and one next key. HS256 keys belong to one client each and are refused.
type RingState struct {
	Active   []*Key // sign, and are published
	Next     []*Key // are published
	Retiring []*Key // are published
}

type ringSnapshot struct {
	state      RingState
	algorithms []Algorithm
	jwks       []byte
	set        *KeySet
}

// NewRing makes a ring of these keys. It refuses two keys of one id and two active, or
// two next, keys of one algorithm, and names them.
func NewRing(s RingState) (*Ring, error) {
	r := new(Ring)
	if err := r.Replace(s); err != nil {
		return nil, err
	}
	return r, nil
}

// Replace puts other keys in the place of all. On error nothing changes.
func (r *Ring) Replace(s RingState) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.replace(s)
}

func (r *Ring) replace(s RingState) error {
	if err := s.check(); err != nil {
		return err
	}
	now := &ringSnapshot{state: s.clone()}
	for _, k := range s.Active {
		now.algorithms = append(now.algorithms, k.alg)
	}
	keys := slices.Concat(s.Active, s.Next, s.Retiring)
	now.jwks = slices.Clip(appendJWKS(nil, keys))
	public := make([]verificationKey, len(keys))
	for i, k := range keys {
		public[i] = k.verification()
	}
	now.set = newKeySet(public...)
	r.now.Store(now)
	return nil
}

// State returns the keys as they are now.
func (r *Ring) State() RingState { return r.now.Load().state.clone() }

// Active returns the key that signs with the algorithm now, or nil.
func (r *Ring) Active(alg Algorithm) *Key {
	for _, k := range r.now.Load().state.Active {
		if k.alg == alg {
			return k
		}
	}
	return nil
}

// Algorithms returns those with an active key, in the order of RingState.Active.
func (r *Ring) Algorithms() []Algorithm { return slices.Clone(r.now.Load().algorithms) }

// JWKS returns the document that publishes the keys (RFC 7517 section 5). It is made
// once per change, and the caller must not change it.
func (r *Ring) JWKS() []byte { return r.now.Load().jwks }

// KeySet returns the public keys, to verify what the ring has signed.
func (r *Ring) KeySet() *KeySet { return r.now.Load().set }

// Rotate makes the next key of the algorithm the active one, the active one a retiring
// one, and the given key, which must be of the algorithm, the next one. Without a next
// key to promote, the given one becomes it and nothing else moves: no key signs before
// it was published. The given key may be nil if there is one to promote.
func (r *Ring) Rotate(alg Algorithm, next *Key) error {
	if next != nil && next.alg != alg {
		return fmt.Errorf("token: Rotate: a key for %s cannot follow one for %s", next.alg, alg)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.State()
	of := func(k *Key) bool { return k.alg == alg }
	if i := slices.IndexFunc(s.Next, of); i >= 0 {
		promoted := s.Next[i]
		s.Next = slices.Delete(s.Next, i, i+1)
		if j := slices.IndexFunc(s.Active, of); j >= 0 {
			s.Retiring = append(s.Retiring, s.Active[j])
			s.Active[j] = promoted
		} else {
			s.Active = append(s.Active, promoted)
		}
	} else if next == nil {
		return fmt.Errorf("token: Rotate: there is no next key for %s", alg)
	}
	if next != nil {
		s.Next = append(s.Next, next)
	}
	return r.replace(s)
}

// Retire forgets a retiring key: what it has signed does not verify any more.
func (r *Ring) Retire(kid string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.State()
	i := slices.IndexFunc(s.Retiring, func(k *Key) bool { return k.id == kid })
	if i < 0 {
		return fmt.Errorf("token: Retire: no retiring key has the id %q", kid)
	}
	s.Retiring = slices.Delete(s.Retiring, i, i+1)
	return r.replace(s)
}

func (s RingState) check() error {
	ids := make(map[string]bool)
	for _, k := range slices.Concat(s.Active, s.Next, s.Retiring) {
		switch {
		case k == nil:
			return errors.New("token: RingState: a key is nil")
		case k.public == nil:
			return fmt.Errorf("token: RingState: a key for %s cannot be published", k.alg)
		case ids[k.id]:
			return fmt.Errorf("token: RingState: two keys have the id %q", k.id)
		}
		ids[k.id] = true
	}
	if alg, twice := twoOf(s.Active); twice {
		return fmt.Errorf("token: RingState.Active: two keys for %s", alg)
	}
	if alg, twice := twoOf(s.Next); twice {
		return fmt.Errorf("token: RingState.Next: two keys for %s", alg)
	}
	return nil
}

func twoOf(keys []*Key) (Algorithm, bool) {
	seen := make(map[Algorithm]bool)
	for _, k := range keys {
		if seen[k.alg] {
			return k.alg, true
		}
		seen[k.alg] = true
	}
	return "", false
}

func (s RingState) clone() RingState {
	return RingState{slices.Clone(s.Active), slices.Clone(s.Next), slices.Clone(s.Retiring)}
}
