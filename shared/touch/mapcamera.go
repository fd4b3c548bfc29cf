package touch

import (
	"math"

	"fyne.io/fyne/v2"
)

// begin chooses what is seen first: all marks with one's own place, else the
// place itself, else the whole city.
func (m *Map) begin(size fyne.Size) {
	if m.view.zoom != 0 {
		return
	}
	places := append([]world(nil), m.places...)
	if m.spec.Pick != nil {
		places = nil
	}
	if m.spec.Here != nil {
		places = append(places, project(m.spec.Here.At))
	}
	if len(places) == 0 && m.spec.Bounds != (Bounds{}) {
		for _, p := range m.spec.Bounds.corners() {
			places = append(places, project(p))
		}
	}
	middle, half := extent(places)
	room := fyne.NewSize(max(1, size.Width/2-1.5*m.k.Target()), max(1, size.Height/2-1.5*m.k.Target()))
	zoom, most := m.spec.MinZoom, closeZoom
	if len(places) > 1 && half != (world{}) {
		most += 2 // places that lie close together are told apart
	}
	for zoom < min(most, m.spec.MaxZoom) {
		side := m.tiles.worldSide(zoom + 1)
		if half.x*side > float64(room.Width) || half.y*side > float64(room.Height) {
			break
		}
		zoom++
	}
	m.view.at, m.view.zoom = middle.within(m.spec.Bounds), zoom
	m.view.told = m.view.Centre()
}

// look moves the map at once, as far as the city and its zooms go.
func (m *Map) look(at world, zoom int) {
	m.rest()
	m.set(at, zoom)
	m.settle()
}

func (m *Map) set(at world, zoom int) {
	m.view.at = at.within(m.spec.Bounds)
	m.view.zoom = max(m.spec.MinZoom, min(zoom, m.spec.MaxZoom))
	m.arrange()
}

// settle tells where the pin points, if that is news.
func (m *Map) settle() {
	if at := m.view.Centre(); m.spec.Pick != nil && at != m.view.told {
		m.view.told = at
		m.spec.Pick(at)
	}
}

// pan moves the map by pixels: positive ways show what is right and below.
func (m *Map) pan(dx, dy float32) {
	w := m.tiles.worldSide(m.view.zoom)
	m.set(world{m.view.at.x + float64(dx)/w, m.view.at.y + float64(dy)/w}, m.view.zoom)
}

// zoom goes some levels in or out and keeps the place that is at a position.
func (m *Map) zoom(by int, pos fyne.Position) {
	zoom := max(m.spec.MinZoom, min(m.view.zoom+by, m.spec.MaxZoom))
	if zoom == m.view.zoom || m.Size().IsZero() {
		return
	}
	size := m.plane.Size()
	dx, dy := float64(pos.X-size.Width/2), float64(pos.Y-size.Height/2)
	before, after := m.tiles.worldSide(m.view.zoom), m.tiles.worldSide(zoom)
	m.look(world{m.view.at.x + dx/before - dx/after, m.view.at.y + dy/before - dy/after}, zoom)
}

func (m *Map) middle() fyne.Position {
	size := m.plane.Size()
	return fyne.NewPos(size.Width/2, size.Height/2)
}

// myPlace shows where one is, and near enough to see streets.
func (m *Map) myPlace() {
	if m.spec.Here != nil {
		m.look(project(m.spec.Here.At), max(m.view.zoom, closeZoom))
	}
}

// bring pans just so far that a place is free of the edges and the tools.
func (m *Map) bring(at world) {
	size, w := m.plane.Size(), m.tiles.worldSide(m.view.zoom)
	x, y := float32((at.x-m.view.at.x)*w), float32((at.y-m.view.at.y)*w) // from the middle
	side := m.tools.width() + m.k.Target()
	wide := max(0, size.Width/2-side)
	high := max(0, size.Height/2-1.2*m.k.Target())
	dx, dy := x-max(-wide, min(x, wide)), y-max(-high, min(y, high))
	if dx != 0 || dy != 0 {
		m.rest()
		m.pan(dx, dy)
		m.settle()
	}
}

// arrange puts everything where it belongs for the present view.
func (m *Map) arrange() {
	size := m.plane.Size()
	if m.view.list || size.IsZero() {
		return
	}
	m.begin(size)
	w := m.tiles.worldSide(m.view.zoom)
	left := math.Round(m.view.at.x*w - float64(size.Width)/2)
	top := math.Round(m.view.at.y*w - float64(size.Height)/2)
	m.tiles.arrange(m.view.zoom, left, top, size)
	m.arrangeMarks(left, top, size)
	m.tools.dress()
	m.keepFocus()
	m.sheet.Refresh() // paints the window again and throws no picture away
}

// keepFocus passes the focus of a marker that has gone to the one that holds
// its first mark now, or else to the map.
func (m *Map) keepFocus() {
	if m.k.shell == nil || m.k.shell.canvas == nil {
		return
	}
	was, ok := m.k.shell.canvas.Focused().(*marker)
	if !ok || was.m != m {
		return
	}
	for _, o := range m.pins.Objects {
		if o == was {
			return
		}
	}
	for _, o := range m.pins.Objects {
		p := o.(*marker)
		for _, i := range p.c.marks {
			if i == was.c.marks[0] && was.c.at == m.at(i) {
				m.k.shell.canvas.Focus(p)
				return
			}
		}
	}
	m.k.shell.canvas.Focus(m.ground)
}

// at is where a mark is; marks may have become fewer.
func (m *Map) at(i int) world {
	if i < len(m.places) {
		return m.places[i]
	}
	return world{}
}
