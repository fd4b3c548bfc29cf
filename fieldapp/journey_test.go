package fieldapp_test

import (
	"strings"
	"testing"
	"time"

	"cityhall/fieldapp"
	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim/town"
)

// TestFallenTree is the crew's part of the main journey: get the job, lose the
// line, do it with photos, come back.
func TestFallenTree(t *testing.T) {
	s := newStage(t)
	request, order := s.tree("12 Elm Street", city.AssignRequest{Priority: city.PriorityUrgent, Instruction: "Bring the long saw."})
	s.sync()
	s.signIn()
	if jobs := s.a.Jobs(); len(jobs) != 1 || jobs[0].Fresh != fieldapp.New || jobs[0].Title != "Fallen tree or branch" {
		t.Fatalf("jobs %+v", jobs)
	}
	s.Cut(true)
	s.a.OpenJob(order)
	p := s.a.Page()
	if p.Instruction != "Bring the long saw." || !strings.Contains(p.Words, "🌳") || p.Detail != "behind the bus stop" {
		t.Errorf("page %+v", p)
	}
	if !shown(p.Answers, "The road") || !shown(p.Answers, "No") || !shown(p.Contact, "Ana Ruiz") {
		t.Errorf("answers %v, contact %v", p.Answers, p.Contact)
	}
	s.a.StartVisit()
	if s.a.Page().State != city.JobStarted || s.a.Notice() == "" {
		t.Fatalf("not started: %s %s", s.a.Page().State, s.a.Problem())
	}
	s.Wait(42 * time.Minute)
	s.a.OpenFinish()
	if got := s.a.Form().Minutes; got != "40" {
		t.Errorf("minutes begin at %q", got)
	}
	s.a.Set(func(f *fieldapp.Form) { f.Outcome = city.OutcomeFixed })
	s.a.Edit(func(f *fieldapp.Form) { f.Notes = "Cut and cleared." })
	s.a.AddMinutes(15)
	s.a.Edit(func(f *fieldapp.Form) {
		f.Material = fieldapp.MaterialInput{Name: "Chain oil", Quantity: "0.5", Unit: "l"}
	})
	s.a.AddMaterial()
	first, second := s.picture("a.jpg", 30), s.picture("b.jpg", 2)
	s.a.OpenPictures()
	if all := s.a.Picking().All; len(all) != 2 || all[0].Name != "b.jpg" {
		t.Fatalf("newest first: %+v", all)
	}
	s.a.PickPicture(first)
	s.a.SetStage("after")
	s.a.PickPicture(second)
	s.a.TakePictures()
	s.on(fieldapp.ScreenFinish)
	if got := s.a.Form().Photos; len(got) != 2 || got[0].Stage != "before" || got[1].Stage != "after" {
		t.Fatalf("photos %+v", got)
	}
	s.a.Check()
	s.on(fieldapp.ScreenCheck)
	if !shown(s.a.CheckFacts(), "0.5 l Chain oil") || !shown(s.a.CheckFacts(), "1 before, 1 after") {
		t.Errorf("summary %v", s.a.CheckFacts())
	}
	s.a.Save()
	s.on(fieldapp.ScreenJob)
	s.a.Save() // a second tap does nothing
	if s.a.Page().State != city.JobDone || !s.a.OnTheWay(s.a.Page().Job) || s.a.Form() != nil || s.a.Notice() == "" {
		t.Fatalf("after saving: %s, %q", s.a.Page().State, s.a.Problem())
	}
	done := s.a.Page().Job
	s.a.OpenWaiting()
	w := s.a.Waiting()
	if len(w.Pending) != 3 || len(w.Drafts) != 0 {
		t.Fatalf("waiting %+v", w)
	}
	for _, l := range w.Pending {
		if l.State != replica.StateSaved {
			t.Errorf("%s is %s while the cable is out", l.Words, l.State)
		}
	}
	s.a.SyncNow()
	if s.a.Link().Online || s.a.Problem() == "" {
		t.Errorf("sync without a line: %+v, %q", s.a.Link(), s.a.Problem())
	}
	s.Cut(false)
	s.a.SyncNow()
	if w := s.a.Waiting(); len(w.Pending) != 0 || len(w.Recent) != 3 || !s.a.Link().Online || s.a.OnTheWay(done) {
		t.Fatalf("after the line came back: %+v, link %+v", w, s.a.Link())
	}
	arrived(t, s, request, order)
}

// arrived looks at the server's records.
func arrived(t *testing.T, s *stage, request, order city.ID) {
	t.Helper()
	view := s.Server.Store().View(t.Context())
	job, _, err := city.LoadWorkOrder(view, order)
	if err != nil || job.State != city.JobDone {
		t.Fatalf("job at the server: %+v %v", job, err)
	}
	rec, _, err := view.Record(city.Ref{Kind: city.KindVisit, ID: job.Visit})
	if err != nil {
		t.Fatal(err)
	}
	var v city.Visit
	if err := rec.Into(&v); err != nil || v.By != "Rosa Delgado" || v.Minutes != 55 || len(v.Materials) != 1 {
		t.Errorf("visit %+v %v", v, err)
	}
	photos, err := view.Children(request, city.KindPhoto)
	if err != nil || len(photos) != 2 {
		t.Fatalf("%d photos, %v", len(photos), err)
	}
	for _, p := range photos {
		f, _, err := s.Server.Store().OpenBlob(t.Context(), p.Text("blob"))
		if err != nil {
			t.Fatalf("photo %s: %v", p.ID, err)
		}
		f.Close()
	}
}

// TestReassignedWhileOpen is a job that goes to another crew while its form is
// open: what was saved is told, what was typed stays in reach.
func TestReassignedWhileOpen(t *testing.T) {
	s := newStage(t)
	request, order := s.tree("12 Elm Street", city.AssignRequest{})
	s.sync()
	s.signIn()
	s.a.OpenJob(order)
	s.Cut(true)
	s.a.StartVisit()
	s.a.OpenFinish()
	s.a.Edit(func(f *fieldapp.Form) { f.Notes = "Needs a crane." })
	s.a.Tick()
	s.Act(&city.AssignRequest{Request: request, WorkOrder: order, Crew: town.Streets, Priority: city.PriorityNormal})
	s.Cut(false)
	s.sync()
	s.sync()
	s.a.Back()
	s.on(fieldapp.ScreenJob)
	p := s.a.Page()
	if !p.Gone || p.Title != "Fallen tree or branch" {
		t.Fatalf("page %+v", p)
	}
	s.a.OpenWaiting()
	w := s.a.Waiting()
	if len(w.Attention) != 1 || !strings.Contains(w.Attention[0].Title, "12 Elm Street") || !strings.Contains(w.Attention[0].Explain, "another crew") {
		t.Errorf("attention %+v, pending %+v", w.Attention, w.Pending)
	}
	if len(w.Drafts) != 1 || !w.Drafts[0].Gone || !shown(s.a.DraftFacts(w.Drafts[0].Key), "Needs a crane.") {
		t.Errorf("drafts %+v", w.Drafts)
	}
	s.a.DropDraft(w.Drafts[0].Key)
	if n := len(s.a.Waiting().Drafts); n != 0 {
		t.Errorf("%d drafts after throwing it away", n)
	}
}

// TestReturned is work that the office sends back: it says why, and can be done again.
func TestReturned(t *testing.T) {
	s := newStage(t)
	request, order := s.tree("12 Elm Street", city.AssignRequest{})
	s.sync()
	s.signIn()
	finish := func(o city.Outcome, reason string) {
		s.a.OpenJob(order)
		s.a.StartVisit()
		s.a.OpenFinish()
		s.a.Set(func(f *fieldapp.Form) { f.Outcome, f.Reason = o, reason })
		s.a.Check()
		s.a.Save()
		s.on(fieldapp.ScreenJob)
		s.sync()
		s.a.Home()
	}
	finish(city.OutcomeNotFixed, "No saw.")
	if len(s.a.Jobs()) != 0 {
		t.Fatalf("still to do: %+v", s.a.Jobs())
	}
	s.Act(&city.ReturnWork{Request: request, WorkOrder: order, Reason: "Please take the long saw."})
	s.sync()
	if j := s.a.Jobs(); len(j) != 1 || j[0].Returned != "Please take the long saw." || j[0].Fresh != fieldapp.Altered {
		t.Fatalf("jobs %+v", j)
	}
	finish(city.OutcomeFixed, "")
	s.Act(&city.ApproveWork{Request: request, WorkOrder: order})
	s.sync()
	s.a.ShowDone(true)
	if j := s.a.Jobs(); len(j) != 1 || j[0].State != city.JobApproved || j[0].Outcome != city.OutcomeFixed {
		t.Fatalf("done %+v", j)
	}
}

// TestFoundOnTheWay reports something with the service's own questions and a photo.
func TestFoundOnTheWay(t *testing.T) {
	s := newStage(t).signIn()
	s.a.OpenFind()
	s.a.FileFinding()
	if s.a.FieldProblem("service") == "" {
		t.Errorf("no service: %q", s.a.Problem())
	}
	s.a.ChooseService()
	s.a.Search("arb")
	if got := s.a.Services(); len(got) != 0 {
		t.Errorf("Spanish words in English: %v", got)
	}
	s.a.Search("tree")
	s.a.PickService(s.a.Services()[0].ID)
	s.a.FileFinding()
	if s.a.FieldProblem("place") == "" {
		t.Errorf("no place: %q", s.a.Problem())
	}
	s.a.SetAddress("Mill Road, at the bridge")
	s.a.FileFinding()
	if s.a.FieldProblem("answers.blocking") == "" {
		t.Errorf("no answer: %q", s.a.Problem())
	}
	answer := func(q, v string) { s.a.SetFind(func(f *fieldapp.Finding) { f.Answers[q] = []string{v} }) }
	answer("blocking", "walk")
	answer("wires", "yes")
	if s.a.Stopped() == "" {
		t.Error("a tree in the wires goes on")
	}
	answer("wires", "no")
	path := s.picture("a.jpg", 1)
	s.a.OpenPictures()
	s.a.PickPicture(path)
	s.a.TakePictures()
	s.a.FileFinding()
	s.on(fieldapp.ScreenJobs)
	if s.a.Notice() == "" || len(s.a.Waiting().Pending) != 2 {
		t.Fatalf("%q %+v", s.a.Notice(), s.a.Waiting())
	}
	s.sync()
	if w := s.a.Waiting(); len(w.Pending)+len(w.Attention) != 0 {
		t.Errorf("not taken: %+v", w)
	}
}
