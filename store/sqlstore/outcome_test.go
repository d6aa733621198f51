package sqlstore_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/sqlstore"
	"github.com/stretchr/testify/require"
)

// script hooks one answer to the next statements that write, and counts them.
type script struct {
	after bool  // the statement takes effect first
	err   error // what the driver answers
	times atomic.Int64
	runs  atomic.Int64
}

func (s *script) hook(after bool, text string) error {
	if strings.HasPrefix(text, "SELECT") {
		return nil
	}
	if !after {
		s.runs.Add(1)
	}
	if after == s.after && s.times.Add(-1) >= 0 {
		return s.err
	}
	return nil
}

func scripted(t *testing.T, url string) (*sqlstore.Store, *script) {
	open(t, url, sqlstore.Options{})
	f := &script{}
	dialect := sqlstore.SQLite
	if isPostgres(url) {
		dialect = sqlstore.PostgreSQL
	}
	s, err := sqlstore.New(faulty(t, url, f.hook), dialect)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s, f
}

// A driver that answers ErrBadConn for a statement that took effect makes it run
// twice; the version tells that the write that is there is the own one.
func TestStatementThatRanTwice(t *testing.T) {
	each(t, databases[1:], func(t *testing.T, url string) {
		s, f := scripted(t, url)
		f.after, f.err = true, driver.ErrBadConn
		lie := func(n int64) { f.times.Store(n); f.runs.Store(0) }

		for _, tags := range [][]store.Key{nil, {key("tag")}} {
			rec := store.Record{Key: key("a", string(rune('a'+len(tags)))), Version: 1, Tags: tags}
			lie(1)
			require.NoError(t, s.Put(t.Context(), rec, 0))
			require.Equal(t, int64(2), f.runs.Load())
			rec.Version = 2
			lie(2)
			require.NoError(t, s.Put(t.Context(), rec, 1))
			require.Equal(t, int64(3), f.runs.Load())
			require.Equal(t, uint64(2), get(t, s, rec.Key).Version)

			// Somebody else's record is a conflict all the same.
			rec.Version = 3
			lie(1)
			require.ErrorIs(t, s.Put(t.Context(), rec, 0), store.ErrConflict)
			lie(1)
			require.ErrorIs(t, s.Put(t.Context(), rec, 77), store.ErrConflict)

			lie(1)
			require.ErrorIs(t, s.Delete(t.Context(), rec.Key, 77), store.ErrConflict)
			lie(1)
			err := s.Delete(t.Context(), rec.Key, 2)
			require.Error(t, err, "nobody can say who deleted it")
			require.NotErrorIs(t, err, store.ErrConflict)
			require.Zero(t, get(t, s, rec.Key).Version)

			require.NoError(t, s.Put(t.Context(), rec, 0))
			lie(1)
			require.NoError(t, store.Remove(t.Context(), s, rec.Key, rec.Version), "the verb can")
		}
	})
}

// A connection that is lost after sending is not tried again.
func TestLostConnectionIsNotRepeated(t *testing.T) {
	each(t, databases, func(t *testing.T, url string) {
		s, f := scripted(t, url)
		lost := errors.New("unexpected EOF")
		f.after, f.err = true, lost
		f.times.Store(1)
		rec := store.Record{Key: key("a"), Version: 5}
		require.ErrorIs(t, s.Put(t.Context(), rec, 0), lost)
		require.Equal(t, int64(1), f.runs.Load())
		require.Equal(t, uint64(5), get(t, s, rec.Key).Version)
		f.times.Store(1)
		rec.Version = 6
		require.NoError(t, store.Swap(t.Context(), s, rec, 5), "the verbs resolve it")
	})
}

func TestDeadConnectionsOfThePool(t *testing.T) {
	each(t, databases, func(t *testing.T, url string) {
		s, f := scripted(t, url)
		f.err = driver.ErrBadConn
		f.times.Store(20)
		require.NoError(t, s.Put(t.Context(), store.Record{Key: key("a"), Version: 5}, 0))
		f.times.Store(20)
		require.NoError(t, s.Delete(t.Context(), key("a"), 5))
		f.times.Store(1 << 40)
		require.ErrorIs(t, s.Put(t.Context(), store.Record{Key: key("a"), Version: 5}, 0), driver.ErrBadConn)
		f.times.Store(0)
		require.Zero(t, get(t, s, key("a")).Version)
	})
}

func TestRefusedWithoutEffect(t *testing.T) {
	for _, code := range []string{"40001", "40P01"} {
		t.Run(code, func(t *testing.T) {
			s, f := scripted(t, databases[1].url(t))
			refusal := &pgconn.PgError{Code: code, Message: "not now"}
			f.err = refusal
			f.times.Store(3)
			require.NoError(t, s.Put(t.Context(), store.Record{Key: key("a"), Version: 5}, 0))
			require.Equal(t, int64(4), f.runs.Load())

			f.times.Store(1 << 40)
			err := s.Put(within(t, 20*time.Millisecond), store.Record{Key: key("a"), Version: 6}, 5)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorIs(t, err, refusal)
		})
	}
	s, f := scripted(t, databases[1].url(t))
	f.err = &pgconn.PgError{Code: "40003", Message: "statement completion unknown"}
	f.times.Store(1)
	require.ErrorIs(t, s.Put(t.Context(), store.Record{Key: key("a"), Version: 5}, 0), f.err)
}

// Another process holds the write lock of the file.
func TestBusyFile(t *testing.T) {
	url := databases[0].url(t)
	s := open(t, url, sqlstore.Options{})
	other, err := raw(t, url).Conn(t.Context())
	require.NoError(t, err)
	defer other.Close()
	for _, tags := range [][]store.Key{nil, {key("tag")}} {
		rec := store.Record{Key: key("a"), Version: store.NewVersion(), Tags: tags}
		old := get(t, s, rec.Key).Version
		_, err = other.ExecContext(t.Context(), "BEGIN IMMEDIATE")
		require.NoError(t, err)
		require.ErrorIs(t, s.Put(within(t, 10*time.Millisecond), rec, old), context.DeadlineExceeded)
		require.Equal(t, old, get(t, s, rec.Key).Version, "readers do not wait")

		done := make(chan error)
		go func() { done <- s.Put(t.Context(), rec, old) }()
		_, err = other.ExecContext(t.Context(), "COMMIT")
		require.NoError(t, err)
		require.NoError(t, <-done)
		require.Equal(t, rec.Version, get(t, s, rec.Key).Version)
	}
}
