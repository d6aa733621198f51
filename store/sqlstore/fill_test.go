package sqlstore_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fill writes n expired records with the tag key("tag"), past the store.
func fill(t testing.TB, url string, n int) {
	t.Helper()
	db := raw(t, url)
	tag := key("tag")
	text := fmt.Sprintf("%x%x%x", byte(tag.Kind), tag.Space, tag.ID)
	text = strings.Repeat("0", 66-len(text)) + text
	var statements []string
	if isPostgres(url) {
		statements = []string{
			fmt.Sprintf(`INSERT INTO mintyard_records SELECT '\x01'::bytea || sha256(int4send(i)), i, i, 'filled' FROM generate_series(1, %d) i`, n),
			fmt.Sprintf(`INSERT INTO mintyard_tags SELECT '\x%s', key FROM mintyard_records`, text),
		}
	} else {
		statements = []string{
			fmt.Sprintf(`WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < %d) INSERT INTO mintyard_records SELECT randomblob(33), i, i, x'00' FROM c`, n),
			fmt.Sprintf(`INSERT INTO mintyard_tags SELECT x'%s', key FROM mintyard_records`, text),
		}
	}
	for _, s := range statements {
		_, err := db.ExecContext(t.Context(), s)
		require.NoError(t, err)
	}
}

// raw opens a pool of the test's own.
func raw(t testing.TB, url string) *sql.DB {
	t.Helper()
	driver, name := "pgx", url
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, name = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}
