package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// pragmas of every connection. The busy time-out is short because SQLite does not
// listen to the context while it waits; retry does.
var pragmas = url.Values{
	"_txlock": {"immediate"},
	"_pragma": {
		"busy_timeout(200)",
		"journal_mode(WAL)",
		"synchronous(FULL)",
		"journal_size_limit(67108864)",
	},
}

func openSQLite(ctx context.Context, path string, conns int) (*sql.DB, error) {
	switch {
	case path == "", strings.HasPrefix(path, ":"):
		return nil, errors.New("sqlite: wants the path of a file (for a store in memory use store.NewMemory)")
	case strings.HasPrefix(path, "//") && !strings.HasPrefix(path, "///"):
		return nil, errors.New("sqlite: a path has no host: write sqlite:PATH or sqlite:///ABSOLUTE/PATH")
	}
	// Connections are opened later too, perhaps after a change of directory.
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := createPrivate(path); err != nil {
		return nil, fmt.Errorf("cannot make the SQLite file: %w", err)
	}

	name := filepath.ToSlash(path)
	if !strings.HasPrefix(name, "/") {
		name = "/" + name // C:/…
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: name}).EscapedPath()+"?"+pragmas.Encode())
	if err != nil {
		return nil, err
	}
	limitPool(db, conns)

	var mode string
	var synchronous int
	_, err = retry(ctx, func() error {
		conn, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		if err := conn.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
			return err
		}
		return conn.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&synchronous)
	})
	if err == nil && (mode != "wal" || synchronous != 2) {
		err = fmt.Errorf("runs with journal_mode=%s, synchronous=%d instead of wal, 2: is it on a network file system?", mode, synchronous)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("SQLite file %s: %w", path, err), db.Close())
	}
	return db, nil
}

var creating sync.Mutex

// createPrivate makes the file before SQLite would, because SQLite would make it
// readable by others. A file that is there is not opened: closing it would
// release the locks that SQLite holds on it in this process (POSIX locks belong
// to process and file), which is also why only one goroutine at a time may be here.
func createPrivate(path string) error {
	creating.Lock()
	defer creating.Unlock()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}
