package authenticator

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/mintyard/mintyard/store"
)

// kindKey is the key under which destinations are digested.
const kindKey store.Kind = 'k'

// destinationKey digests numbers and addresses, to count what is sent to them and
// to tell whether two factors use one device. There are so few numbers that a plain
// digest in the store would be as good as the number: all are tried in a minute. So
// it is an HMAC, under a random key of the name space that is sealed at rest. The
// first node that needs it makes it.
type destinationKey struct {
	store  store.Store
	space  space
	sealer *store.Sealer
	loaded atomic.Pointer[[]byte]
}

// load returns the key, from the store the first time.
func (d *destinationKey) load(ctx context.Context) ([]byte, error) {
	if key := d.loaded.Load(); key != nil {
		return *key, nil
	}
	rec := store.Record{Key: store.Key{Kind: kindKey, Space: d.space, ID: store.Digest("destination key")}}
	key, err := d.read(ctx, rec.Key)
	if err == nil && key == nil {
		key, err = d.make(ctx, rec)
	}
	if err != nil {
		return nil, unavailable("reading the destination key", err)
	}
	d.loaded.Store(&key)
	return key, nil
}

type keyRecord struct {
	V      int    `json:"v"`
	Sealed []byte `json:"sealed"`
}

const destinationSeal = "destination key"

func (d *destinationKey) read(ctx context.Context, at store.Key) ([]byte, error) {
	recs := []store.Record{{Key: at}}
	if _, err := d.store.Get(ctx, nil, recs); err != nil {
		return nil, err
	}
	if recs[0].Version == 0 {
		return nil, nil
	}
	var r keyRecord
	if json.Unmarshal(recs[0].Value, &r) != nil || r.V != 1 {
		return nil, errors.New("authenticator: the record of the destination key is damaged")
	}
	key, err := d.sealer.Open(nil, at, destinationSeal, r.Sealed)
	if err != nil {
		return nil, fmt.Errorf("authenticator: opening the destination key: %w", err)
	}
	return key, nil
}

// make stores a new key, unless another node was faster.
func (d *destinationKey) make(ctx context.Context, rec store.Record) ([]byte, error) {
	key := make([]byte, sha256.Size)
	rand.Read(key) // never fails, by its contract
	var err error
	rec.Value, err = json.Marshal(keyRecord{V: 1, Sealed: d.sealer.Seal(nil, rec.Key, destinationSeal, key)})
	if err != nil {
		return nil, err
	}
	switch err = store.Insert(ctx, d.store, rec); {
	case errors.Is(err, store.ErrConflict):
		if key, err = d.read(ctx, rec.Key); err == nil && key == nil {
			err = errors.New("authenticator: the record of the destination key is gone")
		}
		return key, err
	case err != nil:
		return nil, err
	}
	return key, nil
}

// digestUnder names a destination, for one use.
func digestUnder(key []byte, parts ...string) (id [16]byte) {
	m := hmac.New(sha256.New, key)
	part := store.Digest(parts[0], parts[1:]...) // length-prefixed, so that no two run together
	m.Write(part[:])
	copy(id[:], m.Sum(nil))
	return id
}

// deviceUnder is the Device of a method: the person's telephone, or mailbox, whatever
// the channel over which it is reached.
func deviceUnder(key []byte, subject, to string) string {
	id := digestUnder(key, "device", subject, foldDestination(to))
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// foldDestination lets addresses that differ in case count as one: nearly all of
// them are one mailbox.
func foldDestination(to string) string { return strings.ToLower(to) }
