package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/mintyard/mintyard/store"
)

// consentRecord is a consent at rest. Times are Unix seconds.
type consentRecord struct {
	Subject  string           `json:"su"`
	Client   string           `json:"cl"`
	Scopes   map[string]int64 `json:"sc"`
	Revoking []string         `json:"re,omitempty"` // was taken back: grants that have any of it are being ended

	// Revoked counts how often something was taken back. A grant that was made across
	// such a moment is not one of a consent that was given again since.
	Revoked uint32 `json:"rn,omitempty"`
}

func (rec *consentRecord) consent() Consent {
	c := Consent{Subject: rec.Subject, ClientID: rec.Client, Scopes: make(map[string]time.Time, len(rec.Scopes))}
	for name, at := range rec.Scopes {
		c.Scopes[name] = time.Unix(at, 0)
	}
	return c
}

// lacks are the scopes that the consent does not allow.
func (rec *consentRecord) lacks(scopes []string) []string {
	return slices.DeleteFunc(slices.Clone(scopes), func(name string) bool { return rec.Scopes[name] != 0 })
}

func (p *Provider) consentKey(subject, client string) store.Key {
	return store.Key{Kind: kindConsent, Space: p.server.Space(), ID: store.Digest("consent", subject, client)}
}

// clientTag is the tag by which the consents of a client are found.
func (p *Provider) clientTag(client string) store.Key {
	return store.Key{Kind: kindConsent, Space: p.server.Space(), ID: store.Digest("client", client)}
}

var errConsentDamaged = errors.New("oidc: the record of a consent cannot be read")

// loadConsent reads a consent; nil if there is none.
func (p *Provider) loadConsent(ctx context.Context, key store.Key) (*consentRecord, error) {
	recs := []store.Record{{Key: key}}
	if _, err := p.server.Config().Store.Get(ctx, nil, recs); err != nil {
		return nil, err
	}
	if recs[0].Version == 0 {
		return nil, nil
	}
	rec := new(consentRecord)
	if json.Unmarshal(recs[0].Value, rec) != nil {
		return nil, errConsentDamaged
	}
	return rec, nil
}

// editConsent changes a record that is there; errNothing says that there is none.
func (p *Provider) editConsent(ctx context.Context, key store.Key, edit func(*consentRecord)) error {
	_, err := store.Update(ctx, p.server.Config().Store, key, func(cur store.Record) (store.Record, error) {
		var rec consentRecord
		switch {
		case cur.Version == 0:
			return cur, errNothing
		case json.Unmarshal(cur.Value, &rec) != nil:
			return cur, errConsentDamaged
		}
		edit(&rec)
		value, err := json.Marshal(&rec)
		cur.Value = value
		return cur, err
	})
	return err
}
