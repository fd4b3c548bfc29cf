package view_test

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"

	"cityhall/fieldapp"
	"cityhall/shared/touch"
)

// on fails unless the app shows a screen.
func (s *stage) on(want fieldapp.Screen) {
	s.t.Helper()
	if got := s.a.Screen(); got != want {
		s.t.Fatalf("on %s, want %s", got, want)
	}
}

// TestMapByFinger goes by the map to a job, to what is open around it and to
// somebody else's request, and back, in every window.
func TestMapByFinger(t *testing.T) {
	for i, sh := range shapes {
		if testing.Short() && i > 0 {
			continue
		}
		t.Run(sh.name, func(t *testing.T) {
			test.NewTempApp(t)
			s := newStage(t, false)
			s.w.Resize(sh.size)
			s.settled()
			s.tap("field.jobs.map_spoken")
			s.wants("5 places on the map")
			s.wants("1 job has no place on the map")
			s.press("Fallen tree or branch · 515 Linden Avenue")
			s.on(fieldapp.ScreenJob)
			s.wants("Start work")
			s.tap("field.job.map")
			s.on(fieldapp.ScreenNear)
			s.press("Show as a list")
			s.press("Pothole · 122 Maple Avenue")
			s.on(fieldapp.ScreenRequest)
			s.wants("With the office")
			if s.has(s.a.T("field.twin.same")) {
				t.Error("without a report there is nothing that it could be the same as")
			}
			s.a.Back()
			s.wants("Show the map") // the list is where it was left
			s.a.Back()
			s.on(fieldapp.ScreenJob)
			s.a.Back()
			s.press("Show as a list")
			s.wants("My jobs")
			if s.a.ShowsMap() {
				t.Error("the list of jobs is still a map")
			}
		})
	}
}

// TestRoundAndRound goes from job to map to job and to the map again: each way
// back ends where something is shown, and the map is about the job it came from.
func TestRoundAndRound(t *testing.T) {
	test.NewTempApp(t)
	s := newStage(t, false)
	s.w.Resize(shapes[2].size)
	s.settled()
	s.a.OpenJob(s.jobs["120 Maple Avenue"])
	s.a.OpenNearJob()
	s.a.OpenRequest(s.requests["515 Linden Avenue"])
	s.on(fieldapp.ScreenJob)
	s.wants("515 Linden Avenue")
	s.a.Back()
	s.on(fieldapp.ScreenJobs)
	s.a.OpenNear()
	s.a.OpenRequest(s.requests["700 Main Street"])
	s.a.OpenNearJob()
	s.on(fieldapp.ScreenNear)
	before := s.a.Page()
	s.press("700 Main Street") // in sight: the map is about it
	if before != nil || s.a.Page() == nil {
		t.Errorf("page %v, then %v", before, s.a.Page())
	}
	s.a.Back()
	s.on(fieldapp.ScreenNear)
	s.a.Back()
	s.on(fieldapp.ScreenJobs)
}

// TestFindingByFinger points at a place by the map, finds that it is reported, and
// says so.
func TestFindingByFinger(t *testing.T) {
	test.NewTempApp(t)
	s := newStage(t, false)
	s.w.Resize(shapes[2].size)
	s.finding()
	s.tap("field.find.pin")
	s.on(fieldapp.ScreenWhere)
	s.wants("Near 117 Maple Avenue")
	s.press("Show as a list")
	s.press("Fallen tree or branch · 131 Maple Avenue") // brings the pin there
	s.wants("Near 131 Maple Avenue")
	s.tap("field.where.take")
	s.on(fieldapp.ScreenFind)
	s.wants("On the map: 131 Maple Avenue")
	s.wants(s.a.T("field.twin.title"))
	s.press("131 Maple Avenue. ")
	s.on(fieldapp.ScreenRequest)
	s.tap("field.twin.same")
	s.tap("field.twin.no")
	s.on(fieldapp.ScreenRequest)
	s.tap("field.twin.same")
	s.tap("field.twin.yes")
	s.on(fieldapp.ScreenJobs)
	s.wants(s.a.T("field.twin.dropped"))
	if len(s.a.Waiting().Drafts)+len(s.a.Waiting().Pending) > 0 {
		t.Error("something of the report is left")
	}
}

// TestAssetByFinger reports something about a hydrant that the map shows.
func TestAssetByFinger(t *testing.T) {
	test.NewTempApp(t)
	s := newStage(t, false)
	s.settled()
	s.a.OpenNear()
	s.tap("field.near.assets")
	s.press("Show as a list")
	s.press("Hydrant H-")
	s.tap("field.near.about")
	s.on(fieldapp.ScreenFind)
	if p := s.a.Finding().Place; !strings.HasPrefix(p.Landmark, "Hydrant H-") || p.Address == "" {
		t.Errorf("the report is about %+v", p)
	}
}

// TestTabletMoves moves the dot on the map without building the page again.
func TestTabletMoves(t *testing.T) {
	test.NewTempApp(t)
	s := newStage(t, false)
	s.settled()
	s.a.ShowMap(true)
	dot := func() touch.Node {
		t.Helper()
		for _, n := range touch.Walk(s.w.Content()) {
			if strings.HasPrefix(n.Label, "You are here") {
				return n
			}
		}
		t.Fatal("no dot")
		return touch.Node{}
	}
	before := dot()
	s.standAt("421 Mill Road", 30)
	after := dot()
	if after.Label != "You are here, give or take 30 m" || after.Rect.X <= before.Rect.X {
		t.Errorf("%q at %v; before at %v", after.Label, after.Rect, before.Rect)
	}
	s.a.Changed(fieldapp.Same) // a page that is built again still has it
	if again := dot(); again.Rect != after.Rect {
		t.Errorf("built again the dot is at %v, want %v", again.Rect, after.Rect)
	}
}
