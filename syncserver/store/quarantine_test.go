package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
)

func TestQuarantineTakesOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		known := kiosk.prepared(resident, newRequest())
		kiosk.push(known)
		lines := []store.Incoming{kiosk.line(known), kiosk.line(kiosk.prepared(resident, newRequest()))}
		if _, _, err := f.Quarantine(ctx, kiosk.Device, protocol.QuarantineHeader{}, lines); !errors.Is(err, store.ErrWelcome) {
			t.Fatalf("a device that may push: %v", err)
		}
		if err := f.Revoke(ctx, kiosk.Device.ID); err != nil {
			t.Fatal(err)
		}
		gone, err := f.Device(ctx, kiosk.Device.ID)
		if err != nil {
			t.Fatal(err)
		}
		var seq int64
		for i := range 3 { // repeats are harmless, also behind the end
			v, end, err := f.Quarantine(ctx, gone, protocol.QuarantineHeader{Last: i > 0, Wiped: true}, lines)
			if err != nil || end.Taken != 1 || end.Closed != (i > 0) {
				t.Fatalf("%+v, %v", end, err)
			}
			if v[0].Verdict != city.VerdictDuplicate || v[0].Stored != city.VerdictApplied {
				t.Errorf("known: %+v", v[0])
			}
			if i == 0 {
				seq = v[1].Seq
			}
			if i == 0 && v[1].Verdict != city.VerdictRefused || i > 0 && v[1].Stored != city.VerdictRefused || v[1].Code != city.CodeRevoked || v[1].Review == "" || v[1].Seq != seq {
				t.Errorf("new: %+v", v[1])
			}
		}
		head := f.head().Seq
		late := []store.Incoming{kiosk.line(kiosk.prepared(resident, newRequest()))}
		if _, _, err := f.Quarantine(ctx, gone, protocol.QuarantineHeader{}, late); !errors.Is(err, store.ErrHandedOver) {
			t.Errorf("behind the end: %v", err)
		}
		if f.head().Seq != head {
			t.Error("what was not taken left something behind")
		}
		if left, err := f.Departure(ctx, gone.ID); err != nil || !left.Wiped.IsZero() {
			t.Errorf("a wipe that nobody ordered is done: %+v, %v", left, err)
		}
	})
}

// An act that comes to quarantine under another's id is kept beside it.
func TestQuarantineKeepsBothOfAClash(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		first := kiosk.prepared(resident, newRequest())
		kiosk.push(first)
		second := kiosk.prepared(resident, newRequest())
		second.ID, second.Blobs = first.ID, []string{strings.Repeat("a", 64), "../../etc/passwd"}
		if err := f.Revoke(ctx, kiosk.Device.ID); err != nil {
			t.Fatal(err)
		}
		gone, err := f.Device(ctx, kiosk.Device.ID)
		if err != nil {
			t.Fatal(err)
		}
		v, _, err := f.Quarantine(ctx, gone, protocol.QuarantineHeader{}, []store.Incoming{kiosk.line(second)})
		if err != nil || v[0].Verdict != city.VerdictRefused || v[0].Review == "" {
			t.Fatalf("%+v, %v", v, err)
		}
		if may, err := f.Expected(ctx, gone.ID, strings.Repeat("a", 64)); !may || err != nil {
			t.Errorf("its photo: %v, %v", may, err)
		}
		if may, err := f.Expected(ctx, gone.ID, strings.Repeat("b", 64)); may || err != nil {
			t.Errorf("any photo: %v, %v", may, err)
		}
	})
}

// What the ledger knows of devices comes back with an older database: who is
// enrolled, what they may see, and who has to wipe itself.
func TestLedgerBringsDevicesBack(t *testing.T) {
	h := newHall(t)
	ctx := context.Background()
	old := h.enrolled(city.DeviceTablet, city.ScopePublic, city.ScopeCrew("trees"))
	code, err := h.CreateEnrolment(ctx, city.DeviceKiosk, "Spare", []city.Scope{city.ScopePublic}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	image := h.image()
	key, err := keys.NewIdentity(nil)
	if err != nil {
		t.Fatal(err)
	}
	late, err := h.Enrol(ctx, code, key.Public(), "Library")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.SetGrants(ctx, old.Device.ID, []city.Scope{city.ScopePublic, city.ScopeCrew("roads")}); err != nil {
		t.Fatal(err)
	}
	gone := h.enrolled(city.DeviceTablet, city.ScopePublic)
	if err := h.OrderWipe(ctx, gone.Device.ID); err != nil {
		t.Fatal(err)
	}
	for i := range 2 { // the second time from a shortened ledger
		h.putBack(image)
		d, err := h.Device(ctx, late.ID)
		if err != nil || d.Name != "Library" || d.Kind != city.DeviceKiosk || d.Public != key.Public() || d.GrantRev != 1 || d.State != store.DeviceActive || !d.Enrolled.Equal(late.Enrolled) {
			t.Fatalf("%d: %+v, %v", i, d, err)
		}
		if d, err := h.Device(ctx, old.Device.ID); err != nil || d.GrantRev != 2 || !slices.Contains(d.Grants, city.ScopeCrew("roads")) {
			t.Errorf("%d: regranted %+v, %v", i, d, err)
		}
		if d, err := h.Device(ctx, gone.Device.ID); err != nil || d.State != store.DeviceRevoked {
			t.Errorf("%d: revoked %+v, %v", i, d, err)
		}
		if left, err := h.Departure(ctx, gone.Device.ID); err != nil || left.Ordered.IsZero() {
			t.Errorf("%d: wipe %+v, %v", i, left, err)
		}
		grow := func() {
			h.mustAct(system, &city.SetCrew{ID: "parks", Crew: city.Crew{Name: string(city.NewID()), Department: "parks"}})
		}
		grow() // so that the newest mark is one that may be left out
		h.Close()
		store.FillLedger(t, h.ledger)
		h.open()
		grow()
	}
}
