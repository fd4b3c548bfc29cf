package replica_test

import (
	"encoding/json"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
)

// joined is a tablet of a real city, with two jobs.
func joined(t *testing.T) (*sim.City, *replica.Replica, *sim.Clock) {
	t.Helper()
	ctx := t.Context()
	c, err := sim.NewCity(ctx, t.TempDir(), sim.NewClock(noon))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	clock := sim.NewClock(noon)
	r, err := replica.Open(ctx, replica.Config{Dir: t.TempDir(), Now: clock.Now, Version: "test", Transport: &sim.Line{To: c}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	link, err := c.Enrolment(ctx, city.DeviceTablet, sim.Address, city.ScopePublic, city.ScopeCrew(sim.Crew))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Enrol(ctx, link, ""); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		id := city.NewID()
		for _, act := range []city.Act{
			&city.FileRequest{Request: id, Service: "tree", Version: 1, Place: city.Place{Address: "1 Main St"}, Description: "a <big> tree & a bench"},
			&city.AssignRequest{Request: id, WorkOrder: city.NewID(), Crew: sim.Crew, Priority: city.PriorityNormal},
		} {
			if err := c.Act(ctx, act); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := r.Step(ctx); err != nil {
		t.Fatal(err)
	}
	return c, r, clock
}

func copyOf(t *testing.T, r *replica.Replica, kinds ...city.Kind) string {
	t.Helper()
	all := map[city.Kind][]city.Record{}
	for _, kind := range kinds {
		recs, err := r.Records(t.Context(), kind)
		if err != nil {
			t.Fatal(err)
		}
		all[kind] = recs
	}
	raw, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// A record that is missing, one that is old, one that nobody knows and one that
// is damaged are found within a day, and nothing else is fetched again.
func TestVerifyRepairs(t *testing.T) {
	ctx := t.Context()
	c, r, clock := joined(t)
	kinds := []city.Kind{city.KindRequest, city.KindWork, city.KindWorkOrder, city.KindNote}
	want := copyOf(t, r, kinds...)
	requests, err := r.Records(ctx, city.KindRequest)
	if err != nil || len(requests) != 2 {
		t.Fatal(len(requests), err)
	}
	old := requests[0].Clone()
	old.Fields["status"] = json.RawMessage(`"received"`)
	stray := city.Record{Ref: city.Ref{Kind: city.KindNote, ID: "stray"}, Parent: old.ID, Fields: city.Fields{"text": json.RawMessage(`"x"`)}, Writers: map[string]city.MutationID{}}
	for _, err := range []error{
		replica.Plant(ctx, r, old, 3), replica.Plant(ctx, r, stray, 7),
		replica.Exec(ctx, r, "cache", `DELETE FROM record WHERE kind = 'request.work' AND id = $1`, old.ID),
		replica.Exec(ctx, r, "cache", `UPDATE record SET seq = seq + 1 WHERE kind = 'workorder' AND parent = $1`, old.ID),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Step(ctx); err != nil || replica.Repaired(r) != 0 {
		t.Fatal("compared before its time", err)
	}
	clock.Advance(24 * time.Hour)
	if err := r.Step(ctx); err != nil {
		t.Fatal(err)
	}
	if got := copyOf(t, r, kinds...); got != want || replica.Repaired(r) != 4 || replica.Doubtful(r) {
		t.Fatalf("%d repaired, in doubt %v:\n%s\nwant\n%s", replica.Repaired(r), replica.Doubtful(r), got, want)
	}
	// The city hears of it.
	if err := r.Step(ctx); err != nil {
		t.Fatal(err)
	}
	me, _ := r.Identity()
	if d, err := c.Server().Store().Device(ctx, me.Device); err != nil || d.Hello.Repaired != 4 {
		t.Fatalf("%+v %v", d.Hello, err)
	}
}

// What a device holds of residents is compared too, and comes back by a pull.
func TestVerifyMissesAResident(t *testing.T) {
	ctx := t.Context()
	c, r, clock := joined(t)
	service := &city.PublishService{ID: "tree", Service: city.Service{Name: city.Text{"en": "Fallen tree"}, Department: "parks", Active: true, Version: 2, ShareContact: true}}
	if _, err := c.Server().Store().Act(ctx, city.Actor{Kind: city.ActorSystem}, city.NewMutationID(), 1<<40, service); err != nil {
		t.Fatal(err)
	}
	id := city.NewID()
	for _, act := range []city.Act{
		&city.FileRequest{Request: id, Service: "tree", Version: 2, Place: city.Place{Address: "1 Main St"}, Person: city.Person{Name: "Zenobia"}},
		&city.AssignRequest{Request: id, WorkOrder: city.NewID(), Crew: sim.Crew, Priority: city.PriorityNormal},
	} {
		if err := c.Act(ctx, act); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Step(ctx); err != nil {
		t.Fatal(err)
	}
	want := copyOf(t, r, city.KindPerson)
	if err := replica.Exec(ctx, r, "cache", `DELETE FROM record WHERE kind = 'request.person' AND id = $1`, id); err != nil {
		t.Fatal(err)
	}
	clock.Advance(25 * time.Hour)
	for range 2 {
		if err := r.Step(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if got := copyOf(t, r, city.KindPerson); got != want {
		t.Fatalf("%s, want %s", got, want)
	}
}

// A start that follows no orderly end is a reason to compare.
func TestUncleanStart(t *testing.T) {
	d := newDevice(t, city.DeviceTablet)
	if d.reopen(); replica.Unclean(d.Replica) {
		t.Fatal("an orderly end is taken for a crash")
	}
	twin, err := replica.Open(d.ctx, replica.Config{Dir: d.dir, Now: func() time.Time { return noon }}) // the first one never ended
	if err != nil {
		t.Fatal(err)
	}
	defer twin.Close()
	if !replica.Unclean(twin) {
		t.Fatal("a crash is taken for an orderly end")
	}
}
