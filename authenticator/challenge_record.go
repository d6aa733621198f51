package authenticator

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/mintyard/mintyard/store"
)

// challengeRecord is a challenge at rest.
type challengeRecord struct {
	V       int            `json:"v"`
	Who     []byte         `json:"who"`
	Purpose string         `json:"for"`
	Target  string         `json:"to"`
	Sends   []byte         `json:"sends"`
	Sent    []byte         `json:"sent"`
	State   challengeState `json:"state"`
	Tries   int            `json:"tries"`
	Expires int64          `json:"ex"`
	Sealed  []byte         `json:"sealed"`
	MAC     []byte         `json:"mac"`
}

const (
	challengeVersion = 1
	challengeSeal    = "challenge" // what is sealed; the record's key is bound too
)

// errChallenge does not say what stands in the record.
var errChallenge = errors.New("authenticator: the record of a challenge is damaged, or a newer version wrote it")

func (cs *challenges) record(c *challenge) (store.Record, error) {
	value, err := withMore(challengeRecord{
		V: challengeVersion, Who: c.who[:], Purpose: string(c.purpose), Target: c.target,
		Sends: c.sends[:], Sent: c.sent[:], State: c.state, Tries: c.tries, Expires: c.expires.Unix(),
		Sealed: cs.sealer.Seal(nil, c.key, challengeSeal, c.secret), MAC: c.mac,
	}, c.more)
	return store.Record{Key: c.key, Expires: c.expires.Unix(), Value: value}, err
}

func (cs *challenges) decode(rec store.Record) (*challenge, error) {
	var r challengeRecord
	more, err := splitMore(rec.Value, &r)
	if err != nil || r.V != challengeVersion || len(r.Who) != 16 || len(r.Sends) != 16 || len(r.Sent) != 8 || r.Tries < 0 {
		return nil, errChallenge
	}
	secret, err := cs.sealer.Open(nil, rec.Key, challengeSeal, r.Sealed)
	if err != nil {
		return nil, fmt.Errorf("authenticator: opening a challenge: %w", err)
	}
	return &challenge{
		key: rec.Key, who: [16]byte(r.Who), purpose: Purpose(r.Purpose), target: r.Target,
		sends: [16]byte(r.Sends), sent: sent(r.Sent), state: r.State, tries: r.Tries,
		expires: time.Unix(r.Expires, 0), secret: secret, mac: r.MAC, version: rec.Version, more: more,
	}, nil
}

// more holds the members of a record that a newer version wrote. They are kept,
// because nodes of two versions may share a store.
type more map[string]json.RawMessage

// withMore encodes what this version knows, with the members of a newer one.
func withMore(known any, m more) ([]byte, error) {
	value, err := json.Marshal(known)
	if err != nil || len(m) == 0 {
		return value, err
	}
	all := make(more, len(m)+16)
	for name, raw := range m {
		all[name] = raw
	}
	if err := json.Unmarshal(value, &all); err != nil {
		return nil, err
	}
	return json.Marshal(all)
}

// splitMore decodes what this version knows, and returns the other members.
func splitMore(value []byte, known any) (more, error) {
	var all, own more
	if err := json.Unmarshal(value, known); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(value, &all); err != nil {
		return nil, err
	}
	encoded, err := json.Marshal(known)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(encoded, &own); err != nil {
		return nil, err
	}
	for name := range own {
		delete(all, name)
	}
	return all, nil
}
