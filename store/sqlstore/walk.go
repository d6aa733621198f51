package sqlstore

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"iter"

	"github.com/mintyard/mintyard/store"
)

// walkPage is how many records Walk reads at a time: 6 MiB at the worst.
const walkPage = 100

// Walk implements [store.Walker], in the order of the keys. Each record is
// consistent with its tags; the whole is not one instant, for which the tools of
// the database are the better way. It holds no connection while it yields.
func (s *Store) Walk(ctx context.Context) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		after := []byte{}
		for {
			page, err := s.walkPage(ctx, after)
			if err != nil {
				yield(store.Record{}, fmt.Errorf("sqlstore: walk: %w", err))
				return
			}
			for _, rec := range page {
				if !yield(rec, nil) {
					return
				}
			}
			if len(page) < walkPage {
				return
			}
			after = encodeKey(page[len(page)-1].Key)
		}
	}
}

func (s *Store) walkPage(ctx context.Context, after []byte) (page []store.Record, err error) {
	_, err = retry(ctx, func() error {
		page = nil
		rows, err := s.query(ctx, s.sql.walk, after, walkPage)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			rec, err := scanRecord(rows)
			if err != nil {
				return err
			}
			page = append(page, rec)
		}
		return rows.Err()
	})
	return page, err
}

func scanRecord(rows *sql.Rows) (rec store.Record, err error) {
	var name, tags sql.RawBytes
	var version int64
	rec.Value = []byte{}
	if err := rows.Scan(&name, &version, &rec.Expires, &rec.Value, &tags); err != nil {
		return rec, err
	}
	rec.Version = uint64(version)
	if rec.Key, err = decodeKey(name); err != nil {
		return rec, err
	}
	for len(tags) > 0 {
		var b [keySize]byte
		if _, err := hex.Decode(b[:], tags[:min(len(tags), 2*keySize)]); err != nil {
			return rec, err
		}
		tag, err := decodeKey(b[:])
		if err != nil {
			return rec, err
		}
		rec.Tags = append(rec.Tags, tag)
		tags = tags[2*keySize:]
	}
	return rec, nil
}
