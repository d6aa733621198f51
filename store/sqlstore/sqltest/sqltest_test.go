package sqltest

import (
	"database/sql"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// verdict records how a test would have ended.
type verdict struct {
	testing.TB
	skipped, failed string
}

func (v *verdict) Helper()                        {}
func (v *verdict) Skipf(format string, a ...any)  { v.skipped = fmt.Sprintf(format, a...) }
func (v *verdict) Fatalf(format string, a ...any) { v.failed = fmt.Sprintf(format, a...) }

func TestMissingServer(t *testing.T) {
	t.Setenv("MINTYARD_POSTGRES_BIN", t.TempDir())
	_, err := programs()
	require.ErrorIs(t, err, errMissing)

	for _, c := range []struct {
		ci, require string
		fails       bool
	}{{"", "", false}, {"false", "0", false}, {"true", "", true}, {"", "1", true}} {
		t.Setenv("CI", c.ci)
		t.Setenv("MINTYARD_REQUIRE_SERVERS", c.require)
		v := &verdict{TB: t}
		check(v, err)
		require.Equal(t, c.fails, v.failed != "")
		require.Equal(t, !c.fails, v.skipped != "")
		require.Contains(t, v.failed+v.skipped, "apt-get install postgresql")
	}
	v := &verdict{TB: t}
	check(v, os.ErrPermission)
	require.NotEmpty(t, v.failed, "a server that does not start is a failure everywhere")
}

// Each test has a database of its own, and a server that a test started is gone
// with it.
func TestServer(t *testing.T) {
	var dir string
	t.Run("own", func(t *testing.T) {
		s := StartPostgres(t)
		dir = s.dir
		one, two := s.Database(t), s.Database(t)
		run(t, one, "CREATE TABLE thing (n int)")
		run(t, two, "CREATE TABLE thing (n int)")
		s.Restart(t)
		run(t, one, "INSERT INTO thing VALUES (1)")
	})
	if dir == "" {
		t.SkipNow()
	}
	_, err := os.Stat(dir)
	require.ErrorIs(t, err, os.ErrNotExist)

	for range 2 {
		t.Run("shared", func(t *testing.T) { run(t, Postgres(t), "CREATE TABLE thing (n int)") })
	}
}

func run(t *testing.T, url, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), statement)
	require.NoError(t, err)
}
