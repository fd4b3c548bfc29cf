package fieldapp_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"cityhall/fieldapp"
	"cityhall/shared/city"
)

// TestDraftSurvivesAKill types, kills, and finds everything again.
func TestDraftSurvivesAKill(t *testing.T) {
	s := newStage(t)
	_, order := s.tree("12 Elm Street", city.AssignRequest{})
	s.sync()
	s.signIn()
	s.a.OpenJob(order)
	s.a.StartVisit()
	s.a.OpenFinish()
	s.a.Edit(func(f *fieldapp.Form) { f.Notes = "half a sente" })
	s.a.Tick() // comes twice a second
	s.a.OpenPictures()
	s.a.PickPicture(s.picture("a.jpg", 1))
	s.a.LookAgain()
	s.a.PickPicture(s.a.Picking().All[0].Path)
	s.a.TakePictures()
	s.restart()
	s.signIn()
	if d := s.a.Waiting().Drafts; len(d) != 1 || !strings.Contains(d[0].Title, "12 Elm Street") {
		t.Fatalf("drafts %+v", d)
	}
	s.a.ResumeDraft(s.a.Waiting().Drafts[0])
	s.on(fieldapp.ScreenFinish)
	if f := s.a.Form(); f.Notes != "half a sente" || len(f.Photos) != 1 {
		t.Errorf("form %+v", f)
	}
	s.a.Back()
	if !s.a.Page().HasDraft {
		t.Error("the job does not say that it has a draft")
	}
	s.a.OpenNote()
	s.a.SetNote("Gate code 12")
	s.a.Lock()
	s.on(fieldapp.ScreenUnlock)
	s.signIn()
	s.a.OpenJob(order)
	s.a.OpenNote()
	if s.a.NoteText() != "Gate code 12" {
		t.Errorf("note %q after a lock", s.a.NoteText())
	}
	s.a.SaveNote()
	s.on(fieldapp.ScreenJob)
	if d := s.a.Waiting().Drafts; len(d) != 1 {
		t.Errorf("drafts after saving the note: %+v", d)
	}
}

// TestBadPictures are told one by one; the good one is taken and nothing else lost.
func TestBadPictures(t *testing.T) {
	s := newStage(t)
	_, order := s.tree("12 Elm Street", city.AssignRequest{})
	s.sync()
	s.signIn()
	s.a.OpenJob(order)
	s.a.StartVisit()
	s.a.OpenFinish()
	s.a.Edit(func(f *fieldapp.Form) { f.Notes = "kept" })
	good, bad, gone := s.picture("good.jpg", 1), s.file("bad.JPG", []byte("no picture"), 2), s.picture("gone.png", 3)
	s.file("notes.txt", []byte("not shown"), 1)
	s.a.OpenPictures()
	if n := len(s.a.Picking().All); n != 3 {
		t.Fatalf("%d pictures", n)
	}
	for _, p := range []string{good, bad, gone} {
		s.a.PickPicture(p)
	}
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	s.a.TakePictures()
	s.on(fieldapp.ScreenPictures)
	said := 0
	for _, p := range s.a.Picking().All {
		if p.Bad != "" {
			said++
		}
	}
	if said != 2 || s.a.Problem() == "" {
		t.Errorf("%d files say why not; %q", said, s.a.Problem())
	}
	if f := s.a.Form(); len(f.Photos) != 1 || f.Notes != "kept" {
		t.Errorf("form %+v", f)
	}
	if _, state := s.a.File(bad); state != fieldapp.ImageBad {
		t.Errorf("the picker shows a bad file as %v", state)
	}
	s.a.Back()
	s.a.DropPhoto(s.a.Form().Photos[0].ID)
	s.a.OpenPictures()
	for _, p := range s.a.Picking().All {
		if p.Used {
			t.Error("a dropped photo cannot be chosen again")
		}
	}
}

func TestFormProblemsStandBesideTheirField(t *testing.T) {
	s := newStage(t)
	_, order := s.tree("12 Elm Street", city.AssignRequest{})
	s.sync()
	s.signIn()
	s.a.OpenJob(order)
	s.a.OpenFinish() // not started: nothing happens
	s.on(fieldapp.ScreenJob)
	s.a.StartVisit()
	s.a.OpenFinish()
	cases := []struct {
		field  string
		change func(*fieldapp.Form)
	}{
		{"outcome", func(*fieldapp.Form) {}},
		{"reason", func(f *fieldapp.Form) { f.Outcome = city.OutcomeNotFixed }},
		{"minutes", func(f *fieldapp.Form) { f.Outcome, f.Minutes = city.OutcomeFixed, "an hour" }},
		{"notes", func(f *fieldapp.Form) { f.Minutes, f.Notes = "", strings.Repeat("x", city.MaxWords+1) }},
		{"material.quantity", func(f *fieldapp.Form) {
			f.Notes, f.Material = "", fieldapp.MaterialInput{Name: "Gravel", Quantity: "some", Unit: "t"}
		}},
		{"material.name", func(f *fieldapp.Form) { f.Material = fieldapp.MaterialInput{Quantity: "2", Unit: "t"} }},
	}
	for _, c := range cases {
		s.a.Set(c.change)
		s.a.Check()
		s.on(fieldapp.ScreenFinish)
		if s.a.FieldProblem(c.field) == "" {
			t.Errorf("%s: %q", c.field, s.a.Problem())
		}
	}
	s.a.Set(func(f *fieldapp.Form) {
		f.Material = fieldapp.MaterialInput{Name: "Gravel", Quantity: "2,5", Unit: "m3"}
	})
	s.a.Check()
	s.on(fieldapp.ScreenCheck)
	s.a.Save()
	if got := s.a.RecentMaterials(); len(got) != 1 || got[0] != "Gravel" {
		t.Errorf("recent materials %v", got)
	}
}

func TestListOrders(t *testing.T) {
	s := newStage(t)
	day := s.Now().Add(24 * time.Hour)
	_, late := s.tree("1 Late Lane", city.AssignRequest{DueAt: s.Now().Add(-time.Hour), Priority: city.PriorityLow})
	_, soon := s.tree("2 Soon Street", city.AssignRequest{DueAt: day})
	_, urgent := s.tree("3 Urgent Row", city.AssignRequest{DueAt: day.Add(time.Hour), Priority: city.PriorityUrgent})
	s.sync()
	s.signIn()
	order := func(o fieldapp.Order, want ...city.ID) {
		t.Helper()
		s.a.SetOrder(o)
		for i, j := range s.a.Jobs() {
			if j.ID != want[i] {
				t.Errorf("%s: place %d is %s", o, i, j.Where)
			}
		}
	}
	order(fieldapp.ByPromise, late, soon, urgent)
	order(fieldapp.ByPriority, urgent, soon, late)
	if c := s.a.Counts(); c != (fieldapp.Counts{Todo: 3, Overdue: 1, New: 3}) {
		t.Errorf("counts %+v", c)
	}
	s.a.OpenJob(soon)
	s.a.StartVisit()
	order(fieldapp.ByDistance, soon, late, urgent)
	s.restart()
	s.signIn()
	if s.a.Order() != fieldapp.ByDistance || s.a.Counts().New != 2 {
		t.Errorf("after a restart: %s, %+v", s.a.Order(), s.a.Counts())
	}
}
