package touch_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"cityhall/shared/touch"
)

func TestPickingAPlace(t *testing.T) {
	var m *mapStage
	m = openMap(t, func(s *touch.MapSpec) {
		s.Marks = []touch.Mark{{ID: "school", At: off(500, -300), Label: "School"}}
		s.Pick = func(p touch.Point) { m.picked = append(m.picked, p) }
	})
	picked := func() touch.Point {
		t.Helper()
		if len(m.picked) == 0 {
			t.Fatal("nothing was picked")
		}
		return m.picked[len(m.picked)-1]
	}
	m.view.Look(touch.Point{Lat: 476_012_345, Lon: -1_223_312_347}, 18)
	if got := picked(); got != (touch.Point{Lat: 476_012_345, Lon: -1_223_312_347}) {
		t.Errorf("picked %v, want each of the digits", got)
	}
	n := len(m.picked)
	m.view.Look(m.view.Centre(), 17)
	if len(m.picked) != n {
		t.Error("a place that is the same was told again")
	}
	g := m.ground(t).Rect
	pin := node(t, m.stage, "The pin, in the middle of the map").Rect
	if tip := fyne.NewPos(pin.X+pin.W/2, pin.Y+pin.H); !close(tip, fyne.NewPos(g.X+g.W/2, g.Y+g.H/2)) {
		t.Errorf("the pin's tip is at %v on a map of %v", tip, g)
	}
	from := m.view.Centre()
	m.touchAt(t, fyne.NewPos(g.X+g.W/2+100, g.Y+g.H/2)) // 106, 4 where it lifts
	perPixel := 40_075_016.686 * math.Cos(47.6012345*math.Pi/180) / 256 / (1 << 17)
	if got, want := metresBetween(from, picked()), 106.08*perPixel; math.Abs(got-want) > perPixel {
		t.Errorf("a tap 106 pixels beside the pin moved it by %.1f m, want %.1f", got, want)
	}
	tap(t, m.stage, "Show as a list")
	for _, n := range touch.Walk(m.shell) {
		if strings.HasPrefix(n.Label, "School") {
			tap(t, m.stage, n.Label)
			break
		}
	}
	if got := metresBetween(picked(), off(500, -300)); got > 0.1 || m.view.Listed() || len(m.opened) > 0 {
		t.Errorf("the row of a landmark picked a place %.2f m off it", got)
	}
}

func TestMyPlace(t *testing.T) {
	m := openMap(t, nil)
	if slices.ContainsFunc(touch.Walk(m.shell), func(n touch.Node) bool { return n.Label == "Go to where I am" }) {
		t.Error("there is a way to a place that is not known")
	}
	m.widget.SetHere(&touch.Here{At: off(2000, 1000), Within: 80})
	tap(t, m.stage, "Go to where I am")
	if got := metresBetween(m.view.Centre(), off(2000, 1000)); got > 0.1 || m.view.Zoom() != 16 {
		t.Errorf("%.1f m off at zoom %d", got, m.view.Zoom())
	}
	dot, g := node(t, m.stage, "You are here, give or take 80 m").Rect, m.ground(t).Rect
	if !close(fyne.NewPos(dot.X+dot.W/2, dot.Y+dot.H/2), fyne.NewPos(g.X+g.W/2, g.Y+g.H/2)) {
		t.Errorf("the dot is at %v on a map of %v, want its middle", dot, g)
	}
	tap(t, m.stage, "Show as a list")
	for i, want := range []string{"Pothole. 1.3 km to the west · 184 Alder Street", "Water leak. 1.4 km to the south-west · 220 Alder Street"} {
		if got := touch.Walk(m.shell)[4+i].Label; got != want {
			t.Errorf("row %d is %q, want %q", i, got, want)
		}
	}
	m.widget.SetHere(nil)
	tap(t, m.stage, "Show the map")
	if slices.ContainsFunc(touch.Walk(m.shell), func(n touch.Node) bool { return strings.HasPrefix(n.Label, "You are here") }) {
		t.Error("a place that is no longer known is shown")
	}
}

// TestNamedPlace is a bare map around a place that is not one's own: no head, no
// list but of what stands on one spot, and the place has its name.
func TestNamedPlace(t *testing.T) {
	m := openMap(t, func(s *touch.MapSpec) {
		s.Marks = []touch.Mark{{ID: "a", At: off(300, 0), Label: "Pothole"}, {ID: "b", At: off(300, 0), Label: "Tree"}}
		s.Here, s.Bare = &touch.Here{At: off(0, 0), Name: "The place you chose"}, true
	})
	labels := func() (out []string) {
		for _, n := range touch.Walk(m.shell) {
			out = append(out, n.Label)
		}
		return out
	}
	if all := labels(); !slices.Contains(all, "The place you chose") || slices.Contains(all, "You are here") || slices.Contains(all, "Show as a list") {
		t.Errorf("the map says %q", all)
	}
	m.view.Look(off(900, 0), 17)
	tap(t, m.stage, "Show on the map: The place you chose")
	if got := metresBetween(m.view.Centre(), off(0, 0)); got > 0.1 {
		t.Errorf("%.1f m off the place", got)
	}
	m.view.Look(off(300, 0), 19)
	tap(t, m.stage, "2 places close together")
	if all := labels(); !m.view.Listed() || !slices.Contains(all, "Show the map") {
		t.Errorf("what stands on one spot is not listed, or there is no way back: %q", all)
	}
	tap(t, m.stage, "Show the map")
	m.widget.SetHere(&touch.Here{At: off(0, 0)})
	if all := labels(); !slices.Contains(all, "You are here") || !slices.Contains(all, "Go to where I am") {
		t.Errorf("one's own place is still called another: %q", all)
	}
}
