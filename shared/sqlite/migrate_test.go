package sqlite_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"cityhall/shared/sqlite"
)

func files(texts ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	names := []string{"0001_start.sql", "0002_more.sql", "0003_last.sql"}
	for i, text := range texts {
		fsys[names[i]] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

const (
	firstMigration = `-- People; and what they own.
CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'a;b');
CREATE TABLE log (line TEXT);
CREATE TRIGGER on_person AFTER INSERT ON person BEGIN
	INSERT INTO log VALUES (CASE WHEN new.name = '' THEN 'none' ELSE new.name END);
	INSERT INTO log VALUES ('done');
END;
`
	secondMigration = `ALTER TABLE person ADD COLUMN age INTEGER; INSERT INTO person (name) VALUES ('Ana');`
)

func TestMigrateForward(t *testing.T) {
	db, _ := open(t, sqlite.Options{})
	for _, fsys := range []fstest.MapFS{files(firstMigration), files(firstMigration), files(firstMigration, secondMigration)} {
		if err := sqlite.Migrate(t.Context(), db, fsys); err != nil {
			t.Fatal(err)
		}
	}
	if v, err := sqlite.SchemaVersion(t.Context(), db); v != 2 || err != nil {
		t.Errorf("version %d, %v", v, err)
	}
	if n := count(t, db, `SELECT count(*) FROM log`); n != 2 {
		t.Errorf("the trigger wrote %d rows, not 2", n)
	}
	windows := files(strings.ReplaceAll(firstMigration, "\n", "\r\n"), secondMigration)
	if err := sqlite.Migrate(t.Context(), db, windows); err != nil {
		t.Errorf("the same text with other line ends: %v", err)
	}
}

func TestMigrateRefuses(t *testing.T) {
	db, _ := open(t, sqlite.Options{})
	if err := sqlite.Migrate(t.Context(), db, files(firstMigration, secondMigration)); err != nil {
		t.Fatal(err)
	}
	err := sqlite.Migrate(t.Context(), db, files(firstMigration))
	var newer *sqlite.NewerError
	if !errors.Is(err, sqlite.ErrNewer) || !errors.As(err, &newer) || newer.Database != 2 || newer.Program != 1 {
		t.Errorf("a database from a newer program: %v", err)
	}
	if err := sqlite.Migrate(t.Context(), db, files(firstMigration+" ", secondMigration)); !errors.Is(err, sqlite.ErrAltered) {
		t.Errorf("an altered migration: %v", err)
	}
	for name, fsys := range map[string]fstest.MapFS{
		"none": {}, "gap": {"0001_a.sql": {}, "0003_b.sql": {}}, "bad name": {"1-a.sql": {}}, "twice": {"0001_a.sql": {}, "0001_b.sql": {}},
	} {
		if err := sqlite.Migrate(t.Context(), db, fsys); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestMigrationFailsWhole(t *testing.T) {
	db, _ := open(t, sqlite.Options{})
	broken := secondMigration + `INSERT INTO nowhere VALUES (1);`
	err := sqlite.Migrate(t.Context(), db, files(firstMigration, broken))
	if err == nil || !strings.Contains(err.Error(), "0002_more: statement 3") {
		t.Fatalf("got %v", err)
	}
	if v, _ := sqlite.SchemaVersion(t.Context(), db); v != 1 || count(t, db, `SELECT count(*) FROM person`) != 0 {
		t.Errorf("half of a migration stays, version %d", v)
	}
	if err := sqlite.Migrate(t.Context(), db, files(firstMigration, secondMigration)); err != nil {
		t.Errorf("repaired: %v", err)
	}
}

func TestMigrateFromSeveralProgramsAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	reopen(t, path, sqlite.Options{})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			db, err := sqlite.Open(t.Context(), path, sqlite.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			if err := sqlite.Migrate(t.Context(), db, files(firstMigration, secondMigration)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	db := reopen(t, path, sqlite.Options{})
	if n := count(t, db, `SELECT count(*) FROM person`); n != 1 {
		t.Errorf("the migration ran %d times", n)
	}
}

func TestSplitStatements(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                 nil,
		" ;; -- nothing\n;":                nil,
		"a;b":                              {"a", "b"},
		"a 'it''s; here'; b":               {"a 'it''s; here'", "b"},
		`a "x;y"; b`:                       {`a "x;y"`, "b"},
		"a /* ; */ b; c -- ; d":            {"a   b", "c"},
		"INSERT INTO a VALUES ($1, $2); b": {"INSERT INTO a VALUES ($1, $2)", "b"},
		"DO $$ BEGIN x; END $$; b":         {"DO $$ BEGIN x; END $$", "b"},
		"CREATE FUNCTION f() AS $body$ a; $x$ ; $body$; b":          {"CREATE FUNCTION f() AS $body$ a; $x$ ; $body$", "b"},
		"SELECT CASE WHEN a THEN b END; c":                          {"SELECT CASE WHEN a THEN b END", "c"},
		"CREATE TRIGGER t AFTER INSERT ON a BEGIN x; y; END; c":     {"CREATE TRIGGER t AFTER INSERT ON a BEGIN x; y; END", "c"},
		"CREATE TRIGGER t ON a BEGIN SELECT CASE b END; END; c":     {"CREATE TRIGGER t ON a BEGIN SELECT CASE b END; END", "c"},
		"create trigger t after insert on a execute function f();c": {"create trigger t after insert on a execute function f()", "c"},
		"DROP TABLE trigger_log; c":                                 {"DROP TABLE trigger_log", "c"},
		"a 'open":                                                   {"a 'open"},
	} {
		if got := sqlite.SplitStatements(text); !slices.Equal(got, want) {
			t.Errorf("%q:\n%q, want\n%q", text, got, want)
		}
	}
}
