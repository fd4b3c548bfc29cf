package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"cityhall/shared/sqlite"
)

//go:embed schema/*.sql
var schema embed.FS

// schemaKnown is the newest schema that this program knows.
var schemaKnown = func() int {
	files, err := fs.Glob(schema, "schema/*.sql")
	if err != nil {
		panic(err) // the pattern is wrong
	}
	return len(files)
}()

// ErrOutdated means that a newer program has changed the database in a way that
// this one cannot work with.
var ErrOutdated = errors.New("this program is too old for the database: install the newer one")

func outdated(needs int) error {
	return fmt.Errorf("%w (it needs schema %d, this program knows %d)", ErrOutdated, needs, schemaKnown)
}

// migrate brings the tables up to date. On PostgreSQL a program may be older than
// the tables, while the servers of a city are replaced one after the other: it
// works on, for as long as no migration says that older programs cannot.
func (s *Store) migrate(ctx context.Context, dsn string) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	db := s.db
	if s.postgres { // whoever migrates at the same time may take as long as it takes
		if db, err = openPostgres(ctx, dsn, "0"); err != nil {
			return err
		}
		defer db.Close()
	}
	err = sqlite.Migrate(ctx, db, files)
	var newer *sqlite.NewerError
	if !s.postgres || !errors.As(err, &newer) {
		return err
	}
	var needs int
	if err := db.QueryRowContext(ctx, `SELECT needs FROM sync_head WHERE one = 1`).Scan(&needs); err != nil {
		return fmt.Errorf("see which programs the database is for: %w", err)
	}
	if needs > schemaKnown {
		return outdated(needs)
	}
	s.log.Warn("a newer program has changed the database; this one works on beside it", "database", newer.Database, "program", newer.Program)
	return nil
}

// ErrOtherKeys means that the server's keys are not those that the database was
// made with.
var ErrOtherKeys = errors.New("the server's keys are not those of this database: no device would know the city again. " +
	"All servers of a city use one data folder; or put back server-keys.json from a backup")

// keysName names the keys without telling anything of them. Keys to open what is
// sealed are added in the course of time, and are not in it.
func (s *Store) keysName() string {
	if s.keys == nil {
		return ""
	}
	sum := sha256.Sum256([]byte("cityhall keys v1 " + s.keys.Identity.Public().String() + " " + string(s.keys.CitySalt) + " " + string(s.keys.MAC.Bytes())))
	return hex.EncodeToString(sum[:])
}

// sameKeys refuses keys that the database was not made with.
func (s *Store) sameKeys(ctx context.Context, q querier) error {
	var have string
	err := q.QueryRowContext(ctx, `SELECT keys FROM sync_head WHERE one = 1`).Scan(&have)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read whose database it is: %w", err)
	}
	if name := s.keysName(); have != "" && name != "" && have != name {
		return ErrOtherKeys
	}
	return nil
}

// ownKeys notes in a new database which keys it is made with, and refuses others.
func (s *Store) ownKeys(ctx context.Context) error {
	return sqlite.InTx(ctx, s.db, func(tx *sql.Tx) error {
		w, err := s.lock(ctx, tx)
		if err != nil {
			return err
		}
		if err := s.prepareNonces(ctx, w); err != nil {
			return err
		}
		if err := s.sameKeys(ctx, tx); err != nil {
			return err
		}
		noted, err := tx.ExecContext(ctx, `UPDATE sync_head SET keys = $1 WHERE one = 1 AND keys = ''`, s.keysName())
		if err != nil {
			return fmt.Errorf("note the keys: %w", err)
		}
		if n, err := noted.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return seal(ctx, tx, "sync_head")
	})
}
