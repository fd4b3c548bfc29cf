package city_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cityhall/shared/city"
)

// legal are the moves of the two states, written down a second time.
var legal = map[string][]string{
	"request:": {"received", "closed"}, "request:received": {"assigned", "waiting", "closed"},
	"request:assigned": {"assigned", "received", "working", "waiting", "closed"}, "request:working": {"working", "assigned", "checking", "closed"},
	"request:checking": {"assigned", "closed"}, "request:waiting": {"received", "assigned", "closed"}, "request:closed": {"received"},
	"workorder:": {"assigned"}, "workorder:assigned": {"assigned", "started", "cancelled"}, "workorder:started": {"started", "assigned", "done", "cancelled"},
	"workorder:done": {"assigned", "approved", "cancelled"}, "workorder:approved": {"assigned"},
}

// consequences are fields that nobody chooses.
var consequences = []string{"assigned_at", "closed_at", "team", "due_at", "paused_at", "pauses", "visit", "request"}

// author is somebody with a picture of their own and acts that have yet to arrive.
type author struct {
	actor   city.Actor
	seen    *city.Overlay
	waiting []sent
}

// sent is an act on its way, and what its author saw it write.
type sent struct {
	m      city.Mutation
	wanted []city.Changed
}

var machineSteps = flag.Int("machine", 15_000, "how many steps the machine of acts makes at least")

func id(t *rapid.T, what string, n int) city.ID {
	return city.ID(fmt.Sprintf("%s-%d", what, rapid.IntRange(1, n).Draw(t, what)))
}

// anyAct draws an act that this actor might do.
func anyAct(t *rapid.T, by city.Actor, view city.View) city.Act {
	req, job := id(t, "case", 2), id(t, "job", 2)
	words := rapid.SampledFrom([]string{"One.", "Two.", ""}).Draw(t, "words")
	switch by.Kind {
	case city.ActorResident:
		return report(id(t, "case", 3))
	case city.ActorCrew:
		visit := id(t, "visit", 3)
		switch rapid.IntRange(0, 4).Draw(t, "act") {
		case 0:
			return &city.AddNote{Note: id(t, "note", 3), Request: req, Text: "Note. " + words}
		case 1, 2:
			return &city.StartVisit{Visit: visit, WorkOrder: job}
		}
		return &city.FinishVisit{Visit: visit, WorkOrder: job, Outcome: rapid.SampledFrom([]city.Outcome{city.OutcomeFixed, city.OutcomeNotFixed}).Draw(t, "outcome"), Reason: "Why. " + words, Notes: words}
	}
	switch rapid.IntRange(0, 9).Draw(t, "act") {
	case 0, 1:
		return &city.AssignRequest{Request: req, WorkOrder: job, Crew: rapid.SampledFrom([]city.ID{"trees", "roads"}).Draw(t, "crew"), Priority: city.PriorityNormal, Instruction: words}
	case 2:
		return &city.SetPriority{Request: req, WorkOrder: job, Priority: rapid.SampledFrom([]city.Priority{city.PriorityHigh, city.PriorityLow}).Draw(t, "priority")}
	case 3:
		return &city.ApproveWork{Request: req, WorkOrder: job, Words: words}
	case 4:
		return &city.ReturnWork{Request: req, WorkOrder: job, Reason: "Again. " + words}
	case 5:
		return &city.CloseRequest{Request: req, Outcome: city.OutcomeNotFixed, Words: "No. " + words}
	case 6:
		return &city.CloseRequest{Request: req, Outcome: city.OutcomeDuplicate, DuplicateOf: id(t, "case", 2), Words: words}
	case 7:
		return &city.ReopenRequest{Request: req, Reason: "Oh. " + words}
	case 8:
		if rapid.Bool().Draw(t, "resume") {
			return &city.ResumeRequest{Request: req}
		}
		return &city.PauseRequest{Request: req, Reason: "Wait. " + words}
	}
	open, _ := view.Children(req, city.KindReview)
	if len(open) == 0 {
		return &city.AddNote{Note: id(t, "note", 3), Request: req, Text: "Desk. " + words}
	}
	rec := rapid.SampledFrom(open).Draw(t, "review")
	var rev city.Review
	if err := rec.Into(&rev); err != nil {
		t.Fatal(err)
	}
	decide := &city.DecideReview{Review: rec.ID, Sides: rev.Sides()}
	for _, c := range rev.Contests {
		if c.Lead == "" && rapid.Bool().Draw(t, "theirs") {
			decide.Theirs = append(decide.Theirs, c.Field)
		}
	}
	return decide
}

// TestAnySequence lets several people act on what they see, and their acts arrive
// in any order. Whatever happens, nobody's words are lost in silence.
func TestAnySequence(t *testing.T) {
	steps, want := 0, *machineSteps
	if testing.Short() {
		want = 1
	}
	for steps < want && !t.Failed() {
		anySequence(t, &steps)
	}
	t.Logf(`{"figure":"state machine","machine":"apply","steps":%d,"violations":0}`, steps)
}

func anySequence(t *testing.T, steps *int) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		for _, c := range []city.ID{case1, case2} {
			w.must(resident, report(c))
		}
		authors := []*author{{actor: resident}, {actor: treeCrew}, {actor: roadCrew}, {actor: treeCrew}, {actor: admin}, {actor: admin}}
		for _, a := range authors {
			a.seen = w.see()
		}
		rt.Repeat(map[string]func(*rapid.T){
			"": func(*rapid.T) { *steps++ },
			"look": func(rt *rapid.T) {
				if a := rapid.SampledFrom(authors).Draw(rt, "who"); len(a.waiting) == 0 {
					a.seen = w.see()
				}
			},
			"act": func(rt *rapid.T) {
				a := rapid.SampledFrom(authors).Draw(rt, "who")
				m, err := city.Prepare(a.seen, w.id(), a.actor, deviceOf(a.actor), w.clock, anyAct(rt, a.actor, a.seen))
				if err != nil {
					if _, ok := city.AsError(err); !ok {
						rt.Fatal(err)
					}
					return
				}
				r, err := city.Apply(a.seen, m)
				if err != nil || r.Verdict != city.VerdictApplied {
					rt.Fatalf("prepared, but then %s %v %v", r.Verdict, r.Refusal, err)
				}
				for _, c := range r.Changed {
					a.seen.Put(c.Record)
				}
				a.waiting = append(a.waiting, sent{m, r.Changed})
			},
			"arrive": func(rt *rapid.T) {
				a := rapid.SampledFrom(authors).Draw(rt, "who")
				if len(a.waiting) > 0 {
					arrive(rt, w, a.waiting[0])
					a.waiting = a.waiting[1:]
				}
			},
		})
		for _, a := range authors {
			for _, m := range a.waiting {
				arrive(rt, w, m)
			}
		}
	})
}

// arrive applies a mutation and checks what must hold of every result.
func arrive(t *rapid.T, w *world, s sent) {
	m := s.m
	m.Received = w.clock
	before := w.see().Under.(city.Memory)
	was := picture(t, w.hall)
	r, err := city.Apply(w.hall, m)
	if err != nil {
		t.Fatalf("%s: %v", m.Type, err)
	}
	if picture(t, w.hall) != was {
		t.Fatalf("%s changed the records that it only looked at", m.Type)
	}
	again, err := city.Apply(before, m)
	if a, b := encode(t, r), encode(t, again); err != nil || !bytes.Equal(a, b) {
		t.Fatalf("%s decided twice:\n%s\n%s", m.Type, a, b)
	}
	checkResult(t, before, m, r)
	for _, c := range r.Changed {
		w.hall[c.Record.Ref] = c.Record
	}
	checkAudiences(t, before, w.hall, r)
	checkNothingLost(t, w.hall, s, r)
}

// checkNothingLost: what the author saw themselves write stands now, or is what
// stood there already, or is a side of a review.
func checkNothingLost(t *rapid.T, hall city.Memory, s sent, r city.Result) {
	if r.Verdict == city.VerdictRefused {
		return // checkResult has seen all of it in a review
	}
	sides := map[city.FieldRef]bool{}
	for _, ref := range r.Reviews {
		var rev city.Review
		if err := hall[ref].Into(&rev); err != nil {
			t.Fatal(err)
		}
		for _, c := range rev.Contests {
			sides[c.Field] = sides[c.Field] || c.Theirs.Mutation == s.m.ID
		}
	}
	for _, c := range s.wanted {
		now := hall[c.Record.Ref]
		for _, name := range c.Fields {
			stands := now.Writers[name] == s.m.ID || bytes.Equal(now.Fields[name], c.Record.Fields[name])
			if string(c.Record.Fields[name]) == `"cancelled"` || name == "reason" && c.Record.Fields[name] == nil {
				continue // follows from a job or a pause that its author saw, and that was not there
			}
			if f := c.Record.Ref.Field(name); !stands && !sides[f] && !slices.Contains(consequences, name) {
				t.Fatalf("%s: %s was to be %s, is %s by %s, and no review has it", s.m.Type, f, c.Record.Fields[name], now.Fields[name], now.Writers[name])
			}
		}
	}
}

func encode(t *rapid.T, r city.Result) []byte {
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func checkResult(t *rapid.T, before city.Memory, m city.Mutation, r city.Result) {
	conflicts := 0
	for _, ref := range r.Reviews {
		i := slices.IndexFunc(r.Changed, func(c city.Changed) bool { return c.Record.Ref == ref })
		var rev city.Review
		if i < 0 || r.Changed[i].Record.Into(&rev) != nil || !slices.Contains(rev.Sides(), m.ID) || rev.State != "open" {
			t.Fatalf("%s: review %s does not name its act", m.Type, ref)
		}
		if rev.Cause == city.CauseConflict {
			conflicts++
		}
		if rev.Cause == city.CauseRefused && !bytes.Equal(rev.Payload, m.Args) {
			t.Fatalf("%s: kept %s of %s", m.Type, rev.Payload, m.Args)
		}
	}
	if (r.Verdict == city.VerdictReview) != (conflicts == 1) || (r.Verdict == city.VerdictRefused) != (r.Refusal != nil) || r.Verdict == city.VerdictRefused && len(r.Changed) != 1 {
		t.Fatalf("%s: %s with %d conflicts, %d records, refusal %v", m.Type, r.Verdict, conflicts, len(r.Changed), r.Refusal)
	}
	for _, c := range r.Changed {
		old, exists := before[c.Record.Ref]
		if exists == c.New {
			t.Fatalf("%s: %s is new: %v", m.Type, c.Record.Ref, c.New)
		}
		if c.Record.Kind == city.KindReview {
			continue
		}
		for name, by := range c.Record.Writers {
			if old.Writers[name] != by && (by != m.ID || !slices.Contains(c.Fields, name)) {
				t.Fatalf("%s: %s has the writer %s", m.Type, c.Record.Ref.Field(name), by)
			}
		}
		for _, name := range c.Fields {
			checkWrite(t, m, old, c.Record, name)
		}
	}
}

// checkWrite is the promise itself: what is overwritten was seen, or is the same,
// or is a state that may move so, or is nobody's choice.
func checkWrite(t *rapid.T, m city.Mutation, old, now city.Record, name string) {
	seen := old.Writers[name] == m.Base[now.Ref.Field(name)]
	if seen || bytes.Equal(old.Fields[name], now.Fields[name]) || slices.Contains(consequences, name) {
		return
	}
	key := string(now.Kind) + ":" + old.Text(name)
	if (name == "status" || name == "state") && slices.Contains(legal[key], now.Text(name)) {
		return
	}
	t.Fatalf("%s overwrote %s of %s, which its author had not seen: %s became %s", m.Type, now.Ref.Field(name), old.Writers[name], old.Fields[name], now.Fields[name])
}

// checkAudiences finds records whose audience has changed without anybody telling.
func checkAudiences(t *rapid.T, before, after city.Memory, r city.Result) {
	told := map[city.Ref]bool{}
	for _, c := range r.Changed {
		told[c.Record.Ref] = true
		deps, err := city.Dependents(after, c)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range deps {
			told[d.Ref] = true
		}
	}
	for ref, rec := range before {
		if !told[ref] && !slices.Equal(scopes(t, before, rec), scopes(t, after, after[ref])) {
			t.Fatalf("the audience of %s has changed and nobody is told", ref)
		}
	}
}

// FuzzDecode feeds what a device might send. An act that is taken must stay the
// same through its canonical form.
func FuzzDecode(f *testing.F) {
	for _, r := range rights {
		args, err := city.Canonical(r.act)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(r.act.Type()), []byte(args))
	}
	f.Add("request.file@1", []byte(`{"request":"a","service":"b","place":{"lat":1e9,"address":"\ud800"},"answers":{"":[null]}}`))
	f.Add("visit.finish@1", []byte(`{"materials":[{}],"minutes":-0}`))
	f.Add("review.decide@1", []byte(`[]`))
	f.Fuzz(func(t *testing.T, typ string, args []byte) {
		act, err := city.Decode(city.Type(typ), args)
		m := city.Mutation{ID: "01900000-0000-7000-8000-000000000001", Type: city.Type(typ), Actor: admin, Device: city.OfficeDevice, At: start, Received: start, Args: args}
		if _, applyErr := city.Apply(city.Memory{}, m); applyErr != nil {
			t.Fatalf("apply: %v", applyErr)
		}
		if err != nil {
			if _, ok := city.AsError(err); !ok {
				t.Fatalf("not an error that people are told: %v", err)
			}
			return
		}
		once, err := city.Canonical(act)
		if err != nil {
			t.Fatalf("what was taken has no canonical form: %v", err)
		}
		back, err := city.Decode(act.Type(), once)
		if err != nil {
			t.Fatalf("%s was taken, and is refused the second time: %v", once, err)
		}
		if twice, err := city.Canonical(back); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%s became %s (%v)", once, twice, err)
		}
	})
}
