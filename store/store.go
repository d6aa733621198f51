// Package store is the storage contract of the authorization server, and
// [Memory], its embedded default.
//
// A store keeps records: a key, a version chosen by the writer, an expiry, tags
// and an opaque value. It has four methods. Every promise the protocol makes
// (a code is good once, a refresh token has one successor) is one
// compare-and-swap of one record, so any engine with a linearizable
// compare-and-swap per key can carry the whole server; no step needs a
// transaction over several records.
//
// Start with [Store] and [Record]; [NewMemory] is a store; package storetest
// proves that an implementation of your own keeps the contract. The verbs on
// top ([Insert], [Swap], [Update], [Once], [Attempts]) say what the library does
// with it.
//
// # A store has no clock
//
// It returns records whether or not they have expired and never judges time:
// nodes disagree about it, and tests move it. Expires is an instruction to
// [Sweeper] alone.
package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"iter"
	"time"
)

// Limits that every store must be able to carry, and may refuse to exceed.
const (
	MaxValue = 64 << 10 // bytes of a record's value
	MaxTags  = 16       // tags of a record
)

// ErrConflict is returned by Put and Delete when the stored version is not the
// expected one. Ask with errors.Is.
var ErrConflict = errors.New("store: version conflict")

// Kind says what a record is, so that no key of one kind can be read as another.
// The kinds are assigned by the packages that write them.
type Kind byte

// Key names a record. It is a plain comparable value: no allocation, no parsing,
// no string to escape.
type Key struct {
	Kind  Kind
	Space [16]byte // whose it is: [Digest] of a server's id, say
	ID    [16]byte // random, or computed from what the record is about
}

// Record is what a store keeps.
type Record struct {
	Key Key

	// Version is chosen by the writer ([NewVersion]): 64 random bits, never 0.
	// Zero in an answer of Get means that there is no record. Because the writer
	// chooses it, an answer that got lost can be resolved by reading: the own
	// version there means that the write took effect; and a key that was deleted
	// and made again never repeats a version.
	Version uint64

	// Expires is the Unix time in seconds after which a sweep may drop the
	// record; 0 is never.
	Expires int64

	// Tags name what the record hangs on: its subject, session, parent. A tag
	// is a key, of a record that may or may not exist. Tags only grow: a Put with
	// nil Tags keeps those that are there, a Put with tags adds to them.
	// Get does not return them.
	Tags []Key

	// Value is opaque: at most [MaxValue] bytes of UTF-8 that come back byte for
	// byte. The library writes JSON.
	Value []byte
}

// Store keeps records. An implementation must pass storetest.Run.
//
// Every method may return an error that is not ErrConflict for a write that took
// effect all the same (a lost connection, a deadline); the verbs resolve it by
// reading. Methods are safe for concurrent use.
type Store interface {
	// Get reads the records whose keys stand in recs and fills in Version,
	// Expires and Value, appending the values to buf; it returns the extended
	// buffer. Version is 0 where there is no record. Nothing returned aliases the
	// store, and a Value is good as long as the buffer is. Each key is read
	// linearizably, and from the primary; several keys are not read at one instant.
	Get(ctx context.Context, buf []byte, recs []Record) ([]byte, error)

	// Put writes rec if the stored version is old; 0 means that no record is
	// there. Otherwise it returns ErrConflict, also for old != 0 on an absent key.
	// The store copies what it keeps.
	Put(ctx context.Context, rec Record, old uint64) error

	// Delete removes the record if its version is the given one, and returns
	// ErrConflict otherwise, also on an absent key.
	Delete(ctx context.Context, key Key, version uint64) error

	// List yields the keys of records with the tag. It yields every key whose Put
	// with that tag returned before List began and that was not deleted; it may
	// also yield keys twice, or of records deleted meanwhile, so callers Get each.
	// After an error the sequence ends. The caller may use the store inside the loop.
	List(ctx context.Context, tag Key) iter.Seq2[Key, error]
}

// Sweeper is what a store has that can drop expired records.
type Sweeper interface {
	// Sweep drops at most limit records that expired more than [SweepMargin]
	// before now, conditionally on the version it saw, and returns how many it
	// dropped. Fewer than limit means that nothing was left to drop.
	Sweep(ctx context.Context, now time.Time, limit int) (int, error)
}

// SweepMargin is how long a record outlives its expiry before a sweep may drop
// it, so that a node whose clock is behind still finds the replay marker that
// it must honour.
const SweepMargin = 2 * time.Minute

// Walker is what a store has that can show every record, for backup and for
// checking what is at rest. Tags are filled in. The order is the store's own,
// and records written during the walk may be missing.
type Walker interface {
	Walk(ctx context.Context) iter.Seq2[Record, error]
}

// NewVersion returns 64 random bits, never 0.
func NewVersion() uint64 {
	var b [8]byte
	for {
		rand.Read(b[:]) // never fails, by its contract
		if v := binary.LittleEndian.Uint64(b[:]); v != 0 {
			return v
		}
	}
}

// Digest makes 16 bytes of a key from what a record is about: the start of
// SHA-256 over the parts, each with its length before it, so that no two lists
// of parts run together. The label keeps one use apart from another.
func Digest(label string, parts ...string) (id [16]byte) {
	b := make([]byte, 0, 256)
	b = append(binary.AppendUvarint(b, uint64(len(label))), label...)
	for _, p := range parts {
		b = append(binary.AppendUvarint(b, uint64(len(p))), p...)
	}
	sum := sha256.Sum256(b)
	copy(id[:], sum[:])
	return id
}
