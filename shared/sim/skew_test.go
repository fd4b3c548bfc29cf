package sim_test

import (
	"net/http"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
)

// aged makes a device one of a version that read another kind of pull.
type aged struct {
	http.RoundTripper
	old bool
}

func (a *aged) RoundTrip(r *http.Request) (*http.Response, error) {
	if a.old {
		r = r.Clone(r.Context())
		r.Header.Set(protocol.VersionHeader, "0")
	}
	return a.RoundTripper.RoundTrip(r)
}

// TestTooOldToPullGoesOnPushing: acts and photos arrive, the device says why it
// shows nothing new, and after the update everything is as if nothing had been.
func TestTooOldToPullGoesOnPushing(t *testing.T) {
	c := newCity(t)
	wire := &aged{RoundTripper: line(c)}
	r := newReplica(t, c, city.DeviceTablet, sim.Address, wire, sim.NewClock(noon))
	step(t, r)
	wire.old = true
	photo, err := r.SaveBlob(ctx, []byte("bytes of a photo"))
	if err != nil {
		t.Fatal(err)
	}
	e := report("r-1")
	e.Actor, e.Blobs = ana, []string{photo}
	id := record(t, r, e)
	for range 2 {
		if err := r.Step(ctx); err == nil {
			t.Fatal("a round of a device that is too old says that it is whole")
		}
	}
	if link := r.Link(); link.State != replica.LinkUpgrade || state(t, r, id) != replica.StateSent {
		t.Errorf("link %+v, act %s", link, state(t, r, id))
	}
	var n int
	if err := c.Server().Store().DB().QueryRow(`SELECT count(*) FROM mutation WHERE id = $1`, id).Scan(&n); err != nil || n != 1 {
		t.Errorf("the act stands %d times in the archive, %v", n, err)
	}
	if _, _, whole, err := c.Server().Store().BlobOffset(ctx, photo); err != nil || !whole {
		t.Errorf("the photo: %v %v", whole, err)
	}
	wire.old = false
	step(t, r)
	if got := state(t, r, id); got != replica.StateReceived || r.Link().State != replica.LinkOnline {
		t.Errorf("after the update the act is %s, the link %+v", got, r.Link())
	}
}

// TestHeldIsReceivedUntilDecided: a tablet that works without a line for a day
// begins, ends and notes; the start is in question, and the rest waits with it.
func TestHeldIsReceivedUntilDecided(t *testing.T) {
	c := newCity(t)
	r := newReplica(t, c, city.DeviceTablet, sim.Address, line(c), sim.NewClock(noon))
	request, job := city.NewID(), city.NewID()
	for _, act := range []city.Act{&city.FileRequest{Request: request, Service: "tree", Place: city.Place{Address: "1 Main St"}},
		&city.AssignRequest{Request: request, WorkOrder: job, Crew: sim.Crew, Priority: city.PriorityHigh}} {
		if err := c.Act(ctx, act); err != nil {
			t.Fatal(err)
		}
	}
	step(t, r)
	visit := city.NewID()
	start := record(t, r, replica.Entry{Actor: ana, Title: "Tree", Act: &city.StartVisit{Visit: visit, WorkOrder: job}})
	finish := record(t, r, replica.Entry{Actor: ana, Title: "Tree", Deps: []city.MutationID{start},
		Act: &city.FinishVisit{Visit: visit, WorkOrder: job, Outcome: city.OutcomeFixed, Notes: "Cleared"}})
	if err := c.Act(ctx, &city.PauseRequest{Request: request, Reason: "The utility first"}); err != nil {
		t.Fatal(err)
	}
	step(t, r)
	it, _, err := r.Item(ctx, finish)
	if err != nil || it.State != replica.StateReceived || it.Verdict != city.VerdictHeld {
		t.Fatalf("the finish is %+v, %v", it, err)
	}
	first, _, err := r.Item(ctx, start)
	if err != nil || first.State != replica.StateAttention {
		t.Fatalf("the start is %+v, %v", first, err)
	}
	decide := func(id city.ID, theirs bool) {
		t.Helper()
		rev, ok, err := city.LoadReview(c.Server().Store().View(ctx), id)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		act := &city.DecideReview{Review: id, Sides: rev.Sides()}
		if theirs {
			act.Theirs = []city.FieldRef{rev.Contests[0].Field}
		}
		if err := c.Act(ctx, act); err != nil {
			t.Fatal(err)
		}
		step(t, r)
	}
	decide(first.Review, true)
	if it, _, err = r.Item(ctx, finish); err != nil || it.Verdict == city.VerdictHeld {
		t.Fatalf("once decided the finish is %+v, %v", it, err)
	}
	if it.State == replica.StateAttention { // it may be in question for itself
		decide(it.Review, true)
	}
	view, err := r.View(ctx)
	if err != nil {
		t.Fatal(err)
	}
	rec, ok, err := view.Record(city.Ref{Kind: city.KindVisit, ID: visit})
	if err != nil || !ok || rec.Text("notes") != "Cleared" {
		t.Errorf("the visit on the tablet: %v %v %s", ok, err, rec.Fields)
	}
	if sum, err := r.Summary(ctx); err != nil || sum.Attention != 0 || sum.Pending != 0 {
		t.Errorf("summary %+v, %v", sum, err)
	}
}
