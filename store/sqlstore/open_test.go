package sqlstore_test

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/sqlstore"
	"github.com/mintyard/mintyard/store/sqlstore/sqltest"
	"github.com/stretchr/testify/require"
)

// Errors say what to do, and never the password.
func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	require.NoError(t, os.WriteFile(text, []byte(strings.Repeat("not a database ", 100)), 0o600))
	for name, c := range map[string]struct{ url, says string }{
		"empty":            {"", "sqlite:PATH"},
		"no scheme":        {"/var/lib/store.db", "sqlite:PATH"},
		"other scheme":     {"mysql://root:hunter2@localhost/db", "sqlite:PATH"},
		"no path":          {"sqlite:", "path"},
		"memory":           {"sqlite::memory:", "store.NewMemory"},
		"host":             {"sqlite://store.db", "no host"},
		"no folder":        {"sqlite:" + filepath.Join(dir, "none", "store.db"), "no such file"},
		"folder":           {"sqlite:" + dir, dir},
		"not a database":   {"sqlite:" + text, text},
		"bad escape":       {"postgres://me:hunter2%zz@localhost/db", "percent-encoded"},
		"bad port":         {"postgres://me:hunter2@localhost:port/db", "PostgreSQL URL"},
		"slash in it":      {"postgres://me:hun/ter2@localhost/db", "PostgreSQL URL"},
		"bad sslmode":      {"postgres://me:hunter2@localhost/db?sslmode=maybe", "PostgreSQL URL"},
		"bad timeout":      {"postgres://me:hunter2@localhost/db?connect_timeout=soon", "PostgreSQL URL"},
		"no server":        {"postgres://me:hunter2@localhost/db?host=" + dir, "cannot reach PostgreSQL"},
		"no server, ports": {"postgres://me:hunter2@127.0.0.1:1/db", "cannot reach PostgreSQL"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sqlstore.Open(t.Context(), c.url, sqlstore.Options{})
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "ter2")
		})
	}
	_, err := sqlstore.Open(t.Context(), "sqlite:"+filepath.Join(dir, "x.db"), sqlstore.Options{MaxConns: -1})
	require.ErrorContains(t, err, "MaxConns")
}

func TestNewRefuses(t *testing.T) {
	_, err := sqlstore.New(nil, sqlstore.SQLite)
	require.ErrorContains(t, err, "db")
	_, err = sqlstore.New(new(sql.DB), 0)
	require.ErrorContains(t, err, "dialect")
}

// The path is taken literally, found again after a change of directory, and
// readable by its owner alone.
func TestSQLitePaths(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"plain.db", "with space & ü.db", "a?b#c%20d.db", "q=1;'\".db", filepath.Join(dir, "abs.db"), "//" + filepath.Join(dir, "url.db")} {
		s := open(t, "sqlite:"+name, sqlstore.Options{})
		put(t, s, store.Record{Key: key("a"), Value: []byte(name)}, 0)
		t.Chdir(t.TempDir())
		require.Equal(t, name, string(get(t, s, key("a")).Value))
		t.Chdir(dir)
		info, err := os.Stat(filepath.Join(dir, filepath.Base(name)))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		s2 := open(t, "sqlite:"+name, sqlstore.Options{})
		require.Equal(t, name, string(get(t, s2, key("a")).Value))
	}
}

// A host's own pool stays open when the store is closed.
func TestHostsOwnPool(t *testing.T) {
	each(t, databases, func(t *testing.T, url string) {
		db := raw(t, url)
		require.NoError(t, sqlstore.Migrate(t.Context(), db, dialectOf(url)))
		s, err := sqlstore.New(db, dialectOf(url))
		require.NoError(t, err)
		put(t, s, store.Record{Key: key("a"), Tags: []store.Key{key("tag")}}, 0)
		require.Len(t, list(t, s, key("tag")), 1)
		require.NoError(t, s.Close())
		require.NoError(t, db.PingContext(t.Context()))
	})
}

func TestPostgresSchema(t *testing.T) {
	url := sqltest.Postgres(t)
	db := raw(t, url)
	_, err := db.ExecContext(t.Context(), "CREATE SCHEMA auth")
	require.NoError(t, err)
	s := open(t, url+"&search_path=auth", sqlstore.Options{})
	put(t, s, store.Record{Key: key("a")}, 0)
	var n int
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM auth.mintyard_records").Scan(&n))
	require.Equal(t, 1, n)
}

// A server without the right to change tables runs on a schema that is up to date.
func TestPostgresWithoutRights(t *testing.T) {
	u := sqltest.Postgres(t)
	open(t, u, sqlstore.Options{})
	db := raw(t, u)
	role := fmt.Sprintf("server_%x", store.NewVersion())
	for _, q := range []string{
		"CREATE ROLE " + role + " LOGIN",
		"REVOKE CREATE ON SCHEMA public FROM PUBLIC",
		"GRANT SELECT, INSERT, UPDATE, DELETE ON mintyard_records, mintyard_tags TO " + role,
		"GRANT SELECT ON mintyard_schema TO " + role,
	} {
		_, err := db.ExecContext(t.Context(), q)
		require.NoError(t, err)
	}
	s := open(t, strings.Replace(u, "postgres@", role+"@", 1), sqlstore.Options{})
	rec := put(t, s, store.Record{Key: key("a"), Expires: 1, Tags: []store.Key{key("tag")}}, 0)
	require.Equal(t, rec.Version, get(t, s, rec.Key).Version)
	require.NoError(t, s.Delete(t.Context(), rec.Key, rec.Version))
}

func TestPostgresStandbyIsRefused(t *testing.T) {
	server := sqltest.StartPostgres(t)
	u := server.Database(t)
	open(t, u, sqlstore.Options{})
	parsed, err := url.Parse(u)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(parsed.Query().Get("host"), "standby.signal"), nil, 0o644))
	server.Restart(t)
	for _, more := range []string{"", "&target_session_attrs=any", "&target_session_attrs=standby", "&target_session_attrs=prefer-standby", "&target_session_attrs=read-write"} {
		_, err = sqlstore.Open(t.Context(), u+more, sqlstore.Options{NoMigrate: true})
		require.ErrorContains(t, err, "primary", more)
	}
}
