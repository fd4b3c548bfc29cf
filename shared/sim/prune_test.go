package sim_test

import (
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
)

// Old acts are forgotten with their photos, but only those that are safe.
func TestOnlyWhatIsSafeIsForgotten(t *testing.T) {
	c := newCity(t)
	r := newReplica(t, c, city.DeviceTablet, sim.Address, line(c), c.Clock)
	request := city.NewID()
	if err := c.Act(ctx, &city.FileRequest{Request: request, Service: "tree", Version: 1, Place: city.Place{Address: "1 Main St"}, Description: "it fell"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Act(ctx, &city.AssignRequest{Request: request, WorkOrder: city.NewID(), Crew: sim.Crew, Priority: city.PriorityNormal}); err != nil {
		t.Fatal(err)
	}
	step(t, r)
	sha, err := r.SaveBlob(ctx, []byte("a photo"))
	if err != nil {
		t.Fatal(err)
	}
	note := func() city.MutationID {
		return record(t, r, replica.Entry{Actor: ana, Act: &city.AddNote{Note: city.NewID(), Request: request, Text: "dog in the yard"}})
	}
	old := []city.MutationID{note(), record(t, r, replica.Entry{Actor: ana, Blobs: []string{sha},
		Act: &city.AddPhoto{Photo: city.NewID(), Request: request, Blob: sha, Stage: "after"}})}
	step(t, r)
	head, err := c.Server().Store().Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	c.Clock.Advance(91 * 24 * time.Hour)
	late := note()
	there := func(want bool) {
		t.Helper()
		for _, id := range old {
			if _, ok, err := r.Item(ctx, id); err != nil || ok != want {
				t.Error(sim.Violation{Invariant: "only what is safe is forgotten", Detail: string(id)}, ok, err)
			}
		}
		if _, ok := r.BlobPath(sha); ok != want {
			t.Error(sim.Violation{Invariant: "only what is safe is forgotten", Detail: "the photo"}, ok)
		}
	}
	step(t, r)
	there(true) // received, and in no backup
	if err := c.MarkSafe(ctx, head.Seq); err != nil {
		t.Fatal(err)
	}
	c.Clock.Advance(2 * time.Hour)
	step(t, r)
	there(false)
	if got := state(t, r, late); got != replica.StateReceived {
		t.Error("a young act is", got)
	}
	if s, err := r.Summary(ctx); err != nil || s != (replica.Summary{}) {
		t.Error(s, err)
	}
	id := note()
	step(t, r) // the stream goes on
	if got := state(t, r, id); got != replica.StateReceived {
		t.Error(got)
	}
}
