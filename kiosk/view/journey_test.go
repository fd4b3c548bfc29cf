package view_test

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"cityhall/kiosk"
	"cityhall/shared/city"
	"cityhall/shared/touch"
)

// finger taps the window where an element is, through the canvas's own search.
func (s *set) finger(label string) {
	s.t.Helper()
	nodes := touch.Walk(s.v.Shell())
	for _, exact := range []bool{true, false} {
		for _, n := range nodes {
			if n.Offscreen || n.Disabled || n.Label != label && (exact || !strings.HasPrefix(n.Label, label)) {
				continue
			}
			switch n.Role {
			case touch.RoleField: // the test driver gives no focus to a tap
				if !s.v.Shell().FocusLabel(n.Label) {
					s.t.Fatalf("%q takes no focus", n.Label)
				}
				return
			case touch.RoleButton, touch.RoleRadio, touch.RoleCheckbox, touch.RoleKey:
				test.TapCanvas(s.w.Canvas(), fyne.NewPos(n.Rect.X+n.Rect.W/2, n.Rect.Y+n.Rect.H/2))
				return
			}
		}
	}
	s.t.Fatalf("on %q nothing to tap is called %q; there is %q", s.v.Shell().PageName(), label, labels(nodes))
}

func labels(nodes []touch.Node) (out []string) {
	for _, n := range nodes {
		if n.Role != touch.RoleKey {
			out = append(out, n.Label)
		}
	}
	return out
}

// keys types on the on-screen keyboard. A sentence begins with a capital.
func (s *set) keys(text string) {
	s.t.Helper()
	for _, r := range text {
		letter, capital := string(r), strings.ToUpper(string(r))
		switch {
		case r == ' ':
			s.finger("Space")
		case s.has(letter):
			s.finger(letter)
		case s.has(capital):
			s.finger(capital)
		default:
			s.finger("Numbers and signs")
			s.finger(letter)
			s.finger("Letters")
		}
	}
}

func (s *set) has(label string) bool { return slices.Contains(keysOf(touch.Walk(s.v.Shell())), label) }

func keysOf(nodes []touch.Node) (out []string) {
	for _, n := range nodes {
		if n.Role == touch.RoleKey {
			out = append(out, n.Label)
		}
	}
	return out
}

func (s *set) says(words string) bool {
	for _, n := range touch.Walk(s.v.Shell()) {
		if strings.Contains(n.Label, words) || strings.Contains(n.Text, words) {
			return true
		}
	}
	return false
}

// TestReportByFinger is a whole report on both panels: taps where things are,
// letters on the on-screen keyboard, and nothing else.
func TestReportByFinger(t *testing.T) {
	test.NewTempApp(t)
	for _, sh := range shapes {
		t.Run(sh.name, func(t *testing.T) {
			st := newStage(t)
			s := open(t, st, sh)
			s.t = t
			s.finger("Trees and parks")
			s.finger("Fallen or dangerous tree")
			s.finger("A street or sidewalk")
			s.finger("Continue")
			s.finger("Yes")
			s.finger("Continue")
			if !s.says("Call 911 now") {
				t.Fatal("nobody is told to call 911")
			}
			s.finger("Back")
			s.finger("No")
			s.finger("Continue")
			s.finger("Address or landmark")
			s.keys("orchard p")
			s.finger("Hide the keyboard")
			s.finger("Orchard Park playground")
			s.finger("Continue")
			if s.k.Screen() == kiosk.ScreenNear {
				s.finger("No, mine is a new problem")
			}
			s.finger("In your own words (optional)")
			s.keys("it blocks the gate")
			s.finger("Continue")
			s.finger("E-mail")
			s.keys("ana@")
			s.finger("Continue")
			if !s.says("does not look like an e-mail address") {
				t.Fatal("a wrong address is not told in place")
			}
			s.finger("Stay anonymous")
			s.finger("Send this report")
			r := s.k.Receipt()
			if r == nil || !s.says(r.Reference) || !s.says("Saved here") {
				t.Fatalf("no receipt on the screen: %v", labels(touch.Walk(s.v.Shell())))
			}
			s.deliver()
			if !s.says("Received by the city") || !s.says("By ") {
				t.Fatal("the receipt does not say that the city has it, and by when")
			}
			work, ok, err := city.LoadWork(s.town.Server.Store().View(t.Context()), s.filed(r.Number))
			if err != nil || !ok || strings.ToLower(work.Description) != "it blocks the gate" || work.Place.Landmark != "Orchard Park playground" {
				t.Fatalf("the city has %+v %v", work, err)
			}
			s.finger("Done")
			if s.k.Screen() != kiosk.ScreenHome || s.says(r.Reference) {
				t.Fatal("something is left for the next person")
			}
		})
	}
}

// filed finds a request by its number.
func (s *set) filed(number string) city.ID {
	s.t.Helper()
	found, err := s.rep.Find(s.t.Context(), city.KindRequest, "number", number)
	if err != nil || len(found) != 1 {
		s.t.Fatalf("%d requests are called %s: %v", len(found), number, err)
	}
	return found[0].ID
}

// TestIdleAsks shows the countdown, takes more time, and clears in the end.
func TestIdleAsks(t *testing.T) {
	test.NewTempApp(t)
	st := newStage(t)
	s := open(t, st, shapes[0])
	s.toDetails()
	s.k.SetLanguage("es")
	wait := func(seconds int) {
		for range seconds {
			s.town.Wait(1e9)
			s.k.Tick()
		}
	}
	wait(61)
	if !s.says("¿Sigue") {
		t.Fatalf("nobody is asked: %v", labels(touch.Walk(s.v.Shell())))
	}
	s.finger("Necesito más tiempo")
	if on, _, _ := s.k.Warning(); on || s.k.Screen() != kiosk.ScreenDetails {
		t.Fatal("more time is not given")
	}
	wait(81)
	if s.k.Screen() != kiosk.ScreenHome || s.k.Language() != "en" || !s.says("How can we help?") {
		t.Fatal("the next person finds the last one's screen")
	}
}

// TestHelpKeepsTheForm opens and closes help in the middle of a report.
func TestHelpKeepsTheForm(t *testing.T) {
	test.NewTempApp(t)
	st := newStage(t)
	s := open(t, st, shapes[1])
	s.toDetails()
	s.v.Shell().Rebuild()
	s.finger("Help")
	if !s.says("(555) 010-0311") {
		t.Fatal("help has no telephone number")
	}
	s.finger("Close")
	if s.k.Screen() != kiosk.ScreenDetails || !s.says("In your own words") {
		t.Fatal("help loses the page")
	}
}

// TestManyServices shows none and three hundred.
func TestManyServices(t *testing.T) {
	test.NewTempApp(t)
	st := newStage(t)
	for i := range 300 {
		st.town.Act(&city.PublishService{ID: city.ID("extra-" + string(rune('a'+i/26)) + string(rune('a'+i%26))),
			Service: city.Service{Name: both("Extra service "+strings.Repeat("very ", i%7)+"long", "Servicio adicional"), Group: "other", Department: "x", Active: true, Version: 1}})
	}
	st.town.Sync(st.rep)
	st.k.Refresh()
	s := open(t, st, shapes[0])
	s.k.Report()
	s.lint(t, shapes[0], touch.Prefs{Language: "en", TextScale: 1})
	if n := len(s.k.Services()); n < 300 {
		t.Fatalf("%d services", n)
	}
	s.k.SetServiceQuery("zzz")
	if !s.says("Nothing fits that") {
		t.Fatal("an empty list says nothing")
	}
}
