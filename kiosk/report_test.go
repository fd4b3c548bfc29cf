package kiosk_test

import (
	"context"
	"strings"
	"testing"

	"cityhall/kiosk"
	"cityhall/shared/city"
)

func TestReportReachesTheCity(t *testing.T) {
	s := newStage(t)
	s.town.Cut(true)
	_ = s.rep.Step(context.WithoutCancel(t.Context())) // fails, as it should
	s.Refresh()
	if c := s.Connection(); c.Reachable || c.Unknown || c.AsOf.IsZero() {
		t.Fatalf("connection %+v with the cable out", c)
	}
	r := s.report()
	if r.State != kiosk.StateSaved || !r.Due.IsZero() || r.Promise.Days != 2 {
		t.Fatalf("receipt %+v", r)
	}
	if want := "https://millbrook.example/#" + r.Reference; r.Link != want || len(r.Reference) != 16 {
		t.Fatalf("link %q, reference %q", r.Link, r.Reference)
	}
	s.town.Cut(false)
	s.town.Sync(s.rep)
	s.Refresh()
	if r := s.Kiosk.Receipt(); r.State != kiosk.StateReceived || r.Due.IsZero() {
		t.Fatalf("receipt after the sync %+v", r)
	}
	view := s.town.Server.Store().View(t.Context())
	found := false
	for _, rec := range s.records(city.KindRequest) {
		work, ok, err := city.LoadWork(view, rec.ID)
		if err != nil || !ok {
			t.Fatalf("work %v %v", ok, err)
		}
		found = work.Description == "A trunk across the gate of Ana Canary" && work.Place.Address == "20 Orchard Street"
	}
	if !found {
		t.Fatal("the city does not have the report")
	}
	s.Next()
	s.on(kiosk.ScreenHome)
	s.Track()
	s.SetTyped(strings.ToLower(strings.ReplaceAll(r.Reference, "-", " ")))
	s.Look()
	s.on(kiosk.ScreenRequest)
	if f := s.Found(); f.Pending || f.Request.Status != city.StatusReceived {
		t.Fatalf("found %+v", f)
	}
}

func (s *stage) records(kind city.Kind) []city.Record {
	s.t.Helper()
	records, err := s.rep.Records(s.t.Context(), kind)
	if err != nil {
		s.t.Fatal(err)
	}
	return records
}

// A program that is killed when the receipt stands has lost nothing.
func TestReceiptSurvivesAKill(t *testing.T) {
	s := newStage(t)
	s.town.Cut(true)
	r := s.report()
	s.reopen()
	s.on(kiosk.ScreenHome)
	s.Track()
	s.SetTyped(r.Reference)
	s.Look()
	s.on(kiosk.ScreenRequest)
	if f := s.Found(); !f.Pending || f.Request.Number != r.Number {
		t.Fatalf("found %+v, want the pending %s", f, r.Number)
	}
	s.town.Cut(false)
	s.town.Sync(s.rep)
	s.Refresh()
	if s.Found().Pending {
		t.Fatal("the page does not show that the city has it")
	}
}

func TestQuestionsBranch(t *testing.T) {
	s := newStage(t)
	s.Report()
	s.ChooseService("old")
	s.on(kiosk.ScreenServices)
	s.ChooseService("fallen-tree")
	s.Next()
	s.on(kiosk.ScreenQuestion)
	if p := s.Problem("answer"); p == nil || p.Code != city.CodeRequired {
		t.Fatalf("problem %+v without an answer", p)
	}
	s.answer("road")
	s.answer("yes")
	s.on(kiosk.ScreenStopped)
	if s.StopWords() != "Keep away and call 911." {
		t.Fatalf("stop words %q", s.StopWords())
	}
	s.SetLanguage("es")
	if s.StopWords() != "Aléjese y llame al 911." {
		t.Fatalf("stop words %q", s.StopWords())
	}
	s.Back()
	s.answer("no")
	if q, _ := s.Question(); q.ID != "lanes" {
		t.Fatalf("question %q, want the one that hangs on the road", q.ID)
	}
	s.answer("many")
	if p := s.Problem("answer"); p == nil || p.Code != city.CodeInvalid {
		t.Fatalf("problem %+v for a number in words", p)
	}
	s.answer("2")
	s.on(kiosk.ScreenPlace)
	for range 3 {
		s.Back()
	}
	s.answer("none")
	s.Next()
	s.on(kiosk.ScreenPlace)
	if len(s.Answered()) != 2 {
		t.Fatalf("answers %+v: the one about lanes has no question any more", s.Answered())
	}
}

func TestPlace(t *testing.T) {
	for _, c := range []struct {
		name    string
		do      func(*stage)
		want    city.Place
		problem city.Code
	}{
		{"nothing", func(*stage) {}, city.Place{}, city.CodeRequired},
		{"typed and not chosen", func(s *stage) { s.SetPlaceText("20 Orch") }, city.Place{}, city.CodeRequired},
		{"as written", func(s *stage) { s.SetPlaceText(" Nowhere Road 7 "); s.AsWritten() }, city.Place{Address: "Nowhere Road 7"}, ""},
		{"too long", func(s *stage) { s.SetPlaceText(strings.Repeat("x", 301)); s.AsWritten() }, city.Place{}, city.CodeRequired},
		{"in words", func(s *stage) { s.SetByWords(true); s.SetPlaceWords("on the river path 🌊") }, city.Place{Detail: "on the river path 🌊"}, ""},
		{"no words", func(s *stage) { s.SetByWords(true); s.SetPlaceWords(" \n ") }, city.Place{}, city.CodeRequired},
		{"landmark", func(s *stage) { s.SetPlaceText("librar"); s.ChoosePlace(0); s.SetPlaceDetail("by the door") },
			city.Place{Lat: 415_100_000, Lon: -715_050_000, Landmark: "Old Library", Detail: "by the door", District: district}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t)
			s.toPlace()
			c.do(s)
			s.Next()
			if p := s.Problem("place"); c.problem != "" && (p == nil || p.Code != c.problem) || c.problem == "" && p != nil {
				t.Fatalf("problem %+v, want %q", p, c.problem)
			}
			if s.Place() != c.want {
				t.Fatalf("place %+v, want %+v", s.Place(), c.want)
			}
		})
	}
}

func TestAlreadyReported(t *testing.T) {
	s := newStage(t)
	s.town.Report(trees, city.FileRequest{Service: "fallen-tree", Version: 1, Place: city.Place{Lat: 415_000_000, Lon: -715_090_500, Address: "19 Orchard Street"},
		Answers: city.Answers{"blocking": {"none"}, "wires": {"no"}}}, city.AssignRequest{})
	s.town.Report(trees, city.FileRequest{Service: "fallen-tree", Version: 1, Place: city.Place{Lat: 415_090_000, Lon: -715_090_500, Address: "far away"},
		Answers: city.Answers{"blocking": {"none"}, "wires": {"no"}}}, city.AssignRequest{})
	s.town.Report(trees, city.FileRequest{Service: "light", Version: 1, Place: city.Place{Lat: 415_000_000, Lon: -715_090_500}}, city.AssignRequest{})
	s.town.Sync(s.rep)
	s.Refresh()
	s.toPlace()
	s.at("20 Orchard Street")
	s.on(kiosk.ScreenNear)
	near := s.Nearby()
	if len(near) != 1 || near[0].Request.Place.Address != "19 Orchard Street" || near[0].Meters > 20 {
		t.Fatalf("nearby %+v", near)
	}
	s.Follow(near[0].ID)
	s.on(kiosk.ScreenRequest)
	s.Back()
	s.on(kiosk.ScreenNear)
	s.Next()
	s.on(kiosk.ScreenDetails)
}

const trees = city.ID("trees")

func TestContactIsCheckedInPlace(t *testing.T) {
	for _, c := range []struct {
		person city.Person
		field  string
	}{
		{city.Person{}, ""},
		{city.Person{Email: "ana@example.org", Phone: "+1 (555) 010-7777"}, ""},
		{city.Person{Email: "ana"}, "person.email"},
		{city.Person{Email: "ana@example"}, "person.email"},
		{city.Person{Phone: "12345"}, "person.phone"},
		{city.Person{Phone: "call me"}, "person.phone"},
		{city.Person{Name: strings.Repeat("Ä", 121)}, "person.name"},
		{city.Person{Name: "  سلام  "}, ""},
	} {
		s := newStage(t)
		s.toPlace()
		s.at("1 Orchard Street")
		s.SetDetails(strings.Repeat("a", 5000))
		s.Next()
		s.on(kiosk.ScreenDetails)
		if p := s.Problem("details"); p == nil || p.Code != city.CodeTooLong || p.Max != city.MaxWords {
			t.Fatalf("problem %+v with 5,000 characters", p)
		}
		s.SetDetails("")
		s.Next()
		s.SetContact(c.person)
		s.Next()
		if c.field == "" {
			s.on(kiosk.ScreenCheck)
			continue
		}
		s.on(kiosk.ScreenContact)
		if s.Problem(c.field) == nil || s.Contact() != c.person {
			t.Fatalf("%#v: no problem at %s, or something was lost", c.person.Email, c.field)
		}
		s.Anonymous()
		s.on(kiosk.ScreenCheck)
		if !s.Contact().Empty() {
			t.Fatal("anonymous, and yet a contact")
		}
	}
}

func TestEditFromCheck(t *testing.T) {
	s := newStage(t)
	s.toCheck()
	for _, part := range []string{kiosk.PartDetails, kiosk.PartContact, kiosk.PartAnswers + ".wires"} {
		s.Edit(part)
		if !s.Editing() || s.Screen() == kiosk.ScreenCheck {
			t.Fatalf("%s is not opened", part)
		}
		s.Next()
		s.on(kiosk.ScreenCheck)
	}
	s.Edit(kiosk.PartPlace)
	s.AnotherPlace()
	s.Back()
	if s.on(kiosk.ScreenCheck); s.Place().Address == "" || s.Editing() {
		t.Fatal("Back takes a change back")
	}
	s.Edit(kiosk.PartAnswers + ".blocking")
	s.answer("road")
	if q, _ := s.Question(); q.ID != "lanes" {
		t.Fatalf("question %q: the answer opened another one", q.ID)
	}
	s.answer("1")
	s.on(kiosk.ScreenCheck)
	s.Edit(kiosk.PartService)
	s.ChooseService("light")
	s.on(kiosk.ScreenCheck)
	if s.Details() == "" || s.Place().Address == "" || len(s.Answered()) != 0 {
		t.Fatal("another service keeps place and words, and drops the answers")
	}
	s.Next()
	s.on(kiosk.ScreenReceipt)
}

func TestCannotSave(t *testing.T) {
	s := newStage(t)
	s.toCheck()
	s.town.Outbox(s.dir, `CREATE TRIGGER broken BEFORE INSERT ON entry BEGIN SELECT RAISE(FAIL, 'the disk is broken'); END`)
	s.Next()
	s.on(kiosk.ScreenFailed)
	if s.Kiosk.Receipt() != nil || s.Failure() == nil {
		t.Fatal("a receipt for what is not saved")
	}
	s.Back()
	s.on(kiosk.ScreenCheck)
	if s.Details() == "" || s.Contact().Empty() {
		t.Fatal("the form was lost")
	}
	s.Next()
	s.on(kiosk.ScreenFailed)
	s.town.Outbox(s.dir, `DROP TRIGGER broken`)
	s.Next()
	s.on(kiosk.ScreenReceipt)
	if sum, err := s.rep.Summary(t.Context()); err != nil || sum.Pending != 1 {
		t.Fatalf("summary %+v %v, want one report", sum, err)
	}
}
