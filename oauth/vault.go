package oauth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/store"
)

// Vault keeps the keys of servers in their store, sealed, so that any number of
// processes use the same ones and a restart changes nothing.
type Vault struct {
	Store  store.Store   // required
	Sealer *store.Sealer // required: holds the master key
}

// Keys returns the keys of a server, and makes them the first time. Of several
// nodes that start at once, one makes them. An algorithm that is new gets its keys
// besides.
//
// An error that is store.ErrSeal says that the master key is another one.
func (v *Vault) Keys(ctx context.Context, server string, algorithms ...token.Algorithm) (*Keys, error) {
	if v.Store == nil || v.Sealer == nil {
		return nil, errors.New("oauth: Vault: Store and Sealer are required")
	}
	doc, _, err := v.read(ctx, server)
	if err != nil {
		return nil, err
	}
	if doc == nil || missing(doc, algorithms) {
		doc, err = v.update(ctx, server, func(d *keyDocument) error { return d.complete(algorithms) })
		if err != nil {
			return nil, err
		}
	}
	k := &Keys{server: server, vault: v}
	return k, k.load(doc)
}

func missing(d *keyDocument, algorithms []token.Algorithm) bool {
	for _, alg := range algorithms {
		if !d.has(alg) {
			return true
		}
	}
	return false
}

// complete adds what is missing.
func (d *keyDocument) complete(algorithms []token.Algorithm) error {
	for _, alg := range algorithms {
		if d.has(alg) {
			continue
		}
		for _, state := range []keyState{keyActive, keyNext} {
			if err := d.generate(alg, state); err != nil {
				return err
			}
		}
	}
	if len(d.Signing) == 0 {
		return errors.New("oauth: name at least one signing algorithm")
	}
	if len(d.Handles) == 0 {
		d.rotateHandles()
	}
	return nil
}

func vaultKey(server string) store.Key {
	return store.Key{Kind: kindKeys, Space: store.Digest("server", server), ID: store.Digest("keys")}
}

// sealedKeys is the record: what is in it is nobody's business without the
// master key.
type sealedKeys struct {
	Sealed string `json:"sealed"`
}

const sealLabel = "keys"

// read returns the document, or nil if there is none.
func (v *Vault) read(ctx context.Context, server string) (*keyDocument, uint64, error) {
	recs := []store.Record{{Key: vaultKey(server)}}
	if _, err := v.Store.Get(ctx, nil, recs); err != nil {
		return nil, 0, fmt.Errorf("oauth: reading the keys of server %q: %w", server, err)
	}
	if recs[0].Version == 0 {
		return nil, 0, nil
	}
	doc, err := v.open(recs[0])
	return doc, recs[0].Version, err
}

func (v *Vault) open(rec store.Record) (*keyDocument, error) {
	var s sealedKeys
	if err := json.Unmarshal(rec.Value, &s); err != nil {
		return nil, fmt.Errorf("oauth: the record of keys is damaged: %w", err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(s.Sealed)
	if err != nil {
		return nil, fmt.Errorf("oauth: the record of keys is damaged: %w", err)
	}
	plain, err := v.Sealer.Open(nil, rec.Key, sealLabel, raw)
	if err != nil {
		return nil, fmt.Errorf("oauth: opening keys: %w", err)
	}
	doc := new(keyDocument)
	if err := json.Unmarshal(plain, doc); err != nil {
		return nil, fmt.Errorf("oauth: the record of keys is damaged: %w", err)
	}
	return doc, nil
}

// update changes the document by one compare-and-swap: of two nodes that rotate at
// once, the second rotates what the first has made.
func (v *Vault) update(ctx context.Context, server string, edit func(*keyDocument) error) (*keyDocument, error) {
	var doc *keyDocument
	key := vaultKey(server)
	_, err := store.Update(ctx, v.Store, key, func(cur store.Record) (store.Record, error) {
		doc = new(keyDocument)
		if cur.Version != 0 {
			var err error
			if doc, err = v.open(cur); err != nil {
				return cur, err
			}
		}
		if err := edit(doc); err != nil {
			return cur, err
		}
		plain, err := json.Marshal(doc)
		if err != nil {
			return cur, err
		}
		sealed := v.Sealer.Seal(nil, key, sealLabel, plain)
		cur.Value, err = json.Marshal(sealedKeys{base64.RawURLEncoding.EncodeToString(sealed)})
		return cur, err
	})
	if err != nil {
		return nil, fmt.Errorf("oauth: changing the keys of server %q: %w", server, err)
	}
	return doc, nil
}
