// Package sqltest gives tests a real PostgreSQL server, made from the programs
// that are installed on the machine (Debian: apt-get install postgresql). Nothing
// that runs already is touched, and nothing listens on the network: the server
// lives on a Unix socket in a folder of its own.
//
//	url := sqltest.Postgres(t) // postgres://…, an empty database
package sqltest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Server is a PostgreSQL server for tests. It does not flush to disk, so it
// survives [Server.Restart] but no loss of power.
type Server struct {
	bin, dir  string
	databases atomic.Int64
	stop      func() // to be kept: when the pipe in it is collected the server ends
}

var shared = sync.OnceValues(start)

// Postgres returns the URL of an empty database of the test's own, dropped when
// the test ends, on a server that all tests of the process share and that ends
// with the process.
//
// Without PostgreSQL on the machine the test is skipped; but it fails if CI=true
// or MINTYARD_REQUIRE_SERVERS=1 is in the environment. MINTYARD_POSTGRES_BIN names
// the folder of initdb and postgres where it is not the usual one.
func Postgres(t testing.TB) (url string) {
	t.Helper()
	s, err := shared()
	check(t, err)
	url, name := s.create(t)
	t.Cleanup(func() {
		if err := s.admin("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"); err != nil {
			t.Logf("sqltest: %v", err)
		}
	})
	return url
}

// StartPostgres starts a server for this test alone, on the terms of [Postgres];
// it ends with the test.
func StartPostgres(t testing.TB) *Server {
	t.Helper()
	s, err := start()
	check(t, err)
	t.Cleanup(s.stop)
	return s
}

// Database makes an empty database, which lives as long as the server, and
// returns its URL.
func (s *Server) Database(t testing.TB) (url string) {
	t.Helper()
	url, _ = s.create(t)
	return url
}

// Restart lets the server crash, as "pg_ctl -m immediate" does: connections
// break off, nothing is written out, and the new start recovers from the log.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if err := s.run("pg_ctl", "-D", s.dir, "-m", "immediate", "-w", "-l", filepath.Join(s.dir, "log"), "restart"); err != nil {
		t.Fatalf("sqltest: %v", err)
	}
}

func (s *Server) create(t testing.TB) (url, name string) {
	t.Helper()
	name = fmt.Sprintf("test%d", s.databases.Add(1))
	if err := s.admin("CREATE DATABASE " + name); err != nil {
		t.Fatalf("sqltest: %v", err)
	}
	return s.url(name), name
}

func (s *Server) admin(statement string) error {
	db, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err = db.ExecContext(ctx, statement)
	return err
}

func (s *Server) url(database string) string {
	return fmt.Sprintf("postgres://postgres@/%s?host=%s", database, s.dir)
}

// errMissing means that there is no PostgreSQL to start.
var errMissing = errors.New("no PostgreSQL programs found in /usr/lib/postgresql/*/bin or PATH: apt-get install postgresql")

func check(t testing.TB, err error) {
	t.Helper()
	required := os.Getenv("CI") == "true" || os.Getenv("MINTYARD_REQUIRE_SERVERS") == "1"
	switch {
	case errors.Is(err, errMissing) && !required:
		t.Skipf("sqltest: %v", err)
	case err != nil:
		t.Fatalf("sqltest: %v", err)
	}
}
