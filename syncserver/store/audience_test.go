package store_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/syncserver/store"
)

// kept counts what a device has of one kind.
func kept(all map[city.Ref]city.Record, kind city.Kind) (n int) {
	for ref := range all {
		if ref.Kind == kind {
			n++
		}
	}
	return n
}

// TestPublicForgetsWhatWasClosedLongAgo: 90 days after its end a request and its
// photos leave kiosks, however many there are, and come back when it is reopened.
func TestPublicForgetsWhatWasClosedLongAgo(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		kiosk, tablet := f.enrolled(city.DeviceKiosk, city.ScopePublic), f.crewTablet()
		request, order := f.fallenTree(kiosk)
		o := tablet.outing(request, order)
		tablet.push(o.start, o.finish)
		photo := &city.AddPhoto{Photo: city.NewID(), Request: request, Blob: string(make64("ab")), Stage: "after"}
		tablet.push(tablet.prepared(treeCrew, photo))
		f.mustAct(reviewer, &city.ApproveWork{Request: request, WorkOrder: order, Photos: []city.ID{photo.Photo}})
		var old []city.ID
		for range 230 {
			old = append(old, city.NewID())
			f.mustAct(system, &city.ImportRequest{Request: old[len(old)-1], Service: "tree", Place: city.Place{Address: "2 Elm Street"},
				ReceivedAt: f.now.get().AddDate(0, 0, -50), ClosedAt: f.now.get().AddDate(0, 0, -40), Outcome: city.OutcomeFixed})
		}
		ancient := city.NewID()
		f.mustAct(system, &city.ImportRequest{Request: ancient, Service: "tree", Place: city.Place{Address: "3 Elm Street"},
			ReceivedAt: f.now.get().AddDate(-1, 0, -50), ClosedAt: f.now.get().AddDate(-1, 0, 0), Outcome: city.OutcomeFixed})
		open := newRequest()
		kiosk.push(kiosk.prepared(resident, open))
		seen := map[city.Ref]city.Record{}
		look := func(requests, photos int) {
			t.Helper()
			replay(seen, kiosk.pull(500))
			if got, pics := kept(seen, city.KindRequest), kept(seen, city.KindPhoto); got != requests || pics != photos {
				t.Errorf("the kiosk has %d requests and %d photos, want %d and %d", got, pics, requests, photos)
			}
		}
		f.sweep()
		look(232, 1)
		f.now.pass(51 * 24 * time.Hour)
		before := f.head().Seq
		if more, err := f.Sweep(t.Context()); err != nil || !more {
			t.Errorf("the first batch: %v %v", more, err)
		}
		if n := f.head().Seq - before; n != 200 {
			t.Errorf("the first batch wrote %d rows", n)
		}
		f.close().open() // a crash between two batches
		f.sweep()
		look(2, 1)
		f.now.pass(40 * 24 * time.Hour)
		f.sweep()
		look(1, 0)
		head := f.head().Seq
		if f.sweep(); f.head().Seq != head {
			t.Error("it is done again")
		}
		f.mustAct(reviewer, &city.ReopenRequest{Request: request, Reason: "It fell again"})
		look(2, 1)
		f.record(city.KindRequest, ancient) // the office has it for ever
	})
}

// TestSweepLooksByIndex: what is looked for every minute must not cost more with
// every request that was ever closed.
func TestSweepLooksByIndex(t *testing.T) {
	f := newFixture(t, filepath.Join(t.TempDir(), "city.db"))
	var id, parent, unused int
	var plan string
	row := f.DB().QueryRowContext(t.Context(), `EXPLAIN QUERY PLAN `+store.SelectToArchive, "", 1)
	if err := row.Scan(&id, &parent, &unused, &plan); err != nil || !strings.Contains(plan, "request_to_archive") {
		t.Errorf("%s, %v", plan, err)
	}
}

func make64(pair string) (out []byte) {
	for range 32 {
		out = append(out, pair...)
	}
	return out
}

// TestSharedContactFollowsTheService: what a crew was given goes when the service
// no longer shares it, and comes when it does, batch by batch.
func TestSharedContactFollowsTheService(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		kiosk, tablet := f.enrolled(city.DeviceKiosk, city.ScopePublic), f.crewTablet()
		tablet.sealTo()
		people := 210 // more than one batch
		if testing.Short() {
			people = 10
		}
		for range people {
			f.fallenTree(kiosk)
		}
		seen := map[city.Ref]city.Record{}
		publish := func(share bool, version int) {
			t.Helper()
			f.mustAct(system, &city.PublishService{ID: "tree", Service: city.Service{Name: city.Text{"en": "Fallen tree"}, Department: "parks",
				Promise: city.Promise{Days: 2, Working: true}, Active: true, Version: version, ShareContact: share}})
			if _, err := f.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			f.close().open() // a crash between two batches
			f.sweep()
			replay(seen, tablet.pull(500))
		}
		publish(true, 2)
		if n := kept(seen, city.KindPerson); n != people {
			t.Errorf("the crew has contact data of %d", n)
		}
		for ref, r := range seen {
			if ref.Kind == city.KindPerson && r.Text("name") != "Zenobia Quux" {
				t.Fatalf("%s came as %s", ref, r.Fields)
			}
		}
		publish(false, 3)
		if n := kept(seen, city.KindPerson); n != 0 {
			t.Errorf("the crew keeps contact data of %d", n)
		}
		head := f.head().Seq
		publish(false, 4)
		if n := f.head().Seq - head; n > 1 {
			t.Errorf("a change of nothing wrote %d rows", n)
		}
		f.now.pass(time.Minute)
		if f.sweep(); f.has(city.KindPerson, "nobody") {
			t.Error("somebody is there")
		}
	})
}

// TestSweepsLeaveASoundLog: verify is green after every kind of sweep.
func TestSweepsLeaveASoundLog(t *testing.T) {
	h := newHall(t)
	tablet := h.crewTablet()
	request, order := h.fallenTree(h.enrolled(city.DeviceKiosk, city.ScopePublic))
	o := tablet.outing(request, order)
	tablet.push(o.note, o.finish)
	h.mustAct(system, &city.PublishService{ID: "tree", Service: city.Service{Name: city.Text{"en": "Fallen tree"}, Department: "parks",
		Promise: city.Promise{Days: 2, Working: true}, Active: true, Version: 2, ShareContact: true}})
	h.mustAct(reviewer, &city.CloseRequest{Request: request, Outcome: city.OutcomeNotOurs, Owner: "the railway"})
	h.sweep()
	h.verified()
	h.now.pass(91 * 24 * time.Hour)
	h.sweep()
	h.verified()
	if got := string(h.record(city.KindRequest, request).Fields["archived"]); got != "true" {
		t.Errorf("archived is %s", got)
	}
	if verdict, _, _ := h.fate(o.finish.ID); verdict != "refused" {
		t.Errorf("the finish became %q", verdict)
	}
}
