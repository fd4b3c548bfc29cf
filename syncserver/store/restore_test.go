package store_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/shared/sim/postgres"
	"cityhall/syncserver/store"
)

const passphrase = "elm ash oak willow"

// hall is a store in a data folder of its own, as a server keeps it, and a
// folder for backups.
type hall struct {
	*fixture
	data, backups string
}

func newHall(t *testing.T) *hall {
	t.Helper()
	return newHallOn(t, "")
}

// onBothHalls runs a test on each engine.
func onBothHalls(t *testing.T, test func(t *testing.T, h *hall)) {
	t.Run("sqlite", func(t *testing.T) { test(t, newHallOn(t, "")) })
	t.Run("postgres", func(t *testing.T) { test(t, newHallOn(t, postgres.New(t))) })
}

// newHallOn keeps the city in a PostgreSQL database, or beside the rest if none is named.
func newHallOn(t *testing.T, dsn string) *hall {
	t.Helper()
	k, err := keys.NewServerKeys(nil)
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	h := &hall{data: filepath.Join(root, "data"), backups: filepath.Join(root, "backups")}
	if err := os.Mkdir(h.data, 0o700); err != nil {
		t.Fatal(err)
	}
	h.fixture = &fixture{t: t, keys: k, now: newClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)), db: cmp.Or(dsn, filepath.Join(h.data, "city.db")),
		dir: filepath.Join(h.data, "blobs"), ledger: filepath.Join(h.data, "ledger")}
	h.found()
	return h
}

func (h *hall) backup() store.Backup {
	h.t.Helper()
	h.now.pass(time.Minute)
	b, err := h.Backup(context.Background(), store.BackupOptions{To: h.backups, Passphrase: passphrase, Program: "test"})
	if err != nil {
		h.t.Fatal(err)
	}
	return b
}

func (h *hall) restoreOptions() store.RestoreOptions {
	o := store.RestoreOptions{From: h.backups, Data: h.data, Passphrase: passphrase, Now: h.now.get}
	if store.IsPostgres(h.db) {
		o.DB = h.db
	}
	return o
}

// die loses the disk; keep names what outlives it.
func (h *hall) die(keep ...string) {
	h.t.Helper()
	h.Close()
	if store.IsPostgres(h.db) {
		h.db = postgres.New(h.t)
	}
	kept := map[string][]byte{}
	for _, name := range keep {
		raw, err := os.ReadFile(filepath.Join(h.data, name))
		if err != nil {
			h.t.Fatal(err)
		}
		kept[name] = raw
	}
	if err := os.RemoveAll(h.data); err != nil {
		h.t.Fatal(err)
	}
	for name, raw := range kept {
		if err := os.MkdirAll(h.data, 0o700); err != nil {
			h.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(h.data, name), raw, 0o600); err != nil {
			h.t.Fatal(err)
		}
	}
}

func (h *hall) restore() store.Restored {
	h.t.Helper()
	r, err := store.Restore(context.Background(), h.restoreOptions())
	if err != nil {
		h.t.Fatal(err)
	}
	h.open()
	return r
}

// verified fails on any damage that verify finds.
func (h *hall) verified() store.Counts {
	h.t.Helper()
	n, err := h.Verify(context.Background(), func(f store.Finding) { h.t.Errorf("found %s", f) })
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// pages pulls one page from a cursor.
func (h *hall) page(d *device, from protocol.Cursor) error {
	_, err := h.Pull(context.Background(), d.Device, from, 1000)
	return err
}

func TestRestoreDrill(t *testing.T) {
	onBothHalls(t, func(t *testing.T, h *hall) {
		ctx := context.Background()
		kiosk := h.enrolled(city.DeviceKiosk, city.ScopePublic)
		thief := h.enrolled(city.DeviceKiosk, city.ScopePublic)
		photo := []byte("bytes of a photo")
		sha, err := h.PutBlob(ctx, photo)
		if err != nil {
			t.Fatal(err)
		}
		kiosk.push(kiosk.prepared(resident, newRequest()), kiosk.prepared(resident, newRequest()))
		place := *kiosk
		b := h.backup()
		before := h.head()
		if b.Seq != before.Seq || before.Safe != before.Seq || b.Blobs != 1 || b.Bytes != int64(len(photo)) {
			t.Fatalf("backup %+v of %+v", b.Manifest, before)
		}

		later := kiosk.prepared(resident, newRequest())
		kiosk.push(later)
		kiosk.pull(100)
		if err := h.Revoke(ctx, thief.Device.ID); err != nil {
			t.Fatal(err)
		}
		code, err := h.CreateEnrolment(ctx, city.DeviceKiosk, "Spare", nil, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		lost := h.head()
		h.die("ledger")
		r := h.restore()

		head := h.head()
		if head.Seq != before.Seq || !bytes.Equal(head.Hash, before.Hash) || head.Epoch == before.Epoch || head.Epoch != r.NewEpoch || head.Safe != before.Safe {
			t.Fatalf("restored %+v, backed up %+v", head, before)
		}
		h.verified()
		if err := h.page(kiosk, kiosk.cursor); !errors.Is(err, store.ErrLineage) {
			t.Fatalf("the device's cursor: %v", err)
		}
		if again := h.head(); again.Epoch != head.Epoch {
			t.Error("a cursor of the old epoch began another one")
		}
		if d, err := h.Device(ctx, thief.Device.ID); err != nil || d.State != store.DeviceRevoked {
			t.Errorf("the revoked device is %s, %v", d.State, err)
		}
		other, err := keys.NewIdentity(nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Enrol(ctx, code, other.Public(), ""); !errors.Is(err, store.ErrCode) {
			t.Errorf("a code of the lost history: %v", err)
		}
		if restored, err := keys.OpenServerKeys(h.data, nil); err != nil || restored.Identity.Public() != h.keys.Identity.Public() {
			t.Errorf("the keys did not come back: %v", err)
		}
		if f, size, err := h.OpenBlob(ctx, sha); err != nil || size != int64(len(photo)) {
			t.Errorf("the photo: %d bytes, %v", size, err)
		} else {
			f.Close()
		}

		// The device puts back what it has done since, and some of what was there.
		place.f, place.cursor = h.fixture, protocol.Cursor{}
		if v := place.push(later)[0]; v.Verdict != city.VerdictApplied {
			t.Fatalf("put back: %+v", v)
		}
		if v := (&device{f: h.fixture, Device: kiosk.Device, stream: "s2"}).push(later)[0]; v.Verdict != city.VerdictDuplicate {
			t.Errorf("put back twice: %+v", v)
		}
		if h.head().Seq != lost.Seq {
			t.Errorf("the head is at %d and was at %d: something is lost or doubled", h.head().Seq, lost.Seq)
		}
		if n := h.verified(); n.Mutations == 0 || n.Changes != int(lost.Seq) || n.Blobs != 1 {
			t.Errorf("verified %+v", n)
		}
	})
}

func TestRestoreRefuses(t *testing.T) {
	h := newHall(t)
	b := h.backup()
	o := h.restoreOptions()
	if _, err := store.Restore(context.Background(), o); !errors.Is(err, store.ErrNotEmpty) {
		t.Errorf("into a folder in use: %v", err)
	}
	h.Close()
	h.open()
	fresh := filepath.Join(t.TempDir(), "new")
	refused := func(what string, o store.RestoreOptions) {
		t.Helper()
		o.Data = fresh
		if _, err := store.Restore(context.Background(), o); err == nil {
			t.Errorf("%s: restored", what)
		}
		if left, err := os.ReadDir(fresh); err == nil && len(left) > 0 {
			t.Errorf("%s: left %v behind", what, left)
		}
	}
	wrong := o
	wrong.Passphrase = "elm ash oak willows"
	refused("a wrong passphrase", wrong)
	if _, err := store.Restore(context.Background(), store.RestoreOptions{From: h.backups, Data: fresh, Passphrase: "?", Now: o.Now}); !errors.Is(err, keys.ErrUnwrap) {
		t.Errorf("a wrong passphrase: %v", err)
	}
	empty := o
	empty.From = t.TempDir()
	refused("no backup", empty)
	for _, name := range []string{"city.db", "keys.wrapped", "blobs.ndjson", "manifest.json"} {
		path := filepath.Join(b.Path, name)
		raw, err := os.ReadFile(path)
		if err != nil || len(raw) == 0 {
			if name == "blobs.ndjson" {
				continue // an empty city has no blobs
			}
			t.Fatal(name, err)
		}
		bad := bytes.Clone(raw)
		bad[len(bad)/2] ^= 4
		for _, text := range [][]byte{bad, raw[:len(raw)/2]} {
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			if name == "manifest.json" && bytes.Equal(text, bad) {
				continue // a flipped bit may fall on a space or the program's name
			}
			refused("a damaged "+name, o)
		}
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o.Data = fresh
	if _, err := store.Restore(context.Background(), o); err != nil {
		t.Errorf("the whole backup: %v", err)
	}
	if err := store.Restoring(fresh); err != nil {
		t.Error(err)
	}
	if err := os.Mkdir(filepath.Join(fresh, ".restoring"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := store.Restoring(fresh); !errors.Is(err, store.ErrRestoring) {
		t.Errorf("an interrupted restore: %v", err)
	}
}

func TestDamagedPhotoInABackupIsAskedForAgain(t *testing.T) {
	onBothHalls(t, func(t *testing.T, h *hall) {
		ctx := context.Background()
		sha, err := h.PutBlob(ctx, []byte("bytes of a photo"))
		if err != nil {
			t.Fatal(err)
		}
		h.backup()
		if err := os.WriteFile(filepath.Join(h.backups, "blobs", sha[:2], sha), []byte("bytes of a phot0"), 0o600); err != nil {
			t.Fatal(err)
		}
		h.die()
		r := h.restore()
		if len(r.Damaged) != 1 || !strings.Contains(r.Damaged[0].Where, sha) {
			t.Errorf("damaged: %v", r.Damaged)
		}
		if _, err := h.PutBlob(ctx, []byte("bytes of a photo")); err != nil {
			t.Error(err)
		}
		h.verified()
	})
}

func TestSafeWaitsForPhotos(t *testing.T) {
	onBothHalls(t, func(t *testing.T, h *hall) {
		ctx := context.Background()
		tablet := h.enrolled(city.DeviceTablet, city.ScopePublic, city.ScopeCrew("trees"))
		kiosk := h.enrolled(city.DeviceKiosk, city.ScopePublic)
		request, _ := h.fallenTree(kiosk)
		before := h.head().Seq
		picture := []byte("a photo that comes later")
		sum := sha256.Sum256(picture)
		sha := hex.EncodeToString(sum[:])
		v := tablet.push(tablet.prepared(treeCrew, &city.AddPhoto{Photo: city.NewID(), Request: request, Blob: sha, Stage: "after", Bytes: len(picture), Width: 2, Height: 2}))[0]
		if v.Verdict != city.VerdictApplied {
			t.Fatalf("photo: %+v", v)
		}
		kiosk.push(kiosk.prepared(resident, newRequest()))
		if b := h.backup(); b.Safe != before || b.Waiting != 1 || h.head().Safe != before {
			t.Fatalf("safe %d (head %d), waiting %d; want %d", b.Safe, h.head().Safe, b.Waiting, before)
		}
		if _, err := h.PutBlob(ctx, picture); err != nil {
			t.Fatal(err)
		}
		if b := h.backup(); b.Safe != h.head().Seq || b.Waiting != 0 {
			t.Fatalf("safe %d, waiting %d after the photo came", b.Safe, b.Waiting)
		}
		// A photo that is lost on the server's disk is named and no longer counted.
		if err := os.Remove(filepath.Join(h.dir, sha[:2], sha)); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(h.backups, "blobs", sha[:2])); err != nil {
			t.Fatal(err)
		}
		if b := h.backup(); len(b.Absent) != 1 || b.Safe != before || h.head().Safe < b.Seq {
			t.Errorf("absent %v, safe %d; the mark went back to %d", b.Absent, b.Safe, h.head().Safe)
		}
	})
}

func TestBackupWhileWriting(t *testing.T) {
	onBothHalls(t, func(t *testing.T, h *hall) {
		kiosk := h.enrolled(city.DeviceKiosk, city.ScopePublic)
		stop, done := make(chan struct{}), make(chan int)
		go func() {
			n := 0
			for {
				select {
				case <-stop:
					done <- n
					return
				default:
					kiosk.push(kiosk.prepared(resident, newRequest()))
					n++
				}
			}
		}()
		var last store.Backup
		for range 3 {
			b, err := h.Backup(context.Background(), store.BackupOptions{To: h.backups, Passphrase: passphrase, Keep: 2})
			if err != nil {
				t.Fatal(err)
			}
			if b.Seq < last.Seq {
				t.Errorf("backup at %d after %d", b.Seq, last.Seq)
			}
			last = b
			if err := os.Rename(b.Path, b.Path+"-kept"); err != nil { // the clock stands still in this test
				t.Fatal(err)
			}
		}
		close(stop)
		if n := <-done; n < 3 {
			t.Errorf("only %d acts were taken meanwhile", n)
		}
		if head := h.head(); head.Safe != last.Seq || head.Seq <= last.Seq {
			t.Errorf("head %d, safe %d, backup %d", head.Seq, head.Safe, last.Seq)
		}
		h.verified()
		if all, err := filepath.Glob(filepath.Join(h.backups, "2*")); err != nil || len(all) != 2 {
			t.Errorf("%d backups are kept, %v", len(all), err)
		}
		h.die()
		if r := h.restore(); r.Seq != last.Seq || r.Log.Changes != int(last.Seq) {
			t.Errorf("restored %+v", r)
		}
	})
}

func TestInterruptedBackupLeavesNone(t *testing.T) {
	h := newHall(t)
	for _, c := range []store.BackupOptions{{To: h.backups}, {To: h.backups, Passphrase: "short"}} {
		if _, err := h.Backup(context.Background(), c); !errors.Is(err, store.ErrPassphrase) {
			t.Errorf("without a good passphrase: %v", err)
		}
	}
	o := store.BackupOptions{To: h.backups, Passphrase: passphrase}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.Backup(ended, o); err == nil {
		t.Error("an interrupted backup claims to be one")
	}
	if _, _, err := store.NewestBackup(h.backups); !errors.Is(err, store.ErrNoBackup) {
		t.Errorf("after an interrupted backup: %v", err)
	}
	// A process that was killed leaves its work: the next one clears it.
	killed := filepath.Join(h.backups, ".part-20260101T000000Z")
	if err := os.MkdirAll(killed, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(killed, "city.db"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if h.head().Safe != 0 {
		t.Error("the safe mark has moved without a backup")
	}
	h.backup()
	if _, err := os.Stat(killed); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what a killed backup left: %v", err)
	}
}
