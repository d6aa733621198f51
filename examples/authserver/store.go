package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/sqlstore"
)

// storeError is a store that cannot be used: unreachable, of another schema, or
// sealed under another master key.
type storeError struct{ err error }

func (e *storeError) Error() string { return "store: " + e.err.Error() }
func (e *storeError) Unwrap() error { return e.err }

// storeStart bounds how long a store is waited for at start.
const storeStart = 20 * time.Second

// checkStore says whether the URL is one that can be opened, without opening it,
// and whether what is kept there outlives the process.
func checkStore(url string) (durable bool, err error) {
	scheme, rest, _ := strings.Cut(url, ":")
	switch {
	case url == "memory":
		return false, nil
	case slices.Contains(laterStores, scheme):
		return false, refuse("-store", "%q is not there yet", scheme)
	case scheme == "sqlite" && (rest == "" || strings.HasPrefix(rest, ":")):
		return false, refuse("-store", "sqlite: wants the path of a file; memory is -store memory")
	case scheme == "sqlite", scheme == "postgres", scheme == "postgresql":
		return true, nil
	}
	// The URL is not repeated: there may be a password in it.
	return false, refuse("-store", "is none of memory, sqlite:PATH, postgres://…")
}

// masterKey is what seals keys and secrets in the store. One in memory needs none
// that lasts. With -dev a durable one may do with a key that everybody knows, so
// that processes and restarts agree.
func masterKey(o *options, durable bool, log *slog.Logger) (store.MasterKey, error) {
	switch {
	case o.masterKey != "":
		k, err := store.ParseMasterKey(o.masterKey)
		if err != nil {
			return k, refuse("MINTYARD_MASTER_KEY", "must be 32 random bytes in base64, as from: openssl rand -base64 32")
		}
		return k, nil
	case !durable:
		return randomMasterKey(), nil
	case !o.dev:
		return store.MasterKey{}, refuse("MINTYARD_MASTER_KEY", "is required for a durable store: 32 random bytes in base64, as from: openssl rand -base64 32")
	}
	log.Warn("the store is sealed under a key that everybody knows: -dev is for tests", "set", "MINTYARD_MASTER_KEY")
	return sha256.Sum256([]byte("mintyard authserver -dev: no secret")), nil
}

// openStore opens what checkStore admitted.
func openStore(ctx context.Context, url string) (store.Store, io.Closer, error) {
	if url == "memory" {
		return store.NewMemory(), io.NopCloser(nil), nil
	}
	ctx, cancel := context.WithTimeout(ctx, storeStart)
	defer cancel()
	s, err := sqlstore.Open(ctx, url, sqlstore.Options{})
	if err != nil {
		return nil, nil, &storeError{err}
	}
	return s, s, nil
}

// devStore is the store of a process whose clock can be moved. Others share it,
// and do not share the clock, so that what is swept must be over by both.
type devStore struct {
	store.Store
	sweeper store.Sweeper
	walker  store.Walker
}

func newDevStore(s store.Store) (*devStore, error) {
	d := &devStore{Store: s}
	var sweeps, walks bool
	d.sweeper, sweeps = s.(store.Sweeper)
	d.walker, walks = s.(store.Walker)
	if !sweeps || !walks {
		return nil, &storeError{errors.New("-dev wants a store that can be swept and walked")}
	}
	return d, nil
}

// Sweep implements store.Sweeper.
func (d *devStore) Sweep(ctx context.Context, now time.Time, limit int) (int, error) {
	if real := time.Now(); real.Before(now) {
		now = real
	}
	return d.sweeper.Sweep(ctx, now, limit)
}

// Walk implements store.Walker.
func (d *devStore) Walk(ctx context.Context) iter.Seq2[store.Record, error] {
	return d.walker.Walk(ctx)
}

// readRecord returns the record of one key; its Version is 0 if there is none.
func readRecord(ctx context.Context, s store.Store, key store.Key) (store.Record, error) {
	recs := []store.Record{{Key: key}}
	if _, err := s.Get(ctx, nil, recs); err != nil {
		return recs[0], fmt.Errorf("reading a record: %w", err)
	}
	return recs[0], nil
}

// permanentKey is a secret that stays the same as long as the store does: the first
// process that needs it makes it.
func permanentKey(ctx context.Context, s store.Store, sealer *store.Sealer, what string) (k store.MasterKey, err error) {
	key := store.Key{Kind: kindSecret, Space: store.Digest("authserver secrets"), ID: store.Digest("secret", what)}
	for {
		rec, err := readRecord(ctx, s, key)
		if err != nil {
			return k, err
		}
		if rec.Version != 0 {
			var sealed []byte
			if err := json.Unmarshal(rec.Value, &sealed); err != nil {
				return k, fmt.Errorf("the record of a secret is damaged: %w", err)
			}
			plain, err := sealer.Open(nil, key, what, sealed)
			if err != nil {
				return k, err
			}
			copy(k[:], plain)
			return k, nil
		}
		k = randomMasterKey()
		value, err := json.Marshal(sealer.Seal(nil, key, what, k[:]))
		if err != nil {
			return k, err
		}
		if err := store.Insert(ctx, s, store.Record{Key: key, Value: value}); err != nil && !errors.Is(err, store.ErrConflict) {
			return k, err
		}
	}
}

// kindSecret is the kind of records of secrets of our own.
const kindSecret store.Kind = 'S'
