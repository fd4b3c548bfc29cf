package store_test

import (
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

// TestADamagedRecordStopsOnlyWhoNeedsIt: a push reads the records that it names at once;
// one of them that cannot be read holds up no act that does not rest on it.
func TestADamagedRecordStopsOnlyWhoNeedsIt(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		tablet := f.crewTablet()
		request, _ := f.fallenTree(f.enrolled(city.DeviceKiosk, city.ScopePublic))
		if _, err := f.DB().Exec(`UPDATE record SET writers = '[1]' WHERE kind = 'request.person' AND id = $1`, request); err != nil {
			t.Fatal(err)
		}
		wantVerdicts(t, tablet.push(tablet.prepared(treeCrew, &city.AddNote{Note: city.NewID(), Request: request, Text: "Mind the dog"}),
			tablet.prepared(treeCrew, &city.AddNote{Note: city.NewID(), Request: request, Text: "And on"})), "applied", "applied")
	})
}

// TestManyActsOnOneRecord: of a record that a push changes again and again stands what
// the last act made of it, and its children are all there.
func TestManyActsOnOneRecord(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		tablet := f.crewTablet()
		request, order := f.fallenTree(f.enrolled(city.DeviceKiosk, city.ScopePublic))
		visit := city.NewID()
		acts := []city.Act{&city.StartVisit{Visit: visit, WorkOrder: order}}
		for range 30 {
			acts = append(acts, &city.AddNote{Note: city.NewID(), Request: request, Text: "On the way"})
		}
		acts = append(acts, &city.FinishVisit{Visit: visit, WorkOrder: order, Outcome: city.OutcomeFixed})
		var all []protocol.Envelope
		seen := &city.Overlay{Under: f.View(t.Context())}
		for _, act := range acts { // each rests on those before it
			m, err := city.Prepare(seen, city.NewMutationID(), treeCrew, tablet.Device.ID, f.now.get(), act)
			if err != nil {
				t.Fatal(err)
			}
			res, err := city.Apply(seen, m)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range res.Changed {
				seen.Put(c.Record)
			}
			all = append(all, protocol.Wrap(m))
		}
		for _, v := range tablet.push(all...) {
			if v.Verdict != city.VerdictApplied {
				t.Fatalf("%+v", v)
			}
		}
		notes, err := f.View(t.Context()).Children(request, city.KindNote)
		if job := f.record(city.KindWorkOrder, order); job.Text("state") != "done" || len(notes) != 30 || err != nil {
			t.Errorf("the job is %s, %d notes, %v", job.Text("state"), len(notes), err)
		}
	})
}
