package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"

	"cityhall/shared/sqlite"
)

// carved gives the bodies of the rows that Carve finds, by row id.
func carved(t *testing.T, path string) map[int64]string {
	t.Helper()
	found := map[int64]string{}
	err := sqlite.Carve(t.Context(), path, func(rowID int64, values []any) error {
		if text, ok := values[len(values)-1].(string); ok && len(values) == 2 && values[0] == nil {
			found[rowID] = text
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// long is a body that flows over into other pages when n is odd.
func long(n int) string { return fmt.Sprintf("row %d %s", n, strings.Repeat("y", n%2*9000+n)) }

// Rows are read without header, schema and inner pages, also from the log.
func TestCarveNeedsNoHeader(t *testing.T) {
	db, path := open(t, sqlite.Options{})
	run(t, db, `CREATE TABLE mutation (n INTEGER PRIMARY KEY, body TEXT NOT NULL)`)
	put := func(n int) { run(t, db, `INSERT INTO mutation VALUES (`+fmt.Sprint(n)+`, '`+long(n)+`')`) }
	for n := range 300 {
		put(n + 1)
	}
	if err := sqlite.Checkpoint(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	for n := range 50 {
		put(n + 301)
	}
	run(t, db, `UPDATE mutation SET body = 'newer' WHERE n = 7`)
	copied := path + ".copy"
	for _, end := range []string{"", "-wal"} {
		raw, err := os.ReadFile(path + end)
		if err != nil {
			t.Fatal(err)
		}
		if end == "" {
			clear(raw[:4096])
			for page := 4096; page < len(raw); page += 4096 {
				if raw[page] == 5 { // an inner page
					clear(raw[page : page+4096])
				}
			}
		} else { // a transaction that was cut off counts for nothing
			raw = append(raw, bytes.Clone(raw[len(raw)-4120:len(raw)-100])...)
		}
		if err := os.WriteFile(copied+end, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found := carved(t, copied)
	for n := 1; n <= 350; n++ {
		want := long(n)
		if n == 7 {
			want = "newer"
		}
		if found[int64(n)] != want {
			t.Errorf("row %d is %.20q of %d bytes", n, found[int64(n)], len(found[int64(n)]))
		}
	}
}

func TestCarveOfGarbage(t *testing.T) {
	path := filled(t, 400)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	step := 37
	if testing.Short() {
		step *= 10
	}
	for at := 0; at < len(whole); at += step { // any length, any byte: no panic, no wrong text
		raw := bytes.Clone(whole)
		raw[at] ^= byte(1 + at%255)
		if err := os.WriteFile(path, raw[:len(raw)-at/2], 0o600); err != nil {
			t.Fatal(err)
		}
		carved(t, path)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sqlite.Carve(ctx, path, func(int64, []any) error { return nil }); err == nil {
		t.Error("carved after its end")
	}
}

// What a table is may not change behind the program's back.
func TestSealedDefinitions(t *testing.T) {
	db, path := open(t, sqlite.Options{})
	first := files(firstMigration)
	for range 2 {
		if err := sqlite.MigrateSealed(t.Context(), db, first); err != nil {
			t.Fatal(err)
		}
	}
	both := files(firstMigration, secondMigration)
	for range 2 {
		if err := sqlite.MigrateSealed(t.Context(), db, both); err != nil {
			t.Fatal(err)
		}
	}
	run(t, db, `ALTER TABLE schema_version RENAME COLUMN hash TO hush`)
	run(t, db, `ALTER TABLE schema_version RENAME COLUMN hush TO hash`)
	if err := sqlite.MigrateSealed(t.Context(), db, both); err != nil {
		t.Errorf("the same again: %v", err)
	}
	for _, change := range []string{`CREATE INDEX more ON schema_version (hash)`, `DROP INDEX more`} {
		run(t, db, change)
		err := sqlite.MigrateSealed(t.Context(), db, both)
		if sqlite.IsCorrupt(err) != strings.HasPrefix(change, "CREATE") {
			t.Errorf("%s in %s: %v", change, path, err)
		}
	}
	if version := number(t, db, `PRAGMA user_version`); version == 0 {
		t.Error("no seal")
	}
}

func number(t *testing.T, db *sql.DB, query string) (n int) {
	t.Helper()
	if err := db.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
