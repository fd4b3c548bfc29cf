package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

// outing is a crew's visit as its tablet would send it in one go: begun, ended,
// and a note, prepared on what the tablet sees with its own acts on top.
type outing struct {
	start, finish, note protocol.Envelope
	visit               city.ID
}

func (d *device) outing(request, order city.ID) outing {
	d.f.t.Helper()
	o := outing{visit: city.NewID()}
	seen := &city.Overlay{Under: d.f.View(context.Background())}
	do := func(act city.Act, deps ...city.MutationID) protocol.Envelope {
		m, err := city.Prepare(seen, city.NewMutationID(), treeCrew, d.Device.ID, d.f.now.get(), act)
		if err != nil {
			d.f.t.Fatalf("prepare %s: %v", act.Type(), err)
		}
		res, err := city.Apply(seen, m)
		if err != nil || res.Refusal != nil {
			d.f.t.Fatalf("%s on the tablet: %v %v", act.Type(), res.Refusal, err)
		}
		for _, c := range res.Changed {
			seen.Put(c.Record)
		}
		env := protocol.Wrap(m)
		env.Deps = deps
		return env
	}
	o.start = do(&city.StartVisit{Visit: o.visit, WorkOrder: order})
	o.finish = do(&city.FinishVisit{Visit: o.visit, WorkOrder: order, Outcome: city.OutcomeFixed, Notes: "Cut and cleared"}, o.start.ID)
	o.note = do(&city.AddNote{Note: city.NewID(), Request: request, Text: "Dog in the yard"}, o.finish.ID)
	return o
}

func (f *fixture) crewTablet() *device {
	return f.enrolled(city.DeviceTablet, city.ScopePublic, city.ScopeCrew("trees"))
}

func (f *fixture) has(kind city.Kind, id city.ID) bool {
	f.t.Helper()
	_, ok, err := f.View(context.Background()).Record(city.Ref{Kind: kind, ID: id})
	if err != nil {
		f.t.Fatal(err)
	}
	return ok
}

// fate is what became of a held act.
func (f *fixture) fate(id city.MutationID) (verdict, code string, review city.ID) {
	f.t.Helper()
	if err := f.DB().QueryRow(`SELECT verdict, code, review FROM held WHERE id = $1`, id).Scan(&verdict, &code, &review); err != nil {
		f.t.Fatal(err)
	}
	return verdict, code, review
}

func (f *fixture) sweep() {
	f.t.Helper()
	for {
		more, err := f.Sweep(context.Background())
		if err != nil {
			f.t.Fatal(err)
		}
		if !more {
			return
		}
	}
}

func (f *fixture) review(id city.ID) city.Review {
	f.t.Helper()
	var r city.Review
	if err := f.record(city.KindReview, id).Into(&r); err != nil {
		f.t.Fatal(err)
	}
	return r
}

func wantVerdicts(t *testing.T, got []protocol.PushVerdict, want ...string) {
	t.Helper()
	for i, v := range got {
		said := strings.Trim(string(v.Verdict)+" "+string(v.Stored)+" "+string(v.Code), " ")
		if said = strings.Join(strings.Fields(said), " "); said != want[i] {
			t.Errorf("act %d: %q, want %q", i, said, want[i])
		}
	}
}

// TestHeldIsAppliedOnceDecided: the start is in conflict with the office, so what
// rests on it waits; a person decides, and it goes on as if in one go.
func TestHeldIsAppliedOnceDecided(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		tablet := f.crewTablet()
		request, order := f.fallenTree(f.enrolled(city.DeviceKiosk, city.ScopePublic))
		o := tablet.outing(request, order)
		f.mustAct(reviewer, &city.PauseRequest{Request: request, Reason: "The utility comes first"})
		got := tablet.push(o.start, o.finish, o.note)
		wantVerdicts(t, got, "review", "held", "held")
		if got[1].Seq == 0 || got[1].Seq >= got[2].Seq {
			t.Errorf("their places are %d and %d", got[1].Seq, got[2].Seq)
		}
		acks := 0
		for _, fr := range tablet.pull(100) {
			if fr.Ack != nil && fr.Ack.Verdict == city.VerdictHeld {
				acks++
			}
		}
		if acks != 2 {
			t.Errorf("%d echoes say held", acks)
		}
		if f.record(city.KindVisit, o.visit).Text("outcome") != "" {
			t.Error("a held act has written something")
		}
		f.close().open() // a restart forgets nothing of it
		head := f.head().Seq
		wantVerdicts(t, (&device{f: f, Device: tablet.Device, stream: "again"}).push(o.finish), "duplicate held")
		if f.head().Seq != head {
			t.Error("a repeat moved the head")
		}
		r := f.review(got[0].Review)
		f.mustAct(reviewer, &city.DecideReview{Review: got[0].Review, Sides: r.Sides(), Theirs: []city.FieldRef{r.Contests[0].Field}})
		if got := f.record(city.KindVisit, o.visit).Text("notes"); got != "Cut and cleared" {
			t.Errorf("after the decision the visit says %q", got)
		}
		if got := f.record(city.KindRequest, request).Text("status"); got != string(city.StatusChecking) && got != string(city.StatusWorking) {
			t.Errorf("the request is %s", got)
		}
		if notes, err := f.View(context.Background()).Children(request, city.KindNote); err != nil || len(notes) != 1 {
			t.Errorf("%d notes, %v", len(notes), err)
		}
		head = f.head().Seq
		wantVerdicts(t, (&device{f: f, Device: tablet.Device, stream: "later"}).push(o.finish), "duplicate held")
		if f.sweep(); f.head().Seq != head {
			t.Error("a repeat or a sweep did it twice")
		}
	})
}

// TestHeldFallsWithWhatItRestsOn: the job went to another crew, so the start is
// refused; once a person has looked, all that rests on it is refused, each whole.
func TestHeldFallsWithWhatItRestsOn(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		tablet := f.crewTablet()
		request, order := f.fallenTree(f.enrolled(city.DeviceKiosk, city.ScopePublic))
		o := tablet.outing(request, order)
		f.mustAct(dispatcher, &city.AssignRequest{Request: request, WorkOrder: order, Crew: "roads", Priority: city.PriorityHigh})
		got := tablet.push(o.start, o.finish, o.note)
		wantVerdicts(t, got, "refused not_yours", "held", "held")
		f.mustAct(reviewer, &city.DecideReview{Review: got[0].Review, Sides: []city.MutationID{o.start.ID}, Words: "Done by hand"})
		for _, e := range []protocol.Envelope{o.finish, o.note} {
			verdict, code, review := f.fate(e.ID)
			if verdict != "refused" || code != string(city.CodeDependency) {
				t.Fatalf("%s became %s %s", e.Type, verdict, code)
			}
			if r := f.review(review); r.State != "open" || string(r.Payload) != string(e.Args) {
				t.Errorf("the review of %s holds %s", e.Type, r.Payload)
			}
		}
		// What comes only now falls at once.
		late := tablet.prepared(treeCrew, newRequest())
		late.Deps = []city.MutationID{o.start.ID}
		wantVerdicts(t, tablet.push(late), "refused dependency")
	})
}

// TestMissingIsReleasedOnArrival sends an outing from its end, as after a restore
// in which others come back first.
func TestMissingIsReleasedOnArrival(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		tablet := f.crewTablet()
		request, order := f.fallenTree(f.enrolled(city.DeviceKiosk, city.ScopePublic))
		o := tablet.outing(request, order)
		page := f.head().Seq
		wantVerdicts(t, tablet.push(o.note, o.finish), "held missing", "held missing")
		f.now.pass(23 * time.Hour)
		if f.sweep(); f.has(city.KindVisit, o.visit) {
			t.Fatal("something was applied")
		}
		wantVerdicts(t, tablet.push(o.start), "applied")
		for _, e := range []protocol.Envelope{o.finish, o.note} {
			if verdict, _, _ := f.fate(e.ID); verdict != "applied" {
				t.Errorf("%s became %q", e.Type, verdict)
			}
		}
		if got := f.record(city.KindRequest, request).Text("status"); got != string(city.StatusChecking) {
			t.Errorf("the request is %s", got)
		}
		// A page from before has not seen what the released acts wrote, although the
		// archive has them since.
		v, err := f.Act(context.Background(), reviewer, city.NewMutationID(), page+3, &city.ApproveWork{Request: request, WorkOrder: order})
		if err != nil || v.Review == "" {
			t.Errorf("approved what was not seen: %+v, %v", v, err)
		}
	})
}

// TestMissingForADayIsAReview: the server's clock decides, once, and all is kept.
func TestMissingForADayIsAReview(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		tablet := f.crewTablet()
		request, order := f.fallenTree(f.enrolled(city.DeviceKiosk, city.ScopePublic))
		o := tablet.outing(request, order)
		unknown := tablet.prepared(treeCrew, &city.AddNote{Note: city.NewID(), Request: request, Text: "Rests on what the server has lost"})
		unknown.Base = map[city.FieldRef]city.MutationID{city.Ref{Kind: city.KindWorkOrder, ID: order}.Field("state"): city.NewMutationID()}
		wantVerdicts(t, tablet.push(o.finish, o.note, unknown), "held missing", "held", "held missing")
		f.now.pass(25 * time.Hour)
		f.close().open()
		f.sweep()
		for _, e := range []protocol.Envelope{o.finish, unknown} {
			verdict, code, review := f.fate(e.ID)
			if verdict != "refused" || code != string(city.CodeMissing) || string(f.review(review).Payload) != string(e.Args) {
				t.Errorf("%s became %s %s", e.Type, verdict, code)
			}
		}
		if verdict, _, _ := f.fate(o.note.ID); verdict != "" {
			t.Errorf("what rests on one under review became %s", verdict)
		}
		wantVerdicts(t, tablet.push(o.start), "applied") // too late for the finish, which a person has by now
		head := f.head().Seq
		if f.sweep(); f.head().Seq != head {
			t.Error("a second sweep did something")
		}
		if _, _, review := f.fate(o.finish.ID); true {
			f.mustAct(reviewer, &city.DecideReview{Review: review, Sides: f.review(review).Sides()})
		}
		if verdict, code, _ := f.fate(o.note.ID); verdict != "refused" || code != string(city.CodeDependency) {
			t.Errorf("the note became %s %s", verdict, code)
		}
	})
}

// TestWaitingHasBounds: circles, too many conditions, and more than a transaction
// should carry.
func TestWaitingHasBounds(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		tablet := f.crewTablet()
		request, _ := f.fallenTree(f.enrolled(city.DeviceKiosk, city.ScopePublic))
		note := func(deps ...city.MutationID) protocol.Envelope {
			e := tablet.prepared(city.Actor{Kind: city.ActorCrew, ID: "ana", Name: "Ana", Crew: "trees"}, &city.AddNote{Note: city.NewID(), Request: request, Text: "One of many"})
			e.Deps = deps
			return e
		}
		a, b, c := note(), note(), note()
		a.Deps, b.Deps, c.Deps = []city.MutationID{b.ID}, []city.MutationID{c.ID}, []city.MutationID{a.ID}
		wantVerdicts(t, tablet.push(a, b, c), "held missing", "held missing", "refused invalid")
		self := note()
		self.Deps = []city.MutationID{self.ID}
		wantVerdicts(t, tablet.push(self), "applied")
		many := note()
		for range 65 {
			many.Deps = append(many.Deps, city.NewMutationID())
		}
		wantVerdicts(t, tablet.push(many), "refused invalid")

		first := note()
		var waiting []protocol.Envelope
		for range 450 {
			waiting = append(waiting, note(first.ID))
		}
		tablet.push(waiting...)
		tablet.push(first)
		f.sweep()
		var left, applied int
		if err := f.DB().QueryRow(`SELECT count(*) FILTER (WHERE seq = 0), count(*) FILTER (WHERE verdict = 'applied') FROM held`).Scan(&left, &applied); err != nil {
			t.Fatal(err)
		}
		if left != 2 || applied != 450 {
			t.Errorf("%d wait still, %d were applied", left, applied)
		}
		t.Log(fmt.Sprintf("%d released", applied))
	})
}

// TestADamagedHeldActHoldsUpNobody: a bit of the disk must not make the pushes of
// others fail.
func TestADamagedHeldActHoldsUpNobody(t *testing.T) {
	h := newHall(t)
	tablet := h.crewTablet()
	request, order := h.fallenTree(h.enrolled(city.DeviceKiosk, city.ScopePublic))
	o := tablet.outing(request, order)
	tablet.push(o.finish, o.note)
	h.exec(`UPDATE mutation SET envelope = 'garbage' WHERE id = $1`, o.finish.ID)
	wantVerdicts(t, tablet.push(o.start), "applied")
	if found := strings.Join(h.findings(), "\n"); !strings.Contains(found, "act "+string(o.finish.ID)) {
		t.Errorf("verify says %s", found)
	}
}
