package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"io/fs"
)

// MigrateSealed is Migrate for a SQLite file that nobody but this program changes.
// It keeps a checksum of all definitions in the file (its user_version, which is 0
// while they change), since a bit that flips in one of them stays a sound structure
// but gives a column another name, or a row another rule. An error for which
// IsCorrupt holds says so.
func MigrateSealed(ctx context.Context, db *sql.DB, files fs.FS) error {
	list, err := readMigrations(files)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	sealed, err := readSeal(ctx, db)
	if err != nil {
		return err
	}
	if sealed != 0 {
		now, err := checksum(ctx, db)
		if err != nil {
			return err
		}
		if now != sealed {
			return &DamageError{Problems: []string{"the definitions of its tables are not what they were"}}
		}
		if done, err := SchemaVersion(ctx, db); err != nil {
			return err
		} else if done >= len(list) {
			return Migrate(ctx, db, files) // which finds nothing to do, or a newer file
		}
		if err := writeSeal(ctx, db, 0); err != nil {
			return err
		}
	}
	if err := Migrate(ctx, db, files); err != nil {
		return err
	}
	now, err := checksum(ctx, db)
	if err != nil {
		return err
	}
	return writeSeal(ctx, db, now)
}

func readSeal(ctx context.Context, db *sql.DB) (sum int32, err error) {
	if err := db.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&sum); err != nil {
		return 0, fmt.Errorf("read the checksum of the definitions: %w", err)
	}
	return sum, nil
}

func writeSeal(ctx context.Context, db *sql.DB, sum int32) error {
	if _, err := db.ExecContext(ctx, fmt.Sprintf(`PRAGMA user_version = %d`, sum)); err != nil {
		return fmt.Errorf("write the checksum of the definitions: %w", err)
	}
	return nil
}

// checksum is never 0.
func checksum(ctx context.Context, db *sql.DB) (int32, error) {
	texts, err := column(ctx, db, `SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY name`)
	if err != nil {
		return 0, fmt.Errorf("read the definitions: %w", err)
	}
	h := sha256.New()
	for _, text := range texts {
		fmt.Fprintf(h, "%d %s\n", len(text), text)
	}
	return int32(binary.BigEndian.Uint32(h.Sum(nil))>>1 | 1), nil
}
