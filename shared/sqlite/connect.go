package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"
)

// busyTimeoutMillis is how long a statement waits for another writer.
const busyTimeoutMillis = "5000"

// A setting that cannot wait by itself is tried again for about as long.
const (
	busyTries = 500
	busyPause = 10 * time.Millisecond
)

// cachedStatements are kept compiled by each connection: compiling took a fifth
// of the time of a round in which there is nothing new.
const cachedStatements = "64"

// setting is one pragma: how to set it (empty: already in the data source), how
// to ask for it, and the only answer with which a connection may be used.
type setting struct{ name, set, ask, want string }

// settings lists what each connection must be, in the order of setting.
func settings(o Options) []setting {
	list := []setting{
		{"busy_timeout", "", "PRAGMA busy_timeout", busyTimeoutMillis},
		{"foreign_keys", "", "PRAGMA foreign_keys", "1"},
		{"trusted_schema", "PRAGMA trusted_schema = OFF", "PRAGMA trusted_schema", "0"},
		{"cell_size_check", "PRAGMA cell_size_check = ON", "PRAGMA cell_size_check", "1"},
	}
	if o.ReadOnly {
		return append(list, setting{"query_only", "", "PRAGMA query_only", "1"})
	}
	locking, secure := "normal", "0"
	if o.Exclusive {
		locking = "exclusive"
	}
	if o.SecureDelete {
		secure = "1"
	}
	return append(list,
		setting{"locking_mode", "", "PRAGMA locking_mode", locking},
		setting{"journal_mode", "PRAGMA journal_mode = WAL", "PRAGMA journal_mode", "wal"},
		setting{"synchronous", "", "PRAGMA synchronous", "2"},
		setting{"secure_delete", "", "PRAGMA secure_delete", secure},
		setting{"fullfsync", "PRAGMA fullfsync = ON", "PRAGMA fullfsync", "1"},
		setting{"checkpoint_fullfsync", "PRAGMA checkpoint_fullfsync = ON", "PRAGMA checkpoint_fullfsync", "1"},
		setting{"wal_autocheckpoint", "PRAGMA wal_autocheckpoint = 1000", "PRAGMA wal_autocheckpoint", "1000"},
		setting{"journal_size_limit", "PRAGMA journal_size_limit = 67108864", "PRAGMA journal_size_limit", "67108864"},
	)
}

// configure sets what the data source could not.
func configure(c *sqlite3.SQLiteConn, o Options) error {
	for _, s := range settings(o) {
		if s.set == "" {
			continue
		}
		// Of several programs that make a new file a WAL at once, SQLite turns some
		// away at once, whatever the timeout.
		_, err := c.Exec(s.set, nil)
		for try := 0; IsBusy(err) && try < busyTries; try++ {
			time.Sleep(busyPause)
			_, err = c.Exec(s.set, nil)
		}
		if err != nil {
			return fmt.Errorf("set %s: %w", s.name, err)
		}
	}
	return nil
}

// verify asks the connection for every setting and refuses any other answer.
func verify(c *sqlite3.SQLiteConn, o Options) error {
	for _, s := range settings(o) {
		got, err := askPragma(c, s.ask)
		if err != nil {
			return fmt.Errorf("read back %s: %w", s.name, err)
		}
		if got != s.want {
			return fmt.Errorf("%w: %s is %q, not %q", ErrPragma, s.name, got, s.want)
		}
	}
	return nil
}

// askPragma returns the first value of the first row as text; "" for no row.
func askPragma(c *sqlite3.SQLiteConn, query string) (string, error) {
	rows, err := c.Query(query, nil)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	values := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(values); err == io.EOF || len(values) == 0 {
		return "", nil
	} else if err != nil {
		return "", err
	}
	return fmt.Sprint(values[0]), nil
}

// connector opens verified connections; it keeps the driver unregistered, so
// nobody can reach SQLite by sql.Open past these settings.
type connector struct {
	source string
	driver *sqlite3.SQLiteDriver
}

func newConnector(path string, o Options) *connector {
	return &connector{source: dataSource(path, o), driver: &sqlite3.SQLiteDriver{
		ConnectHook: func(c *sqlite3.SQLiteConn) error {
			if err := configure(c, o); err != nil {
				return err
			}
			return verify(c, o)
		},
	}}
}

func (c *connector) Driver() driver.Driver { return c.driver }

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	opened, err := c.driver.Open(c.source)
	if err != nil {
		return nil, err
	}
	return conn{opened.(*sqlite3.SQLiteConn)}, nil
}

// conn adds read-only transactions, which the driver would begin with the
// write lock like any other, and spares short statements the driver's watch.
type conn struct{ *sqlite3.SQLiteConn }

func (c conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.SQLiteConn.ExecContext(watched(ctx, query), query, args)
}

func (c conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.SQLiteConn.QueryContext(watched(ctx, query), query, args)
}

// watched is the context under which the driver runs a statement. To be able to
// interrupt one it starts a goroutine for each, which costs more than a row does.
// Only what takes long is worth that; between rows and statements database/sql
// looks at the context itself.
func watched(ctx context.Context, query string) context.Context {
	if strings.HasPrefix(query, "PRAGMA") || strings.HasPrefix(query, "VACUUM") || strings.HasPrefix(query, "BEGIN") {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

func (c conn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if !o.ReadOnly {
		return c.SQLiteConn.BeginTx(ctx, o)
	}
	if _, err := c.SQLiteConn.ExecContext(ctx, `BEGIN DEFERRED`, nil); err != nil {
		return nil, err
	}
	if _, err := c.SQLiteConn.ExecContext(ctx, `PRAGMA query_only = 1`, nil); err != nil {
		c.Exec(`ROLLBACK`, nil)
		return nil, err
	}
	return readTx(c), nil
}

// readTx ends a snapshot. A commit has nothing to write, so both ends roll back.
type readTx struct{ *sqlite3.SQLiteConn }

func (t readTx) Commit() error { return t.Rollback() }

func (t readTx) Rollback() error {
	_, err := t.Exec(`ROLLBACK`, nil)
	if _, reset := t.Exec(`PRAGMA query_only = 0`, nil); err == nil {
		err = reset
	}
	return err
}
