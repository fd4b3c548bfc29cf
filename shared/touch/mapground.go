package touch

import (
	"image/color"
	"math"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// plane is the part of a map that moves under the finger; Fyne clips whatever
// scrolls. What lies on it may reach beyond its edge or under the tools: one
// drags it out.
type plane struct {
	widget.BaseWidget
	m    *Map
	body *fyne.Container
}

func newPlane(m *Map, os ...fyne.CanvasObject) *plane {
	p := &plane{m: m, body: &fyne.Container{Objects: os}}
	p.ExtendBaseWidget(p)
	return p
}

func (p *plane) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(p.body) }

func (p *plane) MinSize() fyne.Size { return fyne.Size{} }

func (p *plane) Resize(size fyne.Size) {
	if p.Size() == size {
		return
	}
	p.BaseWidget.Resize(size)
	p.m.sheet.Resize(size)
	p.m.ground.Resize(size)
	p.m.arrange()
}

func (p *plane) parts() []fyne.CanvasObject { return []fyne.CanvasObject{p.body} }

// mapGround is the map itself for the focus, the keys and taps between markers.
// It is not what is dragged: Fyne would tell it of releases that belong to a marker.
type mapGround struct {
	widget.BaseWidget
	m             *Map
	ring          *canvas.Rectangle
	focused       bool
	down          fyne.Position
	pressed, done bool
	tapAt         fyne.Position
	tapped        time.Time
}

func newMapGround(m *Map) *mapGround {
	g := &mapGround{m: m, ring: canvas.NewRectangle(color.Transparent)}
	g.ring.StrokeColor = m.k.Pal.Focus
	g.ExtendBaseWidget(g)
	return g
}

func (g *mapGround) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(g.ring) }

func (g *mapGround) MinSize() fyne.Size { return fyne.Size{} }

func (g *mapGround) label() string {
	return sentence([]string{g.m.spec.Name, g.m.k.T("common.map.label")})
}

func (g *mapGround) element() Node { return Node{Role: RoleMap, Label: g.label(), Focused: g.focused} }

// AccessibilityLabel is the name of the map and how it is moved.
func (g *mapGround) AccessibilityLabel() string { return g.label() }

// AccessibilityRole is part of fyne.Accessible.
func (g *mapGround) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }

// FocusGained draws the ring and speaks.
func (g *mapGround) FocusGained() {
	g.focused, g.ring.StrokeWidth = true, g.m.k.ring()
	g.m.k.activity()
	g.m.k.say(g.label())
	g.m.k.reveal(g)
	g.ring.Refresh()
}

// FocusLost takes the ring away.
func (g *mapGround) FocusLost() {
	g.focused, g.ring.StrokeWidth = false, 0
	g.ring.Refresh()
}

// TypedRune zooms on plus and minus.
func (g *mapGround) TypedRune(r rune) { g.m.typed(r) }

func (m *Map) typed(r rune) {
	m.k.activity()
	switch r {
	case '+', '=':
		m.zoom(1, m.middle())
	case '-', '_':
		m.zoom(-1, m.middle())
	}
}

// TypedKey pans on the arrows. Enter goes on, so that a keypad that has nothing
// but arrows and Enter comes out of the map again.
func (g *mapGround) TypedKey(e *fyne.KeyEvent) {
	g.m.k.activity()
	step := g.Size().Width / 5
	if g.m.spec.Pick != nil { // a pin is put down more exactly than a map is looked at
		step = g.m.k.Target() / 2
	}
	switch e.Name {
	case fyne.KeyLeft:
		g.m.step(-step, 0)
	case fyne.KeyRight:
		g.m.step(step, 0)
	case fyne.KeyUp:
		g.m.step(0, -step)
	case fyne.KeyDown:
		g.m.step(0, step)
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		g.m.k.moveKey(fyne.KeyDown)
	default:
		g.m.k.moveKey(e.Name)
	}
}

func (m *Map) step(dx, dy float32) {
	m.rest()
	m.pan(dx, dy)
	m.settle()
}

// MouseDown stops a map that runs on.
func (g *mapGround) MouseDown(e *desktop.MouseEvent) {
	g.m.rest()
	g.down, g.pressed, g.done = e.AbsolutePosition, true, false
	g.m.k.shell.press()
}

// MouseUp is a tap if the finger hardly moved.
func (g *mapGround) MouseUp(e *desktop.MouseEvent) {
	defer g.m.k.shell.lift()
	if g.pressed && near(g.down, e.AbsolutePosition, g.m.k.slop()) {
		g.done = true
		g.tap(e.Position)
	}
	g.pressed = false
}

// Tapped is the tap of a driver without mouse events, or of a test.
func (g *mapGround) Tapped(e *fyne.PointEvent) {
	if g.done {
		g.done = false
		return
	}
	g.tap(e.Position)
}

const doubleTap = 450 * time.Millisecond

// tap moves the pin to where the finger came down; the second one zooms in. The
// first is not held back to wait for the second.
func (g *mapGround) tap(pos fyne.Position) {
	m := g.m
	m.k.activity()
	now := m.drag.now()
	second := now.Sub(g.tapped) < doubleTap && !now.IsZero() && near(g.tapAt, pos, 2*m.k.slop())
	g.tapped, g.tapAt = now, pos
	size := m.plane.Size()
	switch {
	case second && m.spec.Pick != nil:
		m.zoom(1, m.middle())
	case second:
		m.zoom(1, pos)
	case m.spec.Pick != nil:
		m.step(pos.X-size.Width/2, pos.Y-size.Height/2)
	}
	if second {
		g.tapped = time.Time{}
	}
}

// Scrolled zooms at the pointer, one level for a notch of the wheel.
func (p *plane) Scrolled(e *fyne.ScrollEvent) {
	m := p.m
	m.k.activity()
	const notch = 20
	m.wheel += e.Scrolled.DY
	if abs(m.wheel) >= notch {
		by := int(math.Copysign(1, float64(m.wheel)))
		m.wheel = 0
		m.zoom(by, e.Position)
	}
}

// Dragged moves the map with the finger. A map that was built again under the
// finger is not the one that hears of it.
func (p *plane) Dragged(e *fyne.DragEvent) {
	if live := p.m.view.live; live != nil && !live.view.list {
		live.drag.dragged(e.Dragged.DX, e.Dragged.DY)
	}
}

// DragEnd lets the map run on for a moment.
func (p *plane) DragEnd() {
	if live := p.m.view.live; live != nil && !live.view.list {
		live.drag.end()
	}
}
