// Package sqlstore keeps the records of the authorization server in SQLite or
// PostgreSQL, through database/sql.
//
// Start with [Open], which takes a URL, brings the schema up to date and returns
// a [Store]; [New] works on a pool that the host has already. Both keep the whole
// contract of package store, and storetest proves it over a real file and a real
// server.
//
// # How
//
// Every Put and Delete is one statement, conditional on the version, in its own
// transaction, so the promise holds at every isolation level and for any number
// of processes. The only thing that is decided by a number of affected rows is
// decided by databases that count rows they changed, which is why MySQL is not
// here: its driver can be told to count rows that merely matched.
//
// What the database refused without effect (a serialisation failure, a deadlock,
// a busy file) is tried again, with jitter, until the context ends: give calls a
// deadline. What may have taken effect (a connection lost after sending) is never
// repeated; it is reported as an error, and the verbs of package store resolve it
// by reading.
//
// # Only the primary
//
// Reads decide (a replayed code, an ended grant), so they must be linearizable:
// [Open] connects to a primary only, and a host's own pool must do the same.
// After an asynchronous failover the database itself may have forgotten what it
// had acknowledged; a store cannot repair that.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/mintyard/mintyard/store"
)

var (
	_ store.Store   = (*Store)(nil)
	_ store.Sweeper = (*Store)(nil)
	_ store.Walker  = (*Store)(nil)
)

// Dialect is the kind of database behind a *sql.DB.
type Dialect int

const (
	SQLite     Dialect = iota + 1 // modernc.org/sqlite, 3.35 or newer
	PostgreSQL                    // pgx, or another driver whose errors have SQLState; 12 or newer
)

// String returns the name of the dialect: the folder of its files in [Migrations].
func (d Dialect) String() string {
	switch d {
	case SQLite:
		return "sqlite"
	case PostgreSQL:
		return "postgres"
	}
	return fmt.Sprintf("Dialect(%d)", int(d))
}

// Store keeps records in a database. It is safe for concurrent use, and so are
// several of them, in several processes, on one database.
type Store struct {
	db      *sql.DB
	dialect Dialect
	owned   bool // Open made the pool, so Close closes it
	sql     statements

	// writer lets one writer of this process at a time to an SQLite file: the
	// queue is fair and listens to the context, SQLite's own lock does neither.
	writer chan struct{}
}

// New returns a store on a host's own pool, whose schema must be there: see
// [Migrate] and [CheckSchema]. It does not touch the database.
//
// A pool for SQLite must open every connection in WAL mode with
// synchronous=FULL and a busy_timeout, as [Open] does; with less, an acknowledged
// write may be lost with the machine. A pool for PostgreSQL must lead to the
// primary.
func New(db *sql.DB, dialect Dialect) (*Store, error) {
	if db == nil {
		return nil, errors.New("sqlstore: New: db is nil")
	}
	s := &Store{db: db, dialect: dialect}
	switch dialect {
	case SQLite:
		s.writer = make(chan struct{}, 1)
		s.sql = sqliteStatements()
	case PostgreSQL:
		s.sql = postgresStatements()
	default:
		return nil, fmt.Errorf("sqlstore: New: dialect: %v is not one of SQLite, PostgreSQL", dialect)
	}
	return s, nil
}

// Close releases what the store holds. It closes the pool that [Open] made, and
// leaves the one that was given to [New] open.
func (s *Store) Close() error {
	err := s.sql.close()
	if s.owned {
		err = errors.Join(err, s.db.Close())
	}
	return err
}

// lock takes the turn of this process to write; it costs nothing where the
// database orders writers itself.
func (s *Store) lock(ctx context.Context) error {
	if s.writer == nil {
		return nil
	}
	select {
	case s.writer <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Store) unlock() {
	if s.writer != nil {
		<-s.writer
	}
}
