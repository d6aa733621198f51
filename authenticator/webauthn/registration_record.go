package webauthn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/mintyard/mintyard/store"
)

// registration is the challenge of a registration at rest. Its key is bound to the
// person and the id.
type registration struct {
	V         int    `json:"v"`
	Challenge []byte `json:"challenge,omitempty"`
	Spent     bool   `json:"spent,omitempty"`
}

const (
	registrationVersion = 1
	registrationSlip    = time.Minute // for the way of a response
)

func (p *Passkeys) registration(subject, id string) store.Key {
	return store.Key{Kind: kindRegistration, Space: p.space, ID: store.Digest("webauthn registration", p.config.RPID, subject, id)}
}

// burn takes the challenge of a registration: one compare-and-swap, before anything
// is judged.
func (p *Passkeys) burn(ctx context.Context, key store.Key) (challenge []byte, err error) {
	recs := []store.Record{{Key: key}}
	if _, err := p.config.Store.Get(ctx, nil, recs); err != nil {
		return nil, unavailable("reading the registration", err)
	}
	var r registration
	switch {
	case recs[0].Version == 0 || p.config.Now().Unix() >= recs[0].Expires:
		return nil, errOver
	case json.Unmarshal(recs[0].Value, &r) != nil || r.V != registrationVersion:
		return nil, unavailable("reading the registration", errRecord)
	case r.Spent:
		return nil, errOver
	case len(r.Challenge) < minChallengeSize:
		return nil, unavailable("reading the registration", errRecord)
	}
	value, err := json.Marshal(registration{V: registrationVersion, Spent: true})
	if err != nil {
		return nil, fmt.Errorf("webauthn: FinishRegistration: %w", err)
	}
	spent := store.Record{Key: key, Expires: recs[0].Expires, Value: value}
	switch err := store.Swap(ctx, p.config.Store, spent, recs[0].Version); {
	case errors.Is(err, store.ErrConflict):
		return nil, errOver
	case err != nil:
		return nil, unavailable("burning the registration", err)
	}
	return r.Challenge, nil
}
