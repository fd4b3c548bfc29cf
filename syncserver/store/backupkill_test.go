package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/sim/postgres"
	"cityhall/syncserver/store"
)

// What the process that is to be killed does, and with what.
const (
	killedDoes    = "KILLED_DOES"
	killedDB      = "KILLED_DB"
	killedData    = "KILLED_DATA"
	killedBackups = "KILLED_BACKUPS"
)

// TestWorksUntilKilled is not a test but the program that others kill: a backup
// beside a running server, or a restore.
func TestWorksUntilKilled(t *testing.T) {
	if os.Getenv(killedDoes) == "" {
		t.Skip("runs in a process of its own")
	}
	ctx, db, data, backups := context.Background(), os.Getenv(killedDB), os.Getenv(killedData), os.Getenv(killedBackups)
	if os.Getenv(killedDoes) == "restore" {
		if _, err := store.Restore(ctx, store.RestoreOptions{From: backups, Data: data, DB: db, Passphrase: passphrase, Now: time.Now}); err != nil {
			t.Fatal(err)
		}
		return
	}
	k, err := keys.OpenServerKeys(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Attach(ctx, store.Config{DB: db, Blobs: filepath.Join(data, "blobs"), Ledger: filepath.Join(data, "ledger"), Keys: k, Now: time.Now, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Backup(ctx, store.BackupOptions{To: backups, Passphrase: passphrase}); err != nil {
		t.Fatal(err)
	}
}

// killers give, for one of PostgreSQL's programs, scripts in its place that kill who
// called them: before it does anything, in its middle, and when it is done.
var killers = map[string]string{
	"before": `kill -9 $PPID`,
	"amid":   `%[1]s "$@" & kill -9 $PPID; wait`,
	"after":  `%[1]s "$@"; kill -9 $PPID`,
}

// killed does something and is killed at a call of a tool.
func (h *hall) killed(does, tool, when string) {
	h.t.Helper()
	bin := h.t.TempDir()
	real, err := exec.LookPath(tool)
	if err != nil {
		h.t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\n[ \"$1\" = --version ] && exec %[1]s \"$@\"\n"+killers[when]+"%.0[1]s\n", real)
	if err := os.WriteFile(filepath.Join(bin, tool), []byte(script), 0o700); err != nil {
		h.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestWorksUntilKilled$")
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), killedDoes+"="+does, killedDB+"="+h.db, killedData+"="+h.data, killedBackups+"="+h.backups)
	cmd.WaitDelay = 5 * time.Second // the tool has the pipe too
	said, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		h.t.Fatalf("%s, killed %s %s: %v\n%s", does, when, tool, err, said)
	}
}

// A backup of PostgreSQL is killed at each of its steps: nothing is called a backup
// or safe that is none, the server goes on, and the next one clears away the rest.
func TestKilledBackupOfPostgres(t *testing.T) {
	h := newHallOn(t, postgres.New(t))
	ctx := context.Background()
	if err := h.keys.Save(h.data); err != nil {
		t.Fatal(err)
	}
	kiosk := h.enrolled(city.DeviceKiosk, city.ScopePublic)
	for _, tool := range []string{"pg_dump", "createdb", "pg_restore", "dropdb"} {
		for when := range killers {
			h.killed("backup", tool, when)
			if _, _, err := store.NewestBackup(h.backups); !errors.Is(err, store.ErrNoBackup) {
				t.Fatalf("killed %s %s: there is a backup, %v", when, tool, err)
			}
			kiosk.push(kiosk.prepared(resident, newRequest()))
			if safe := h.head().Safe; safe != 0 {
				t.Fatalf("killed %s %s: safe up to %d", when, tool, safe)
			}
		}
	}
	b := h.backup()
	if b.Safe != h.head().Seq || h.head().Safe != b.Safe {
		t.Errorf("the backup after that: %+v, head %+v", b.Manifest, h.head())
	}
	left, err := filepath.Glob(filepath.Join(h.backups, ".part-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
	var proofs int
	if err := h.DB().QueryRowContext(ctx, `SELECT count(*) FROM pg_database WHERE datname LIKE 'cityhall\_proof%'`).Scan(&proofs); err != nil || proofs != 0 {
		t.Errorf("%d databases of proofs are left, %v", proofs, err)
	}
}

// A restore into PostgreSQL is killed at each of its steps: no server takes what is
// there for a city, who tries is told what to do, and doing that brings the city back.
func TestKilledRestoreOfPostgres(t *testing.T) {
	h := newHallOn(t, postgres.New(t))
	ctx := context.Background()
	kiosk := h.enrolled(city.DeviceKiosk, city.ScopePublic)
	photo, sha := bytesOf("photo ", 20_000)
	if _, err := h.PutBlob(ctx, photo); err != nil {
		t.Fatal(err)
	}
	kiosk.push(kiosk.prepared(resident, newRequest()))
	b := h.backup()
	for when := range killers {
		h.die("ledger")
		h.killed("restore", "pg_restore", when)
		s, err := store.Open(ctx, store.Config{DB: h.db, Blobs: h.dir, Ledger: h.ledger, Keys: h.keys, Now: h.now.get, Log: quiet})
		if !errors.Is(err, store.ErrRestoring) {
			t.Errorf("killed %s: served: %v", when, err)
			s.Close()
		}
		if err := store.Restoring(h.data); !errors.Is(err, store.ErrRestoring) {
			t.Errorf("killed %s: the folder is taken for one of a city: %v", when, err)
		}
		r, err := store.Restore(ctx, h.restoreOptions())
		if when == "before" && err != nil {
			t.Fatalf("nothing was in the database yet: %v", err)
		}
		if err != nil { // the tool went on: what it brought has to go first
			if s, err := store.Open(ctx, store.Config{DB: h.db, Blobs: h.dir, Ledger: h.ledger, Keys: h.keys, Now: h.now.get, Log: quiet}); !errors.Is(err, store.ErrRestoring) {
				t.Errorf("killed %s and tried again: served: %v", when, err)
				s.Close()
			}
			h.db = postgres.New(t)
			if r, err = store.Restore(ctx, h.restoreOptions()); err != nil {
				t.Fatalf("killed %s, and into a new database: %v", when, err)
			}
		}
		h.open()
		if n := h.verified(); r.Seq != b.Seq || n.Blobs != 1 {
			t.Errorf("killed %s: restored %d of %d, %+v", when, r.Seq, b.Seq, n)
		}
		if got, err := h.read(sha); err != nil || len(got) != len(photo) {
			t.Errorf("killed %s: the photo has %d bytes, %v", when, len(got), err)
		}
	}
}
