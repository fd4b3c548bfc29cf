package store_test

import (
	"context"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
)

// TestRestoreDrillOfTenThousand brings 10,000 requests back, 500 of which only a
// device still holds, and prints how long each part took.
func TestRestoreDrillOfTenThousand(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a city first")
	}
	const requests, unsafe, batch = 10_000, 500, 500
	h := newHall(t)
	kiosk := h.enrolled(city.DeviceKiosk, city.ScopePublic)
	sample := kiosk.prepared(resident, newRequest())
	fresh := func() protocol.Envelope {
		m, err := city.Prepare(h.View(context.Background()), city.NewMutationID(), resident, kiosk.Device.ID, h.now.get(), newRequest())
		if err != nil {
			t.Fatal(err)
		}
		env := protocol.Wrap(m)
		env.Reads = sample.Reads
		return env
	}
	var held []protocol.Envelope
	begun := time.Now()
	for done := 0; done < requests; done += batch {
		if done == requests-unsafe {
			t.Logf("pushed %d in %v", done, time.Since(begun).Round(time.Millisecond))
			begun = time.Now()
			b := h.backup()
			t.Logf("backed up %d changes in %v", b.Seq, time.Since(begun).Round(time.Millisecond))
		}
		envs := make([]protocol.Envelope, batch)
		for i := range envs {
			envs[i] = fresh()
		}
		kiosk.push(envs...)
		held = envs // what is not in a backup a device keeps
	}
	want := h.head().Seq
	h.die()
	begun = time.Now()
	r := h.restore()
	t.Logf("restored %d changes in %v", r.Seq, time.Since(begun).Round(time.Millisecond))
	again := &device{f: h.fixture, Device: kiosk.Device, stream: "after"}
	for _, v := range again.push(held...) {
		if v.Verdict != city.VerdictApplied {
			t.Fatalf("put back: %+v", v)
		}
	}
	if h.head().Seq != want {
		t.Errorf("the head is at %d, want %d", h.head().Seq, want)
	}
	begun = time.Now()
	n, err := h.Verify(context.Background(), func(f store.Finding) { t.Errorf("found %s", f) })
	if err != nil || n.Changes != int(want) {
		t.Fatalf("%+v, %v", n, err)
	}
	t.Logf("verified in %v", time.Since(begun).Round(time.Millisecond))
	t.Logf(`{"figure":"restore drill","requests":%d,"changes":%d,"acts":%d,"put_back":%d,"violations":0}`, requests, n.Changes, n.Mutations, len(held))
}
