package store_test

import (
	"context"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
)

// TestRestoreBringsNoOldAccessBack: the backup knows an old password, no tablet's
// key and no wipe. The ledger knows better.
func TestRestoreBringsNoOldAccessBack(t *testing.T) {
	h := newHall(t)
	ctx := context.Background()
	set := func(name, password string) {
		t.Helper()
		if err := h.SetLogin(ctx, name, city.ID(name), password); err != nil {
			t.Fatal(err)
		}
	}
	set("rosa", "the one that leaked")
	tablet, lost := h.crewTablet(), h.crewTablet()
	h.backup()
	set("rosa", "correct horse")
	set("new", "battery staple")
	own, thiefs := sealingKey(t), sealingKey(t)
	if _, err := h.SealTo(ctx, tablet.Device, own.Public()); err != nil {
		t.Fatal(err)
	}
	if err := h.OrderWipe(ctx, lost.Device.ID); err != nil {
		t.Fatal(err)
	}
	gone, err := h.Device(ctx, lost.Device.ID)
	if err != nil {
		t.Fatal(err)
	}
	h.now.pass(time.Hour)
	wiped := h.now.get()
	if _, _, err := h.Quarantine(ctx, gone, protocol.QuarantineHeader{Last: true, Wiped: true}, nil); err != nil {
		t.Fatal(err)
	}
	for _, restored := range []func(){h.comeBack, func() { h.close().open() }} {
		restored()
		for name, password := range map[string]string{"rosa": "correct horse", "new": "battery staple"} {
			if _, who, err := h.SignIn(ctx, name, password); err != nil || string(who) != name {
				t.Errorf("%s cannot sign in: %v", name, err)
			}
		}
		if _, _, err := h.SignIn(ctx, "rosa", "the one that leaked"); city.CodeOf(err) != city.CodeSignIn {
			t.Errorf("the old password: %v", err)
		}
		if _, err := h.SealTo(ctx, tablet.Device, thiefs.Public()); err != nil {
			t.Fatal(err)
		}
		if k, err := h.TabletKey(ctx, tablet.Device.ID); err != nil || k.Public.String() != own.Public().String() || k.Asked.IsZero() {
			t.Errorf("the tablet's key: %+v, %v", k, err)
		}
		if d, err := h.Departure(ctx, lost.Device.ID); err != nil || !d.Wiped.Equal(wiped) || d.Closed.IsZero() || d.Ordered.IsZero() {
			t.Errorf("the wipe: %+v, %v", d, err)
		}
		h.verified()
	}
}

// comeBack loses the disk but for the ledger, and restores the newest backup.
func (h *hall) comeBack() {
	h.t.Helper()
	h.die("ledger")
	h.restore()
}

func sealingKey(t *testing.T) keys.SealingKey {
	t.Helper()
	k, err := keys.NewSealingKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestATabletsKeyIsSetOnce: whoever asks second gets nothing, and staff see it.
func TestATabletsKeyIsSetOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		tablet := f.crewTablet()
		own, other := sealingKey(t), sealingKey(t)
		d, err := f.SealTo(ctx, tablet.Device, own.Public())
		if err != nil || d.GrantRev != tablet.Device.GrantRev+1 {
			t.Fatalf("the first key: %d, %v", d.GrantRev, err)
		}
		again, err := f.SealTo(ctx, d, other.Public())
		if err != nil || again.GrantRev != d.GrantRev {
			t.Errorf("another key: %d, %v", again.GrantRev, err)
		}
		asked := f.now.get()
		f.now.pass(time.Hour)
		if _, err := f.SealTo(ctx, d, own.Public()); err != nil {
			t.Fatal(err)
		}
		if k, err := f.TabletKey(ctx, d.ID); err != nil || k.Public.String() != own.Public().String() || !k.Asked.Equal(asked) {
			t.Errorf("%+v, %v", k, err)
		}
	})
}
