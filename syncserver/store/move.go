package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"cityhall/shared/keys"
	"cityhall/shared/sqlite"
)

// ErrTarget means that a move would go over something that is there.
var ErrTarget = errors.New("the PostgreSQL database is not empty, and no unfinished move of this city: give an empty one")

// MoveOptions say which city moves where.
type MoveOptions struct {
	// From is the server's folder, whose database is city.db. The server does not run.
	From string
	To   string // PostgreSQL connection string of an empty database
	Now  func() time.Time
	// Progress is told, now and then, how many rows of a table are there; nil: nobody.
	Progress func(table string, done, all int64)
}

// MovedTable says what was carried over of a table.
type MovedTable struct {
	Name string
	Rows int64
}

// Moved is what a move has done.
type Moved struct {
	To     string // host and name of the database
	Tables []MovedTable
	Log    Counts // verified before; the rows that were read back are the same
	Copied int64  // rows written by this run; the others were there from one before
}

// Move carries a city's database from SQLite to PostgreSQL. Killed at any point it
// is run again, and goes on. Keys, photos and ledger stay in the folder. The log is
// the same, byte for byte, so devices notice nothing. The order of the last steps
// keeps both from serving: the old database is closed for ever before the new one
// is opened.
func Move(ctx context.Context, o MoveOptions) (Moved, error) {
	m := mover{o: o}
	defer m.close()
	if err := m.open(ctx); err != nil {
		return m.done, err
	}
	if err := m.prepare(ctx); err != nil {
		return m.done, fmt.Errorf("prepare the move: %w", err)
	}
	if m.source.name == "" || m.target.name == markMoving {
		if err := m.carry(ctx); err != nil {
			return m.done, fmt.Errorf("move: %w", err)
		}
	}
	if err := m.finish(ctx); err != nil {
		return m.done, fmt.Errorf("finish the move: %w", err)
	}
	return m.done, nil
}

type mover struct {
	o              MoveOptions
	city           string // the server's public key
	lock           *os.File
	from, to       *sql.DB
	source, target mark
	ledger         *ledger
	done           Moved
}

func (m *mover) close() {
	for _, db := range []*sql.DB{m.to, m.from} {
		if db != nil {
			db.Close()
		}
	}
	if m.lock != nil {
		m.lock.Close()
	}
}

// open takes the source for itself and looks at both sides.
func (m *mover) open(ctx context.Context) error {
	where, err := pgx.ParseConfig(m.o.To)
	if err != nil || !IsPostgres(m.o.To) {
		return fmt.Errorf("not the address of a PostgreSQL database: %w", err)
	}
	m.done.To = fmt.Sprintf("%s:%d/%s", where.Host, where.Port, where.Database)
	if err := Restoring(m.o.From); err != nil {
		return err
	}
	k, err := keys.OpenServerKeys(m.o.From, nil)
	if err != nil {
		return err
	}
	m.city = k.Identity.Public().String()
	if m.ledger, err = openLedger(filepath.Join(m.o.From, "ledger")); err != nil {
		return err
	}
	db := filepath.Join(m.o.From, "city.db")
	if m.lock, err = sqlite.Occupy(db, true); err != nil {
		return err
	}
	if m.from, err = sqlite.Open(ctx, db, sqlite.Options{SecureDelete: true, MaxConns: 2}); err != nil {
		return err
	}
	if m.source, err = readMark(ctx, m.from); err != nil {
		return err
	}
	if m.source.name != "" && m.source.about != m.done.To {
		return fmt.Errorf("%w (%s)", ErrMoved, m.source.about)
	}
	m.to, err = openPostgres(ctx, m.o.To, "0")
	return err
}

// prepare makes the target's tables and marks it, so that no server takes it for
// a city before it is whole.
func (m *mover) prepare(ctx context.Context) error {
	if err := sameSchema(ctx, m.from); err != nil {
		return err
	}
	var encoding string
	if err := m.to.QueryRowContext(ctx, `SHOW server_encoding`).Scan(&encoding); err != nil || encoding != "UTF8" {
		return errors.Join(fmt.Errorf("the PostgreSQL database has the encoding %q: make one with UTF8", encoding), err)
	}
	have, err := sqlite.SchemaVersion(ctx, m.to)
	if err != nil {
		return err
	}
	if m.target, err = readMark(ctx, m.to); err != nil {
		return err
	}
	switch {
	case m.target.name == "" && m.source.name == markMoved && have > 0:
		return nil // an earlier run has finished
	case m.target.name == "":
		return m.begin(ctx)
	case m.target != mark{markMoving, m.city}:
		return ErrTarget
	}
	if err := sameSchema(ctx, m.to); err != nil {
		return fmt.Errorf("the move was begun by another version of this program: drop the PostgreSQL database and begin anew: %w", err)
	}
	return nil
}

// begin takes an empty target. The mark comes before the last look, and a server
// that starts meanwhile looks for marks last: one of the two sees the other.
func (m *mover) begin(ctx context.Context) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	if err := sqlite.Migrate(ctx, m.to, files); err != nil {
		return err
	}
	m.target = mark{markMoving, m.city}
	if err := setMark(ctx, m.to, m.target); err != nil {
		return err
	}
	for _, t := range movedTables {
		n, _, err := digestOf(ctx, m.to, t.postgres, 1)
		if err == nil && n > 0 {
			err = ErrTarget
		}
		if err != nil {
			return errors.Join(err, clearMark(ctx, m.to, m.target))
		}
	}
	return nil
}

// finish closes the old database, tells the ledger, and opens the new one. Each
// step may be repeated.
func (m *mover) finish(ctx context.Context) error {
	moved := mark{markMoved, m.done.To}
	if m.source != moved {
		if err := setMark(ctx, m.from, moved); err != nil {
			return err
		}
	}
	if m.ledger.moved != m.done.To {
		if err := m.ledger.append(ledgerLine{At: m.o.Now().UTC(), Kind: lineMove, Why: m.done.To}); err != nil {
			return err
		}
	}
	return clearMark(ctx, m.to, m.target)
}

func setMark(ctx context.Context, db *sql.DB, m mark) error {
	_, err := db.ExecContext(ctx, `INSERT INTO schema_version (version, name, hash) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, notServed, m.name, m.about)
	if err != nil {
		return fmt.Errorf("mark the database: %w", err)
	}
	there, err := readMark(ctx, db)
	if err == nil && there != m {
		err = ErrTarget
	}
	return err
}

func clearMark(ctx context.Context, db *sql.DB, m mark) error {
	_, err := db.ExecContext(ctx, `DELETE FROM schema_version WHERE version = $1 AND name = $2 AND hash = $3`, notServed, m.name, m.about)
	if err != nil {
		return fmt.Errorf("open the new database: %w", err)
	}
	return nil
}

// sameSchema refuses a database of another version than the program's.
func sameSchema(ctx context.Context, db *sql.DB) error {
	var have int
	err := db.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM schema_version WHERE version < $1`, notServed).Scan(&have)
	if err == nil && have != schemaKnown {
		err = fmt.Errorf("%w: schema %d, not %d", ErrSchema, have, schemaKnown)
	}
	return err
}

// knownTables refuses a source with a table that a move would forget.
func knownTables(ctx context.Context, q querier) error {
	rows, err := q.QueryContext(ctx, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'schema_version'`)
	if err != nil {
		return fmt.Errorf("list the tables: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		if !slices.ContainsFunc(movedTables, func(t movedTable) bool { return t.name == name }) {
			return fmt.Errorf("this program does not know how to move the table %s", name)
		}
	}
	return rows.Err()
}
