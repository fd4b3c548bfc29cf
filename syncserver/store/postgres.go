package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// lockPatience is how long a write waits for a lock that somebody else holds. It is
// shorter than a device's patience with an answer.
const lockPatience = "10s"

// maxSessions is how many sessions one server has at most, beside the one that listens.
const maxSessions = 16

// forgetPlans ends the sessions that rest: what they have prepared is of tables as
// they were before a migration. One that is at work fails once and knows it then.
func forgetPlans(db *sql.DB) {
	db.SetMaxIdleConns(0)
	db.SetMaxIdleConns(maxSessions)
}

func openPostgres(ctx context.Context, dsn, lockWait string) (*sql.DB, error) {
	c, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	if own := c.RuntimeParams["lock_timeout"]; own != "" && lockWait != "0" { // the operator's
		lockWait = own
	}
	db := stdlib.OpenDB(*c, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error { return settle(ctx, conn, lockWait) }))
	db.SetMaxOpenConns(maxSessions)
	db.SetMaxIdleConns(maxSessions)
	if err := db.PingContext(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("reach PostgreSQL: %w", err)
	}
	return db, nil
}

// settle makes a session one that nobody waits for in vain: the locks of a server
// whose machine is gone are given back within half a minute, of one that hangs
// within a minute. What is told to be committed is on the disk, whatever
// the database's own rule is. Nothing is compiled for one question: ours are short.
func settle(ctx context.Context, conn *pgx.Conn, lockWait string) error {
	_, err := conn.Exec(ctx, `SELECT set_config('lock_timeout', $1, false), set_config('idle_in_transaction_session_timeout', '60s', false),
		set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
		set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '25000', false), set_config('jit', 'off', false),
		set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)`, lockWait)
	if err != nil {
		return fmt.Errorf("set up a session of PostgreSQL: %w", err)
	}
	return nil
}

// sqlState is PostgreSQL's code of an error, empty of others.
func sqlState(err error) string {
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// The codes that are looked at one by one.
const (
	stateLockTimeout  = "55P03"
	stateDiskFull     = "53100"
	stateReadOnly     = "25006"
	stateSerialize    = "40001"
	stateDeadlock     = "40P01"
	statePlan         = "0A000" // what was prepared before a migration does not fit any more
	classResources    = "53"    // disk, memory, sessions
	classConnection   = "08"
	classIntervention = "57P"
)

// Unavailable tells whether an error says that the database is not to be had just
// now: it is down, restarts or is full, or somebody else holds a lock. It does not say
// whether something was written: whoever asked asks again.
func Unavailable(err error) bool {
	switch state := sqlState(err); {
	case state == stateLockTimeout, state == stateReadOnly, state == stateSerialize, state == stateDeadlock, state == statePlan,
		strings.HasPrefix(state, classResources), strings.HasPrefix(state, classConnection), strings.HasPrefix(state, classIntervention):
		return true
	}
	var gone *pgconn.ConnectError
	var line *net.OpError
	return errors.Is(err, ErrOutdated) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, driver.ErrBadConn) || errors.As(err, &gone) || errors.As(err, &line)
}
