package sim_test

import (
	"testing"
	"time"

	"cityhall/shared/city"
)

// A lease that ends takes the tablet's key out of memory: it does not come back with
// the next word of the city, only with the PIN.
func TestLeaseDropsTheKey(t *testing.T) {
	c := newCity(t)
	d := newTablet(t, c)
	if err := d.SetPIN(ctx, "4711"); err != nil {
		t.Fatal(err)
	}
	step(t, d.Replica)
	if !d.Unlocked() || d.LeaseOver() {
		t.Fatal("it is locked from the beginning")
	}
	d.wire.Down = true
	d.clock.Advance(15 * 24 * time.Hour)
	_ = d.Step(ctx)
	d.wire.Down = false
	step(t, d.Replica)
	if d.Unlocked() || d.LeaseOver() {
		t.Errorf("after the next hello: unlocked %v, lease over %v", d.Unlocked(), d.LeaseOver())
	}
	if ok, err := d.Unlock(ctx, "4711"); !ok || err != nil || !d.Unlocked() {
		t.Errorf("the PIN: %v, %v", ok, err)
	}
}

// A tablet that has lost its PIN in another way than by joining again finds that
// the city seals to its old key, and says so until it joins again.
func TestOtherKey(t *testing.T) {
	c := newCity(t)
	shareContact(t, c)
	d := newTablet(t, c)
	request := job(t, c)
	if err := d.SetPIN(ctx, "4711"); err != nil {
		t.Fatal(err)
	}
	step(t, d.Replica)
	d.Lock()
	if err := d.SetPIN(ctx, "0815"); city.CodeOf(err) != city.CodeNotNow {
		t.Errorf("a new PIN on a locked tablet: %v", err)
	}
	if err := d.SetSetting(ctx, "vault", ""); err != nil { // as of a copy from before
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d.open()
	if d.OtherKey() {
		t.Error("it has not asked the city yet")
	}
	if err := d.SetPIN(ctx, "0815"); err != nil {
		t.Fatal(err)
	}
	name := func() string {
		t.Helper()
		step(t, d.Replica)
		step(t, d.Replica)
		view, err := d.View(ctx)
		if err != nil {
			t.Fatal(err)
		}
		rec, _, err := view.Record(city.Ref{Kind: city.KindPerson, ID: request})
		if err != nil {
			t.Fatal(err)
		}
		return rec.Text("name")
	}
	if got := name(); got != "" || !d.OtherKey() {
		t.Errorf("under another key: %q, other key %v", got, d.OtherKey())
	}
	d.enrol()
	if err := d.SetPIN(ctx, "0815"); err != nil {
		t.Fatal(err)
	}
	if got := name(); got == "" || d.OtherKey() {
		t.Errorf("joined again: %q, other key %v", got, d.OtherKey())
	}
}
