package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

var (
	// ErrSchemaOlder means that the database wants [Migrate] first.
	ErrSchemaOlder = errors.New("the schema is older than this program")

	// ErrSchemaNewer means that a newer release of this package has migrated the
	// database. There is no way back: run that release.
	ErrSchemaNewer = errors.New("the schema is newer than this program")
)

//go:embed migrations
var files embed.FS

// Migrations returns the files that [Migrate] runs, as sqlite/0001_….sql and
// postgres/0001_….sql, for those who apply migrations with a tool of their own.
// Such a tool must also write the number of each file into the table
// mintyard_schema (version, primary key), which [CheckSchema] reads.
func Migrations() fs.FS {
	sub, err := fs.Sub(files, "migrations")
	if err != nil {
		return files // cannot be: the name is a constant and valid
	}
	return sub
}

// Migrate brings the schema up to date. Each numbered file is one transaction,
// under a lock that makes concurrent migrators wait for each other, so it may be
// killed at any point and run again, from any number of nodes at once. It does
// nothing to a schema that is up to date and returns [ErrSchemaNewer] for one
// that it does not know.
func Migrate(ctx context.Context, db *sql.DB, dialect Dialect) error {
	all, err := migrations(dialect)
	if err != nil {
		return err
	}
	for {
		done := false
		_, err := retry(ctx, func() (err error) {
			done, err = migrateOne(ctx, db, dialect, all)
			return err
		})
		if err != nil {
			return fmt.Errorf("sqlstore: migrate: %w", err)
		}
		if done {
			return nil
		}
	}
}

// CheckSchema returns nil if the schema is the one of this package, and
// [ErrSchemaOlder] or [ErrSchemaNewer] otherwise. It changes nothing.
func CheckSchema(ctx context.Context, db *sql.DB, dialect Dialect) error {
	all, err := migrations(dialect)
	if err != nil {
		return err
	}
	var version int
	_, err = retry(ctx, func() error {
		conn, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		version, err = schemaVersion(ctx, conn, dialect)
		return err
	})
	if err == nil {
		err = compareSchema(version, len(all))
	}
	if err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	return nil
}

func compareSchema(have, want int) error {
	switch {
	case have > want:
		return fmt.Errorf("%w (version %d, known up to %d): run the newer release", ErrSchemaNewer, have, want)
	case have < want:
		return fmt.Errorf("%w (version %d, wanted %d): run Migrate, or Open without NoMigrate", ErrSchemaOlder, have, want)
	}
	return nil
}

// migrations returns the texts in order; the first is number 1 and none is missing.
func migrations(dialect Dialect) ([]string, error) {
	dir, err := fs.ReadDir(Migrations(), dialect.String())
	if err != nil {
		return nil, fmt.Errorf("sqlstore: no migrations for %v", dialect)
	}
	var all []string
	for i, entry := range slices.SortedFunc(slices.Values(dir), func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) }) {
		number, _, _ := strings.Cut(entry.Name(), "_")
		if n, err := strconv.Atoi(number); err != nil || n != i+1 {
			return nil, fmt.Errorf("sqlstore: migration %s: not number %d", entry.Name(), i+1)
		}
		text, err := fs.ReadFile(Migrations(), dialect.String()+"/"+entry.Name())
		if err != nil {
			return nil, err
		}
		all = append(all, string(text))
	}
	return all, nil
}

// migrateOne applies the next migration, if there is one, in a transaction whose
// first statement takes the lock, so that what is read next is what the others
// left. The isolation level is spelled out because at a stricter default the
// snapshot would be older than the lock.
func migrateOne(ctx context.Context, db *sql.DB, dialect Dialect, all []string) (done bool, err error) {
	begin, lock := "BEGIN IMMEDIATE", "SELECT 1"
	table := "CREATE TABLE IF NOT EXISTS mintyard_schema (version INTEGER NOT NULL PRIMARY KEY, applied TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)"
	if dialect == PostgreSQL {
		begin, lock = "BEGIN ISOLATION LEVEL READ COMMITTED", "SELECT pg_advisory_xact_lock(7811886711425363305)"
		table = "CREATE TABLE IF NOT EXISTS mintyard_schema (version integer NOT NULL PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())"
	}

	conn, err := db.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	run := func(text string) error {
		_, err := conn.ExecContext(ctx, text)
		return err
	}
	defer func() {
		if err == nil {
			return
		}
		// A connection that may be in a transaction still does not go back to the
		// pool; that BEGIN failed does not say that it did nothing.
		if _, rollback := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); rollback != nil {
			_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		}
	}()

	for _, text := range []string{begin, lock} {
		if err := run(text); err != nil {
			return false, err
		}
	}
	version, err := schemaVersion(ctx, conn, dialect)
	if err != nil {
		return false, err
	}
	if version >= len(all) {
		if err := compareSchema(version, len(all)); err != nil {
			return false, err
		}
		return true, run("COMMIT")
	}
	for _, text := range []string{table, all[version], fmt.Sprintf("INSERT INTO mintyard_schema (version) VALUES (%d)", version+1), "COMMIT"} {
		if err := run(text); err != nil {
			return false, fmt.Errorf("to version %d: %w", version+1, err)
		}
	}
	return false, nil
}

// schemaVersion is 0 where nothing was ever migrated.
func schemaVersion(ctx context.Context, conn *sql.Conn, dialect Dialect) (version int, err error) {
	exists := "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'mintyard_schema'"
	if dialect == PostgreSQL {
		exists = "SELECT count(to_regclass('mintyard_schema'))"
	}
	var n int
	if err := conn.QueryRowContext(ctx, exists).Scan(&n); err != nil || n == 0 {
		return 0, err
	}
	err = conn.QueryRowContext(ctx, "SELECT COALESCE(max(version), 0) FROM mintyard_schema").Scan(&version)
	return version, err
}
