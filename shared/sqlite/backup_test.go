package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"cityhall/shared/sqlite"
)

// TestBackupWhileWriting copies while pairs of rows are written; every copy must
// hold whole pairs and all that was acknowledged before it began.
func TestBackupWhileWriting(t *testing.T) {
	db, path := open(t, sqlite.Options{})
	run(t, db, `CREATE TABLE mutation (n INTEGER PRIMARY KEY, body TEXT NOT NULL)`)
	var written atomic.Int64
	var stop atomic.Bool
	var group sync.WaitGroup
	group.Go(func() {
		for n := 1; !stop.Load(); n += 2 {
			insert(t, db, n, n+1)
			written.Add(2)
		}
	})
	to := filepath.Join(filepath.Dir(path), "copy.db")
	for range 5 {
		least := written.Load()
		if err := sqlite.Backup(t.Context(), db, to); err != nil {
			t.Fatal(err)
		}
		copied := reopen(t, to, sqlite.Options{ReadOnly: true})
		if n := count(t, copied, `SELECT count(*) FROM mutation`); int64(n) < least || n%2 != 0 {
			t.Errorf("%d rows in the copy, %d were acknowledged before", n, least)
		}
		copied.Close()
	}
	stop.Store(true)
	group.Wait()
	if info, err := os.Stat(to); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	db.Close()
	restored := reopen(t, to, sqlite.Options{})
	insert(t, restored, 1_000_001, 1_000_002)
}

func TestFailedBackupLeavesTheOldOne(t *testing.T) {
	path := filled(t, 500)
	db := reopen(t, path, sqlite.Options{})
	to := filepath.Join(t.TempDir(), "copy.db")
	if err := sqlite.Backup(t.Context(), db, to); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(to)
	db.Close()
	pages := leaves(t, path)
	spoil(t, path, pages[3]*pageBytes, make([]byte, 64))
	db = reopen(t, path, sqlite.Options{})
	if err := sqlite.Backup(t.Context(), db, to); !sqlite.IsCorrupt(err) {
		t.Errorf("backing up a damaged database: %v", err)
	}
	if after, _ := os.ReadFile(to); string(after) != string(before) || exists(to+".part") {
		t.Error("the good copy was touched, or a part left")
	}
	if err := sqlite.Backup(t.Context(), db, filepath.Join(path, "under", "a file")); err == nil {
		t.Error("backed up to nowhere")
	}
	if err := sqlite.Backup(t.Context(), db, filepath.Join(t.TempDir(), "none", "copy.db")); !errors.Is(err, sqlite.ErrUnwritable) {
		t.Errorf("no folder: %v", err)
	}
}

// TestReplaceDropsTheOldLog swaps while the old file still has rows in its log,
// as after a crash; none of them may turn up in the new file.
func TestReplaceDropsTheOldLog(t *testing.T) {
	folder := t.TempDir()
	path, next := filepath.Join(folder, "cache.db"), filepath.Join(folder, "cache.db.new")
	db := reopen(t, path, sqlite.Options{})
	run(t, db, `CREATE TABLE mutation (n INTEGER PRIMARY KEY, body TEXT NOT NULL)`)
	insert(t, db, 1, 100)
	log, err := os.ReadFile(path + "-wal")
	if err != nil || len(log) == 0 {
		t.Fatalf("%d bytes of log, %v", len(log), err)
	}
	db.Close()
	if err := os.WriteFile(path+"-wal", log, 0o600); err != nil {
		t.Fatal(err)
	}
	fresh := reopen(t, next, sqlite.Options{})
	run(t, fresh, `CREATE TABLE mutation (n INTEGER PRIMARY KEY, body TEXT NOT NULL)`)
	insert(t, fresh, 1, 3)
	if err := sqlite.Replace(next, path); err == nil {
		t.Error("replaced by a file that is still open")
	}
	fresh.Close()
	if err := sqlite.Replace(next, path); err != nil {
		t.Fatal(err)
	}
	db = reopen(t, path, sqlite.Options{})
	if n := count(t, db, `SELECT count(*) FROM mutation`); n != 3 || exists(next) {
		t.Errorf("%d rows, not 3", n)
	}
	db.Close()
	for range 2 {
		if err := sqlite.Remove(path); err != nil || exists(path) || exists(path+"-wal") {
			t.Errorf("removed: %v", err)
		}
	}
}
