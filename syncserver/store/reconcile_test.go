package store_test

import (
	"context"
	"errors"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
)

// claim is what a device asks about an act.
func (d *device) claim(env protocol.Envelope) protocol.Claim {
	d.f.t.Helper()
	content, err := protocol.ContentOf(d.line(env).Line)
	if err != nil {
		d.f.t.Fatal(err)
	}
	return protocol.Claim{Mutation: env.ID, Content: content}
}

func TestReconcileKnowsByIDAndContent(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		a, b := f.enrolled(city.DeviceKiosk, city.ScopePublic), f.enrolled(city.DeviceKiosk, city.ScopePublic)
		first, second := a.prepared(resident, newRequest()), a.prepared(resident, newRequest())
		second.ID = first.ID
		v := a.push(first, second)
		a.pull(100)
		scribe := &device{f: f, stream: "x"}
		one, two, never := scribe.claim(first), scribe.claim(second), scribe.claim(a.prepared(resident, newRequest()))

		acks, err := f.Reconcile(ctx, a.cursor, []protocol.Claim{never, one, two})
		if err != nil || len(acks) != 2 {
			t.Fatalf("%+v, %v", acks, err)
		}
		if acks[0].Mutation != first.ID || acks[0].Verdict != city.VerdictApplied || acks[0].Seq != v[0].Seq {
			t.Errorf("the first act: %+v, pushed %+v", acks[0], v[0])
		}
		if acks[1].Verdict != city.VerdictRefused || acks[1].Seq != v[1].Seq || acks[1].Review != v[1].Review || acks[1].Code != city.CodeInvalid {
			t.Errorf("the second act of the same id: %+v, pushed %+v", acks[1], v[1])
		}
		// Who holds an act may know that it is there; who only has its id may not.
		if acks, err := f.Reconcile(ctx, b.cursor, []protocol.Claim{{Mutation: first.ID, Content: never.Content}}); err != nil || len(acks) != 0 {
			t.Errorf("an id without its content: %+v, %v", acks, err)
		}
		if acks, err := f.Reconcile(ctx, b.cursor, []protocol.Claim{one}); err != nil || len(acks) != 1 {
			t.Errorf("an act that came by another device: %+v, %v", acks, err)
		}
		other := a.cursor
		other.Epoch = "other"
		if _, err := f.Reconcile(ctx, other, []protocol.Claim{one}); !errors.Is(err, store.ErrLineage) {
			t.Errorf("for another history: %v", err)
		}
	})
}

// TestADecidedActIsToldWithItsFate: the log has told what became of a held act, and
// the device has lost it: it learns it with the echo, from a reconcile or behind a
// snapshot, and not before its cursor is there.
func TestADecidedActIsToldWithItsFate(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		tablet := f.crewTablet()
		request, order := f.fallenTree(f.enrolled(city.DeviceKiosk, city.ScopePublic))
		o := tablet.outing(request, order)
		f.mustAct(dispatcher, &city.AssignRequest{Request: request, WorkOrder: order, Crew: "roads", Priority: city.PriorityHigh})
		got := tablet.push(o.start, o.finish)
		wantVerdicts(t, got, "refused not_yours", "held")
		tablet.pull(100)
		before := tablet.cursor
		f.mustAct(reviewer, &city.DecideReview{Review: got[0].Review, Sides: []city.MutationID{o.start.ID}, Words: "Done by hand"})
		tablet.pull(100)
		claim := (&device{f: f, stream: "x"}).claim(o.finish)
		for name, c := range map[string]struct {
			at   protocol.Cursor
			want city.Verdict
		}{"before": {before, city.VerdictHeld}, "after": {tablet.cursor, city.VerdictRefused}} {
			acks, err := f.Reconcile(ctx, c.at, []protocol.Claim{claim})
			if err != nil || len(acks) != 1 || acks[0].Verdict != c.want || acks[0].Seq != got[1].Seq {
				t.Errorf("%s the decision: %+v, %v", name, acks, err)
			} else if c.want == city.VerdictRefused && (acks[0].Code != city.CodeDependency || acks[0].Review == "") {
				t.Errorf("why it was refused: %+v", acks[0])
			}
		}
		m, err := f.Snapshot(ctx, tablet.Device)
		if err != nil {
			t.Fatal(err)
		}
		fresh := &device{f: f, Device: tablet.Device, cursor: m.Cursor(tablet.Device)}
		said := false
		for _, fr := range fresh.pull(100) {
			said = said || fr.Ack != nil && fr.Ack.Mutation == o.finish.ID && fr.Ack.Verdict == city.VerdictRefused && fr.Ack.Seq == got[1].Seq
		}
		if !said {
			t.Error("behind a snapshot its fate is not told")
		}
		if _, err := f.DB().Exec(`UPDATE held SET verdict = 'applied' WHERE id = $1`, o.finish.ID); err != nil {
			t.Fatal(err)
		}
		if acks, err := f.Reconcile(ctx, tablet.cursor, []protocol.Claim{claim}); err != nil || len(acks) != 1 || acks[0].Verdict != city.VerdictHeld {
			t.Errorf("from a damaged row: %+v, %v", acks, err)
		}
	})
}
