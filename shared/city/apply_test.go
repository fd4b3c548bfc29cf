package city_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"cityhall/shared/city"
)

func priority(p city.Priority) *city.SetPriority {
	return &city.SetPriority{Request: case1, WorkOrder: order, Priority: p}
}

// TestAppliesWhenSeen is the first row of the table: the writer is the base.
func TestAppliesWhenSeen(t *testing.T) {
	w := newWorld(t).until("assigned")
	m := w.write(w.see(), dispatch, priority(city.PriorityUrgent))
	if r := w.receive(m); r.Verdict != city.VerdictApplied || len(r.Reviews) != 0 || len(r.Changed) != 1 || !slices.Equal(r.Changed[0].Fields, []string{"priority"}) {
		t.Errorf("%+v", r)
	}
	if rec := w.hall[city.Ref{Kind: city.KindWorkOrder, ID: order}]; rec.Writers["priority"] != m.ID {
		t.Error("the author is not the writer")
	}
}

// TestSameValueApplies lets two people say the same.
func TestSameValueApplies(t *testing.T) {
	w := newWorld(t).until("assigned")
	first, second := w.see(), w.see()
	a, b := w.write(first, dispatch, priority(city.PriorityUrgent)), w.write(second, reviewer, priority(city.PriorityUrgent))
	w.receive(a)
	if r := w.receive(b); r.Verdict != city.VerdictApplied || len(r.Reviews) != 0 {
		t.Errorf("%+v", r)
	}
	if rec := w.hall[city.Ref{Kind: city.KindWorkOrder, ID: order}]; rec.Writers["priority"] != b.ID {
		t.Error("the newcomer is not the writer")
	}
}

// conflict lets two people set different priorities, not seeing each other.
func conflict(t *testing.T) (w *world, ours, theirs city.MutationID, id city.ID, rev city.Review) {
	w = newWorld(t).until("assigned")
	first, second := w.see(), w.see()
	a, b := w.write(first, dispatch, priority(city.PriorityUrgent)), w.write(second, reviewer, priority(city.PriorityLow))
	w.receive(a)
	r := w.receive(b)
	if r.Verdict != city.VerdictReview {
		t.Fatalf("%s", r.Verdict)
	}
	id, rev = w.review(r)
	return w, a.ID, b.ID, id, rev
}

func TestConflictKeepsBothSides(t *testing.T) {
	w, ours, theirs, _, rev := conflict(t)
	if w.job(order).Priority != city.PriorityUrgent {
		t.Error("the later value overwrote one that its author had not seen")
	}
	if rev.Cause != city.CauseConflict || rev.State != "open" || rev.Actor.Name != "Maya" || rev.About != (city.Ref{Kind: city.KindWorkOrder, ID: order}) || len(rev.Contests) != 1 {
		t.Fatalf("%+v", rev)
	}
	c := rev.Contests[0]
	if c.Ours.Mutation != ours || string(c.Ours.Value) != `"urgent"` || c.Theirs.Mutation != theirs || string(c.Theirs.Value) != `"low"` {
		t.Errorf("%+v", c)
	}
}

func TestDecideReview(t *testing.T) {
	for _, c := range []struct {
		theirs []city.FieldRef
		want   city.Priority
	}{{nil, city.PriorityUrgent}, {[]city.FieldRef{"workorder/job-1/priority"}, city.PriorityLow}} {
		w, _, theirs, id, rev := conflict(t)
		decide := &city.DecideReview{Review: id, Sides: rev.Sides(), Theirs: c.theirs, Words: "Agreed by phone."}
		for _, sides := range [][]city.MutationID{{theirs}, append(rev.Sides(), "another")} {
			_, err := w.try(reviewer, &city.DecideReview{Review: id, Sides: sides, Theirs: c.theirs})
			wants(t, err, city.CodeStale, "sides")
		}
		_, err := w.try(reviewer, &city.DecideReview{Review: id, Sides: rev.Sides(), Theirs: []city.FieldRef{"workorder/job-1/due_at"}})
		wants(t, err, city.CodeUnknown, "theirs")
		_, err = w.try(dispatch, decide)
		wants(t, err, city.CodeForbidden, "actor")
		w.must(reviewer, decide)
		if got := w.job(order).Priority; got != c.want {
			t.Errorf("%s stands, want %s", got, c.want)
		}
		after, _, _ := city.LoadReview(w.hall, id)
		if after.State != "closed" || after.DecidedBy != "Maya" || after.Decision != "Agreed by phone." || after.ClosedAt.IsZero() {
			t.Errorf("%+v", after)
		}
		_, err = w.try(reviewer, decide)
		wants(t, err, city.CodeNotNow, "review")
	}
}

// TestDecisionSeesWhatItOverwrites changes the field after the page was made on
// which somebody decides.
func TestDecisionSeesWhatItOverwrites(t *testing.T) {
	w, _, _, id, rev := conflict(t)
	page := w.see()
	w.must(dispatch, priority(city.PriorityHigh))
	m := w.write(page, reviewer, &city.DecideReview{Review: id, Sides: rev.Sides(), Theirs: []city.FieldRef{"workorder/job-1/priority"}})
	r := w.receive(m)
	if r.Verdict != city.VerdictRefused || r.Refusal.Code != city.CodeStale || w.job(order).Priority != city.PriorityHigh {
		t.Errorf("%s %v, %s stands", r.Verdict, r.Refusal, w.job(order).Priority)
	}
	if rev, _, _ := city.LoadReview(w.hall, id); rev.State != "open" {
		t.Error("the review was closed")
	}
}

// TestMachine moves states that somebody else has moved meanwhile.
func TestMachine(t *testing.T) {
	t.Run("legal from where it is now", func(t *testing.T) {
		w := newWorld(t).until("assigned")
		desk, out := w.see(), w.see()
		start := w.write(out, treeCrew, visit())
		pause := w.write(desk, reviewer, closing())
		w.receive(start)
		r := w.receive(pause) // from assigned, and from working too
		if r.Verdict != city.VerdictApplied || w.request(case1).Status != city.StatusClosed {
			t.Fatalf("%s, %s", r.Verdict, w.request(case1).Status)
		}
		if _, rev := w.review(r); rev.Cause != city.CauseStale || rev.Contests[0].Field != "request/case-1/status" {
			t.Errorf("the author's view was stale, and nobody is told: %+v", rev)
		}
	})
	t.Run("illegal from where it is now", func(t *testing.T) {
		w := newWorld(t).until("assigned")
		out := w.see()
		w.must(reviewer, closing())
		r := w.receive(w.write(out, treeCrew, visit()))
		if r.Verdict != city.VerdictReview || w.request(case1).Status != city.StatusClosed || w.job(order).State != city.JobCancelled {
			t.Errorf("%s, %s, %s", r.Verdict, w.request(case1).Status, w.job(order).State)
		}
		if _, ok := w.hall[city.Ref{Kind: city.KindVisit, ID: visit1}]; !ok {
			t.Error("the visit itself is lost")
		}
	})
	t.Run("illegal as seen", func(t *testing.T) {
		w := newWorld(t).until("approved")
		m := city.Mutation{ID: w.id(), Type: "request.close@1", Actor: reviewer, Device: city.OfficeDevice, At: w.clock, Base: map[city.FieldRef]city.MutationID{}}
		m.Args, _ = city.Canonical(closing())
		m.Base["request/case-1/status"] = w.hall[city.Ref{Kind: city.KindRequest, ID: case1}].Writers["status"]
		if r := w.receive(m); r.Verdict != city.VerdictRefused || r.Refusal.Code != city.CodeNotNow {
			t.Errorf("%s %v", r.Verdict, r.Refusal)
		}
	})
}

// TestTwoEndings lets two people close one request. With one outcome they agree;
// with two, neither the state nor the words of the first are overwritten.
func TestTwoEndings(t *testing.T) {
	for _, c := range []struct {
		words   string
		verdict city.Verdict
	}{{"It is sound.", city.VerdictApplied}, {"It is on private land.", city.VerdictReview}} {
		w := newWorld(t).until("received")
		first, second := w.see(), w.see()
		a := w.write(first, reviewer, closing())
		b := w.write(second, dispatch, change(closing, func(a *city.CloseRequest) { a.Words = c.words }))
		w.receive(a)
		closed := w.request(case1).ClosedAt
		r := w.receive(b)
		if r.Verdict != c.verdict || w.request(case1).Words != "It is sound." || !w.request(case1).ClosedAt.Equal(closed) {
			t.Errorf("%s, %+v", r.Verdict, w.request(case1))
		}
		if c.verdict == city.VerdictApplied && len(r.Reviews) > 0 {
			t.Error("they agree, and still somebody has to look")
		}
		if c.verdict == city.VerdictReview {
			id, rev := w.review(r)
			w.must(reviewer, &city.DecideReview{Review: id, Sides: rev.Sides(), Theirs: []city.FieldRef{"request/case-1/status"}})
			if got := w.request(case1); got.Words != c.words || got.Status != city.StatusClosed {
				t.Errorf("decided for the other, but %+v", got)
			}
		}
	}
}

// TestTwoAssignments lets two dispatchers move one job to different crews.
func TestTwoAssignments(t *testing.T) {
	w := newWorld(t).until("assigned")
	w.must(admin, &city.SetCrew{ID: "lifts", Crew: city.Crew{Name: "Lift crew", Department: "parks"}})
	first, second := w.see(), w.see()
	a := w.write(first, dispatch, change(assign, func(a *city.AssignRequest) { a.Crew = "roads" }))
	b := w.write(second, reviewer, change(assign, func(a *city.AssignRequest) { a.Crew, a.Priority = "lifts", city.PriorityHigh }))
	w.receive(a)
	r := w.receive(b)
	if r.Verdict != city.VerdictReview || w.work(case1).Crew != "roads" || w.job(order).Crew != "roads" || w.request(case1).Team != "Road crew" {
		t.Errorf("%s: %s has it", r.Verdict, w.work(case1).Crew)
	}
	id, rev := w.review(r)
	if !slices.ContainsFunc(rev.Contests, func(c city.Contest) bool { return c.Field == "workorder/job-1/priority" && c.Lead == "" }) {
		t.Errorf("the priority is not decided by itself: %+v", rev.Contests)
	}
	w.must(reviewer, &city.DecideReview{Review: id, Sides: rev.Sides(), Theirs: []city.FieldRef{"request/case-1/status"}})
	if w.work(case1).Crew != "lifts" || w.job(order).Crew != "lifts" || w.request(case1).Team != "Lift crew" {
		t.Errorf("decided for the lift crew: %+v", w.work(case1))
	}
}

// TestWithheldJobIsWhole assigns what was closed meanwhile, and decides for it.
func TestWithheldJobIsWhole(t *testing.T) {
	w := newWorld(t).until("received")
	page := w.see()
	w.must(reviewer, closing())
	r := w.receive(w.write(page, dispatch, assign()))
	if _, ok := w.hall[city.Ref{Kind: city.KindWorkOrder, ID: order}]; ok || r.Verdict != city.VerdictReview {
		t.Fatalf("%s, half a job is there: %v", r.Verdict, ok)
	}
	id, rev := w.review(r)
	w.must(reviewer, &city.DecideReview{Review: id, Sides: rev.Sides(), Theirs: []city.FieldRef{"request/case-1/status"}})
	req, job := w.request(case1), w.job(order)
	if req.Status != city.StatusAssigned || req.Outcome != "" || !req.ClosedAt.IsZero() || job.Instruction == "" || job.Priority != city.PriorityNormal || w.work(case1).Crew != "trees" {
		t.Errorf("%+v %+v", req, job)
	}
	if got := w.hall[city.Ref{Kind: city.KindWorkOrder, ID: order}].Parent; got != case1 {
		t.Errorf("the job belongs to %q", got)
	}
	w.must(treeCrew, visit())
}

// TestStaleViewsAreBundled has two crews' acts rest on what has changed.
func TestStaleViewsAreBundled(t *testing.T) {
	w := newWorld(t).until("started")
	out := w.see()
	w.must(dispatch, change(assign, func(a *city.AssignRequest) { a.Instruction = "Mind the nest." }))
	// The office's own way back to where the crew is.
	w.must(treeCrew, &city.StartVisit{Visit: "visit-2", WorkOrder: order})
	first := w.write(out, treeCrew, finish())
	r := w.receive(first)
	var stale []city.Ref
	for _, ref := range r.Reviews {
		if rev, _, _ := city.LoadReview(w.hall, ref.ID); rev.Cause == city.CauseStale {
			stale = append(stale, ref)
		}
	}
	if len(stale) != 1 {
		t.Fatalf("%s with %d stale reviews", r.Verdict, len(stale))
	}
	rev, _, _ := city.LoadReview(w.hall, stale[0].ID)
	if rev.About.Kind != city.KindWorkOrder || len(rev.Contests) != 1 || string(rev.Contests[0].Ours.Value) != `"Mind the nest."` {
		t.Errorf("%+v", rev)
	}
	again := w.receive(city.Mutation{ID: w.id(), Type: first.Type, Actor: first.Actor, Device: first.Device, At: first.At, Base: first.Base, Reads: first.Reads, Args: first.Args})
	if !slices.Contains(again.Reviews, stale[0]) {
		t.Errorf("a second stale act opened a review of its own: %v", again.Reviews)
	}
	longer, _, _ := city.LoadReview(w.hall, stale[0].ID)
	if len(longer.Mutations) != 2 || len(longer.Sides()) != 3 {
		t.Errorf("%+v", longer)
	}
	_, err := w.try(reviewer, &city.DecideReview{Review: stale[0].ID, Sides: rev.Sides()})
	wants(t, err, city.CodeStale, "sides")
	w.must(reviewer, &city.DecideReview{Review: stale[0].ID, Sides: longer.Sides()})
	once := w.receive(city.Mutation{ID: w.id(), Type: first.Type, Actor: first.Actor, Device: first.Device, At: first.At, Base: first.Base, Reads: first.Reads, Args: first.Args})
	if slices.Contains(once.Reviews, stale[0]) {
		t.Error("a closed review was opened again")
	}
}

// TestRefused keeps the whole of what could not be applied.
func TestRefused(t *testing.T) {
	w := newWorld(t).until("assigned")
	for _, c := range []struct {
		name string
		m    city.Mutation
		code city.Code
	}{
		{"unknown type", city.Mutation{Type: "visit.teleport@7", Args: json.RawMessage(`{"to":"moon","request":"case-1"}`)}, city.CodeUnknownType},
		{"not JSON", city.Mutation{Type: "note.add@1", Args: json.RawMessage(`{"note":`)}, city.CodeInvalid},
		{"a fraction", city.Mutation{Type: "note.add@1", Args: json.RawMessage(`{"note":1.5}`)}, city.CodeInvalid},
		{"no arguments", city.Mutation{Type: "note.add@1"}, city.CodeInvalid},
		{"null", city.Mutation{Type: "note.add@1", Args: json.RawMessage(`null`)}, city.CodeInvalid},
		{"invalid", city.Mutation{Type: "visit.finish@1", Args: json.RawMessage(`{"visit":"v","workorder":"job-1","outcome":"perhaps"}`)}, city.CodeRequired},
		{"another crew's", city.Mutation{Type: "visit.start@1", Args: json.RawMessage(`{"visit":"v","workorder":"job-1"}`)}, city.CodeNotYours},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := len(w.hall)
			c.m.ID, c.m.Actor, c.m.Device, c.m.At = w.id(), roadCrew, tablet, w.clock
			r := w.receive(c.m)
			if r.Verdict != city.VerdictRefused || r.Refusal == nil || r.Refusal.Code != c.code || len(w.hall) != before+1 {
				t.Fatalf("%s %v, %d records more", r.Verdict, r.Refusal, len(w.hall)-before)
			}
			id, rev := w.review(r)
			if rev.Cause != city.CauseRefused || rev.Type != c.m.Type || rev.Device != tablet || rev.Refusal.Code != c.code || !slices.Equal(rev.Sides(), []city.MutationID{c.m.ID}) {
				t.Errorf("%+v", rev)
			}
			want, err := city.Canonical(c.m.Args)
			if err != nil {
				want, _ = city.Canonical(string(c.m.Args))
			}
			if s := string(want); s == "null" || s == `""` { // nothing was there to keep
				want = nil
			}
			if string(rev.Payload) != string(want) {
				t.Errorf("kept %s of %s", rev.Payload, c.m.Args)
			}
			w.must(admin, &city.DecideReview{Review: id, Sides: rev.Sides(), Words: "Told the crew."})
		})
	}
}

// TestTwoPeopleOneRecord is journey 4.
func TestTwoPeopleOneRecord(t *testing.T) {
	t.Run("re-prioritised", func(t *testing.T) {
		w := newWorld(t).until("assigned")
		out := w.see()
		begin, end := w.write(out, treeCrew, visit()), w.write(out, treeCrew, finish())
		w.must(dispatch, priority(city.PriorityUrgent))
		for _, m := range []city.Mutation{begin, end} {
			if r := w.receive(m); r.Verdict != city.VerdictApplied || len(r.Reviews) > 0 {
				t.Errorf("%s: %s %v", m.Type, r.Verdict, r.Reviews)
			}
		}
		if job := w.job(order); job.State != city.JobDone || job.Priority != city.PriorityUrgent {
			t.Errorf("%+v", job)
		}
	})
	t.Run("closed as a duplicate", func(t *testing.T) {
		w := newWorld(t).until("assigned")
		w.must(resident, report(case2))
		out := w.see()
		begin, end := w.write(out, treeCrew, visit()), w.write(out, treeCrew, finish())
		w.must(reviewer, &city.CloseRequest{Request: case1, Outcome: city.OutcomeDuplicate, DuplicateOf: case2})
		var ids []city.ID
		for _, m := range []city.Mutation{begin, end} {
			r := w.receive(m)
			if r.Verdict != city.VerdictReview {
				t.Fatalf("%s: %s", m.Type, r.Verdict)
			}
			id, rev := w.review(r)
			if !slices.Contains(rev.Sides(), m.ID) || len(rev.Sides()) != 2 {
				t.Errorf("sides: %v", rev.Sides())
			}
			ids = append(ids, id)
		}
		if w.request(case1).Outcome != city.OutcomeDuplicate || w.job(order).State != city.JobCancelled {
			t.Error("the office's decision was overwritten")
		}
		var v city.Visit
		if err := w.hall[city.Ref{Kind: city.KindVisit, ID: visit1}].Into(&v); err != nil || v.Outcome != city.OutcomeFixed || v.Notes != "Cut up." {
			t.Errorf("what the crew did is lost: %+v %v", v, err)
		}
		// The office decides that the crew's work counts, and approves it.
		second, _, _ := city.LoadReview(w.hall, ids[1])
		first, _, _ := city.LoadReview(w.hall, ids[0])
		w.must(reviewer, &city.DecideReview{Review: ids[1], Sides: second.Sides(), Theirs: []city.FieldRef{"workorder/job-1/state"}})
		w.must(reviewer, &city.DecideReview{Review: ids[0], Sides: first.Sides()})
		if r := w.request(case1); r.Status != city.StatusChecking || r.Outcome != "" || r.DuplicateOf != "" {
			t.Errorf("%+v", r)
		}
		w.must(reviewer, &city.ApproveWork{Request: case1, WorkOrder: order})
		if r := w.request(case1); r.Outcome != city.OutcomeFixed || r.DuplicateOf != "" {
			t.Errorf("%+v", r)
		}
	})
	t.Run("re-assigned", func(t *testing.T) {
		w := newWorld(t).until("assigned")
		out := w.see()
		begin, end := w.write(out, treeCrew, visit()), w.write(out, treeCrew, finish())
		w.must(dispatch, change(assign, func(a *city.AssignRequest) { a.Crew = "roads" }))
		before := w.job(order)
		for _, m := range []city.Mutation{begin, end} {
			r := w.receive(m)
			if r.Verdict != city.VerdictRefused || r.Refusal.Code != city.CodeNotYours {
				t.Errorf("%s: %s %v", m.Type, r.Verdict, r.Refusal)
			}
			if _, rev := w.review(r); m.Type == end.Type && !strings.Contains(string(rev.Payload), "Cut up.") {
				t.Errorf("kept %s", rev.Payload)
			}
		}
		if w.job(order) != before {
			t.Error("a refused act changed the job")
		}
	})
}

// TestIDsAreNotTakenOver tries to change a record by making it again.
func TestIDsAreNotTakenOver(t *testing.T) {
	w := newWorld(t).until("started")
	w.must(treeCrew, &city.AddNote{Note: "note-1", Request: case1, Text: "Ours."})
	w.must(treeCrew, photo())
	w.must(resident, report(case2))
	w.must(dispatch, &city.AssignRequest{Request: case2, WorkOrder: "job-2", Crew: "roads", Priority: city.PriorityLow})
	for name, c := range map[string]struct {
		act   city.Act
		field string
	}{
		"note":  {&city.AddNote{Note: "note-1", Request: case2, Text: "Theirs."}, "note"},
		"photo": {change(photo, func(a *city.AddPhoto) { a.Request = case2 }), "photo"},
		"visit": {&city.StartVisit{Visit: visit1, WorkOrder: "job-2"}, "visit"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.try(roadCrew, c.act)
			wants(t, err, city.CodeInvalid, c.field)
		})
	}
	_, err := w.try(dispatch, &city.AssignRequest{Request: case2, WorkOrder: order, Crew: "roads", Priority: city.PriorityLow})
	wants(t, err, city.CodeStale, "workorder")
	w.must(resident, report("case-3"))
	_, err = w.try(dispatch, &city.AssignRequest{Request: "case-3", WorkOrder: order, Crew: "roads", Priority: city.PriorityLow})
	wants(t, err, city.CodeInvalid, "workorder")
	_, err = w.try(roadCrew, &city.FinishVisit{Visit: visit1, WorkOrder: "job-2", Outcome: city.OutcomeFixed})
	wants(t, err, city.CodeUnknown, "visit")
}

// TestHalfAService never mixes the questions of one edition with the version of
// another.
func TestHalfAService(t *testing.T) {
	w := newWorld(t)
	first, second := w.see(), w.see()
	edition := func(by *city.Overlay, edit func(*city.Service)) city.Mutation {
		return w.write(by, admin, change(published, func(a *city.PublishService) { a.Service.Version = 2; edit(&a.Service) }))
	}
	a := edition(first, func(s *city.Service) { s.Questions = s.Questions[:1] })
	b := edition(second, func(s *city.Service) { s.Icon, s.Questions = "tree", s.Questions[:2] })
	w.receive(a)
	r := w.receive(b)
	svc, _, _ := city.LoadService(w.hall, "tree")
	if r.Verdict != city.VerdictReview || len(svc.Questions) != 1 || svc.Icon != "" {
		t.Errorf("%s, %d questions, icon %q", r.Verdict, len(svc.Questions), svc.Icon)
	}
	id, rev := w.review(r)
	w.must(admin, &city.DecideReview{Review: id, Sides: rev.Sides(), Theirs: []city.FieldRef{"service/tree/version"}})
	if svc, _, _ = city.LoadService(w.hall, "tree"); len(svc.Questions) != 2 || svc.Icon != "tree" {
		t.Errorf("decided for the second: %d questions, icon %q", len(svc.Questions), svc.Icon)
	}
}
