package city_test

import (
	"slices"
	"strings"
	"testing"

	"cityhall/shared/city"
)

// people are those who may try something with a case of the parks department
// whose job the tree crew has.
var people = []struct {
	letter string
	actor  city.Actor
	staff  *city.Staff
}{
	{"P", resident, nil},
	{"C", treeCrew, nil},
	{"c", roadCrew, nil},
	{"R", city.Actor{Kind: city.ActorStaff, ID: "s1"}, &city.Staff{Roles: []city.Role{city.RoleReviewer}, Departments: []city.Department{"parks"}, Active: true}},
	{"r", city.Actor{Kind: city.ActorStaff, ID: "s2"}, &city.Staff{Roles: []city.Role{city.RoleReviewer}, Departments: []city.Department{"roads"}, Active: true}},
	{"D", city.Actor{Kind: city.ActorStaff, ID: "s3"}, &city.Staff{Roles: []city.Role{city.RoleDispatcher}, Departments: []city.Department{"parks", "water"}, Active: true}},
	{"d", city.Actor{Kind: city.ActorStaff, ID: "s4"}, &city.Staff{Roles: []city.Role{city.RoleDispatcher}, Departments: []city.Department{"roads"}, Active: true}},
	{"A", city.Actor{Kind: city.ActorStaff, ID: "s5"}, &city.Staff{Roles: []city.Role{city.RoleAdmin}, Departments: []city.Department{"parks"}, Active: true}},
	{"a", city.Actor{Kind: city.ActorStaff, ID: "s6"}, &city.Staff{Roles: []city.Role{city.RoleAdmin}, Departments: []city.Department{"roads"}, Active: true}},
	{"W", city.Actor{Kind: city.ActorStaff, ID: "s7"}, &city.Staff{Roles: []city.Role{city.RoleAdmin}, Active: true}},
	{"I", city.Actor{Kind: city.ActorStaff, ID: "s8"}, &city.Staff{Roles: []city.Role{city.RoleAdmin, city.RoleReviewer, city.RoleDispatcher}}},
	{"E", city.Actor{Kind: city.ActorStaff, ID: "s9"}, &city.Staff{Active: true}},
	{"U", city.Actor{Kind: city.ActorStaff, ID: "nobody"}, nil},
	{"S", system, nil},
	{"N", city.Actor{Kind: "ghost"}, nil},
}

// rights has for every act the stage at which it is tried and who may.
var rights = []struct {
	act   city.Act
	stage string
	may   string
}{
	{report("case-9"), "received", "PCcRrDdAaWS"},
	{imported(), "received", "WS"},
	{assign(), "received", "RDAWS"},
	{priority(city.PriorityHigh), "assigned", "RDAWS"},
	{&city.ApproveWork{Request: case1, WorkOrder: order}, "done", "RAWS"},
	{&city.ReturnWork{Request: case1, WorkOrder: order, Reason: "x"}, "done", "RAWS"},
	{closing(), "received", "RDAWS"},
	{&city.ReopenRequest{Request: case1, Reason: "x"}, "approved", "RDAWS"},
	{&city.ArchiveRequest{Request: case1}, "approved", "AWS"},
	{&city.PauseRequest{Request: case1, Reason: "x"}, "received", "RDAWS"},
	{&city.ResumeRequest{Request: case1}, "paused", "RDAWS"},
	{visit(), "assigned", "C"},
	{finish(), "started", "C"},
	{photo(), "started", "CRDAWS"},
	{&city.ArrivePhoto{Photo: "photo-1", Blob: photo().Blob}, "photographed", "S"},
	{&city.LosePhoto{Photo: "photo-1"}, "photographed", "RDAWS"},
	{&city.MissPhoto{Photo: "photo-1"}, "photographed", "S"},
	{&city.AddNote{Note: "n", Request: case1, Text: "x"}, "started", "CRDAWS"},
	{&city.DecideReview{}, "contested", "RAWS"},
	{settings(), "received", "WS"},
	{published(), "received", "AWS"},
	{notice(), "received", "RAWS"},
	{&city.ErasePerson{Request: case1, Reason: "x"}, "received", "AWS"},
	{&city.SetCrew{ID: "trees", Crew: city.Crew{Name: "Trees", Department: "parks"}}, "received", "AWS"},
	{&city.SetStaff{ID: "s6", Staff: city.Staff{Name: "Me", Roles: []city.Role{city.RoleAdmin}, Active: true}}, "received", "WS"},
}

// stage brings a world with everybody in it to where an act may be tried, and
// gives that act.
func (w *world) stage(name string, act city.Act) city.Act {
	w.t.Helper()
	for _, p := range people {
		if p.staff != nil {
			p.staff.Name = "Staff " + p.letter
			w.must(system, &city.SetStaff{ID: p.actor.ID, Staff: *p.staff})
		}
	}
	switch name {
	case "paused":
		w.until("received").must(reviewer, &city.PauseRequest{Request: case1, Reason: "x"})
	case "photographed":
		w.until("started").must(treeCrew, photo())
	case "contested":
		w.until("assigned")
		first, second := w.see(), w.see()
		a, b := w.write(first, dispatch, priority(city.PriorityUrgent)), w.write(second, reviewer, priority(city.PriorityLow))
		w.receive(a)
		id, rev := w.review(w.receive(b))
		return &city.DecideReview{Review: id, Sides: rev.Sides()}
	default:
		w.until(name)
	}
	return act
}

// TestWhoMay tries every act as everybody, on the device that they have and on
// one that they should not be on.
func TestWhoMay(t *testing.T) {
	seen := map[city.Type]bool{}
	for _, r := range rights {
		seen[r.act.Type()] = true
		w := newWorld(t)
		act := w.stage(r.stage, r.act)
		args, err := city.Canonical(act)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range people {
			seen := w.see()
			m, err := city.Prepare(seen, w.id(), p.actor, deviceOf(p.actor), w.clock, act)
			if may := strings.Contains(r.may, p.letter); may != (err == nil) {
				t.Errorf("%s as %s: may %v, but %v", act.Type(), p.letter, may, err)
			} else if !may {
				if code := city.CodeOf(err); code != city.CodeForbidden && code != city.CodeNotYours {
					t.Errorf("%s as %s: refused with %s", act.Type(), p.letter, code)
				}
				// A program that asks nobody gets no further.
				m = city.Mutation{ID: w.id(), Type: act.Type(), Actor: p.actor, Device: deviceOf(p.actor), At: w.clock, Args: args}
				if got, err := city.Apply(seen, m); err != nil || got.Verdict != city.VerdictRefused {
					t.Errorf("%s as %s: %s %v", act.Type(), p.letter, got.Verdict, err)
				}
			}
			if p.actor.Kind == city.ActorStaff || p.actor.Kind == city.ActorSystem {
				m = city.Mutation{ID: w.id(), Type: act.Type(), Actor: p.actor, Device: tablet, At: w.clock, Args: args}
				if got, err := city.Apply(seen, m); err != nil || got.Verdict != city.VerdictRefused {
					t.Errorf("%s as %s from a tablet: %s %v", act.Type(), p.letter, got.Verdict, err)
				}
			}
		}
	}
	for _, typ := range city.Types() {
		if !seen[typ] {
			t.Errorf("nothing says who may %s", typ)
		}
	}
}

// TestDepartmentsAreNotTakenOver publishes another department's service and crew
// under one's own.
func TestDepartmentsAreNotTakenOver(t *testing.T) {
	w := newWorld(t)
	w.must(system, &city.SetStaff{ID: "roads", Staff: city.Staff{Name: "R", Roles: []city.Role{city.RoleAdmin}, Departments: []city.Department{"roads"}, Active: true}})
	thief := city.Actor{Kind: city.ActorStaff, ID: "roads"}
	_, err := w.try(thief, change(published, func(a *city.PublishService) { a.Service.Department = "roads" }))
	wants(t, err, city.CodeForbidden, "actor")
	_, err = w.try(thief, &city.SetCrew{ID: "trees", Crew: city.Crew{Name: "Mine", Department: "roads"}})
	wants(t, err, city.CodeForbidden, "actor")
	w.must(thief, change(published, func(a *city.PublishService) { a.ID, a.Service.Department = "road", "roads" }))
}

func TestMayActOn(t *testing.T) {
	grants := []city.Scope{city.ScopePublic, city.ScopeCrew("trees")}
	for _, c := range []struct {
		actor city.Actor
		kind  city.DeviceKind
		want  bool
	}{
		{resident, city.DeviceKiosk, true}, {resident, city.DeviceTablet, false},
		{city.Actor{Kind: city.ActorResident, ID: "x"}, city.DeviceKiosk, false}, {city.Actor{Kind: city.ActorResident, Crew: "trees"}, city.DeviceKiosk, false},
		{treeCrew, city.DeviceTablet, true}, {treeCrew, city.DeviceKiosk, false}, {roadCrew, city.DeviceTablet, false},
		{city.Actor{Kind: city.ActorCrew}, city.DeviceTablet, false},
		{reviewer, city.DeviceTablet, false}, {system, city.DeviceKiosk, false}, {city.Actor{}, city.DeviceKiosk, false},
	} {
		if got := c.actor.MayActOn(c.kind, grants); got != c.want {
			t.Errorf("%+v on a %s: %v", c.actor, c.kind, got)
		}
	}
}

func scopes(t failer, view city.View, r city.Record) []city.Scope {
	s, err := city.Scopes(view, r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestScopes looks at everything there is in a city, as each audience.
func TestScopes(t *testing.T) {
	w := newWorld(t).until("done")
	w.must(treeCrew, photo())
	w.must(treeCrew, change(photo, func(a *city.AddPhoto) { a.Photo = "photo-2" }))
	w.must(treeCrew, &city.AddNote{Note: "note-1", Request: case1, Text: "Dog."})
	w.must(reviewer, &city.ApproveWork{Request: case1, WorkOrder: order, Photos: []city.ID{"photo-1"}})
	out, refused := w.see(), city.Mutation{ID: w.id(), Type: "nothing@1", Actor: treeCrew, Device: tablet, At: w.clock}
	w.receive(refused)
	w.receive(city.Mutation{ID: w.id(), Type: "nothing@1", Actor: resident, Device: kiosk, At: w.clock})
	_ = out
	audience := map[city.Scope][]string{}
	for ref, r := range w.hall {
		all := scopes(t, w.hall, r)
		if !slices.Contains(all, city.ScopeOffice) {
			t.Errorf("the office may not see %s", ref)
		}
		for _, s := range all {
			audience[s] = append(audience[s], ref.String())
		}
	}
	var device string
	for ref, r := range w.hall {
		if ref.Kind == city.KindReview && strings.Contains(string(r.Fields["actor"]), `"crew"`) {
			device = ref.String()
		}
	}
	for scope, want := range map[city.Scope][]string{
		city.ScopePublic: {"city/city", "photo/photo-1", "request/case-1", "service/tree"},
		city.ScopeCrew("trees"): {"crew/trees", "note/note-1", "photo/photo-1", "photo/photo-2", "request.person/case-1", "request.work/case-1",
			"visit/visit-1", "workorder/job-1"},
		city.ScopeCrew("roads"):  {"crew/roads"},
		city.ScopeDevice(tablet): {device},
		city.ScopeDevice(kiosk):  nil,
	} {
		got := audience[scope]
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s sees %v, want %v", scope, got, want)
		}
	}
}

func TestContactIsSharedOnlyWhereTheServiceSaysSo(t *testing.T) {
	w := newWorld(t)
	w.must(admin, change(published, func(a *city.PublishService) { a.Service.ShareContact = false }))
	w.until("assigned")
	if got := scopes(t, w.hall, w.hall[city.Ref{Kind: city.KindPerson, ID: case1}]); !slices.Equal(got, []city.Scope{city.ScopeOffice}) {
		t.Errorf("the resident's contact goes to %v", got)
	}
}

// TestReassignedCrewLosesEverything moves a case with all that belongs to it.
func TestReassignedCrewLosesEverything(t *testing.T) {
	for _, act := range []city.Act{change(assign, func(a *city.AssignRequest) { a.Crew = "roads" }), nil} {
		w := newWorld(t).until("done")
		w.must(treeCrew, photo())
		w.must(treeCrew, &city.AddNote{Note: "note-1", Request: case1, Text: "Dog."})
		if act == nil { // closed and opened again: nobody has it
			w.must(reviewer, &city.ApproveWork{Request: case1, WorkOrder: order})
			act = &city.ReopenRequest{Request: case1, Reason: "It fell again."}
		}
		r := w.must(reviewer, act)
		told := map[city.Ref]bool{}
		for _, c := range r.Changed {
			told[c.Record.Ref] = true
			deps, err := city.Dependents(w.hall, c)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range deps {
				told[d.Ref] = true
			}
		}
		for ref, rec := range w.hall {
			if ref.Kind != city.KindWork && rec.Parent != case1 {
				continue
			}
			if slices.Contains(scopes(t, w.hall, rec), city.ScopeCrew("trees")) {
				t.Errorf("%s: the tree crew still sees %s", act.Type(), ref)
			}
			if !told[ref] {
				t.Errorf("%s: nobody is told that the audience of %s has changed", act.Type(), ref)
			}
		}
	}
}
