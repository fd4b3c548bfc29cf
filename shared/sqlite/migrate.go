package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// ErrNewer means that a newer version of the program has changed the database;
// this one would misread it. *NewerError carries both versions.
var ErrNewer = errors.New("the database was written by a newer version of this program")

// ErrAltered means that a migration in the program is not the one that made
// this database.
var ErrAltered = errors.New("the database was made by another text of this migration")

// NewerError tells how far the database is ahead.
type NewerError struct{ Database, Program int }

func (e *NewerError) Error() string {
	return fmt.Sprintf("%v: database schema %d, program knows %d; install the newer program or restore an older backup",
		ErrNewer, e.Database, e.Program)
}

// Unwrap makes errors.Is(err, ErrNewer) hold.
func (e *NewerError) Unwrap() error { return ErrNewer }

type migration struct {
	version    int
	name, hash string
	statements []string
}

var migrationName = regexp.MustCompile(`^([0-9]{4})_([a-z0-9_]+)\.sql$`)

// Migrate brings the database to the newest of the files NNNN_name.sql at the
// root of files, each in its own transaction, numbered from 0001 without gaps.
// It is forward only, safe to call at every start and from several processes
// at once, and runs on SQLite and PostgreSQL alike.
func Migrate(ctx context.Context, db *sql.DB, files fs.FS) error {
	list, err := readMigrations(files)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if err := createVersionTable(ctx, db); err != nil {
		return fmt.Errorf("create schema_version: %w", err)
	}
	done, err := appliedMigrations(ctx, db)
	if err != nil {
		return fmt.Errorf("read schema_version: %w", err)
	}
	for version := 1; version <= maxKey(done); version++ {
		if _, ok := done[version]; !ok { // they are applied in order, so this one was
			return fmt.Errorf("%w: %04d is not noted, %04d is", ErrAltered, version, maxKey(done))
		}
	}
	for version := range done {
		if version > len(list) {
			return &NewerError{Database: maxKey(done), Program: len(list)}
		}
	}
	for _, m := range list {
		if hash, ok := done[m.version]; ok {
			if hash != m.hash {
				return fmt.Errorf("%w: %04d_%s", ErrAltered, m.version, m.name)
			}
			continue
		}
		if err := apply(ctx, db, m); err != nil {
			return fmt.Errorf("migration %04d_%s: %w", m.version, m.name, err)
		}
	}
	return nil
}

// SchemaVersion returns the number of the last migration applied, 0 if none.
func SchemaVersion(ctx context.Context, db *sql.DB) (int, error) {
	if err := createVersionTable(ctx, db); err != nil {
		return 0, err
	}
	done, err := appliedMigrations(ctx, db)
	return maxKey(done), err
}

// apply claims the version first: of two programs that start at once, the
// second waits for the row, finds it taken and has nothing to do.
func apply(ctx context.Context, db *sql.DB, m migration) error {
	return InTx(ctx, db, func(tx *sql.Tx) error {
		claimed, err := tx.ExecContext(ctx, `INSERT INTO schema_version (version, name, hash) VALUES ($1, $2, $3)
			ON CONFLICT (version) DO NOTHING`, m.version, m.name, m.hash)
		if err != nil {
			return err
		}
		if n, err := claimed.RowsAffected(); err != nil || n == 0 {
			return err
		}
		for i, statement := range m.statements {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("statement %d: %w", i+1, err)
			}
		}
		return nil
	})
}

// createVersionTable tries twice: PostgreSQL lets one of two simultaneous
// CREATE TABLE IF NOT EXISTS fail.
func createVersionTable(ctx context.Context, db *sql.DB) error {
	const create = `CREATE TABLE IF NOT EXISTS schema_version (
		version INTEGER PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL)`
	if _, err := db.ExecContext(ctx, create); err == nil {
		return nil
	}
	_, err := db.ExecContext(ctx, create)
	return err
}

func appliedMigrations(ctx context.Context, db *sql.DB) (map[int]string, error) {
	rows, err := db.QueryContext(ctx, `SELECT version, hash FROM schema_version`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	done := map[int]string{}
	for rows.Next() {
		var version int
		var hash string
		if err := rows.Scan(&version, &hash); err != nil {
			return nil, err
		}
		done[version] = hash
	}
	return done, rows.Err()
}

func readMigrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	sort.Strings(names)
	var list []migration
	for i, name := range names {
		parts := migrationName.FindStringSubmatch(path.Base(name))
		if parts == nil {
			return nil, fmt.Errorf("%s: the name must be NNNN_name.sql", name)
		}
		if version, _ := strconv.Atoi(parts[1]); version != i+1 {
			return nil, fmt.Errorf("%s: expected number %04d", name, i+1)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		unix := strings.ReplaceAll(string(text), "\r\n", "\n")
		sum := sha256.Sum256([]byte(unix))
		list = append(list, migration{i + 1, parts[2], hex.EncodeToString(sum[:]), splitStatements(unix)})
	}
	if len(list) == 0 {
		return nil, errors.New("no migrations found")
	}
	return list, nil
}

func maxKey(m map[int]string) int {
	highest := 0
	for k := range m {
		highest = max(highest, k)
	}
	return highest
}
