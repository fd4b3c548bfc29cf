package kiosk_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"cityhall/kiosk"
	"cityhall/shared/city"
	"cityhall/syncserver/store"
)

// TestIdleWipes looks for every word of the last person in all that a kiosk
// holds, unexported fields too.
func TestIdleWipes(t *testing.T) {
	s := newStage(t)
	wiped := 0
	s.OnWipe(func() { wiped++ })
	s.SetLanguage("es")
	s.NextTextSize()
	s.ToggleContrast()
	s.toCheck()
	if !s.holds("Canary") || !s.holds("7777") {
		t.Fatal("the search for traces finds none where there are some")
	}
	s.town.Wait(59 * time.Second)
	s.Tick()
	if on, _, _ := s.Warning(); on {
		t.Fatal("warned too early")
	}
	s.town.Wait(2 * time.Second)
	s.Tick()
	if on, left, total := s.Warning(); !on || left != 19*time.Second || total != 20*time.Second {
		t.Fatalf("warning %v %v %v", on, left, total)
	}
	s.Touch()
	s.town.Wait(50 * time.Second)
	s.Tick()
	s.on(kiosk.ScreenCheck)
	s.town.Wait(31 * time.Second)
	s.Tick()
	s.on(kiosk.ScreenHome)
	if wiped != 1 || s.Language() != "en" || s.TextScale() != 1 || s.HighContrast() {
		t.Fatalf("wiped %d times, language %s, scale %v", wiped, s.Language(), s.TextScale())
	}
	s.clean()
	r := s.report()
	s.town.Wait(100 * time.Second)
	s.Tick()
	if s.on(kiosk.ScreenReceipt); s.Kiosk.Receipt() == nil {
		t.Fatal("a receipt is being written down: it stays longer")
	}
	s.town.Wait(41 * time.Second)
	s.Tick()
	s.on(kiosk.ScreenHome)
	s.clean(r.Reference)
}

// clean fails the test if a word of the person is left anywhere.
func (s *stage) clean(more ...string) {
	s.t.Helper()
	for _, word := range append(more, "Canary", "canary", "7777", "20 Orchard") {
		if s.holds(word) {
			s.t.Fatalf("%q is still there", word)
		}
	}
}

func (s *stage) holds(word string) bool {
	return strings.Contains(strings.Join(s.Traces(), "\n"), word)
}

// A kiosk that the city takes out of use lets the person before it finish, and then
// says so. One that is wiped asks staff for a code, whoever stands before it.
func TestTakenOutOfUse(t *testing.T) {
	s := newStage(t)
	s.toCheck()
	identity, _ := s.rep.Identity()
	withdraw := func(how func(*store.Store, context.Context, city.DeviceID) error) {
		t.Helper()
		if err := how(s.town.Server.Store(), t.Context(), identity.Device); err != nil {
			t.Fatal(err)
		}
		_ = s.rep.Step(t.Context()) // is told so
		s.Refresh()
	}
	withdraw((*store.Store).Revoke)
	s.on(kiosk.ScreenCheck)
	s.Next()
	s.on(kiosk.ScreenReceipt)
	s.Reset()
	s.on(kiosk.ScreenClosed)
	s.Report()
	s.Track()
	s.on(kiosk.ScreenClosed)
	s.reopen()
	_ = s.rep.Step(t.Context()) // still refused
	s.Refresh()
	s.on(kiosk.ScreenClosed)
	withdraw((*store.Store).OrderWipe)
	s.on(kiosk.ScreenEnrol)
	if s.Known() || s.Settings().Name != "" {
		t.Errorf("it remembers %q", s.Settings().Name)
	}
	s.clean()
	s.reopen()
	s.on(kiosk.ScreenEnrol)
}

// TestWipedUnderAHand: the order does not wait for the person who is typing.
func TestWipedUnderAHand(t *testing.T) {
	s := newStage(t)
	s.toCheck()
	identity, _ := s.rep.Identity()
	if err := s.town.Server.Store().OrderWipe(t.Context(), identity.Device); err != nil {
		t.Fatal(err)
	}
	s.town.Sync(s.rep)
	s.Refresh()
	s.on(kiosk.ScreenEnrol)
	s.clean()
}

// A kiosk that nobody has joined to a city is for staff, and says what is wrong.
func TestEnrolment(t *testing.T) {
	s := newStage(t)
	rep := s.town.Open(t.TempDir())
	t.Cleanup(func() { rep.Close() })
	k := kiosk.New(t.Context(), kiosk.Config{Replica: rep, Now: s.town.Now, Name: "Lobby"})
	t.Cleanup(k.Close)
	fails := func(link string, want city.Code) {
		t.Helper()
		k.SetEnrolLink(link)
		k.Enrol()
		if p := k.Problem("enrol"); p == nil || p.Code != want || k.Screen() != kiosk.ScreenEnrol || k.EnrolLink() != link {
			t.Fatalf("%q: problem %+v, want %s", link, p, want)
		}
	}
	fails(" ", city.CodeRequired)
	fails("cityhall://nonsense", city.CodeInvalid)
	link := s.town.Enrolment(city.DeviceKiosk, city.ScopePublic)
	s.town.Cut(true)
	fails(link, city.CodeUnreachable)
	s.town.Cut(false)
	k.SetEnrolLink(link)
	k.Enrol()
	if k.Screen() != kiosk.ScreenHome || k.Known() || k.EnrolLink() != "" {
		t.Fatalf("screen %q", k.Screen())
	}
	s.town.Sync(rep)
	k.Refresh()
	if !k.Known() || k.Settings().Name != "Millbrook" {
		t.Fatal("the city is not known after a sync")
	}
}
