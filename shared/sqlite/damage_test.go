package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"cityhall/shared/sqlite"
)

const pageBytes = 4096

// filled makes a closed database with rows 1…n of about 200 bytes, all in the
// main file, and returns its path.
func filled(t *testing.T, n int) string {
	t.Helper()
	db, path := open(t, sqlite.Options{})
	run(t, db, `CREATE TABLE mutation (n INTEGER PRIMARY KEY, body TEXT NOT NULL)`)
	insert(t, db, 1, n)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func body(n int) string { return fmt.Sprintf("row %06d %s", n, strings.Repeat("x", 190)) }

func insert(t *testing.T, db *sql.DB, from, to int) {
	t.Helper()
	err := sqlite.InTx(t.Context(), db, func(tx *sql.Tx) error {
		for n := from; n <= to; n++ {
			if _, err := tx.Exec(`INSERT INTO mutation VALUES ($1, $2)`, n, body(n)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// spoil overwrites bytes of the file.
func spoil(t *testing.T, path string, offset int64, with []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(with, offset); err != nil {
		t.Fatal(err)
	}
}

// leaves returns the numbers (from 0) of the table's leaf pages.
func leaves(t *testing.T, path string) []int64 {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var pages []int64
	for p := 1; p*pageBytes < len(content); p++ {
		if content[p*pageBytes] == 0x0d {
			pages = append(pages, int64(p))
		}
	}
	return pages
}

func TestCheckFindsDamage(t *testing.T) {
	path := filled(t, 2000)
	for _, depth := range []sqlite.Depth{sqlite.Quick, sqlite.Full} {
		db := reopen(t, path, sqlite.Options{})
		if err := sqlite.Check(t.Context(), db, depth); err != nil {
			t.Errorf("a sound file: %v", err)
		}
		db.Close()
	}
	pages := leaves(t, path)
	spoil(t, path, pages[len(pages)/2]*pageBytes, make([]byte, 200))
	db := reopen(t, path, sqlite.Options{})
	var rows int
	if err := db.QueryRow(`SELECT count(*) FROM mutation WHERE body <> ''`).Scan(&rows); !sqlite.IsCorrupt(err) || sqlite.IsFull(err) || sqlite.IsBusy(err) {
		t.Errorf("reading all rows: %v", err)
	}
	for _, depth := range []sqlite.Depth{sqlite.Quick, sqlite.Full} {
		if err := sqlite.Check(t.Context(), db, depth); !sqlite.IsCorrupt(err) {
			t.Errorf("depth %d: %v", depth, err)
		}
	}
}

func TestCheckFindsOrphans(t *testing.T) {
	db, _ := open(t, sqlite.Options{MaxConns: 1})
	run(t, db, `CREATE TABLE a (id INTEGER PRIMARY KEY)`)
	run(t, db, `CREATE TABLE b (a INTEGER REFERENCES a)`)
	if _, err := db.Exec(`INSERT INTO b VALUES (7)`); !sqlite.IsConstraint(err) {
		t.Errorf("an orphan is let in: %v", err)
	}
	run(t, db, `PRAGMA foreign_keys = OFF`)
	run(t, db, `INSERT INTO b VALUES (7)`)
	err := sqlite.Check(t.Context(), db, sqlite.Full)
	var damage *sqlite.DamageError
	if !errors.As(err, &damage) || len(damage.Problems) != 1 || !strings.Contains(err.Error(), "b row 1") {
		t.Errorf("got %v", err)
	}
}

func TestDamagedHeaderIsCorruption(t *testing.T) {
	path := filled(t, 10)
	spoil(t, path, 0, []byte("SQLite f0rmat"))
	if _, err := sqlite.Open(t.Context(), path, sqlite.Options{}); !sqlite.IsCorrupt(err) {
		t.Errorf("got %v", err)
	}
}

func salvage(t *testing.T, path string) (map[int64]string, sqlite.Salvaged) {
	t.Helper()
	rows := map[int64]string{}
	done, err := sqlite.Salvage(t.Context(), path, "mutation", []string{"n", "body"}, func(id int64, values []any) error {
		if _, twice := rows[id]; twice || values[0] != id {
			t.Errorf("row %d comes twice, or as %v", id, values[0])
		}
		rows[id] = values[1].(string)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows, done
}

func TestSalvageLosesOnlyDamagedPages(t *testing.T) {
	const n = 2000
	path := filled(t, n)
	pages := leaves(t, path)
	broken := []int64{pages[3], pages[len(pages)/2], pages[len(pages)/2+1], pages[len(pages)-1]}
	for _, p := range broken {
		spoil(t, path, p*pageBytes, make([]byte, 64))
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, done := salvage(t, path)
	perPage := n/len(pages) + 2
	if len(rows) < n-len(broken)*perPage || len(rows) == n || done.Rows != len(rows) || done.Gaps == 0 {
		t.Errorf("%d rows of %d with %d bad pages of ≤ %d rows; %+v", len(rows), n, len(broken), perPage, done)
	}
	for id, text := range rows {
		if text != body(int(id)) {
			t.Fatalf("row %d is %q", id, text)
		}
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("the damaged file was changed")
	}
}

func TestSalvageOfASoundAndAnEmptyTable(t *testing.T) {
	for _, n := range []int{0, 1, 500} {
		rows, done := salvage(t, filled(t, n))
		if len(rows) != n || done != (sqlite.Salvaged{Rows: n}) {
			t.Errorf("%d rows of %d, %+v", len(rows), n, done)
		}
	}
}

func TestSalvageSaysWhatItCannot(t *testing.T) {
	path := filled(t, 200)
	stop := errors.New("stop")
	ignore := func(int64, []any) error { return nil }
	if _, err := sqlite.Salvage(t.Context(), path, "mutation", []string{"n"}, func(int64, []any) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("visit fails: %v", err)
	}
	if _, err := sqlite.Salvage(t.Context(), path, "nothing", []string{"n"}, ignore); err == nil {
		t.Error("no such table")
	}
	if _, err := sqlite.Salvage(t.Context(), path, `a"b`, []string{"n"}, ignore); err == nil {
		t.Error("a table name with a quote")
	}
	if _, err := sqlite.Salvage(t.Context(), path+"x", "mutation", []string{"n"}, ignore); !errors.Is(err, sqlite.ErrMissing) {
		t.Errorf("no file: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sqlite.Salvage(ended, path, "mutation", []string{"n"}, ignore); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: %v", err)
	}
	spoil(t, path, 0, make([]byte, 100))
	if _, err := sqlite.Salvage(t.Context(), path, "mutation", []string{"n"}, ignore); !sqlite.IsCorrupt(err) {
		t.Errorf("no header: %v", err)
	}
}

// TestSalvageReadsTheLog kills the writer, so to say: rows only in the -wal file.
func TestSalvageReadsTheLog(t *testing.T) {
	db, path := open(t, sqlite.Options{})
	run(t, db, `CREATE TABLE mutation (n INTEGER PRIMARY KEY, body TEXT NOT NULL)`)
	insert(t, db, 1, 50)
	copied := filepath.Join(t.TempDir(), "copy.db")
	for _, end := range []string{"", "-wal"} {
		content, err := os.ReadFile(path + end)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied+end, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if rows, _ := salvage(t, copied); len(rows) != 50 {
		t.Errorf("%d rows of 50", len(rows))
	}
}

func TestFullDatabaseSaysSoAndRecovers(t *testing.T) {
	db, _ := open(t, sqlite.Options{MaxConns: 1})
	run(t, db, `CREATE TABLE mutation (n INTEGER PRIMARY KEY, body TEXT NOT NULL)`)
	run(t, db, `PRAGMA max_page_count = 20`)
	kept := fillUp(t, db)
	run(t, db, `PRAGMA max_page_count = 1000`)
	insert(t, db, kept+1, kept+20)
	if n := count(t, db, `SELECT count(*) FROM mutation`); n != kept+20 {
		t.Errorf("%d rows, not %d", n, kept+20)
	}
}

// fillUp inserts until there is no room and returns how many rows were
// acknowledged; just those must be there.
func fillUp(t *testing.T, db *sql.DB) int {
	t.Helper()
	for n := 1; n < 100_000; n++ {
		err := sqlite.InTx(t.Context(), db, func(tx *sql.Tx) error {
			_, err := tx.Exec(`INSERT INTO mutation VALUES ($1, $2)`, n, body(n))
			return err
		})
		if err == nil {
			continue
		}
		if !sqlite.IsFull(err) || sqlite.IsCorrupt(err) || sqlite.IsBusy(err) || sqlite.IsConstraint(err) {
			t.Fatalf("after %d rows: %v", n-1, err)
		}
		if rows := count(t, db, `SELECT count(*) FROM mutation`); rows != n-1 {
			t.Fatalf("%d rows, %d acknowledged", rows, n-1)
		}
		return n - 1
	}
	t.Fatal("never full")
	return 0
}

// TestFullDisk fills a real file system of 1 MiB, where the test may mount one.
func TestFullDisk(t *testing.T) {
	folder := t.TempDir()
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("needs root on Linux")
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder).CombinedOutput(); err != nil {
		t.Skipf("no mount here: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", folder).CombinedOutput(); err != nil {
			t.Errorf("umount: %s", out)
		}
	})
	ballast := filepath.Join(folder, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 256*1024), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(t.Context(), filepath.Join(folder, "a.db"), sqlite.Options{MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	run(t, db, `CREATE TABLE mutation (n INTEGER PRIMARY KEY, body TEXT NOT NULL)`)
	kept := fillUp(t, db)
	if _, err := sqlite.Open(t.Context(), filepath.Join(folder, "b.db"), sqlite.Options{}); !sqlite.IsFull(err) {
		t.Errorf("opening a new file: %v", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	insert(t, db, kept+1, kept+20)
	if err := sqlite.Check(t.Context(), db, sqlite.Full); err != nil {
		t.Error(err)
	}
}
