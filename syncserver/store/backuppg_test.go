package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/sim/postgres"
	"cityhall/syncserver/store"
)

// TestDumpIsProvenBeforeItCounts gives the backup a pg_restore that brings nothing
// back: the mark must not move, and no backup may be there.
func TestDumpIsProvenBeforeItCounts(t *testing.T) {
	h := newHallOn(t, postgres.New(t))
	bin := t.TempDir()
	fake := func(tool, script string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(bin, tool), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for what, spoil := range map[string]func(){
		"restores nothing":  func() { fake("pg_restore", "exit 0") },
		"cannot restore":    func() { fake("pg_restore", `echo "pg_restore: error: could not read" >&2; exit 1`) },
		"is an old pg_dump": func() { fake("pg_dump", `echo "pg_dump (PostgreSQL) 9.6"`) },
		"has a full disk": func() {
			fake("pg_dump", `echo "pg_dump (PostgreSQL) 99"; [ "$1" = --version ] || { echo "pg_dump: error: No space left on device" >&2; exit 1; }`)
		},
	} {
		spoil()
		_, err := h.Backup(context.Background(), store.BackupOptions{To: h.backups, Passphrase: passphrase})
		if err == nil || strings.Contains(what, "old") && !errors.Is(err, store.ErrTools) {
			t.Errorf("%s: %v", what, err)
		}
		if h.head().Safe != 0 {
			t.Fatalf("%s: the mark has moved to %d", what, h.head().Safe)
		}
		if _, _, err := store.NewestBackup(h.backups); !errors.Is(err, store.ErrNoBackup) {
			t.Errorf("%s: there is a backup: %v", what, err)
		}
		for _, tool := range []string{"pg_restore", "pg_dump"} {
			os.Remove(filepath.Join(bin, tool))
		}
	}
	if b := h.backup(); b.Safe != h.head().Seq || h.head().Safe != b.Safe || b.Engine != store.EnginePostgres {
		t.Errorf("the backup after that: %+v", b.Manifest)
	}
	var left int
	if err := h.DB().QueryRow(`SELECT count(*) FROM pg_database WHERE datname LIKE 'cityhall\_proof%'`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d databases of proofs are left, %v", left, err)
	}
}

// TestAttestedCopy attests copies that the operator's own tool has made.
func TestAttestedCopy(t *testing.T) {
	base := postgres.NewDatabase(t)
	h := newHallOn(t, base.DSN())
	ctx := context.Background()
	kiosk := h.enrolled(city.DeviceKiosk, city.ScopePublic)
	if _, err := h.PutBlob(ctx, []byte("bytes of a photo")); err != nil {
		t.Fatal(err)
	}
	kiosk.push(kiosk.prepared(resident, newRequest()))
	had := h.head()
	h.close()
	if err := base.Copy("pitr"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { base.Forget("pitr") })
	h.open()
	later := kiosk.prepared(resident, newRequest())
	kiosk.push(later)
	attest := func(copied string) (store.Backup, error) {
		return h.Backup(ctx, store.BackupOptions{To: h.backups, Passphrase: passphrase, Copy: copied})
	}
	other := newHallOn(t, postgres.New(t))
	if _, err := attest(other.db); !errors.Is(err, store.ErrOtherHistory) || h.head().Safe != 0 {
		t.Fatalf("another city's database: %v, safe %d", err, h.head().Safe)
	}
	copied := copiedName(base.DSN(), "_pitr")
	b, err := attest(copied)
	if err != nil || b.Seq != had.Seq || h.head().Safe != had.Seq || b.Engine != store.EngineAttested {
		t.Fatalf("%+v, %v; safe %d, want %d", b.Manifest, err, h.head().Safe, had.Seq)
	}
	o := h.restoreOptions()
	h.die("ledger")
	o.DB = postgres.New(t)
	if _, err := store.Restore(ctx, o); !errors.Is(err, store.ErrNoCity) {
		t.Errorf("into an empty database: %v", err)
	}
	o.DB = copied
	if _, err := store.Restore(ctx, o); err != nil {
		t.Fatal(err)
	}
	h.db = copied
	h.open()
	if n := h.verified(); n.Blobs != 1 || h.head().Epoch == had.Epoch || h.head().Seq != had.Seq {
		t.Errorf("taken over: %+v, head %+v", n, h.head())
	}
	again := &device{f: h.fixture, Device: kiosk.Device, stream: "again"}
	if v := again.push(later)[0]; v.Verdict != city.VerdictApplied {
		t.Errorf("put back: %+v", v)
	}
}

// copiedName is the address of a copy of a database.
func copiedName(dsn, end string) string {
	words := strings.Fields(dsn)
	for i, w := range words {
		if strings.HasPrefix(w, "dbname=") {
			words[i] = w + end
		}
	}
	return strings.Join(words, " ")
}

func TestPostgresRestoreRefuses(t *testing.T) {
	h := newHallOn(t, postgres.New(t))
	b := h.backup()
	ctx, empty := context.Background(), postgres.New(t)
	fresh := filepath.Join(t.TempDir(), "new")
	o := h.restoreOptions()
	o.Data = fresh
	if _, err := store.Restore(ctx, o); !errors.Is(err, store.ErrNotEmpty) || h.head().Epoch != b.Epoch {
		t.Errorf("over a city in use: %v", err)
	}
	o.DB = ""
	if _, err := store.Restore(ctx, o); err == nil || !strings.Contains(err.Error(), "-db") {
		t.Errorf("without a database: %v", err)
	}
	o.DB = empty
	wrong := o
	wrong.Passphrase = "elm ash oak willows"
	if _, err := store.Restore(ctx, wrong); !errors.Is(err, keys.ErrUnwrap) {
		t.Errorf("a wrong passphrase: %v", err)
	}
	dump := filepath.Join(b.Path, "city.dump")
	whole, err := os.ReadFile(dump)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dump, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Restore(ctx, o); err == nil {
		t.Error("half a dump was restored")
	}
	if err := os.WriteFile(dump, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	// A restore that a crash has cut short keeps every server out.
	half, err := store.Open(ctx, store.Config{DB: empty, Blobs: t.TempDir(), Keys: h.keys, Now: h.restoreOptions().Now, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := half.DB().Exec(`CREATE TABLE cityhall_restoring (since TEXT)`); err != nil {
		t.Fatal(err)
	}
	half.Close()
	if s, err := store.Open(ctx, store.Config{DB: empty, Blobs: t.TempDir(), Keys: h.keys, Now: h.restoreOptions().Now, Log: quiet}); !errors.Is(err, store.ErrRestoring) {
		t.Errorf("served in the middle of a restore: %v", err)
		s.Close()
	}
	if _, err := store.Restore(ctx, o); !errors.Is(err, store.ErrNotEmpty) {
		t.Errorf("over half a restore: %v", err)
	}
	o.DB = postgres.New(t)
	if r, err := store.Restore(ctx, o); err != nil || r.Seq != b.Seq {
		t.Errorf("the whole backup: %+v, %v", r.Manifest, err)
	}
}
