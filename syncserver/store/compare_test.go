package store_test

import (
	"context"
	"errors"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
)

// holds gives the digests of what a device has after a pull.
func holds(t *testing.T, frames []protocol.Frame) protocol.Digests {
	t.Helper()
	records, seqs := map[city.Ref]city.Record{}, map[city.Ref]int64{}
	replay(records, frames)
	for _, fr := range frames {
		if fr.Put != nil {
			seqs[fr.Put.Ref] = fr.Put.Seq
		}
	}
	d := protocol.NewDigests()
	for ref, r := range records {
		fields, err := city.Canonical(r.Fields)
		if err != nil {
			t.Fatal(err)
		}
		writers, err := city.Canonical(r.Writers)
		if err != nil {
			t.Fatal(err)
		}
		d.Add(ref, r.Parent, seqs[ref], fields, writers)
	}
	return d
}

func TestCompare(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		kiosk := f.enrolled(city.DeviceKiosk, city.ScopePublic)
		tablet := f.enrolled(city.DeviceTablet, city.ScopePublic, city.ScopeCrew("trees"))
		for i := range 20 {
			request, order := f.fallenTree(kiosk)
			if i%4 == 0 {
				f.mustAct(dispatcher, &city.AssignRequest{Request: request, WorkOrder: order, Crew: "roads", Priority: city.PriorityLow})
			}
		}
		kiosk.pull(100)
		have := holds(t, tablet.pull(7))
		puts, end, err := f.Compare(ctx, tablet.Device, tablet.cursor, protocol.Verify{Digests: have}, 100)
		if err != nil || len(puts)+len(end.Buckets) != 0 || end.Next != protocol.Buckets || end.People {
			t.Fatalf("the same: %d puts, %+v, %v", len(puts), end, err)
		}
		// A device that says it has nothing gets all that it may see, and no more.
		for _, d := range []*device{kiosk, tablet} {
			seen := map[city.Kind]int{}
			again := &device{f: f, Device: d.Device}
			for _, fr := range again.pull(1000) {
				if fr.Evict != nil {
					seen[fr.Evict.Kind]--
				} else if fr.Put != nil && fr.Put.Full {
					seen[fr.Put.Kind]++
				}
			}
			got, pages := map[city.Kind]int{}, 0
			for from := 0; from < protocol.Buckets; pages++ {
				puts, end, err := f.Compare(ctx, d.Device, d.cursor, protocol.Verify{Digests: protocol.NewDigests(), From: from}, 10)
				if err != nil || end.Next <= from || end.Count != len(puts) {
					t.Fatalf("from %d: %+v, %v", from, end, err)
				}
				for _, p := range puts {
					got[p.Kind]++
				}
				from = end.Next
			}
			if pages < 3 {
				t.Errorf("%d pages", pages)
			}
			if got[city.KindPerson] != 0 || got[city.KindRequest] != 20 || got[city.KindStaff] != 0 {
				t.Errorf("%s gets %v", d.Device.Kind, got)
			}
			if d == kiosk && got[city.KindWork]+got[city.KindWorkOrder] != 0 || d == tablet && (got[city.KindWork] != 15 || got[city.KindWorkOrder] != 15) {
				t.Errorf("%s gets %v", d.Device.Kind, got)
			}
		}
		// What others do does not matter, what the device may see does.
		f.mustAct(system, &city.SetStaff{ID: "new", Staff: city.Staff{Name: "New", Active: true}})
		if _, _, err := f.Compare(ctx, tablet.Device, tablet.cursor, protocol.Verify{Digests: have}, 100); err != nil {
			t.Errorf("after something that it does not see: %v", err)
		}
		f.mustAct(reviewer, newRequest())
		if _, _, err := f.Compare(ctx, tablet.Device, tablet.cursor, protocol.Verify{Digests: have}, 100); !errors.Is(err, store.ErrBehind) {
			t.Errorf("behind: %v", err)
		}
		other := tablet.cursor
		other.Epoch = "other"
		if _, _, err := f.Compare(ctx, tablet.Device, other, protocol.Verify{Digests: have}, 100); !errors.Is(err, store.ErrLineage) {
			t.Errorf("of another history: %v", err)
		}
	})
}
