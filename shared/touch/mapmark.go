package touch

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"cityhall/shared/look"
)

// Mark is something on the map. Label and Sub are spoken, and stand in its list.
type Mark struct {
	ID         string
	At         Point
	Label, Sub string
	Icon       look.Icon
	Tint       int
	Selected   bool
}

// Here is where the device or the person is, or the place with the Name that all
// is about. Within is the accuracy in metres, drawn as a circle; zero is unknown.
type Here struct {
	At     Point
	Within float64
	Name   string // "The place you chose"; empty for "You are here"
}

// marker is a mark or a cluster of marks that can be pressed.
type marker struct {
	Press
	m *Map
	c cluster
}

func (m *Map) newMarker(c cluster) *marker {
	k := m.k
	p := &marker{m: m, c: c}
	p.k, p.role = k, RoleButton
	p.Radius = k.radius(look.Pill)
	p.Stroke, p.Width = k.Pal.Surface, k.Px(2.5)
	p.Elevated = k.Pal.Shadow.A > 0
	side := m.discSide(len(c.marks))
	first := m.spec.Marks[c.marks[0]]
	if n := len(c.marks); n == 1 {
		tint := k.Pal.Tints[((first.Tint%6)+6)%6]
		p.Fill = tint.Ink
		p.label = sentence([]string{first.Label, first.Sub})
		p.body = k.Center(k.icon(first.Icon, side*0.52, k.Pal.Surface))
		p.act = func() { m.open(c.marks[0]) }
	} else {
		p.Fill = k.Pal.PrimaryDeep
		if k.Prefs.Dark {
			p.Fill = k.Pal.Primary
		}
		p.label = k.T("common.map.cluster", "count", n)
		p.body = k.Center(k.Text(strconv.Itoa(n), Caption.Bold().In(k.Pal.OnPrimary)))
		p.act = func() { m.spread(c.marks) }
	}
	for _, i := range c.marks {
		if m.spec.Marks[i].Selected {
			p.Selected, p.Stroke, p.Width = true, k.Pal.Accent, k.Px(5)
		}
	}
	p.least = fyne.NewSquareSize(side)
	p.ExtendBaseWidget(p)
	p.Resize(p.least)
	return p
}

// discSide is the side of a disc for so many marks, in pixels.
func (m *Map) discSide(n int) float32 {
	words := m.k.measure(strconv.Itoa(n), m.k.Size(look.Caption), true)
	return max(m.k.Target(), words.Width+m.k.Px(14), words.Height+m.k.Px(8))
}

// FocusGained brings the marker to where nothing covers it.
func (p *marker) FocusGained() {
	p.m.bring(p.c.at)
	p.Press.FocusGained()
}

// TypedRune zooms on plus and minus, as on the map itself.
func (p *marker) TypedRune(r rune) { p.m.typed(r) }

// regroup makes the clusters of the present zoom, once for each zoom.
func (m *Map) regroup() {
	if m.grouped == m.view.zoom+1 {
		return
	}
	m.grouped = m.view.zoom + 1
	gap := float64(m.discSide(len(m.places))) * 1.12 / m.tiles.worldSide(m.view.zoom)
	m.groups = clusters(m.places, gap)
	m.made = make(map[int]*marker, 64)
}

// spareMarkers bounds the markers that are kept for when they come into sight again.
const spareMarkers = 400

// arrangeMarks places the markers that are in sight, in the order of the marks.
func (m *Map) arrangeMarks(left, top float64, size fyne.Size) {
	m.regroup()
	if len(m.made) > spareMarkers+len(m.pins.Objects) {
		clear(m.made)
		for _, o := range m.pins.Objects {
			p := o.(*marker)
			m.made[p.c.marks[0]] = p
		}
	}
	w, reach := m.tiles.worldSide(m.view.zoom), m.k.Target()
	m.pins.Objects = m.pins.Objects[:0]
	for _, c := range m.groups {
		x, y := float32(c.at.x*w-left), float32(c.at.y*w-top)
		if x < -reach || y < -reach || x > size.Width+reach || y > size.Height+reach {
			continue
		}
		p := m.made[c.marks[0]]
		if p == nil {
			p = m.newMarker(c)
			m.made[c.marks[0]] = p
		}
		half := p.Size().Width / 2
		p.Move(fyne.NewPos(x-half, y-half))
		m.pins.Objects = append(m.pins.Objects, p)
	}
	m.arrangeHere(left, top, w)
}

// arrangeHere draws the dot and how far off it may be.
func (m *Map) arrangeHere(left, top, w float64) {
	if m.spec.Here == nil {
		m.dot.Hide()
		m.haze.Hide()
		return
	}
	at := project(m.spec.Here.At)
	x, y := float32(at.x*w-left), float32(at.y*w-top)
	side := m.dot.MinSize().Width
	place(m.dot, x-side/2, y-side/2, side, side)
	m.dot.Show()
	// Never less than a halo around a marker that lies over the dot.
	r := max(float32(m.spec.Here.Within/at.metres()*w), 0.85*m.k.Target())
	place(m.haze, x-r, y-r, 2*r, 2*r)
	m.haze.Show()
}

// newHere makes the dot of one's own place and the circle around it.
func (m *Map) newHere() {
	k := m.k
	m.haze = canvas.NewCircle(look.Alpha(k.Pal.Info, 0x2c))
	m.haze.StrokeColor, m.haze.StrokeWidth = look.Alpha(k.Pal.Info, 0xa0), k.line()
	dot := canvas.NewRectangle(k.Pal.Info)
	side := k.Target() * 0.5
	dot.CornerRadius, dot.StrokeColor, dot.StrokeWidth = side/2, k.Pal.Surface, k.Px(3)
	dot.Shadow = k.shadow()
	dot.SetMinSize(fyne.NewSquareSize(side))
	m.dot = newNotice(RoleImage, m.hereWords(), k.Over(dot))
	m.dot.ExtendBaseWidget(m.dot)
}

func (m *Map) hereWords() string {
	switch h := m.spec.Here; {
	case h != nil && h.Name != "":
		return h.Name
	case h == nil || h.Within <= 0:
		return m.k.T("common.map.here")
	}
	return m.k.T("common.map.here_within", "distance", m.k.Distance(m.spec.Here.Within))
}
