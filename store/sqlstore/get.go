package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/mintyard/mintyard/store"
)

// Get implements [store.Store]: one query for up to 128 keys. After an error the
// records are as if nothing had been found.
func (s *Store) Get(ctx context.Context, buf []byte, recs []store.Record) ([]byte, error) {
	base := len(buf)
	for i := range recs {
		recs[i].Version, recs[i].Expires, recs[i].Value = 0, 0, nil
	}
	for rest := recs; len(rest) > 0; {
		part := rest[:min(len(rest), maxKeys)]
		rest = rest[len(part):]
		from := len(buf)
		_, err := retry(ctx, func() (err error) {
			buf, err = s.read(ctx, buf[:from], part)
			return err
		})
		if err != nil {
			for i := range recs {
				recs[i].Version, recs[i].Expires, recs[i].Value = 0, 0, nil
			}
			return buf[:base], fmt.Errorf("sqlstore: get: %w", err)
		}
	}
	return buf, nil
}

// read is one query. A value that was appended before buf had to grow stays good
// where it is.
func (s *Store) read(ctx context.Context, buf []byte, recs []store.Record) ([]byte, error) {
	size, n := 0, 1
	for n < len(recs) {
		size, n = size+1, n*2
	}
	args := make([]any, n)
	for i := range args {
		args[i] = encodeKey(recs[min(i, len(recs)-1)].Key)
	}
	for i := range recs { // an attempt before this one may have found something
		recs[i].Version, recs[i].Expires, recs[i].Value = 0, 0, nil
	}

	rows, err := s.query(ctx, s.sql.get[size], args...)
	if err != nil {
		return buf, err
	}
	defer rows.Close()
	for rows.Next() {
		var name, value sql.RawBytes
		var version, expires int64
		if err := rows.Scan(&name, &version, &expires, &value); err != nil {
			return buf, err
		}
		key, err := decodeKey(name)
		if err != nil {
			return buf, err
		}
		at := len(buf)
		buf = append(buf, value...)
		for i := range recs {
			if recs[i].Key == key {
				recs[i].Version = uint64(version)
				recs[i].Expires = expires
				recs[i].Value = buf[at:len(buf):len(buf)]
			}
		}
	}
	return buf, rows.Err()
}

// query runs a statement that only reads; database/sql may repeat it.
func (s *Store) query(ctx context.Context, st *statement, args ...any) (*sql.Rows, error) {
	if s.dialect == PostgreSQL {
		return s.db.QueryContext(ctx, st.text, args...)
	}
	p, err := st.prepare(ctx, s.db)
	if err != nil {
		return nil, err
	}
	return p.QueryContext(ctx, args...)
}
