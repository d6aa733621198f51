package webauthn

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"

	"github.com/mintyard/mintyard/authenticator"
)

// sizes are those of the ids of credentials of authenticators in use.
var sizes = []int{32, 20, 16, 32, 20, 48, 64, 32}

const maxSize = 64

// decoys makes up the credentials of somebody who has none: one, or of every fourth
// two. They depend on the name that was entered, as it would be compared, and on the
// subject only if there was no name; so they do not say whether a name has an owner.
func (p *Passkeys) decoys(id authenticator.Identity) ([]credential, error) {
	who := "hint\x00" + canonical(id.Hint)
	if canonical(id.Hint) == "" {
		who = "subject\x00" + id.Subject
	}
	info := "mintyard webauthn decoy\x00" + p.config.Namespace + "\x00" + p.config.RPID + "\x00" + who
	stream, err := hkdf.Key(sha256.New, p.config.DecoyKey[:], nil, info, 3+2*maxSize)
	if err != nil {
		return nil, fmt.Errorf("webauthn: decoys: %w", err)
	}
	n := 1
	if stream[0]%4 == 0 {
		n = 2
	}
	made := make([]credential, n)
	for i := range made {
		start := 3 + i*maxSize
		made[i] = credential{ID: stream[start : start+sizes[int(stream[1+i])%len(sizes)]]}
	}
	return made, nil
}
