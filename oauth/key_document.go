package oauth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/mintyard/mintyard/oauth/token"
)

// keyDocument is the keys of a server as JSON. It is sealed at rest.
type keyDocument struct {
	Signing []signingKey `json:"signing"`
	Handles []handleKey  `json:"handles"` // the first is active
}

type signingKey struct {
	Algorithm token.Algorithm `json:"alg"`
	ID        string          `json:"kid"`
	State     keyState        `json:"state"`
	PKCS8     []byte          `json:"pkcs8"`
}

type handleKey struct {
	ID     uint32 `json:"id"`
	Secret string `json:"secret"` // base64url
}

type keyState string

const (
	keyActive   keyState = "active"
	keyNext     keyState = "next"
	keyRetiring keyState = "retiring"
)

func generateKeys(algorithms []token.Algorithm) (*keyDocument, error) {
	if len(algorithms) == 0 {
		return nil, errors.New("oauth: name at least one signing algorithm")
	}
	d := new(keyDocument)
	for _, alg := range algorithms {
		for _, state := range []keyState{keyActive, keyNext} {
			if err := d.generate(alg, state); err != nil {
				return nil, err
			}
		}
	}
	d.rotateHandles()
	return d, nil
}

func (d *keyDocument) generate(alg token.Algorithm, state keyState) error {
	k, err := token.GenerateKey(alg)
	if err != nil {
		return err
	}
	der, err := k.PKCS8()
	if err != nil {
		return err
	}
	d.Signing = append(d.Signing, signingKey{alg, k.ID(), state, der})
	return nil
}

// has reports whether there is an active key of the algorithm.
func (d *keyDocument) has(alg token.Algorithm) bool {
	return slices.ContainsFunc(d.Signing, func(k signingKey) bool { return k.Algorithm == alg && k.State == keyActive })
}

func (d *keyDocument) rotate(alg token.Algorithm) error {
	if !d.has(alg) {
		return fmt.Errorf("oauth: the server has no key for %s", alg)
	}
	for i := range d.Signing {
		k := &d.Signing[i]
		switch {
		case k.Algorithm != alg:
		case k.State == keyActive:
			k.State = keyRetiring
		case k.State == keyNext:
			k.State = keyActive
		}
	}
	if !d.has(alg) { // there was no next key
		if err := d.generate(alg, keyActive); err != nil {
			return err
		}
	}
	return d.generate(alg, keyNext)
}

func (d *keyDocument) retire(kid string) error {
	for i, k := range d.Signing {
		if k.ID == kid && k.State == keyRetiring {
			d.Signing = slices.Delete(d.Signing, i, i+1)
			return nil
		}
	}
	return fmt.Errorf("oauth: no retiring key has the id %q", kid)
}

func (d *keyDocument) rotateHandles() {
	k := token.NewHandleKey()
	d.Handles = slices.Insert(d.Handles, 0, handleKey{k.ID, base64.RawURLEncoding.EncodeToString(k.Secret[:])})
}

// parse makes the keys themselves.
func (d *keyDocument) parse() (token.RingState, token.HandleKeys, error) {
	var ring token.RingState
	var handles token.HandleKeys
	for _, s := range d.Signing {
		k, err := token.ParsePrivateKey(s.Algorithm, s.PKCS8, token.KeyOptions{ID: s.ID})
		if err != nil {
			return ring, handles, err
		}
		switch s.State {
		case keyActive:
			ring.Active = append(ring.Active, k)
		case keyNext:
			ring.Next = append(ring.Next, k)
		case keyRetiring:
			ring.Retiring = append(ring.Retiring, k)
		default:
			return ring, handles, fmt.Errorf("oauth: signing key %q is in the unknown state %q", s.ID, s.State)
		}
	}
	for i, h := range d.Handles {
		k := token.HandleKey{ID: h.ID}
		n, err := base64.RawURLEncoding.Strict().Decode(k.Secret[:], []byte(h.Secret))
		if err != nil || n != len(k.Secret) {
			return ring, handles, fmt.Errorf("oauth: handle key %d is damaged", h.ID)
		}
		if i == 0 {
			handles.Active = k
		} else {
			handles.Retiring = append(handles.Retiring, k)
		}
	}
	return ring, handles, nil
}
