package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"cityhall/shared/sqlite"
)

// open opens a new file and closes it with the test.
func open(t testing.TB, o sqlite.Options) (*sql.DB, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	return reopen(t, path, o), path
}

func reopen(t testing.TB, path string, o sqlite.Options) *sql.DB {
	t.Helper()
	db, err := sqlite.Open(context.Background(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func run(t testing.TB, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func count(t testing.TB, db *sql.DB, query string) int {
	t.Helper()
	var n int
	if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestOpenSetsEveryConnection(t *testing.T) {
	for name, o := range map[string]sqlite.Options{"default": {}, "secure": {SecureDelete: true}, "exclusive": {Exclusive: true}} {
		t.Run(name, func(t *testing.T) {
			db, path := open(t, o)
			want := map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000",
				"trusted_schema": "0", "cell_size_check": "1", "secure_delete": "0", "locking_mode": "normal"}
			conns := 3
			if o.SecureDelete {
				want["secure_delete"] = "1"
			}
			if o.Exclusive {
				want["locking_mode"], conns = "exclusive", 1
			}
			for range conns {
				c, err := db.Conn(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				for pragma, value := range want {
					var got string
					if err := c.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != value {
						t.Errorf("%s is %q, not %q (%v)", pragma, got, value, err)
					}
				}
			}
			info, err := os.Stat(path)
			if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
		})
	}
}

// TestPragmaMismatchIsRefused meets the two real ways to a weaker database: the
// driver's own default in WAL mode, and a file system that cannot keep a WAL.
func TestPragmaMismatchIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	for source, names := range map[string]string{
		"_journal=WAL&_fk=1":                               "synchronous",
		"_journal=WAL&_sync=NORMAL&_fk=1":                  "synchronous",
		"_journal=WAL&_sync=FULL":                          "foreign_keys",
		"_journal=WAL&_sync=FULL&_fk=1&_timeout=0":         "busy_timeout",
		"_journal=DELETE&_sync=FULL&_fk=1":                 "journal_mode",
		"_journal=WAL&_sync=FULL&_fk=1":                    "",
		"_journal=WAL&_sync=FULL&_fk=1&_locking=EXCLUSIVE": "locking_mode",
	} {
		err := sqlite.VerifyDriverDefaults(t.Context(), path, source, sqlite.Options{})
		if (names == "") != (err == nil) || err != nil && (!errors.Is(err, sqlite.ErrPragma) || !strings.Contains(err.Error(), names)) {
			t.Errorf("%s: %v", source, err)
		}
	}
	if runtime.GOOS == "windows" {
		return
	}
	_, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "b.db"), sqlite.Options{VFS: "unix-dotfile"})
	if !errors.Is(err, sqlite.ErrPragma) || !strings.Contains(err.Error(), "journal_mode") {
		t.Errorf("a file system without shared memory: %v", err)
	}
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "c.db"), sqlite.Options{VFS: "unix-dotfile", Exclusive: true})
	if err != nil {
		t.Fatalf("the same, exclusive: %v", err)
	}
	db.Close()
}

func TestOpenSaysWhyItCannot(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("this is no database\n", 300)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		path string
		o    sqlite.Options
		want error
	}{
		"text":          {text, sqlite.Options{}, sqlite.ErrNotDatabase},
		"text, reading": {text, sqlite.Options{ReadOnly: true}, sqlite.ErrNotDatabase},
		"a folder":      {folder, sqlite.Options{}, sqlite.ErrNotDatabase},
		"no folder":     {filepath.Join(folder, "none", "a.db"), sqlite.Options{}, sqlite.ErrUnwritable},
		"under a file":  {filepath.Join(text, "a.db"), sqlite.Options{}, sqlite.ErrUnwritable},
		"missing":       {filepath.Join(folder, "none.db"), sqlite.Options{ReadOnly: true}, sqlite.ErrMissing},
	} {
		db, err := sqlite.Open(t.Context(), test.path, test.o)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		} else if !strings.Contains(err.Error(), test.path) {
			t.Errorf("%s: the error does not name the file: %v", name, err)
		}
		if sqlite.IsCorrupt(err) != (test.want == sqlite.ErrNotDatabase) {
			t.Errorf("%s: IsCorrupt is wrong for %v", name, err)
		}
		if err == nil {
			db.Close()
		}
	}
	if os.Getuid() > 0 {
		if err := os.Chmod(folder, 0o500); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(folder, 0o700)
		if _, err := sqlite.Open(t.Context(), filepath.Join(folder, "new.db"), sqlite.Options{}); !errors.Is(err, sqlite.ErrUnwritable) {
			t.Errorf("a folder that may not be written: %v", err)
		}
	}
}

func TestOpenTakesAnyPath(t *testing.T) {
	for _, name := range []string{"a b.db", "50%41.db", "what?.db", "#1.db", "Straße ñ.db", "a&b=c.db", "file:x.db"} {
		if runtime.GOOS == "windows" && strings.ContainsAny(name, "?:") {
			continue
		}
		path := filepath.Join(t.TempDir(), name)
		run(t, reopen(t, path, sqlite.Options{}), `CREATE TABLE a (b)`)
		if info, err := os.Stat(path); err != nil || info.Size() == 0 && !exists(path+"-wal") {
			t.Errorf("%s is not where the data went: %v", name, err)
		}
		entries, _ := os.ReadDir(filepath.Dir(path))
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), name) {
				t.Errorf("%s made %s", name, e.Name())
			}
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// TestManyOpenANewFileAtOnce is two programs that start together.
func TestManyOpenANewFileAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new.db")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			db, err := sqlite.Open(t.Context(), path, sqlite.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestReadOnlyDoesNotWrite(t *testing.T) {
	db, path := open(t, sqlite.Options{})
	run(t, db, `CREATE TABLE a (b)`)
	run(t, db, `INSERT INTO a VALUES (1)`)
	reader := reopen(t, path, sqlite.Options{ReadOnly: true})
	if n := count(t, reader, `SELECT count(*) FROM a`); n != 1 {
		t.Errorf("%d rows", n)
	}
	if _, err := reader.Exec(`INSERT INTO a VALUES (2)`); err == nil {
		t.Error("a read-only database was written")
	}
}

func TestInTx(t *testing.T) {
	db, _ := open(t, sqlite.Options{})
	run(t, db, `CREATE TABLE a (b INTEGER PRIMARY KEY)`)
	insert := func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO a VALUES (1)`)
		return err
	}
	stop := errors.New("stop")
	if err := sqlite.InTx(t.Context(), db, func(tx *sql.Tx) error { return errors.Join(insert(tx), stop) }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	func() {
		defer func() {
			if recover() != "boom" {
				t.Error("the panic was swallowed")
			}
		}()
		sqlite.InTx(t.Context(), db, func(tx *sql.Tx) error {
			if err := insert(tx); err != nil {
				t.Error(err)
			}
			panic("boom")
		})
	}()
	if n := count(t, db, `SELECT count(*) FROM a`); n != 0 {
		t.Fatalf("%d rows after rollbacks", n)
	}
	if err := sqlite.InTx(t.Context(), db, insert); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.InTx(t.Context(), db, insert); !sqlite.IsConstraint(err) || sqlite.IsBusy(err) || sqlite.IsFull(err) || sqlite.IsCorrupt(err) {
		t.Errorf("a second row with one key: %v", err)
	}
}

// TestReadTxIsASnapshotBesideAWriter reads twice while another transaction holds
// the write lock and commits in between.
func TestReadTxIsASnapshotBesideAWriter(t *testing.T) {
	db, _ := open(t, sqlite.Options{})
	run(t, db, `CREATE TABLE a (b)`)
	err := sqlite.InReadTx(t.Context(), db, func(read *sql.Tx) error {
		for range 2 {
			var n int
			if err := read.QueryRow(`SELECT count(*) FROM a`).Scan(&n); err != nil || n != 0 {
				t.Errorf("%d rows in the snapshot, %v", n, err)
			}
			run(t, db, `INSERT INTO a VALUES (1)`)
		}
		if _, err := read.Exec(`INSERT INTO a VALUES (1)`); err == nil {
			t.Error("a read transaction wrote")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // the connection of the snapshot must write again
	run(t, db, `INSERT INTO a VALUES (1)`)
	if n := count(t, db, `SELECT count(*) FROM a`); n != 3 {
		t.Errorf("%d rows, not 3", n)
	}
}

// TestWriteTxTakesTheLockAtOnce holds _txlock=immediate.
func TestWriteTxTakesTheLockAtOnce(t *testing.T) {
	db, path := open(t, sqlite.Options{})
	other := reopen(t, path, sqlite.Options{MaxConns: 1})
	run(t, other, `PRAGMA busy_timeout = 20`)
	err := sqlite.InTx(t.Context(), db, func(*sql.Tx) error {
		err := sqlite.InTx(t.Context(), other, func(*sql.Tx) error { return nil })
		if !sqlite.IsBusy(err) || sqlite.IsCorrupt(err) {
			t.Errorf("a second writer: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCheckpointEmptiesTheLog(t *testing.T) {
	db, path := open(t, sqlite.Options{SecureDelete: true})
	run(t, db, `CREATE TABLE a (b)`)
	run(t, db, `INSERT INTO a VALUES ('a resident''s telephone number')`)
	run(t, db, `DELETE FROM a`)
	if err := sqlite.Checkpoint(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() != 0 {
		t.Errorf("the log has %d bytes, %v", info.Size(), err)
	}
	if content, _ := os.ReadFile(path); strings.Contains(string(content), "telephone") {
		t.Error("deleted content is still in the file")
	}
	run(t, db, `INSERT INTO a VALUES (1)`)
	err := sqlite.InReadTx(t.Context(), db, func(read *sql.Tx) error {
		var n int
		if err := read.QueryRow(`SELECT count(*) FROM a`).Scan(&n); err != nil {
			return err
		}
		c, err := db.Conn(t.Context())
		if err != nil {
			return err
		}
		defer c.Close()
		run(t, db, `INSERT INTO a VALUES (2)`)
		short := reopen(t, path, sqlite.Options{MaxConns: 1})
		run(t, short, `PRAGMA busy_timeout = 20`)
		if err := sqlite.Checkpoint(t.Context(), short); !sqlite.IsBusy(err) {
			t.Errorf("beside a reader: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFullTextSearchIsThere(t *testing.T) {
	db, _ := open(t, sqlite.Options{})
	run(t, db, `CREATE VIRTUAL TABLE words USING fts4 (body, tokenize=unicode61)`)
	run(t, db, `INSERT INTO words VALUES ('Árbol caído en la Calle Mayor')`)
	if n := count(t, db, `SELECT count(*) FROM words WHERE words MATCH 'arbol call*'`); n != 1 {
		t.Errorf("found %d", n)
	}
}
