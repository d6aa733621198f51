package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/sqlstore"
	"github.com/stretchr/testify/require"
)

func dialectOf(url string) sqlstore.Dialect {
	if isPostgres(url) {
		return sqlstore.PostgreSQL
	}
	return sqlstore.SQLite
}

// childMigrate migrates and kills itself, before or after the k-th statement.
func childMigrate(ctx context.Context, url string) error {
	k, err := strconv.Atoi(os.Getenv("SQLSTORE_TEST_KILL"))
	if err != nil {
		return err
	}
	me, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	db, err := openFaulty(url, func(bool, string) error {
		if k--; k == 0 {
			if err := me.Kill(); err != nil {
				return err
			}
			select {}
		}
		return nil
	})
	if err != nil {
		return err
	}
	defer db.Close()
	return sqlstore.Migrate(ctx, db, dialectOf(url))
}

// A migration that is killed at any point is run again and gets further.
func TestMigrationKilled(t *testing.T) {
	each(t, databases, func(t *testing.T, url string) {
		kills := 0
		for {
			cmd, _, _ := start(t, "migrate", url, fmt.Sprintf("SQLSTORE_TEST_KILL=%d", kills+1))
			if err := cmd.Wait(); err == nil {
				break
			}
			require.Equal(t, -1, cmd.ProcessState.ExitCode(), "the process ended by itself")
			kills++
			require.Less(t, kills, 100)
		}
		require.Greater(t, kills, 6)
		require.NoError(t, sqlstore.CheckSchema(t.Context(), raw(t, url), dialectOf(url)))
		s := open(t, url, sqlstore.Options{NoMigrate: true})
		put(t, s, store.Record{Key: key("a"), Tags: []store.Key{key("tag")}}, 0)
		require.Len(t, list(t, s, key("tag")), 1)
	})
}

// An error in the middle leaves the pool usable, also a pool of one connection.
func TestMigrationFails(t *testing.T) {
	each(t, databases, func(t *testing.T, url string) {
		failure := errors.New("disk full")
		for k := 1; ; k++ {
			left := k
			db := faulty(t, url, func(bool, string) error {
				if left--; left == 0 {
					return failure
				}
				return nil
			})
			db.SetMaxOpenConns(1)
			err := sqlstore.Migrate(t.Context(), db, dialectOf(url))
			if err == nil && left > 0 {
				require.Greater(t, k, 6)
				return
			}
			if err != nil { // a failed answer to what did take effect may go unnoticed
				require.ErrorIs(t, err, failure)
			}
			_, err = db.ExecContext(t.Context(), "BEGIN")
			require.NoError(t, err, "no transaction is left open")
			_, err = db.ExecContext(t.Context(), "ROLLBACK")
			require.NoError(t, err)
		}
	})
}

func TestConcurrentMigrators(t *testing.T) {
	each(t, all(), func(t *testing.T, url string) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				s, err := sqlstore.Open(t.Context(), url, sqlstore.Options{})
				if err != nil {
					t.Error(err)
					return
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		open(t, url, sqlstore.Options{NoMigrate: true})
	})
}

func TestSchemaVersions(t *testing.T) {
	each(t, databases, func(t *testing.T, url string) {
		db, d := raw(t, url), dialectOf(url)
		_, err := sqlstore.Open(t.Context(), url, sqlstore.Options{NoMigrate: true})
		require.ErrorIs(t, err, sqlstore.ErrSchemaOlder)
		require.ErrorIs(t, sqlstore.CheckSchema(t.Context(), db, d), sqlstore.ErrSchemaOlder)
		require.NoError(t, sqlstore.Migrate(t.Context(), db, d))
		require.NoError(t, sqlstore.Migrate(t.Context(), db, d), "again does nothing")
		open(t, url, sqlstore.Options{NoMigrate: true})

		_, err = db.ExecContext(t.Context(), "INSERT INTO mintyard_schema (version) VALUES (99)")
		require.NoError(t, err)
		for _, opts := range []sqlstore.Options{{}, {NoMigrate: true}} {
			_, err = sqlstore.Open(t.Context(), url, opts)
			require.ErrorIs(t, err, sqlstore.ErrSchemaNewer)
			require.ErrorContains(t, err, "version 99")
		}
		require.ErrorIs(t, sqlstore.Migrate(t.Context(), db, d), sqlstore.ErrSchemaNewer)
		require.ErrorIs(t, sqlstore.CheckSchema(t.Context(), db, d), sqlstore.ErrSchemaNewer)
	})
	require.Error(t, sqlstore.Migrate(t.Context(), nil, sqlstore.Dialect(9)))
}

// Both dialects have the same migrations, for tools that apply them by themselves.
func TestMigrationFiles(t *testing.T) {
	lite, err := fs.Glob(sqlstore.Migrations(), "sqlite/*.sql")
	require.NoError(t, err)
	pg, err := fs.Glob(sqlstore.Migrations(), "postgres/*.sql")
	require.NoError(t, err)
	require.NotEmpty(t, lite)
	require.Len(t, pg, len(lite))
	for i := range lite {
		require.Equal(t, fmt.Sprintf("sqlite/%04d", i+1), lite[i][:11])
		require.Equal(t, lite[i][len("sqlite/"):], pg[i][len("postgres/"):])
	}
}
