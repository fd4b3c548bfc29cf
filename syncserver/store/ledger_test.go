package store_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/sqlite"
	"cityhall/syncserver/store"
)

// image copies the database as a careless operator would: the file, after a stop.
func (h *hall) image() []byte {
	h.t.Helper()
	h.Close()
	raw, err := os.ReadFile(h.db)
	if err != nil {
		h.t.Fatal(err)
	}
	h.open()
	return raw
}

// putBack puts such a copy in the place of the database, saying nothing, and
// loses files.
func (h *hall) putBack(image []byte, lose ...string) {
	h.t.Helper()
	h.Close()
	if err := sqlite.Remove(h.db); err != nil {
		h.t.Fatal(err)
	}
	for _, path := range lose {
		if err := os.Remove(path); err != nil {
			h.t.Fatal(err)
		}
	}
	if err := os.WriteFile(h.db, image, 0o600); err != nil {
		h.t.Fatal(err)
	}
	h.open()
}

func TestLedgerNoticesADatabasePutBack(t *testing.T) {
	h := newHall(t)
	ctx := context.Background()
	kiosk := h.enrolled(city.DeviceKiosk, city.ScopePublic)
	thief := h.enrolled(city.DeviceKiosk, city.ScopePublic)
	kiosk.push(kiosk.prepared(resident, newRequest()))
	image := h.image()
	born := h.head()

	h.Close()
	h.open()
	if h.head().Epoch != born.Epoch {
		t.Fatal("a mere restart began a new epoch")
	}
	kiosk.push(kiosk.prepared(resident, newRequest()))
	if err := h.Revoke(ctx, thief.Device.ID); err != nil {
		t.Fatal(err)
	}
	h.putBack(image)
	first := h.head()
	if first.Epoch == born.Epoch || first.Seq != born.Seq {
		t.Errorf("put back: %+v", first)
	}
	if d, err := h.Device(ctx, thief.Device.ID); err != nil || d.State != store.DeviceRevoked || d.GrantRev != thief.Device.GrantRev+1 {
		t.Errorf("the revoked device: %+v, %v", d, err)
	}
	h.Close()
	h.open()
	if h.head().Epoch != first.Epoch {
		t.Error("the next start began yet another epoch")
	}
	// The same length, but another history.
	h.putBack(image)
	second := h.head()
	if second.Epoch == first.Epoch {
		t.Error("put back a second time, and not noticed")
	}
}

func TestDamagedLedgerIsRefused(t *testing.T) {
	h := newHall(t)
	kiosk := h.enrolled(city.DeviceKiosk, city.ScopePublic)
	if err := h.Revoke(context.Background(), kiosk.Device.ID); err != nil {
		t.Fatal(err)
	}
	h.Close()
	whole, err := os.ReadFile(h.ledger)
	if err != nil {
		t.Fatal(err)
	}
	open := func(text []byte) error {
		t.Helper()
		if err := os.WriteFile(h.ledger, text, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(context.Background(), store.Config{DB: h.db, Blobs: h.dir, Ledger: h.ledger, Keys: h.keys, Now: h.restoreOptions().Now, Log: quiet})
		if err == nil {
			err = s.Close()
		}
		return err
	}
	for i := range len(whole) - 1 { // the last line end is covered below
		bad := bytes.Clone(whole)
		bad[i] ^= 1 << (i % 7)
		if err := open(bad); !errors.Is(err, store.ErrLedger) || !strings.Contains(err.Error(), h.ledger) {
			t.Fatalf("a flipped bit at %d: %v", i, err)
		}
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	if err := open(bytes.Join(lines[1:], nil)); !errors.Is(err, store.ErrLedger) {
		t.Errorf("a missing line: %v", err)
	}
	// A line that was cut off while it was written was relied on by nobody.
	for _, tail := range []string{`{"n":9`, "\x00\x00\x00\x00", `{"n":9,"at":"2026-03-02T09:00:00Z"}`} {
		if err := open(append(bytes.Clone(whole), tail...)); err != nil {
			t.Errorf("a torn last line %q: %v", tail, err)
		}
		h.open()
		h.mustAct(system, &city.SetCrew{ID: "parks", Crew: city.Crew{Name: "Park crew", Department: "parks"}})
		h.Close()
		if whole, err = os.ReadFile(h.ledger); err != nil {
			t.Fatal(err)
		}
	}
	h.open()
}

func TestLedgerLostIsBegunAgain(t *testing.T) {
	h := newHall(t)
	kiosk := h.enrolled(city.DeviceKiosk, city.ScopePublic)
	if err := h.Revoke(context.Background(), kiosk.Device.ID); err != nil {
		t.Fatal(err)
	}
	before := h.head()
	h.Close()
	if err := os.Remove(h.ledger); err != nil {
		t.Fatal(err)
	}
	h.open()
	if h.head().Epoch != before.Epoch {
		t.Error("a lost ledger began a new epoch")
	}
	text, err := os.ReadFile(h.ledger)
	if err != nil || !strings.Contains(string(text), string(kiosk.Device.ID)) {
		t.Errorf("the new ledger does not know the revoked device: %s, %v", text, err)
	}
}

func TestACursorProvesARestoreOnce(t *testing.T) {
	h := newHall(t)
	kiosk := h.enrolled(city.DeviceKiosk, city.ScopePublic)
	idle := h.enrolled(city.DeviceKiosk, city.ScopePublic)
	kiosk.push(kiosk.prepared(resident, newRequest()))
	image := h.image()
	idle.pull(1000)
	h.mustAct(system, &city.SetCrew{ID: "parks", Crew: city.Crew{Name: "Park crew", Department: "parks"}})
	kiosk.push(kiosk.prepared(resident, newRequest()))
	kiosk.pull(1000)

	for name, grow := range map[string]bool{"a shorter log": false, "another log of the same length": true} {
		h.putBack(image, h.ledger) // which would notice first
		before := h.head()
		if grow {
			for h.head().Seq < kiosk.cursor.Seq+2 {
				h.mustAct(system, &city.SetCrew{ID: "parks", Crew: city.Crew{Name: string(city.NewID()), Department: "parks"}})
			}
		}
		if err := h.page(idle, idle.cursor); err != nil {
			t.Fatalf("%s: a cursor that fits: %v", name, err)
		}
		if h.head().Epoch != before.Epoch {
			t.Fatalf("%s: a cursor that fits began an epoch", name)
		}
		var wait sync.WaitGroup
		for range 8 { // many devices come with the same proof
			wait.Go(func() {
				if err := h.page(kiosk, kiosk.cursor); !errors.Is(err, store.ErrLineage) {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		wait.Wait()
		after := h.head()
		if after.Epoch == before.Epoch {
			t.Errorf("%s: the proof was not believed", name)
		}
		text, err := os.ReadFile(h.ledger)
		if err != nil || bytes.Count(text, []byte(`"kind":"restore"`)) != 1 {
			t.Errorf("%s: %d epochs began, %v", name, bytes.Count(text, []byte(`"kind":"restore"`)), err)
		}
		// Everybody else's cursor is void too, and proves nothing any more.
		for _, c := range []protocol.Cursor{idle.cursor, kiosk.cursor} {
			if err := h.page(idle, c); !errors.Is(err, store.ErrLineage) {
				t.Errorf("%s: a cursor of the old epoch: %v", name, err)
			}
		}
		if h.head().Epoch != after.Epoch {
			t.Errorf("%s: an old cursor began another epoch", name)
		}
	}
}

func TestLedgerOnBothEngines(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		before := f.head()
		f.Close()
		f.ledger = filepath.Join(t.TempDir(), "ledger")
		f.open()
		kiosk.push(kiosk.prepared(resident, newRequest()))
		if err := f.Revoke(ctx, kiosk.Device.ID); err != nil {
			t.Fatal(err)
		}
		f.Close()
		f.open()
		if f.head().Epoch != before.Epoch {
			t.Fatal("a restart began an epoch")
		}
		// What an older copy of the database would say.
		for _, undo := range []string{`DELETE FROM change WHERE seq > $1`, `DELETE FROM mutation WHERE seq > $1`, `UPDATE sync_head SET seq = $1`} {
			if _, err := f.DB().Exec(undo, before.Seq); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := f.DB().Exec(`UPDATE sync_head SET hash = $1`, before.Hash); err != nil {
			t.Fatal(err)
		}
		if _, err := f.DB().Exec(`UPDATE device SET state = $1`, store.DeviceActive); err != nil {
			t.Fatal(err)
		}
		f.Close()
		f.open()
		if h := f.head(); h.Epoch == before.Epoch || h.Seq != before.Seq {
			t.Errorf("head %+v after %+v", h, before)
		}
		if d, err := f.Device(ctx, kiosk.Device.ID); err != nil || d.State != store.DeviceRevoked {
			t.Errorf("device %s, %v", d.State, err)
		}
	})
}

func TestLedgerStaysShort(t *testing.T) {
	h := newHall(t)
	thief := h.enrolled(city.DeviceKiosk, city.ScopePublic)
	if err := h.Revoke(context.Background(), thief.Device.ID); err != nil {
		t.Fatal(err)
	}
	h.mustAct(system, &city.SetCrew{ID: "parks", Crew: city.Crew{Name: "Park crew", Department: "parks"}})
	h.Close()
	store.FillLedger(t, h.ledger)
	h.open()
	h.mustAct(system, &city.SetCrew{ID: "parks", Crew: city.Crew{Name: "Park crews", Department: "parks"}})
	epoch := h.head().Epoch
	h.Close()
	info, err := os.Stat(h.ledger)
	if err != nil || info.Size() > 10_000 {
		t.Fatalf("the ledger has %d bytes, %v", info.Size(), err)
	}
	h.open()
	text, err := os.ReadFile(h.ledger)
	if err != nil || !strings.Contains(string(text), string(thief.Device.ID)) {
		t.Errorf("the shortened ledger has forgotten a revocation: %s, %v", text, err)
	}
	if h.head().Epoch != epoch {
		t.Error("the shortened ledger has forgotten where the head was")
	}
}
