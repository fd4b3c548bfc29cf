package touch_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"cityhall/shared/touch"
)

// mapStage is a map alone in a window.
type mapStage struct {
	*stage
	view   *touch.MapView
	tiles  *sampleTiles
	widget *touch.Map
	opened []string
	picked []touch.Point
}

func openMap(t testing.TB, change func(*touch.MapSpec)) *mapStage {
	t.Helper()
	m := &mapStage{view: touch.NewMapView(), tiles: &sampleTiles{plain: true}}
	m.view.Look(middle, 15)
	m.stage = one(t, touch.Tablet(), fyne.NewSize(800, 900), func(k *touch.Kit) fyne.CanvasObject {
		spec := mapSpec(k, m.view)
		spec.Tiles, spec.Here = m.tiles, nil
		spec.Open = func(id string) { m.opened = append(m.opened, id) }
		if change != nil {
			change(&spec)
		}
		m.widget = k.Map(spec)
		return m.widget
	})
	return m
}

// metresBetween is along a sphere, unlike what is tested.
func metresBetween(a, b touch.Point) float64 {
	const rad = 1e-7 * math.Pi / 180
	h := math.Pow(math.Sin(float64(b.Lat-a.Lat)*rad/2), 2) +
		math.Cos(float64(a.Lat)*rad)*math.Cos(float64(b.Lat)*rad)*math.Pow(math.Sin(float64(b.Lon-a.Lon)*rad/2), 2)
	return 2 * 6_378_137 * math.Asin(math.Sqrt(h))
}

// mark finds a marker by the beginning of what is spoken.
func (m *mapStage) mark(t testing.TB, label string) touch.Node {
	t.Helper()
	for _, n := range touch.Walk(m.shell) {
		if n.Role == touch.RoleButton && strings.HasPrefix(n.Label, label) {
			return n
		}
	}
	t.Fatalf("no marker %q", label)
	return touch.Node{}
}

func middleOf(n touch.Node) fyne.Position {
	return fyne.NewPos(n.Rect.X+n.Rect.W/2, n.Rect.Y+n.Rect.H/2)
}

// ground is where the map lies in the window.
func (m *mapStage) ground(t testing.TB) touch.Node {
	t.Helper()
	for _, n := range touch.Walk(m.shell) {
		if n.Role == touch.RoleMap {
			return n
		}
	}
	t.Fatal("no map")
	return touch.Node{}
}

// A finger that begins on a marker drags the map all the same, and what is under
// the finger stays under it.
func TestMapIsDragged(t *testing.T) {
	m := openMap(t, nil)
	before := m.mark(t, "Fallen tree. 100")
	from := middleOf(before)
	test.Drag(m.canvas(), from, 60, 0) // the slop, which does not move it
	if got := m.mark(t, "Fallen tree. 100"); got.Rect != before.Rect {
		t.Errorf("a wobble moved the map from %v to %v", before.Rect, got.Rect)
	}
	plane := m.plane(t)
	for _, dx := range []float32{40, 30, 50} {
		plane.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(dx, -20)})
	}
	plane.DragEnd()
	after := m.mark(t, "Fallen tree. 100")
	if dx, dy := after.Rect.X-before.Rect.X, after.Rect.Y-before.Rect.Y; math.Abs(float64(dx-80)) > 1 || math.Abs(float64(dy+40)) > 1 {
		t.Errorf("the marker moved by %v, %v; the finger by 80, -40 after the slop", dx, dy)
	}
	if len(m.opened) > 0 {
		t.Errorf("a drag opened %v", m.opened)
	}
	where := m.view.Centre()
	m.shell.Rebuild()
	if m.view.Centre() != where {
		t.Error("a page that is built again looks elsewhere")
	}
	plane.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(100, 0)}) // the finger is still on the old one
	plane.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(100, 0)})
	if got := m.mark(t, "Fallen tree. 100"); math.Abs(float64(got.Rect.X-after.Rect.X-100)) > 1 {
		t.Errorf("the map that took the place of the one under the finger moved by %v, want 100", got.Rect.X-after.Rect.X)
	}
}

// plane is what a finger drags.
func (m *mapStage) plane(t testing.TB) fyne.Draggable {
	t.Helper()
	for _, o := range test.LaidOutObjects(m.widget) {
		if d, is := o.(fyne.Draggable); is {
			return d
		}
	}
	t.Fatal("nothing can be dragged")
	return nil
}

func TestMapStaysInTheCity(t *testing.T) {
	m := openMap(t, nil)
	plane := m.plane(t)
	for range 60 {
		plane.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(700, -900)})
	}
	plane.DragEnd()
	if c := m.view.Centre(); c.Lon != cityBounds.West || c.Lat != cityBounds.South {
		t.Errorf("dragged to %v, the city's south-west corner is %v, %v", c, cityBounds.South, cityBounds.West)
	}
	for range 20 {
		m.tapZoom(t, "Farther away")
	}
	if m.view.Zoom() != 11 || !node(t, m.stage, "Farther away").Disabled {
		t.Errorf("zoomed out to %d, want 11 and a button that cannot be pressed", m.view.Zoom())
	}
	for range 20 {
		m.tapZoom(t, "Nearer")
	}
	if m.view.Zoom() != 19 || !node(t, m.stage, "Nearer").Disabled || node(t, m.stage, "Farther away").Disabled {
		t.Errorf("zoomed in to %d, want 19", m.view.Zoom())
	}
}

// tapZoom presses a button unless it is off.
func (m *mapStage) tapZoom(t testing.TB, label string) {
	t.Helper()
	if !node(t, m.stage, label).Disabled {
		tap(t, m.stage, label)
	}
}

// What is under the pointer stays there when the wheel turns.
func TestWheelZoomsAtThePointer(t *testing.T) {
	m := openMap(t, nil)
	before := middleOf(m.mark(t, "Fallen tree. 100"))
	r := m.ground(t).Rect
	scroll := func(dy float32) {
		e := &fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, dy)}
		e.Position = before.SubtractXY(r.X, r.Y)
		m.plane(t).(fyne.Scrollable).Scrolled(e)
	}
	scroll(8)
	if m.view.Zoom() != 15 {
		t.Error("less than a notch of the wheel zoomed")
	}
	scroll(25)
	if m.view.Zoom() != 16 {
		t.Errorf("a notch of the wheel zoomed to %d, want 16", m.view.Zoom())
	}
	if after := middleOf(m.mark(t, "Fallen tree. 100")); !close(after, before) {
		t.Errorf("the place at the pointer moved from %v to %v", before, after)
	}
	scroll(-25)
	if m.view.Zoom() != 15 {
		t.Errorf("a notch back zoomed to %d, want 15", m.view.Zoom())
	}
}

// close allows for whole pixels.
func close(a, b fyne.Position) bool {
	return math.Abs(float64(a.X-b.X)) < 1.5 && math.Abs(float64(a.Y-b.Y)) < 1.5
}

// touchAt is a finger that comes down and lifts, as the driver tells it.
func (m *mapStage) touchAt(t testing.TB, pos fyne.Position) {
	t.Helper()
	var ground desktop.Mouseable
	for _, o := range test.LaidOutObjects(m.widget) {
		e, is := o.(fyne.Accessible)
		if p, ok := o.(desktop.Mouseable); ok && is && strings.Contains(e.AccessibilityLabel(), "arrow keys") {
			ground = p
		}
	}
	r := m.ground(t).Rect
	down := &desktop.MouseEvent{PointEvent: fyne.PointEvent{AbsolutePosition: pos, Position: pos.SubtractXY(r.X, r.Y)}}
	ground.MouseDown(down)
	up := *down
	up.AbsolutePosition, up.Position = pos.AddXY(6, 4), down.Position.AddXY(6, 4)
	ground.MouseUp(&up)
}

func TestDoubleTapZoomsIn(t *testing.T) {
	m := openMap(t, nil)
	pos := fyne.NewPos(200, 700)
	m.touchAt(t, pos)
	m.now = m.now.Add(900 * time.Millisecond)
	m.touchAt(t, pos)
	if m.view.Zoom() != 15 {
		t.Error("two slow taps zoomed")
	}
	m.now = m.now.Add(200 * time.Millisecond)
	m.touchAt(t, pos)
	if m.view.Zoom() != 16 {
		t.Errorf("two quick taps gave zoom %d, want 16", m.view.Zoom())
	}
	m.now = m.now.Add(200 * time.Millisecond)
	m.touchAt(t, pos)
	if m.view.Zoom() != 16 {
		t.Error("the third tap counted as a second")
	}
}

func TestMapKeys(t *testing.T) {
	m := openMap(t, func(s *touch.MapSpec) { s.Marks = s.Marks[:3] })
	c := m.canvas()
	tap(t, m.stage, "Nearer") // pressing moves no focus
	tap(t, m.stage, "Farther away")
	for range 3 {
		c.FocusNext()
		if strings.HasPrefix(focusedLabel(m.stage), "Reports near you") {
			break
		}
	}
	if got := focusedLabel(m.stage); !strings.HasPrefix(got, "Reports near you. Map.") || !slices.Contains(m.said, got) {
		t.Fatalf("the focus is on %q, said %q", got, m.said)
	}
	press := func(k fyne.KeyName) { c.Focused().TypedKey(&fyne.KeyEvent{Name: k}) }
	from := m.view.Centre()
	press(fyne.KeyRight)
	press(fyne.KeyUp)
	if got := m.view.Centre(); got.Lon <= from.Lon || got.Lat <= from.Lat {
		t.Errorf("right and up moved from %v to %v", from, got)
	}
	press(fyne.KeyLeft)
	press(fyne.KeyDown)
	if got := m.view.Centre(); metresBetween(got, from) > 2 {
		t.Errorf("and back left it %v m off", metresBetween(got, from))
	}
	c.Focused().TypedRune('+')
	c.Focused().TypedRune('-')
	c.Focused().TypedRune('-')
	if m.view.Zoom() != 14 {
		t.Errorf("plus, minus, minus gave zoom %d, want 14", m.view.Zoom())
	}
	press(fyne.KeyReturn) // leaves the map for the first marker, which a keypad must be able to
	if got := focusedLabel(m.stage); got != "Fallen tree. 100 Alder Street" {
		t.Fatalf("Enter on the map leads to %q", got)
	}
	press(fyne.KeyReturn)
	if !slices.Equal(m.opened, []string{"r0"}) {
		t.Errorf("Enter on a marker opened %v", m.opened)
	}
	c.FocusNext()
	if got := focusedLabel(m.stage); got != "Pothole. 112 Alder Street" {
		t.Errorf("Tab leads to %q, want the second mark", got)
	}
}

// A marker that has the focus is brought out from under tools and edges.
func TestFocusBringsMarkersIn(t *testing.T) {
	m := openMap(t, func(s *touch.MapSpec) {
		s.Marks = []touch.Mark{{ID: "edge", At: off(1290, -1180), Label: "At the edge"}, {ID: "in", At: middle, Label: "In the middle"}}
	})
	before := m.mark(t, "At the edge").Rect
	if !m.shell.FocusLabel("At the edge") {
		t.Fatal("no focus")
	}
	r, g := m.mark(t, "At the edge").Rect, m.ground(t).Rect
	if before == r || r.X < g.X || r.Y < g.Y || r.X+r.W > node(t, m.stage, "Nearer").Rect.X || r.Y+r.H > g.Y+g.H {
		t.Errorf("the focused marker is at %v (was %v) on a map at %v", r, before, g)
	}
}

func TestClustersOpen(t *testing.T) {
	m := openMap(t, func(s *touch.MapSpec) {
		s.Marks = []touch.Mark{
			{ID: "a", At: off(0, 0), Label: "A"}, {ID: "b", At: off(60, 0), Label: "B"}, {ID: "c", At: off(300, 300), Label: "C"},
			{ID: "d", At: off(-400, 200), Label: "D", Sub: "first"}, {ID: "e", At: off(-400, 200), Label: "E", Selected: true},
		}
	})
	if !m.shell.FocusLabel("2 places close together") {
		t.Fatal("A and B are no cluster")
	}
	m.canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if m.mark(t, "A"); m.view.Zoom() <= 15 {
		t.Errorf("zoom %d shows A and B apart", m.view.Zoom())
	}
	m.mark(t, "B")
	if got := focusedLabel(m.stage); got != "A" {
		t.Errorf("the focus went to %q, want the first of the cluster", got)
	}
	m.view.Look(off(-400, 200), 19)
	if n := m.mark(t, "2 places"); !n.Selected {
		t.Error("a cluster does not tell that a chosen mark is in it")
	}
	tap(t, m.stage, "2 places close together")
	if !m.view.Listed() {
		t.Fatal("what cannot be separated is not listed")
	}
	var rows []string
	for _, n := range touch.Walk(m.shell) {
		if n.Role == touch.RoleButton && n.Label != "Show the map" {
			rows = append(rows, n.Label)
		}
	}
	if want := []string{"D. Right here · first", "E. Right here"}; !slices.Equal(rows, want) {
		t.Errorf("the list is %q, want %q", rows, want)
	}
	tap(t, m.stage, "E. Right here")
	tap(t, m.stage, "Show the map")
	if !slices.Equal(m.opened, []string{"e"}) || m.view.Listed() {
		t.Errorf("opened %v, listed %v", m.opened, m.view.Listed())
	}
}

// Markers never lie on each other, at any zoom, and none is lost.
func TestClustersHoldEveryMark(t *testing.T) {
	marks := manyMarks(2000)
	m := openMap(t, func(s *touch.MapSpec) { s.Marks = marks })
	for zoom := 11; zoom <= 19; zoom += 2 {
		m.view.Look(middle, zoom)
		total := 0
		for _, n := range touch.Walk(m.shell) {
			switch {
			case n.Role != touch.RoleButton:
			case strings.HasSuffix(n.Label, "close together"):
				total += number(t, n.Text)
			case strings.HasPrefix(n.Label, "Report "):
				total++
			}
		}
		if zoom == 11 && total != len(marks) {
			t.Errorf("%d of %d marks are on the map of the whole city", total, len(marks))
		}
		if total == 0 {
			t.Errorf("zoom %d shows nothing", zoom)
		}
		for _, p := range touch.Lint(m.shell.Kit(), m.shell, fyne.NewSize(800, 900)) {
			t.Errorf("zoom %d: %v", zoom, p)
		}
	}
}

func number(t testing.TB, s string) (n int) {
	t.Helper()
	for _, r := range s {
		if r < '0' || r > '9' {
			t.Fatalf("a cluster says %q", s)
		}
		n = n*10 + int(r-'0')
	}
	return n
}
