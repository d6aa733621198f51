package sqlstore_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/sqlstore"
	"github.com/stretchr/testify/require"
)

// BenchmarkRotate is what a refresh costs the store, Get and Put of one record of
// 300 bytes, beside a bare loop over database/sql that does as many round trips.
func BenchmarkRotate(b *testing.B) {
	value := fmt.Appendf(nil, `{"v":1,"filler":"%0280d"}`, 1)
	for _, d := range databases {
		b.Run(d.name+"/store", func(b *testing.B) {
			s := open(b, d.url(b), sqlstore.Options{})
			rec := put(b, s, store.Record{Key: key("a"), Value: value, Expires: 3600}, 0)
			ctx, buf, recs := context.Background(), []byte(nil), make([]store.Record, 1)
			b.ReportAllocs()
			for b.Loop() {
				recs[0].Key = rec.Key
				var err error
				if buf, err = s.Get(ctx, buf[:0], recs); err != nil {
					b.Fatal(err)
				}
				next := recs[0]
				next.Version = store.NewVersion()
				if err := s.Put(ctx, next, recs[0].Version); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(d.name+"/bare", func(b *testing.B) {
			url := d.url(b)
			s := open(b, url, sqlstore.Options{})
			rec := put(b, s, store.Record{Key: key("a"), Value: value, Expires: 3600}, 0)
			ctx, db := context.Background(), s.Pool()
			k := sqlstore.EncodeKey(rec.Key)
			mark := "?"
			if isPostgres(url) {
				mark = "$"
			}
			get, err := db.PrepareContext(ctx, "SELECT version, expires, value FROM mintyard_records WHERE key = "+mark+"1")
			require.NoError(b, err)
			set, err := db.PrepareContext(ctx, fmt.Sprintf("UPDATE mintyard_records SET version = %[1]s2, value = %[1]s3 WHERE key = %[1]s1 AND version = %[1]s4", mark))
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				var version, expires int64
				var value []byte
				if err := get.QueryRowContext(ctx, k).Scan(&version, &expires, &value); err != nil {
					b.Fatal(err)
				}
				r, err := set.ExecContext(ctx, k, int64(store.NewVersion()), value, version)
				if err != nil {
					b.Fatal(err)
				}
				if n, err := r.RowsAffected(); err != nil || n != 1 {
					b.Fatal(n, err)
				}
			}
		})
	}
}
