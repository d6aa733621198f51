package sqlstore_test

import (
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/sqlstore"
	"github.com/stretchr/testify/require"
)

// The view for people shows JSON where there is JSON, and never fails.
func TestJSONView(t *testing.T) {
	each(t, databases, func(t *testing.T, url string) {
		s := open(t, url, sqlstore.Options{})
		k := store.Key{Kind: 0xa7, Space: store.Digest("space"), ID: store.Digest("id")}
		values := map[string]bool{`{"b":1,"a":[2]}`: true, "{\"a\":1,\"a\":2} \n": true, "\x00\xff": false, "text": false, "": false}
		for value, isJSON := range values {
			rec := put(t, s, store.Record{Key: k, Value: []byte(value), Expires: 1<<63 - 1}, 0)
			var kind int
			var space, id string
			var version int64
			var expires any
			var shown sql.NullString
			require.NoError(t, raw(t, url).QueryRowContext(t.Context(),
				"SELECT kind, space, id, version, expires, value FROM mintyard_records_json").Scan(&kind, &space, &id, &version, &expires, &shown), "%q", value)
			require.Equal(t, 0xa7, kind)
			require.Equal(t, hex.EncodeToString(k.Space[:]), space)
			require.Equal(t, hex.EncodeToString(k.ID[:]), id)
			require.Equal(t, int64(rec.Version), version)
			require.Nil(t, expires, "beyond the calendar")
			require.Equal(t, isJSON, shown.Valid, "%q", value)
			if isJSON {
				require.JSONEq(t, value, shown.String)
			}
			require.NoError(t, s.Delete(t.Context(), k, rec.Version))
		}
	})
}

// A rotation leaves every index alone: PostgreSQL's heap-only tuples.
func TestRotationIsHOT(t *testing.T) {
	url := databases[1].url(t)
	db := raw(t, url)
	db.SetMaxOpenConns(1)
	require.NoError(t, sqlstore.Migrate(t.Context(), db, sqlstore.PostgreSQL))
	s, err := sqlstore.New(db, sqlstore.PostgreSQL)
	require.NoError(t, err)
	const grants, turns = 40, 25
	versions := make([]uint64, grants)
	for turn := range turns {
		for i := range grants {
			rec := put(t, s, store.Record{Key: key(fmt.Sprint(i)), Expires: 3600, Value: fmt.Appendf(nil, "%0300d", turn)}, versions[i])
			versions[i] = rec.Version
		}
	}
	var all, hot int
	_, err = db.ExecContext(t.Context(), "SELECT pg_stat_force_next_flush()")
	require.NoError(t, err)
	require.NoError(t, db.QueryRowContext(t.Context(),
		"SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'mintyard_records'").Scan(&all, &hot))
	t.Logf("%d of %d updates were HOT", hot, all)
	require.Equal(t, grants*(turns-1), all)
	require.Greater(t, hot, all*9/10)
}

// Sweep, List and the removal of tags go through an index.
func TestPlans(t *testing.T) {
	each(t, databases, func(t *testing.T, url string) {
		s := open(t, url, sqlstore.Options{})
		fill(t, url, 5000)
		db := raw(t, url)
		sweep, list, remove := s.SweepAndList()
		plan := func(text string, args ...any) string {
			explain := "EXPLAIN QUERY PLAN "
			if isPostgres(url) {
				explain = "EXPLAIN (FORMAT JSON) "
				for i, arg := range args { // EXPLAIN takes no parameters
					literal := fmt.Sprint(arg)
					if b, ok := arg.([]byte); ok {
						literal = fmt.Sprintf(`'\x%x'::bytea`, b)
					}
					text = strings.ReplaceAll(text, fmt.Sprintf("$%d", i+1), literal)
				}
				args = nil
			}
			rows, err := db.QueryContext(t.Context(), explain+text, args...)
			require.NoError(t, err)
			defer rows.Close()
			var b strings.Builder
			for rows.Next() {
				if isPostgres(url) {
					var j json.RawMessage
					require.NoError(t, rows.Scan(&j))
					b.Write(j)
					continue
				}
				var id, parent, unused int
				var detail string
				require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
				b.WriteString(detail + "\n")
			}
			require.NoError(t, rows.Err())
			return b.String()
		}
		if isPostgres(url) {
			_, err := db.ExecContext(t.Context(), "ANALYZE")
			require.NoError(t, err)
		}
		require.Contains(t, plan(sweep, 1000, 10), "mintyard_records_expires")
		p := plan(list, make([]byte, 33), []byte{}, 500)
		require.True(t, strings.Contains(p, "mintyard_tags_pkey") || strings.Contains(p, "USING PRIMARY KEY"), p)
		p = plan(remove, make([]byte, 33), 5)
		if isPostgres(url) {
			require.Contains(t, p, "mintyard_tags_key")
		} else {
			require.Contains(t, plan("DELETE FROM mintyard_tags WHERE key = ?1", make([]byte, 33)), "mintyard_tags_key")
		}
	})
}
