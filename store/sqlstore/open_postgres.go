package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

func openPostgres(ctx context.Context, url string, conns int) (*sql.DB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		// The cause may quote parts of the URL, and which part is the password is
		// just what nobody knows.
		return nil, errors.New("the PostgreSQL URL, its certificates or its password file cannot be read:" +
			" check the names of the parameters, the files, and that special characters of the password are percent-encoded")
	}
	config.ValidateConnect = onlyPrimary(config.ValidateConnect)
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "mintyard"
	}
	db := stdlib.OpenDB(*config)
	limitPool(db, conns)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot reach PostgreSQL: is it running, is it the primary, and may this user connect? %w", err), db.Close())
	}
	return db, nil
}

// onlyPrimary refuses a standby, whatever target_session_attrs wishes besides: a
// stale read would honour a refresh token that has been revoked.
func onlyPrimary(wish pgconn.ValidateConnectFunc) pgconn.ValidateConnectFunc {
	return func(ctx context.Context, conn *pgconn.PgConn) error {
		if err := pgconn.ValidateConnectTargetSessionAttrsPrimary(ctx, conn); err != nil || wish == nil {
			return err
		}
		return wish(ctx, conn)
	}
}
