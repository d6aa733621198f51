package sqlstore

import "database/sql"

// SweepAndList are statements whose plans matter when there are millions of rows.
func (s *Store) SweepAndList() (sweep, list, tags string) {
	return s.sql.sweep.text, s.sql.list.text, s.sql.delete.text
}

func (s *Store) Pool() *sql.DB { return s.db }

var EncodeKey = encodeKey
