package city_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
)

// world is a small city hall in memory: the records, and everybody in it.
type world struct {
	t      testing.TB
	hall   city.Memory
	clock  time.Time
	serial int
}

var (
	start    = time.Date(2026, time.March, 2, 14, 0, 0, 0, time.UTC) // a Monday, 9 in the morning in New York
	system   = city.Actor{Kind: city.ActorSystem, Name: "set-up"}
	reviewer = city.Actor{Kind: city.ActorStaff, ID: "maya", Name: "Maya"}
	dispatch = city.Actor{Kind: city.ActorStaff, ID: "tomas", Name: "Tomás"}
	admin    = city.Actor{Kind: city.ActorStaff, ID: "ruth", Name: "Ruth"}
	treeCrew = city.Actor{Kind: city.ActorCrew, ID: "dana", Name: "Dana", Crew: "trees"}
	roadCrew = city.Actor{Kind: city.ActorCrew, ID: "sam", Name: "Sam", Crew: "roads"}
	resident = city.Actor{Kind: city.ActorResident}
)

const (
	tablet city.DeviceID = "tablet-1"
	kiosk  city.DeviceID = "kiosk-1"
	order  city.ID       = "job-1"
	case1  city.ID       = "case-1"
	case2  city.ID       = "case-2"
	visit1 city.ID       = "visit-1"
)

// deviceOf is the device on which an actor acts.
func deviceOf(a city.Actor) city.DeviceID {
	switch a.Kind {
	case city.ActorCrew:
		return tablet
	case city.ActorResident:
		return kiosk
	}
	return city.OfficeDevice
}

func text(s string) city.Text { return city.Text{"en": s, "es": s} }

func treeService() city.Service {
	return city.Service{Name: text("Fallen tree"), Department: "parks", Crew: "trees", Promise: city.Promise{Days: 2, Working: true},
		ShareContact: true, Active: true, Version: 1, Questions: []city.Question{
			{ID: "danger", Kind: city.AskYesNo, Label: text("Danger?"), Required: true,
				StopIf: []city.Stop{{Condition: city.Condition{Question: "danger", In: []string{"yes"}}, Words: text("Call 911.")}}},
			{ID: "blocks", Kind: city.AskChoice, Label: text("Blocks?"), Required: true,
				Options: []city.Option{{ID: "road", Label: text("Road")}, {ID: "nothing", Label: text("Nothing")}}},
			{ID: "around", Kind: city.AskYesNo, Label: text("Around?"), Required: true,
				ShowIf: &city.Condition{Question: "blocks", In: []string{"road"}}},
		}}
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, hall: city.Memory{}, clock: start}
	w.must(system, &city.SetCity{Settings: city.Settings{Name: "Town", TimeZone: "America/New_York", Languages: []string{"en", "es"}}})
	for id, s := range map[city.ID]city.Staff{
		"maya":  {Name: "Maya", Roles: []city.Role{city.RoleReviewer}, Departments: []city.Department{"parks"}, Active: true},
		"tomas": {Name: "Tomás", Roles: []city.Role{city.RoleDispatcher}, Departments: []city.Department{"parks"}, Active: true},
		"ruth":  {Name: "Ruth", Roles: []city.Role{city.RoleAdmin}, Active: true},
		"gone":  {Name: "Gone", Roles: []city.Role{city.RoleAdmin}},
	} {
		w.must(system, &city.SetStaff{ID: id, Staff: s})
	}
	w.must(system, &city.SetCrew{ID: "trees", Crew: city.Crew{Name: "Tree crew", Department: "parks"}})
	w.must(system, &city.SetCrew{ID: "roads", Crew: city.Crew{Name: "Road crew", Department: "roads"}})
	w.must(system, &city.PublishService{ID: "tree", Service: treeService()})
	return w
}

// id makes the next id; the same in every run.
func (w *world) id() city.MutationID {
	w.serial++
	return city.MutationID(fmt.Sprintf("01900000-0000-7000-8000-%012d", w.serial))
}

// see is what somebody sees now, for acting on it later.
func (w *world) see() *city.Overlay {
	frozen := city.Memory{}
	for ref, r := range w.hall {
		frozen[ref] = r.Clone()
	}
	return &city.Overlay{Under: frozen}
}

// write makes a mutation of an act on what its author sees, and lets them go on
// from it.
func (w *world) write(seen *city.Overlay, by city.Actor, act city.Act) city.Mutation {
	w.t.Helper()
	w.clock = w.clock.Add(time.Minute)
	m, err := city.Prepare(seen, w.id(), by, deviceOf(by), w.clock, act)
	if err != nil {
		w.t.Fatalf("prepare %s: %v", act.Type(), err)
	}
	r, err := city.Apply(seen, m)
	if err != nil || r.Verdict != city.VerdictApplied {
		w.t.Fatalf("on its own device %s is %s: %v %v", act.Type(), r.Verdict, r.Refusal, err)
	}
	for _, c := range r.Changed {
		seen.Put(c.Record)
	}
	return m
}

// receive lets a mutation arrive.
func (w *world) receive(m city.Mutation) city.Result {
	w.t.Helper()
	w.clock = w.clock.Add(time.Minute)
	m.Received = w.clock
	r, err := city.Apply(w.hall, m)
	if err != nil {
		w.t.Fatalf("apply %s: %v", m.Type, err)
	}
	for _, c := range r.Changed {
		w.hall[c.Record.Ref] = c.Record
	}
	return r
}

// try acts on what stands now.
func (w *world) try(by city.Actor, act city.Act) (city.Result, error) {
	w.t.Helper()
	m, err := city.Prepare(w.hall, w.id(), by, deviceOf(by), w.clock, act)
	if err != nil {
		return city.Result{}, err
	}
	return w.receive(m), nil
}

// must is try for what has to go through.
func (w *world) must(by city.Actor, act city.Act) city.Result {
	w.t.Helper()
	r, err := w.try(by, act)
	if err != nil || r.Verdict != city.VerdictApplied || len(r.Reviews) > 0 {
		w.t.Fatalf("%s by %s: %s, %v %v %v", act.Type(), by.Name, r.Verdict, r.Refusal, r.Reviews, err)
	}
	return r
}

func report(id city.ID) *city.FileRequest {
	return &city.FileRequest{Request: id, Service: "tree", Version: 1, Language: "en", Place: city.Place{Lat: 463_000_001, Lon: -693_000_001, Address: "1 Elm Street", Detail: "behind the shed"},
		Answers: city.Answers{"danger": {"no"}, "blocks": {"nothing"}}, Description: "A tree is down.",
		Person: city.Person{Name: "Ann", Phone: "207 555 0100"}, Lookup: "key"}
}

func assign() *city.AssignRequest {
	return &city.AssignRequest{Request: case1, WorkOrder: order, Crew: "trees", Priority: city.PriorityNormal, Instruction: "Take the saw."}
}

func visit() *city.StartVisit { return &city.StartVisit{Visit: visit1, WorkOrder: order} }

func finish() *city.FinishVisit {
	return &city.FinishVisit{Visit: visit1, WorkOrder: order, Outcome: city.OutcomeFixed, Notes: "Cut up.", Minutes: 40,
		Materials: []city.Material{{Name: "Chain oil", Quantity: "0.5 l"}}}
}

// until brings a request up to a stage.
func (w *world) until(stage string) *world {
	w.t.Helper()
	w.must(resident, report(case1))
	for _, step := range []struct {
		stage string
		by    city.Actor
		act   city.Act
	}{
		{"received", city.Actor{}, nil},
		{"assigned", dispatch, assign()},
		{"started", treeCrew, visit()},
		{"done", treeCrew, finish()},
		{"approved", reviewer, &city.ApproveWork{Request: case1, WorkOrder: order, Words: "Tree removed."}},
	} {
		if step.act != nil {
			w.must(step.by, step.act)
		}
		if step.stage == stage {
			return w
		}
	}
	w.t.Fatalf("no stage %q", stage)
	return nil
}

func (w *world) request(id city.ID) city.Request {
	w.t.Helper()
	r, ok, err := city.LoadRequest(w.hall, id)
	if err != nil || !ok {
		w.t.Fatalf("request %s: %v %v", id, ok, err)
	}
	return r
}

func (w *world) work(id city.ID) city.Work {
	w.t.Helper()
	r, ok, err := city.LoadWork(w.hall, id)
	if err != nil || !ok {
		w.t.Fatalf("work of %s: %v %v", id, ok, err)
	}
	return r
}

func (w *world) job(id city.ID) city.WorkOrder {
	w.t.Helper()
	r, ok, err := city.LoadWorkOrder(w.hall, id)
	if err != nil || !ok {
		w.t.Fatalf("job %s: %v %v", id, ok, err)
	}
	return r
}

// review reads the one review of a result.
func (w *world) review(r city.Result) (city.ID, city.Review) {
	w.t.Helper()
	if len(r.Reviews) != 1 {
		w.t.Fatalf("%d reviews: %v", len(r.Reviews), r.Reviews)
	}
	rev, ok, err := city.LoadReview(w.hall, r.Reviews[0].ID)
	if err != nil || !ok {
		w.t.Fatalf("review: %v %v", ok, err)
	}
	return r.Reviews[0].ID, rev
}

// wants checks an error's code and field; an empty code wants none.
func wants(t testing.TB, err error, code city.Code, field string) {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	var e *city.Error
	if !errors.As(err, &e) {
		t.Errorf("got %v, want %s at %q", err, code, field)
		return
	}
	if e.Code != code || e.Field != field || e.Message == "" {
		t.Errorf("got %s at %q (%s), want %s at %q", e.Code, e.Field, e.Message, code, field)
	}
}

// failer is a test, of Go's or of rapid's.
type failer interface{ Fatal(...any) }

// picture is all records in canonical form, for comparing.
func picture(t failer, m city.Memory) string {
	refs := make([]city.Ref, 0, len(m))
	for ref := range m {
		refs = append(refs, ref)
	}
	slices.SortFunc(refs, func(a, b city.Ref) int { return strings.Compare(a.String(), b.String()) })
	var b strings.Builder
	for _, ref := range refs {
		fields, err := city.Canonical(m[ref].Fields)
		if err != nil {
			t.Fatal(err)
		}
		writers, err := json.Marshal(m[ref].Writers)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %s %s %s\n", ref, m[ref].Parent, fields, writers)
	}
	return b.String()
}
