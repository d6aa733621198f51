package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
)

// statement is one text that is prepared once.
type statement struct {
	text string

	// counts says that the statement answers with one row, the number of records
	// written, because its own command tag counts something else.
	counts bool

	prepared atomic.Pointer[sql.Stmt] // SQLite only: pgx has a cache of its own, which the URL governs
}

// prepare must not be called while the caller holds a connection: it takes one,
// and there may be only one.
func (st *statement) prepare(ctx context.Context, db *sql.DB) (*sql.Stmt, error) {
	if p := st.prepared.Load(); p != nil {
		return p, nil
	}
	p, err := db.PrepareContext(ctx, st.text)
	if err != nil {
		return nil, err
	}
	if !st.prepared.CompareAndSwap(nil, p) {
		defer p.Close() // another was first
		if first := st.prepared.Load(); first != nil {
			return first, nil
		}
		return nil, sql.ErrConnDone // and then came Close
	}
	return p, nil
}

// getSizes is how many lengths of key list have a statement of their own: 1, 2,
// 4, … maxKeys. A list in between repeats its last key.
const (
	getSizes = 8
	maxKeys  = 1 << (getSizes - 1)
)

type statements struct {
	get                        [getSizes]*statement
	version                    *statement // the version of one key
	insert, update             *statement // a record alone
	insertTagged, updateTagged *statement // PostgreSQL: a record and its tags
	tag                        *statement // SQLite: one tag entry
	delete                     *statement
	list, walk, sweep          *statement
}

func (s *statements) close() (err error) {
	all := append(s.get[:], s.version, s.insert, s.update, s.insertTagged, s.updateTagged, s.tag, s.delete, s.list, s.walk, s.sweep)
	for _, st := range all {
		if st == nil {
			continue // the other dialect's
		}
		if p := st.prepared.Swap(nil); p != nil {
			err = errors.Join(err, p.Close())
		}
	}
	return err
}

const (
	insertRecord = "INSERT INTO mintyard_records (key, version, expires, value) VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO NOTHING"
	updateRecord = "UPDATE mintyard_records SET version = $2, expires = $3, value = $4 WHERE key = $1 AND version = $5"
	deleteRecord = "DELETE FROM mintyard_records WHERE key = $1 AND version = $2"

	// expired must be spelled as in the partial index.
	expired = "expires <> 0 AND expires < $1 ORDER BY expires LIMIT $2"

	walkRecords = "SELECT key, version, expires, value, COALESCE((SELECT %s FROM mintyard_tags t WHERE t.key = r.key), '')" +
		" FROM mintyard_records r WHERE r.key > $1 ORDER BY r.key LIMIT $2"
)

// common are the statements that both dialects spell alike, but for the mark of
// a parameter.
func common(text func(string) *statement) statements {
	var s statements
	for i := range s.get {
		n := 1 << i
		marks := make([]string, n)
		for k := range marks {
			marks[k] = fmt.Sprintf("$%d", k+1)
		}
		s.get[i] = text("SELECT key, version, expires, value FROM mintyard_records WHERE key IN (" + strings.Join(marks, ", ") + ")")
	}
	s.version = text("SELECT version FROM mintyard_records WHERE key = $1")
	s.insert = text(insertRecord)
	s.update = text(updateRecord)
	s.list = text("SELECT key FROM mintyard_tags WHERE tag = $1 AND key > $2 ORDER BY key LIMIT $3")
	return s
}

// sqliteStatements relies on the trigger of the schema that drops the tags of a
// deleted record.
func sqliteStatements() statements {
	text := func(q string) *statement { return &statement{text: strings.ReplaceAll(q, "$", "?")} }
	s := common(text)
	s.tag = text("INSERT INTO mintyard_tags (tag, key) VALUES ($1, $2) ON CONFLICT DO NOTHING")
	s.delete = text(deleteRecord)
	s.walk = text(fmt.Sprintf(walkRecords, "group_concat(hex(t.tag), '')"))
	s.sweep = text("DELETE FROM mintyard_records WHERE rowid IN (SELECT rowid FROM mintyard_records WHERE " + expired + ")")
	return s
}

// postgresStatements write a record and its tags in one statement, so that there
// is one round trip and nothing to leave half done. The tags come as one string
// of bytes, which every driver can send.
//
// The deletes see the tags of their snapshot. That is all of them: who adds a tag
// changes the version, and then the record is not deleted.
func postgresStatements() statements {
	text := func(q string) *statement { return &statement{text: q} }
	counts := func(q string) *statement { return &statement{text: q, counts: true} }
	tagged := func(write, tags string) *statement {
		return counts(fmt.Sprintf("WITH r AS (%s RETURNING key), t AS ("+
			"INSERT INTO mintyard_tags (tag, key) SELECT DISTINCT substring(%[2]s::bytea from i for %[3]d), r.key"+
			" FROM r, generate_series(1, octet_length(%[2]s::bytea), %[3]d) i ORDER BY 1 ON CONFLICT DO NOTHING)"+
			" SELECT count(*) FROM r", write, tags, keySize))
	}
	s := common(text)
	s.insertTagged = tagged(insertRecord, "$5")
	s.updateTagged = tagged(updateRecord, "$6")
	s.delete = counts("WITH r AS (" + deleteRecord + " RETURNING key)," +
		" t AS (DELETE FROM mintyard_tags t USING r WHERE t.key = r.key)" +
		" SELECT count(*) FROM r")
	s.walk = text(fmt.Sprintf(walkRecords, "string_agg(encode(t.tag, 'hex'), '' ORDER BY t.tag)"))
	// Rows that somebody else holds are being changed or dropped there. The join
	// on the version leaves alone what changed between snapshot and lock.
	s.sweep = text("WITH dead AS (SELECT key, version FROM mintyard_records WHERE " + expired + " FOR UPDATE SKIP LOCKED)," +
		" r AS (DELETE FROM mintyard_records r USING dead WHERE r.key = dead.key AND r.version = dead.version RETURNING r.key)," +
		" t AS (DELETE FROM mintyard_tags t USING r WHERE t.key = r.key)" +
		" SELECT (SELECT count(*) FROM dead), (SELECT count(*) FROM r)")
	return s
}
