package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/mintyard/mintyard/store"
)

// Put implements [store.Store]. It refuses version 0, a value above
// [store.MaxValue] and more than [store.MaxTags] tags before it asks the database.
func (s *Store) Put(ctx context.Context, rec store.Record, old uint64) error {
	switch {
	case rec.Version == 0:
		return errors.New("sqlstore: put: version 0 means that there is no record")
	case len(rec.Value) > store.MaxValue:
		return fmt.Errorf("sqlstore: put: a value of %d bytes, the most is %d", len(rec.Value), store.MaxValue)
	case len(rec.Tags) > store.MaxTags:
		return fmt.Errorf("sqlstore: put: %d tags, the most is %d", len(rec.Tags), store.MaxTags)
	}

	value := rec.Value
	if value == nil {
		value = []byte{} // nil would be NULL
	}
	args := make([]any, 0, 6)
	args = append(args, encodeKey(rec.Key), int64(rec.Version), rec.Expires, value)
	plain, tagged := s.sql.insert, s.sql.insertTagged
	if old != 0 {
		args = append(args, int64(old))
		plain, tagged = s.sql.update, s.sql.updateTagged
	}

	var n int64
	var maybe bool
	var err error
	switch {
	case len(rec.Tags) == 0:
		n, maybe, err = s.write(ctx, plain, args...)
	case tagged != nil:
		n, maybe, err = s.write(ctx, tagged, append(args, encodeTags(rec.Tags))...)
	default:
		n, maybe, err = s.writeTagged(ctx, plain, args, rec.Tags)
	}
	if err == nil && n == 0 && maybe {
		var now uint64
		if now, err = s.stored(ctx, rec.Key); err == nil && now == rec.Version {
			return nil // the attempt that seemed lost had taken effect
		}
	}
	switch {
	case err != nil:
		return fmt.Errorf("sqlstore: put: %w", err)
	case n == 0:
		return store.ErrConflict
	}
	return nil
}

// errOutcome is for a delete of which nobody can say any more who did it.
var errOutcome = errors.New("the connection was lost and the record is not there: the outcome is unknown")

// Delete implements [store.Store]. The tags of the record go with it.
func (s *Store) Delete(ctx context.Context, key store.Key, version uint64) error {
	if version == 0 {
		return store.ErrConflict // no record has it
	}
	n, maybe, err := s.write(ctx, s.sql.delete, encodeKey(key), int64(version))
	if err == nil && n == 0 && maybe {
		var now uint64
		if now, err = s.stored(ctx, key); err == nil && now == 0 {
			err = errOutcome
		}
	}
	switch {
	case err != nil:
		return fmt.Errorf("sqlstore: delete: %w", err)
	case n == 0:
		return store.ErrConflict
	}
	return nil
}

// stored returns the version of a record, 0 for none.
func (s *Store) stored(ctx context.Context, key store.Key) (uint64, error) {
	var version int64
	_, err := retry(ctx, func() error {
		rows, err := s.query(ctx, s.sql.version, encodeKey(key))
		if err != nil {
			return err
		}
		defer rows.Close()
		version = 0
		if rows.Next() {
			if err := rows.Scan(&version); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	return uint64(version), err
}

// write runs one statement that writes and returns how many records it wrote.
func (s *Store) write(ctx context.Context, st *statement, args ...any) (n int64, maybe bool, err error) {
	if err := s.lock(ctx); err != nil {
		return 0, false, err
	}
	defer s.unlock()
	maybe, err = retry(ctx, func() (err error) {
		n, err = s.exec(ctx, st, args)
		return err
	})
	return n, maybe, err
}

func (s *Store) exec(ctx context.Context, st *statement, args []any) (n int64, err error) {
	if s.dialect == SQLite {
		p, err := st.prepare(ctx, s.db)
		if err != nil {
			return 0, err
		}
		return affected(p.ExecContext(ctx, args...))
	}
	// A connection of our own keeps database/sql from repeating the statement
	// behind our back.
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if st.counts {
		err = conn.QueryRowContext(ctx, st.text, args...).Scan(&n)
		return n, err
	}
	return affected(conn.ExecContext(ctx, st.text, args...))
}

// writeTagged writes a record and its tags in a transaction, where that costs no
// round trip.
func (s *Store) writeTagged(ctx context.Context, st *statement, args []any, tags []store.Key) (n int64, maybe bool, err error) {
	if err := s.lock(ctx); err != nil {
		return 0, false, err
	}
	defer s.unlock()
	maybe, err = retry(ctx, func() error {
		record, err := st.prepare(ctx, s.db)
		if err != nil {
			return err
		}
		entry, err := s.sql.tag.prepare(ctx, s.db)
		if err != nil {
			return err
		}
		tx, err := s.db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		n, err = affected(tx.StmtContext(ctx, record).ExecContext(ctx, args...))
		if err != nil || n == 0 {
			return err
		}
		for _, tag := range tags {
			if _, err := tx.StmtContext(ctx, entry).ExecContext(ctx, encodeKey(tag), args[0]); err != nil {
				return err
			}
		}
		return tx.Commit()
	})
	return n, maybe, err
}

func affected(r sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// encodeTags puts keys one after the other.
func encodeTags(tags []store.Key) []byte {
	b := make([]byte, 0, len(tags)*keySize)
	for _, tag := range tags {
		b = appendKey(b, tag)
	}
	return b
}
