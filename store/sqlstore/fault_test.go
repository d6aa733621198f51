package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	"modernc.org/sqlite"
)

// hook is called before and after every statement that reaches the database; an
// error takes the place of the driver's answer.
type hook func(after bool, text string) error

// faulty opens a pool whose driver asks the hook.
func faulty(t testing.TB, url string, h hook) *sql.DB {
	db, err := openFaulty(url, h)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func openFaulty(url string, h hook) (*sql.DB, error) {
	var d driver.Driver = stdlib.GetDefaultDriver()
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		d, url = &sqlite.Driver{}, "file:"+path+"?_pragma=busy_timeout(200)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	}
	return sql.OpenDB(connector{d, url, h}), nil
}

type connector struct {
	driver driver.Driver
	url    string
	hook   hook
}

func (c connector) Driver() driver.Driver { return c.driver }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.url)
	if err != nil {
		return nil, err
	}
	return faultyConn{conn, c.hook}, nil
}

type faultyConn struct {
	driver.Conn
	hook hook
}

func (c faultyConn) CheckNamedValue(v *driver.NamedValue) (err error) {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	v.Value, err = driver.DefaultParameterConverter.ConvertValue(v.Value)
	return err
}

func (c faultyConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
}

func (c faultyConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	return around(c.hook, text, func() (driver.Result, error) {
		return c.Conn.(driver.ExecerContext).ExecContext(ctx, text, args)
	})
}

func (c faultyConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	return around(c.hook, text, func() (driver.Rows, error) {
		return c.Conn.(driver.QueryerContext).QueryContext(ctx, text, args)
	})
}

func (c faultyConn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	s, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return faultyStmt{s, c.hook, text}, nil
}

type faultyStmt struct {
	driver.Stmt
	hook hook
	text string
}

func (s faultyStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return around(s.hook, s.text, func() (driver.Result, error) {
		return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
	})
}

func (s faultyStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return around(s.hook, s.text, func() (driver.Rows, error) {
		return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	})
}

func around[T any](h hook, text string, do func() (T, error)) (T, error) {
	var none T
	if err := h(false, text); err != nil {
		return none, err
	}
	v, err := do()
	if herr := h(true, text); herr != nil {
		if rows, ok := any(v).(driver.Rows); ok && err == nil {
			rows.Close()
		}
		return none, herr
	}
	return v, err
}
