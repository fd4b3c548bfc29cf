package sqlite

import (
	"context"
	"database/sql"
	"fmt"
)

// Depth says how thoroughly Check looks.
type Depth int

// Quick reads every page but does not compare indexes with tables; Full does,
// and checks foreign keys. Neither notices a changed byte inside a value: rows
// that matter carry their own hash.
const (
	Quick Depth = iota
	Full
)

// Check reads the whole database and returns nil if its structure is sound, or
// an error for which IsCorrupt holds; a *DamageError lists at most 100 problems.
func Check(ctx context.Context, db *sql.DB, depth Depth) error {
	query := `PRAGMA quick_check(100)`
	if depth == Full {
		query = `PRAGMA integrity_check(100)`
	}
	problems, err := column(ctx, db, query)
	if err != nil {
		return fmt.Errorf("check database: %w", err)
	}
	if len(problems) == 1 && problems[0] == "ok" {
		problems = nil
	}
	if depth == Full && len(problems) == 0 {
		orphans, err := column(ctx, db, `SELECT "table" || ' row ' || coalesce(rowid, '?') || ' points to nothing in ' || parent
			FROM pragma_foreign_key_check LIMIT 100`)
		if err != nil {
			return fmt.Errorf("check foreign keys: %w", err)
		}
		problems = orphans
	}
	if len(problems) > 0 {
		return &DamageError{Problems: problems}
	}
	return nil
}

func column(ctx context.Context, db *sql.DB, query string) ([]string, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var values []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, rows.Err()
}
