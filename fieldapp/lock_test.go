package fieldapp_test

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cityhall/fieldapp"
	"cityhall/shared/city"
	"cityhall/shared/sim/town"
)

func TestEnrolThenChooseAPIN(t *testing.T) {
	w := town.New(t)
	dir := t.TempDir()
	r := w.Open(dir)
	defer r.Close()
	a, err := fieldapp.Open(t.Context(), fieldapp.Config{Replica: r, Language: "es", Now: w.Now})
	if err != nil {
		t.Fatal(err)
	}
	a.SetEnrolText("nonsense")
	a.Enrol()
	if a.Screen() != fieldapp.ScreenEnrol || a.Problem() == "" || a.EnrolText() != "nonsense" {
		t.Fatalf("%s %q", a.Screen(), a.Problem())
	}
	link := w.Enrolment(city.DeviceTablet, city.ScopePublic, city.ScopeCrew(town.Streets))
	w.Cut(true)
	a.SetEnrolText(link)
	a.Enrol()
	if a.Screen() != fieldapp.ScreenEnrol || a.Problem() == "" {
		t.Fatalf("enrolled without a line: %s", a.Screen())
	}
	w.Cut(false)
	a.Enrol()
	if a.Screen() != fieldapp.ScreenNewPIN {
		t.Fatalf("%s %q", a.Screen(), a.Problem())
	}
	a.NewPIN("111111")
	a.NewPIN("222222")
	if a.Screen() != fieldapp.ScreenNewPIN || a.Problem() == "" || a.PINAgain() {
		t.Fatal("two different PINs were taken")
	}
	a.NewPIN("111111")
	a.NewPIN("111111")
	if a.Screen() != fieldapp.ScreenWho || len(a.People()) != 0 {
		t.Fatalf("%s %v", a.Screen(), a.People())
	}
	w.Sync(r)
	a.Refresh()
	if a.Screen() != fieldapp.ScreenJobs || a.Person().Actor.Name != "Lee Tran" {
		t.Fatalf("the only member is not at work: %s %+v", a.Screen(), a.Person())
	}
}

func TestWrongPINsSlowDown(t *testing.T) {
	s := newStage(t)
	for range 4 {
		s.a.Unlock("000000")
	}
	if s.a.PINWait() != 0 || s.a.Problem() == "" {
		t.Fatalf("wait %s, %q", s.a.PINWait(), s.a.Problem())
	}
	s.a.Unlock("000000")
	if s.a.PINWait() != 30*time.Second {
		t.Fatalf("after five: %s", s.a.PINWait())
	}
	s.a.Unlock(pin)
	s.on(fieldapp.ScreenUnlock) // the right one does not help while it waits
	s.restart()
	if s.a.PINWait() != 30*time.Second {
		t.Fatalf("a restart helps: %s", s.a.PINWait())
	}
	s.Wait(31 * time.Second)
	s.a.Tick()
	s.a.Unlock("000000")
	if s.a.PINWait() != time.Minute {
		t.Fatalf("after six: %s", s.a.PINWait())
	}
	s.Wait(time.Hour)
	s.signIn()
	s.a.Lock()
	s.a.Unlock("000000")
	if s.a.PINWait() != 0 {
		t.Error("the count does not begin again after the right PIN")
	}
}

func TestLocksByItself(t *testing.T) {
	s := newStage(t).signIn()
	s.Wait(9 * time.Minute)
	s.a.Activity()
	s.Wait(9 * time.Minute)
	s.a.Tick()
	s.on(fieldapp.ScreenJobs)
	s.Wait(2 * time.Minute)
	s.a.Tick()
	s.on(fieldapp.ScreenUnlock)
	s.a.OpenWaiting()
	s.a.OpenMore()
	s.a.OpenFind()
	s.a.Home()
	s.a.Back()
	s.on(fieldapp.ScreenUnlock)
	who := s.a.Person()
	s.a.Unlock(pin)
	s.on(fieldapp.ScreenJobs) // the same day, the same person
	if s.a.Person() != who {
		t.Errorf("%+v became %+v", who, s.a.Person())
	}
	s.Wait(24 * time.Hour)
	s.a.Tick()
	s.a.Unlock(pin)
	s.on(fieldapp.ScreenWho)
}

func TestRevokedIsToldAndKeepsEverything(t *testing.T) {
	s := newStage(t)
	_, order := s.tree("12 Elm Street", city.AssignRequest{})
	s.sync()
	s.signIn()
	s.a.OpenJob(order)
	s.a.StartVisit()
	id, _ := s.r.Identity()
	if err := s.Server.Store().Revoke(t.Context(), id.Device); err != nil {
		t.Fatal(err)
	}
	s.a.SyncNow()
	if l := s.a.Link(); l.Tone != fieldapp.Bad || l.Online {
		t.Errorf("link %+v", l)
	}
	if s.a.WaitingCount() != 1 {
		t.Errorf("%d waiting", s.a.WaitingCount())
	}
}

// TestMonkey presses whatever there is, in any order: no panic, no dead end, and
// nothing of a crew on the locked screen.
func TestMonkey(t *testing.T) {
	s := placed(t)
	orders := []city.ID{s.work("120 Maple Avenue", city.AssignRequest{})}
	for _, at := range []string{"1 A Street", "2 B Street"} {
		_, o := s.tree(at, city.AssignRequest{})
		orders = append(orders, o)
	}
	s.other("700 Main Street")
	s.sync()
	path := s.picture("a.jpg", 1)
	rounds := 4000
	if testing.Short() {
		rounds = 1500
	}
	const seed = 7
	r := rand.New(rand.NewPCG(seed, seed))
	word := func() string { return []string{"", "x", "12", "2.5", "árbol 🌳", "-1"}[r.IntN(6)] }
	presses := []func(){
		func() { s.a.Unlock(pin) }, func() { s.a.NewPIN(pin) }, s.a.Enrol, func() {
			if r.IntN(4) == 0 {
				s.a.AskWho()
				s.a.Home()
			}
		}, s.a.Back, s.a.OpenWaiting, s.a.OpenMore,
		func() {
			if p := s.a.People(); len(p) > 0 && s.a.Screen() == fieldapp.ScreenWho {
				s.a.Work(p[r.IntN(len(p))])
			}
		},
		func() { s.a.OpenJob(orders[r.IntN(3)]) }, func() { s.a.OpenJob(orders[r.IntN(3)]) }, s.a.StartVisit, s.a.OpenFinish, s.a.Check, s.a.Save,
		func() { s.a.Set(func(f *fieldapp.Form) { f.Outcome, f.Reason = city.OutcomeNotFixed, word() }) },
		func() {
			s.a.Set(func(f *fieldapp.Form) {
				*f = fieldapp.Form{Job: f.Job, Request: f.Request, Visit: f.Visit, Title: f.Title, Outcome: city.OutcomeFixed}
			})
		},
		func() {
			s.a.Edit(func(f *fieldapp.Form) { f.Minutes, f.Material.Name, f.Material.Quantity = word(), word(), word() })
		},
		s.a.AddMaterial, func() { s.a.DropMaterial(r.IntN(3)) }, func() { s.a.AddMinutes(15) },
		s.a.OpenPictures, func() { s.a.PickPicture(path) }, s.a.TakePictures, s.a.LookAgain, func() { s.a.SetStage("after") }, func() { s.a.TurnPictures(1) },
		s.a.OpenNote, func() { s.a.SetNote(word()) }, s.a.SaveNote,
		s.a.OpenFind, s.a.ChooseService, func() { s.a.Search("") },
		func() {
			if l := s.a.Services(); len(l) > 0 {
				s.a.PickService(l[r.IntN(len(l))].ID)
			}
		},
		func() { s.a.SetAddress(word()) }, s.a.HereAgain, s.a.FileFinding,
		func() { s.a.ShowDone(r.IntN(2) == 0) }, func() { s.a.SetOrder(fieldapp.Orders[r.IntN(3)]) },
		s.a.Tick, s.a.Refresh, func() { s.Wait(time.Minute) }, func() { s.Cut(r.IntN(2) == 0) },
		func() {
			if d := s.a.Waiting().Drafts; len(d) > 0 && s.a.Screen() == fieldapp.ScreenWaiting {
				s.a.ResumeDraft(d[r.IntN(len(d))])
			}
		},
		func() {
			if r.IntN(30) == 0 {
				s.a.Lock()
			}
		},
		func() {
			if r.IntN(20) == 0 {
				s.a.SyncNow()
			}
		},
	}
	maps := s.onMaps(r)
	presses = append(presses, func() { // in a row, for they are many
		for range 3 {
			maps[r.IntN(len(maps))]()
		}
	})
	seen := map[fieldapp.Screen]bool{}
	for i := range rounds {
		presses[r.IntN(len(presses))]()
		seen[s.a.Screen()] = true
		if s.a.Screen() == fieldapp.ScreenUnlock && (s.a.Page() != nil || s.a.Form() != nil || s.a.Finding() != nil) {
			t.Fatalf("seed %d, round %d: the lock leaves something open", seed, i)
		}
	}
	for _, want := range []fieldapp.Screen{fieldapp.ScreenJob, fieldapp.ScreenFinish, fieldapp.ScreenCheck, fieldapp.ScreenPictures, fieldapp.ScreenFind, fieldapp.ScreenWaiting,
		fieldapp.ScreenNear, fieldapp.ScreenRequest, fieldapp.ScreenWhere} {
		if !seen[want] {
			t.Errorf("seed %d: %d rounds never came to %s", seed, rounds, want)
		}
	}
	s.Cut(false)
	s.sync()
	s.sync()
	if n := len(s.a.Waiting().Pending); n != 0 {
		t.Errorf("seed %d: %d acts never arrived", seed, n)
	}
}

// TestWipedBeginsAnew: after a wipe the running app asks for a code, and what
// was being typed is not put on the disk again.
func TestWipedBeginsAnew(t *testing.T) {
	s := placed(t)
	_, order := s.tree("12 Elm Street", city.AssignRequest{})
	s.sync()
	s.signIn()
	s.a.OpenJob(order)
	s.a.OpenNote()
	s.a.SetNote("half a word")
	s.draw()
	id, _ := s.r.Identity()
	if err := s.Server.Store().OrderWipe(t.Context(), id.Device); err != nil {
		t.Fatal(err)
	}
	if err := s.r.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.a.Refresh()
	s.on(fieldapp.ScreenEnrol)
	s.a.Tick()
	if len(s.a.Jobs()) > 0 || s.a.DeviceName() != "" || s.a.Person() != (fieldapp.Person{}) {
		t.Errorf("it remembers %v, %q, %v", s.a.Jobs(), s.a.DeviceName(), s.a.Person())
	}
	if _, err := os.Stat(filepath.Join(s.dir, "tiles")); !errors.Is(err, fs.ErrNotExist) || s.a.HasMap() {
		t.Errorf("the map is left: %v", err)
	}
	s.restart()
	s.on(fieldapp.ScreenEnrol)
}
