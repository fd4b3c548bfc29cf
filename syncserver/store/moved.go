package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"cityhall/shared/sqlite"
)

// A database that nobody may serve has a row of this version in schema_version. No
// migration has the number, and every program looks for it before it serves.
const notServed = 9999

// What the row's name says.
const (
	markMoved  = "moved"  // the city lives elsewhere now; the row's hash says where
	markMoving = "moving" // an unfinished move goes here; the hash is the city's public key
)

// The errors of a database that is not served.
var (
	ErrMoved  = errors.New(`this city's database has moved to PostgreSQL: start the server with -db, and keep this folder for its keys, photos and ledger`)
	ErrMoving = errors.New(`a move into this database is not finished: run "cityhall move" again`)
)

// mark is the row that keeps a database from being served; zero when there is none.
type mark struct{ name, about string }

func readMark(ctx context.Context, q querier) (mark, error) {
	var m mark
	err := q.QueryRowContext(ctx, `SELECT name, hash FROM schema_version WHERE version = $1`, notServed).Scan(&m.name, &m.about)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return m, fmt.Errorf("read the schema's version: %w", err)
	}
	return m, nil
}

// mayServe refuses a database with a mark. It is looked for before the tables are
// made and again after: a move that begins in between is seen here, or sees them.
func mayServe(ctx context.Context, db *sql.DB) error {
	if _, err := sqlite.SchemaVersion(ctx, db); err != nil { // makes the table
		return err
	}
	m, err := readMark(ctx, db)
	switch m.name {
	case "":
		return err
	case markMoved:
		return fmt.Errorf("%w (%s)", ErrMoved, m.about)
	}
	return ErrMoving
}
