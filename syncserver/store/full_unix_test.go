//go:build unix

package store_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"cityhall/shared/city"
	"cityhall/syncserver/store"
)

// full lets no file grow beyond a size while do runs: to a program it is a disk
// that has no more room.
func full(t *testing.T, bytes int64, do func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	limit := before
	limit.Cur = uint64(bytes)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
			t.Fatal(err)
		}
	}()
	do()
}

// elsewhere runs the test in a process of its own, and tells whether it did: the
// limit holds for every file of a process, and this one writes a log of its own.
func elsewhere(t *testing.T) bool {
	t.Helper()
	const here = "FULL_DISK_HERE"
	if os.Getenv(here) != "" {
		return false
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), here+"=1")
	if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Errorf("%v\n%s", err, out)
	}
	return true
}

func TestBackupOnAFullDisk(t *testing.T) {
	if elsewhere(t) {
		return
	}
	h := newHall(t)
	ctx := context.Background()
	if _, err := h.PutBlob(ctx, bytes.Repeat([]byte("photo"), 200_000)); err != nil {
		t.Fatal(err)
	}
	kiosk := h.enrolled(city.DeviceKiosk, city.ScopePublic)
	kiosk.push(kiosk.prepared(resident, newRequest()))
	o := store.BackupOptions{To: h.backups, Passphrase: passphrase}
	for what, limit := range map[string]int64{"nothing": 1, "half the database": 50_000, "the database, half the photo": 500_000} {
		full(t, limit, func() {
			if _, err := h.Backup(ctx, o); err == nil {
				t.Errorf("room for %s: a backup was made", what)
			}
		})
		if _, _, err := store.NewestBackup(h.backups); !errors.Is(err, store.ErrNoBackup) {
			t.Errorf("room for %s: %v", what, err)
		}
		for _, pattern := range []string{".part*", "blobs/*/*"} {
			if left, err := filepath.Glob(filepath.Join(h.backups, pattern)); err != nil || len(left) > 0 {
				t.Errorf("room for %s: left %v, %v", what, left, err)
			}
		}
		if h.head().Safe != 0 {
			t.Errorf("room for %s: the safe mark moved", what)
		}
	}
	b := h.backup()
	fresh := h.restoreOptions()
	fresh.Data = filepath.Join(t.TempDir(), "fresh")
	full(t, 500_000, func() {
		if _, err := store.Restore(ctx, fresh); err == nil {
			t.Error("restored without room for it")
		}
	})
	if r, err := store.Restore(ctx, fresh); err != nil || r.Seq != b.Seq {
		t.Errorf("when there is room again: %v", err)
	}
}

func TestLedgerOnAFullDisk(t *testing.T) {
	if elsewhere(t) {
		return
	}
	h := newHall(t)
	ctx := context.Background()
	thief := h.enrolled(city.DeviceKiosk, city.ScopePublic)
	h.Close()
	h.open() // all that the ledger had to note is noted
	before, err := os.ReadFile(h.ledger)
	if err != nil {
		t.Fatal(err)
	}
	full(t, int64(len(before))+40, func() {
		if err := h.Revoke(ctx, thief.Device.ID); err == nil {
			t.Error("revoked, though it could not be noted for good")
		}
	})
	after, err := os.ReadFile(h.ledger)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("half a line stays in the ledger: %q, %v", after[len(before):], err)
	}
	if d, err := h.Device(ctx, thief.Device.ID); err != nil || d.State != store.DeviceActive {
		t.Errorf("device %s, %v", d.State, err)
	}
	if err := h.Revoke(ctx, thief.Device.ID); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
}

func TestOneBackupAtATime(t *testing.T) {
	h := newHall(t)
	h.backup()
	other, err := os.OpenFile(filepath.Join(h.backups, ".lock"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(other.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	o := store.BackupOptions{To: h.backups, Passphrase: passphrase}
	if _, err := h.Backup(context.Background(), o); !errors.Is(err, store.ErrBackupBusy) {
		t.Errorf("while another one runs: %v", err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	h.backup()
}

func TestAttachChangesNothing(t *testing.T) {
	h := newHall(t)
	ctx := context.Background()
	c := store.Config{DB: h.db, Blobs: h.dir, Ledger: h.ledger, Keys: h.keys, Now: h.restoreOptions().Now, Log: quiet}
	before, err := os.ReadFile(h.ledger)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Attach(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(h.ledger); err != nil || !bytes.HasPrefix(after, before) || bytes.Count(after, []byte(`"kind":"mark"`)) > bytes.Count(before, []byte(`"kind":"mark"`))+1 {
		t.Errorf("the ledger has changed: %q, %v", after, err)
	}
	h.exec(`DELETE FROM schema_version`)
	if s, err := store.Attach(ctx, c); !errors.Is(err, store.ErrSchema) {
		t.Errorf("a database of another version: %v, %v", s, err)
	}
	c.DB += ".none"
	if _, err := store.Attach(ctx, c); err == nil {
		t.Error("attached to nothing")
	}
	if _, err := os.Stat(c.DB); err == nil {
		t.Error("and made it")
	}
}
