package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"iter"

	"github.com/mintyard/mintyard/store"
)

// listPage is how many keys List reads at a time.
const listPage = 500

// List implements [store.Store]. It reads page by page, in the order of the keys,
// and holds no connection while it yields.
func (s *Store) List(ctx context.Context, tag store.Key) iter.Seq2[store.Key, error] {
	return func(yield func(store.Key, error) bool) {
		name, after := encodeKey(tag), []byte{}
		for {
			page, err := s.listPage(ctx, name, after)
			if err != nil {
				yield(store.Key{}, fmt.Errorf("sqlstore: list: %w", err))
				return
			}
			for _, key := range page {
				if !yield(key, nil) {
					return
				}
			}
			if len(page) < listPage {
				return
			}
			after = encodeKey(page[len(page)-1])
		}
	}
}

func (s *Store) listPage(ctx context.Context, tag, after []byte) (page []store.Key, err error) {
	_, err = retry(ctx, func() error {
		page = page[:0]
		rows, err := s.query(ctx, s.sql.list, tag, after, listPage)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name sql.RawBytes
			if err := rows.Scan(&name); err != nil {
				return err
			}
			key, err := decodeKey(name)
			if err != nil {
				return err
			}
			page = append(page, key)
		}
		return rows.Err()
	})
	return page, err
}
