package webauthn

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"

	"github.com/mintyard/mintyard/authenticator"
)

// shapes are what the credentials of authenticators in use look like: the length of
// the id, and how clients reach them.
var shapes = []struct {
	size       int
	transports []string
}{
	{32, []string{"internal"}},
	{20, []string{"hybrid", "internal"}},
	{16, []string{"hybrid", "internal"}},
	{32, []string{"hybrid", "internal"}},
	{20, []string{"hybrid", "internal"}},
	{48, []string{"nfc", "usb"}},
	{64, []string{"usb"}},
	{32, []string{"internal"}},
}

const maxShape = 64

// decoys makes up the credentials of somebody who has none: one, or of every fourth
// two. They depend on the name that was entered, as it would be compared, and on the
// subject only if there was no name; so they do not say whether a name has an owner.
func (p *Passkeys) decoys(id authenticator.Identity) ([]credential, error) {
	who := "hint\x00" + canonical(id.Hint)
	if canonical(id.Hint) == "" {
		who = "subject\x00" + id.Subject
	}
	info := "mintyard webauthn decoy\x00" + p.config.Namespace + "\x00" + p.config.RPID + "\x00" + who
	stream, err := hkdf.Key(sha256.New, p.config.DecoyKey[:], nil, info, 3+2*maxShape)
	if err != nil {
		return nil, fmt.Errorf("webauthn: decoys: %w", err)
	}
	n := 1
	if stream[0]%4 == 0 {
		n = 2
	}
	made := make([]credential, n)
	for i := range made {
		shape := shapes[int(stream[1+i])%len(shapes)]
		start := 3 + i*maxShape
		made[i] = credential{ID: stream[start : start+shape.size], Transports: shape.transports}
	}
	return made, nil
}
