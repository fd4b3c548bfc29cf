package view_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"cityhall/kiosk"
	"cityhall/kiosk/view"
	"cityhall/shared/touch"
)

// TestPointByFinger points at a place with a finger: a tap on the map brings that
// place under the pin, and the report takes it.
func TestPointByFinger(t *testing.T) {
	test.NewTempApp(t)
	st := newStage(t)
	for _, sh := range shapes {
		s := open(t, st, sh)
		s.fresh()
		s.toPlace()
		s.finger("Point on the map")
		before := s.k.Pin().Place
		if !s.says("Near Alder Bay Public Library") {
			t.Fatalf("%s: the map does not begin where the kiosk stands: %q", sh.name, labels(touch.Walk(s.v.Shell())))
		}
		at := s.node(touch.RoleMap).Rect
		test.TapCanvas(s.w.Canvas(), fyne.NewPos(at.X+at.W/2-at.W/5, at.Y+at.H/2+at.H/5))
		after := s.k.Pin().Place
		if after.Lon >= before.Lon || after.Lat >= before.Lat {
			t.Errorf("%s: a tap to the lower left moves the pin from %+v to %+v", sh.name, before, after)
		}
		s.finger("It is here")
		if spot, ok := s.k.ChosenPlace(); !ok || spot.Place.Lat != after.Lat || spot.Place.Lon != after.Lon || s.k.Screen() != kiosk.ScreenPlace {
			t.Errorf("%s: chosen %+v on %q, want %+v", sh.name, spot, s.k.Screen(), after)
		}
		s.finger("Adjust on the map")
		if p := s.k.Pin().Place; p.Lat != after.Lat || p.Lon != after.Lon {
			t.Errorf("%s: the pin begins at %+v, want %+v", sh.name, p, after)
		}
	}
}

// TestPointByKeys moves the pin with nothing but the keys of a five-key pad, and
// hears where it has come to stand.
func TestPointByKeys(t *testing.T) {
	test.NewTempApp(t)
	st := newStage(t)
	var heard []string
	v := view.New(st.k, view.Config{Device: touch.Kiosk(shapes[0].mm), ReduceMotion: true, Now: st.k.Now, Say: func(words string) { heard = append(heard, words) }})
	w := test.NewWindow(nil)
	t.Cleanup(w.Close)
	v.Mount(w)
	w.Resize(shapes[0].size)
	s := &set{st, v, w}
	s.choose("20 orchard st")
	st.k.PointOnMap()
	if !v.Shell().FocusLabel(s.node(touch.RoleMap).Label) {
		t.Fatal("the map takes no focus")
	}
	before := st.k.Pin().Place
	for range 12 {
		w.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
	}
	after := st.k.Pin()
	if after.Place.Lat != before.Lat || after.Place.Lon <= before.Lon || !after.Near {
		t.Fatalf("twelve keys to the right: from %+v to %+v", before, after)
	}
	if last := heard[len(heard)-1]; last != "Near "+after.Place.Address {
		t.Errorf("heard %q of %q", last, after.Place.Address)
	}
	w.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if s.node(touch.RoleMap).Focused {
		t.Error("Enter does not lead out of the map")
	}
}

// TestMarkOpens touches a report on the map beside the list of them.
func TestMarkOpens(t *testing.T) {
	test.NewTempApp(t)
	st := newStage(t)
	for _, sh := range shapes {
		s := open(t, st, sh)
		s.fresh()
		s.toNear()
		s.finger("Fallen or dangerous tree. About 10 m away")
		if f := s.k.Found(); s.k.Screen() != kiosk.ScreenRequest || f == nil || f.Request.Number != s.numbers["received"] {
			t.Fatalf("%s: shows %q %+v", sh.name, s.k.Screen(), f)
		}
		s.finger("Back")
		if s.k.Screen() != kiosk.ScreenNear {
			t.Fatalf("%s: Back leads to %q", sh.name, s.k.Screen())
		}
	}
}

// TestMapIsForgotten: where one person looked is not where the next one begins.
func TestMapIsForgotten(t *testing.T) {
	test.NewTempApp(t)
	st := newStage(t)
	s := open(t, st, shapes[0])
	s.toPlace()
	s.k.PointOnMap()
	begin := s.k.Pin().Place
	for range 2 {
		s.finger("Nearer")
	}
	at := s.node(touch.RoleMap).Rect
	test.TapCanvas(s.w.Canvas(), fyne.NewPos(at.X+at.W/4, at.Y+at.H/4))
	if s.k.Pin().Place == begin {
		t.Fatal("the pin was not moved")
	}
	s.k.Reset()
	s.toPlace()
	s.k.PointOnMap()
	s.finger("Nearer")
	s.finger("It is here")
	if spot, _ := s.k.ChosenPlace(); spot.Place != begin {
		t.Fatalf("the next person begins at %+v, want %+v", spot.Place, begin)
	}
}

// TestMyAddressByFinger looks an address up by touch alone.
func TestMyAddressByFinger(t *testing.T) {
	test.NewTempApp(t)
	st := newStage(t)
	for _, sh := range shapes {
		s := open(t, st, sh)
		s.fresh()
		s.finger("My address")
		s.finger("Address or landmark")
		s.keys("13 orchard st")
		s.finger("Next")
		for _, words := range []string{"13 Orchard Street", "Tomorrow, Thursday, March 5", "Your side: odd house numbers", "Ingrid Larsen-Montgomery", "Harbor School", "Alder Bay Public Library",
			"As of January 2, 2026", "Open reports within 400 m"} {
			if !s.says(words) {
				t.Errorf("%s: nothing says %q", sh.name, words)
			}
		}
		s.finger("Done")
		if s.k.Screen() != kiosk.ScreenHome || s.says("13 Orchard") {
			t.Fatalf("%s: something is left for the next person", sh.name)
		}
	}
}

// node is the first element of a role.
func (s *set) node(role string) touch.Node {
	s.t.Helper()
	for _, n := range touch.Walk(s.v.Shell()) {
		if n.Role == role {
			return n
		}
	}
	s.t.Fatalf("on %q there is no %s", s.v.Shell().PageName(), role)
	return touch.Node{}
}
