package fieldapp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cityhall/fieldapp"
	"cityhall/shared/city"
	"cityhall/shared/sim/canary"
	"cityhall/shared/sim/town"
)

// residents stand in what people left of themselves, and nowhere else.
var residents = canary.Words{"Quetzalcoatlus", "7319555120"}

// loggedStage is a tablet whose log, the server's too, goes into memory.
func loggedStage(t *testing.T) (*stage, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := &stage{Town: town.Logged(t, logger), t: t, dir: t.TempDir(), pictures: t.TempDir()}
	s.r = s.Join(s.dir, city.DeviceTablet, city.ScopePublic, city.ScopeCrew(town.Trees))
	t.Cleanup(func() { s.r.Close() })
	s.open()
	return s, &log
}

// left is a report by somebody who left all there is.
func (s *stage) left(i int) (request, order city.ID) {
	s.t.Helper()
	return s.Report(town.Trees, city.FileRequest{Service: "fallen-tree", Version: 1, Answers: city.Answers{"blocking": {"none"}, "wires": {"no"}},
		Place: city.Place{Address: fmt.Sprintf("%d Elm Street", i+1)}, Description: "The trunk lies across the path.",
		Person: city.Person{Name: fmt.Sprintf("Quetzalcoatlus %d", i), Phone: fmt.Sprintf("7319555120%d", i), Email: fmt.Sprintf("quetzalcoatlus%d@mail.example", i)}}, city.AssignRequest{})
}

// TestStolenTablet works a day with contacts in view, and looks for them on the
// disk while the tablet is unlocked, after it has locked, and when it is off.
func TestStolenTablet(t *testing.T) {
	s, log := loggedStage(t)
	type sight struct {
		state string
		found canary.Found
	}
	var sights []sight
	look := func(state string) {
		t.Helper()
		found, err := residents.Search(s.dir)
		if err != nil {
			t.Fatal(err)
		}
		sights = append(sights, sight{state, found})
	}
	shownToCrew := 0
	const jobs = 12
	var orders []city.ID
	for i := range jobs {
		_, order := s.left(i)
		orders = append(orders, order)
	}
	s.sync()
	look("never unlocked")
	s.signIn()
	for i, order := range orders {
		s.a.OpenJob(order)
		if shown(s.a.Page().Contact, fmt.Sprintf("Quetzalcoatlus %d", i)) {
			shownToCrew++
		}
		s.Cut(i%2 == 0)
		s.a.StartVisit()
		s.a.OpenNote()
		s.a.SetNote("Nobody at home.")
		s.a.SaveNote()
		s.a.OpenFinish()
		s.a.Set(func(f *fieldapp.Form) { f.Outcome, f.Notes = city.OutcomeFixed, "Cut and cleared." })
		s.a.Tick() // the draft goes to disk
		look("unlocked, with a draft")
		if i%3 != 0 {
			s.a.Check()
			s.a.Save()
		}
		s.a.Home()
		s.a.SyncNow()
	}
	s.Cut(false)
	s.sync()
	look("unlocked")
	s.a.Lock()
	look("locked")
	s.restart()
	s.sync() // works locked
	look("after a restart, locked")
	if err := s.r.Close(); err != nil {
		t.Fatal(err)
	}
	look("off")
	s.r = s.Open(s.dir) // the clean-up closes it
	hits := residents.In(log.Bytes())
	for _, at := range sights {
		for _, hit := range at.found.Hits {
			hits = append(hits, at.state+": "+hit)
		}
	}
	last := sights[len(sights)-1].found
	figure, err := json.Marshal(struct {
		Figure string `json:"figure"`
		Jobs   int    `json:"jobs"`
		Shown  int    `json:"contacts_shown"`
		Looks  int    `json:"looks"`
		Files  int    `json:"files"`
		Bytes  int64  `json:"bytes"`
		Hits   int    `json:"hits"`
	}{"stolen tablet", jobs, shownToCrew, len(sights), last.Files, last.Bytes, len(hits)})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", figure)
	for _, hit := range hits {
		t.Error(hit)
	}
	if shownToCrew != jobs || last.Files < 2 {
		t.Errorf("the crew saw %d contacts of %d, on %d files: that proves little", shownToCrew, jobs, last.Files)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "planted"), []byte("call Quetzalcoatlus 3"), 0o600); err != nil {
		t.Fatal(err)
	}
	if found, err := residents.Search(s.dir); err != nil || len(found.Hits) == 0 || !strings.HasPrefix(found.Hits[0], "planted") {
		t.Errorf("what is planted is not found: %+v %v", found, err)
	}
}

// The job stays open when the contact closes, and the PIN brings it back.
func TestContactClosesSooner(t *testing.T) {
	s := newStage(t)
	_, order := s.tree("12 Elm Street", city.AssignRequest{})
	s.sync()
	s.signIn()
	s.a.OpenJob(order)
	if !shown(s.a.Page().Contact, "Ana Ruiz") || s.a.Page().ContactShut {
		t.Fatalf("unlocked: %+v", s.a.Page().Contact)
	}
	s.a.OpenContact()
	s.on(fieldapp.ScreenJob) // there is nothing to ask for
	s.Wait(3 * time.Minute)
	s.a.Tick()
	s.on(fieldapp.ScreenJob)
	if p := s.a.Page(); !p.ContactShut || len(p.Contact) != 0 || p.Words == "" {
		t.Fatalf("after three minutes: %v %v", p.ContactShut, p.Contact)
	}
	s.a.StartVisit() // work goes on
	if s.a.Page().State != city.JobStarted || !s.a.Page().ContactShut {
		t.Fatal("the work does not go on without the contact")
	}
	s.a.OpenContact()
	s.on(fieldapp.ScreenContact)
	s.a.Unlock("000000")
	s.on(fieldapp.ScreenContact)
	if s.a.Problem() == "" {
		t.Error("a wrong PIN is not told")
	}
	s.a.Unlock(pin)
	s.on(fieldapp.ScreenJob)
	if !shown(s.a.Page().Contact, "Ana Ruiz") {
		t.Errorf("after the PIN: %+v", s.a.Page())
	}
	s.a.Lock()
	s.a.Unlock(pin)
	s.a.OpenJob(order)
	s.restart()
	if s.r.Unlocked() {
		t.Error("a restart leaves the contacts open")
	}
}

// A forgotten PIN costs a new code of the office, and none of the work. The
// contacts come again, under the new key.
func TestForgottenPIN(t *testing.T) {
	s := newStage(t)
	_, order := s.tree("12 Elm Street", city.AssignRequest{})
	s.sync()
	s.signIn()
	s.a.OpenJob(order)
	s.Cut(true)
	s.a.StartVisit()
	s.a.Lock()
	for range 6 {
		s.a.Unlock("000000")
	}
	s.a.ForgotPIN()
	s.on(fieldapp.ScreenEnrol)
	s.a.Back()
	s.on(fieldapp.ScreenUnlock)
	s.a.ForgotPIN()
	s.Cut(false)
	s.a.SetEnrolText(s.Enrolment(city.DeviceTablet, city.ScopePublic, city.ScopeCrew(town.Trees)))
	s.a.Enrol()
	s.on(fieldapp.ScreenNewPIN)
	s.a.NewPIN("135791")
	s.a.NewPIN("135791")
	s.sync()
	s.sync()
	if s.a.Screen() == fieldapp.ScreenWho {
		s.a.Work(s.a.People()[0])
	}
	s.on(fieldapp.ScreenJobs)
	s.a.OpenJob(order)
	if p := s.a.Page(); p == nil || !shown(p.Contact, "Ana Ruiz") {
		t.Fatalf("the contact did not come again: %+v", p)
	}
	if n := s.a.WaitingCount(); n != 0 {
		t.Errorf("%d acts still wait", n)
	}
	s.a.Lock()
	s.a.Unlock(pin)
	s.on(fieldapp.ScreenUnlock)
	s.a.Unlock("135791")
	if s.a.Screen() == fieldapp.ScreenUnlock {
		t.Error("the new PIN is not taken")
	}
}
