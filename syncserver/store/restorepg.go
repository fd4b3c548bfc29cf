package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
)

// ErrNoCity means a PostgreSQL database that holds no city.
var ErrNoCity = errors.New("there is no city in this database")

// cityIn refuses a database without our tables. Looking changes nothing.
func cityIn(ctx context.Context, q querier) error {
	there, err := hasTable(ctx, q, "sync_head")
	if err == nil && !there {
		err = ErrNoCity
	}
	return err
}

// restoringTable stands in a PostgreSQL database from before anything is restored
// into it until the data folder is complete too, as restoringDir does in the folder.
const restoringTable = "cityhall_restoring"

// notRestoring refuses a database in which a restore was interrupted.
func notRestoring(ctx context.Context, q querier) error {
	there, err := hasTable(ctx, q, restoringTable)
	if err == nil && there {
		err = fmt.Errorf(`a restore was interrupted in this database: make it anew ("dropdb", "createdb"), empty the data folder except for the file "ledger", and restore again (%w)`, ErrRestoring)
	}
	return err
}

func hasTable(ctx context.Context, q querier, name string) (there bool, err error) {
	if err := q.QueryRowContext(ctx, `SELECT to_regclass($1) IS NOT NULL`, name).Scan(&there); err != nil {
		return false, fmt.Errorf("look for table %s: %w", name, err)
	}
	return there, nil
}

// roomInDatabase refuses a database that holds anything but the mark of a restore
// that got no further.
func roomInDatabase(ctx context.Context, q querier) error {
	var name sql.NullString
	err := q.QueryRowContext(ctx, `SELECT min(n.nspname || '.' || c.relname) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
		WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%' AND c.relname <> $1`, restoringTable).Scan(&name)
	if err != nil {
		return fmt.Errorf("look into the database: %w", err)
	}
	if name.Valid {
		return fmt.Errorf(`%w: the database holds %s; restore into an empty one ("createdb")`, ErrNotEmpty, name.String)
	}
	return nil
}

// openTarget opens the database that is restored into, after making sure that
// nothing in it is overwritten, and marks it. What the operator's own tool has
// restored is there already, and is taken over.
func (r *Restored) openTarget(ctx context.Context, dsn string) (*sql.DB, error) {
	if r.Engine == EnginePostgres {
		if err := CheckTools(); err != nil {
			return nil, err
		}
	}
	db, err := open(ctx, dsn)
	if err != nil {
		return nil, err
	}
	if r.Engine == EngineAttested {
		err = cityIn(ctx, db)
	} else {
		err = roomInDatabase(ctx, db)
	}
	if err == nil {
		_, err = db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS cityhall_restoring (since TEXT)`)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// fillTarget brings the dump in.
func (r *Restored) fillTarget(ctx context.Context, dsn string) error {
	if r.Engine == EngineAttested {
		return nil
	}
	return restoreDump(ctx, dsn, filepath.Join(r.Path, backupDump))
}

// endRestore takes the mark away: all is in its place.
func endRestore(ctx context.Context, db *sql.DB) error {
	if _, err := db.ExecContext(ctx, `DROP TABLE cityhall_restoring`); err != nil {
		return fmt.Errorf("end the restore: %w", err)
	}
	return nil
}
