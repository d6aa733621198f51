package sqlstore_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/sqlstore"
	"github.com/mintyard/mintyard/store/sqlstore/sqltest"
	"github.com/stretchr/testify/require"
)

// TestMain lets the test binary be started once more as another process.
func TestMain(m *testing.M) {
	if role := os.Getenv("SQLSTORE_TEST_ROLE"); role != "" {
		os.Exit(child(role))
	}
	os.Exit(m.Run())
}

// database makes the URL of an empty database.
type database struct {
	name string
	url  func(testing.TB) string
}

var databases = []database{
	{"sqlite", func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "store.db") }},
	{"postgres", sqltest.Postgres},
}

// settings are the ways to reach PostgreSQL that change what its driver or the
// server does.
var settings = []database{
	{"repeatable read", with("default_transaction_isolation=repeatable%20read")},
	{"serializable", with("default_transaction_isolation=serializable")},
	{"no prepared statements", with("default_query_exec_mode=exec")},
	{"simple protocol", with("default_query_exec_mode=simple_protocol")},
}

func with(parameter string) func(testing.TB) string {
	return func(t testing.TB) string { return sqltest.Postgres(t) + "&" + parameter }
}

// each runs the test on an empty database of each kind.
func each(t *testing.T, all []database, f func(t *testing.T, url string)) {
	for _, d := range all {
		t.Run(d.name, func(t *testing.T) { f(t, d.url(t)) })
	}
}

func open(t testing.TB, url string, opts sqlstore.Options) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), url, opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func key(parts ...string) store.Key {
	return store.Key{Kind: 7, Space: store.Digest("space"), ID: store.Digest("id", parts...)}
}

func put(t testing.TB, s store.Store, rec store.Record, old uint64) store.Record {
	t.Helper()
	rec.Version = store.NewVersion()
	require.NoError(t, s.Put(t.Context(), rec, old))
	return rec
}

func get(t testing.TB, s store.Store, k store.Key) store.Record {
	t.Helper()
	recs := []store.Record{{Key: k}}
	_, err := s.Get(t.Context(), nil, recs)
	require.NoError(t, err)
	return recs[0]
}

func list(t testing.TB, s store.Store, tag store.Key) (keys []store.Key) {
	t.Helper()
	for k, err := range s.List(t.Context(), tag) {
		require.NoError(t, err)
		keys = append(keys, k)
	}
	return keys
}

func isPostgres(url string) bool { return strings.HasPrefix(url, "postgres:") }

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
