package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Options of [Open]. The zero value is right for a server.
type Options struct {
	// MaxConns limits the connections of the pool; 0 means 16 for PostgreSQL and
	// 8 for SQLite. One is enough for everything to work.
	MaxConns int

	// NoMigrate makes Open fail on an older schema instead of migrating it, for
	// operators who do not give the server the right to change tables.
	NoMigrate bool
}

// Open opens the database at the URL, brings its schema up to date under a lock
// ([Migrate]) and returns a store on a pool of its own. URLs are
//
//	sqlite:PATH
//	postgres://USER:PASSWORD@HOST:PORT/DATABASE?PARAMETERS, also postgresql://
//
// PATH is a file, taken literally; it is made, readable by its owner alone, in a
// folder that must exist and must not be on a network file system. Several
// processes of one machine may open it. It runs in WAL mode with
// synchronous=FULL: an acknowledged write survives a loss of power.
//
// The parameters of a PostgreSQL URL are libpq's, as pgx reads them: sslmode
// (verify-full is the one to use across a network), sslrootcert, search_path (a
// schema, which must exist, for all tables), default_query_exec_mode=exec behind
// a pooler that cannot keep prepared statements. With several hosts the primary
// is taken; a standby is refused. Acknowledged means what the server's
// synchronous_commit says.
//
// All tables are named mintyard_…. An error says what to do and holds no password.
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	if opts.MaxConns < 0 {
		return nil, errors.New("sqlstore: Open: MaxConns is negative")
	}
	var db *sql.DB
	var err error
	var dialect Dialect
	switch scheme, rest, _ := strings.Cut(url, ":"); scheme {
	case "sqlite":
		dialect = SQLite
		db, err = openSQLite(ctx, rest, cmp.Or(opts.MaxConns, 8))
	case "postgres", "postgresql":
		dialect = PostgreSQL
		db, err = openPostgres(ctx, url, cmp.Or(opts.MaxConns, 16))
	default: // the URL is not quoted: there may be a password in it
		return nil, errors.New("sqlstore: Open: the URL must be sqlite:PATH, postgres://… or postgresql://…")
	}
	if err != nil {
		return nil, fmt.Errorf("sqlstore: Open: %w", err)
	}

	if opts.NoMigrate {
		err = CheckSchema(ctx, db, dialect)
	} else {
		err = Migrate(ctx, db, dialect)
	}
	var s *Store
	if err == nil {
		s, err = New(db, dialect)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s.owned = true
	return s, nil
}

func limitPool(db *sql.DB, conns int) {
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	db.SetConnMaxIdleTime(5 * time.Minute)
}
