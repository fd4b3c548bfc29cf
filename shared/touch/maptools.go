package touch

import (
	"fmt"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"cityhall/shared/look"
)

// mapTools is what lies over a map or below it and does not move with it.
type mapTools struct {
	m        *Map
	root     *fyne.Container // the plane, the pin, the buttons
	pin      fyne.CanvasObject
	stack    *fyne.Container
	my       *Press
	in, out  *Press
	strip    *fyne.Container // scale and who made the map
	scaledAt int             // one more than the zoom that the scale is for
}

func newMapTools(m *Map) *mapTools {
	k := m.k
	t := &mapTools{m: m}
	button := func(icon look.Icon, key string, tap func()) *Press {
		p := k.IconButton(Secondary, icon, k.T(key), tap)
		p.Fill, p.Elevated = k.Pal.Surface, k.Pal.Shadow.A > 0
		if k.Prefs.Dark {
			p.Stroke = k.Pal.Edge
		}
		p.least = fyne.NewSquareSize(max(k.buttonHeight(), k.Size(look.Lead)*1.28*1.5))
		return p
	}
	t.my = button(look.IconLocate, "common.map.my_place", m.myPlace)
	t.name()
	t.in = button(look.IconPlus, "common.map.zoom_in", func() { m.zoom(1, m.middle()) })
	t.out = button(look.IconMinus, "common.map.zoom_out", func() { m.zoom(-1, m.middle()) })
	t.stack = box(column{k.Px(look.S)}, t.my, t.in, t.out)
	var pin *notice
	if m.spec.Pick != nil {
		pin = k.newPin()
		t.pin = pin
	}
	t.root = &fyne.Container{Layout: &mapLayout{t}, Objects: visible([]fyne.CanvasObject{m.plane, t.pin, t.stack})}
	t.strip = k.Over()
	t.dress()
	return t
}

// name tells of the button that leads there what place it leads to.
func (t *mapTools) name() {
	words := t.m.k.T("common.map.my_place")
	if h := t.m.spec.Here; h != nil && h.Name != "" {
		words = t.m.k.T("common.map.to", "place", h.Name)
	}
	t.my.SetLabel(words)
}

// mapLayout keeps the pin's tip in the middle and the buttons in the corner
// that is under the thumb: a column, or a row where the map is too low.
type mapLayout struct{ t *mapTools }

func (l *mapLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSquareSize(l.t.m.k.Target())
}

func (l *mapLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	t, k := l.t, l.t.m.k
	place(t.m.plane, 0, 0, size.Width, size.Height)
	if t.pin != nil {
		s := t.pin.MinSize()
		place(t.pin, (size.Width-s.Width)/2, size.Height/2-s.Height, s.Width, s.Height)
	}
	gap, pad := k.Px(look.S), k.Px(look.M)
	t.stack.Layout = column{gap}
	if t.stack.MinSize().Height+2*pad > size.Height {
		t.stack.Layout = row{gap, k.RTL()}
	}
	s := t.stack.MinSize()
	x := size.Width - pad - s.Width
	if k.RTL() {
		x = pad
	}
	place(t.stack, x, size.Height-pad-s.Height, s.Width, s.Height)
	t.stack.Layout.Layout(t.stack.Objects, s)
}

// mapFrame puts the head over the map and the scale below it. A head that has
// nothing to press gives way where large text would leave no map.
type mapFrame struct{ m *Map }

func (l *mapFrame) MinSize(os []fyne.CanvasObject) fyne.Size { return column{}.MinSize(os) }

func (l *mapFrame) Layout(os []fyne.CanvasObject, size fyne.Size) {
	head, body, strip := os[0], os[1], os[2]
	top, bottom := heightFor(head, size.Width), heightFor(strip, size.Width)
	head.Show()
	if len(l.m.spec.Marks) == 0 && l.m.spec.List == nil && size.Height-top-bottom < 5*l.m.k.Target() {
		head.Hide()
		top = 0
	}
	place(head, 0, 0, size.Width, top)
	place(strip, 0, size.Height-bottom, size.Width, bottom)
	place(body, 0, top, size.Width, max(0, size.Height-top-bottom))
}

// width is what the buttons take of the map's width.
func (t *mapTools) width() float32 { return t.my.MinSize().Width + t.m.k.Px(look.M) }

// dress brings the buttons and the scale to the present zoom.
func (t *mapTools) dress() {
	m := t.m
	able(t.in, m.view.zoom < m.spec.MaxZoom)
	able(t.out, m.view.zoom > m.spec.MinZoom)
	if known := m.spec.Here != nil; t.my.Visible() != known {
		if known {
			t.my.Show()
		} else {
			t.my.Hide()
		}
		if t.root != nil {
			t.root.Layout.Layout(nil, t.root.Size())
		}
	}
	if t.strip == nil || t.scaledAt == m.view.zoom+1 {
		return
	}
	t.scaledAt = m.view.zoom + 1
	k := m.k
	var scale fyne.CanvasObject
	if m.view.zoom > 0 {
		scale = k.scaleBar(m.view.at.metres() / m.tiles.worldSide(m.view.zoom))
	} else {
		scale = k.Text(" ", Caption)
	}
	words := k.H(look.M, scale, Grow(k.Para(m.spec.Attribution, Caption.Muted().Trailing())))
	t.strip.Objects = []fyne.CanvasObject{k.Ground(k.Pal.Surface, k.Inset(look.XS, look.M, look.XS, look.M, words))}
	t.strip.Refresh()
}

// able changes whether a button can be pressed, if it has to change.
func able(p *Press, on bool) {
	switch {
	case on && p.off:
		p.Enable()
	case !on && !p.off:
		p.Disable()
	}
}

// scaleBar shows a round length as long as it is on the map.
func (k *Kit) scaleBar(metresPerPixel float64) fyne.CanvasObject {
	most := float64(k.Size(look.Caption)) * 6 * metresPerPixel
	length := 1.0
	for _, step := range []float64{2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6} {
		if step <= most {
			length = step
		}
	}
	line := func() *canvas.Rectangle { return canvas.NewRectangle(k.Pal.Ink) }
	side := fyne.NewSize(float32(length/metresPerPixel), k.Size(look.Caption)*0.4)
	bar := box(rule{side, max(2, k.Px(1.5))}, line(), line(), line())
	words := k.Distance(length)
	return newNotice(RoleImage, k.T("common.map.scale", "distance", words), k.H(look.S, bar, k.Text(words, Caption)))
}

// rule lays a line with an upright at each end.
type rule struct {
	size  fyne.Size
	thick float32
}

func (l rule) MinSize([]fyne.CanvasObject) fyne.Size { return l.size }

func (l rule) Layout(os []fyne.CanvasObject, _ fyne.Size) {
	place(os[0], 0, l.size.Height-l.thick, l.size.Width, l.thick)
	place(os[1], 0, 0, l.thick, l.size.Height)
	place(os[2], l.size.Width-l.thick, 0, l.thick, l.size.Height)
}

// pinDrawing is a drop whose tip is at the bottom: fill, edge.
const pinDrawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 32"><path d="M12 31.2 C6.2 23 2 17.4 2 11.6 A10 10 0 0 1 22 11.6 C22 17.4 17.8 23 12 31.2 Z" fill="%[1]s" stroke="%[2]s" stroke-width="%[3]g" stroke-linejoin="round"/><circle cx="12" cy="11.6" r="3.8" fill="%[2]s"/></svg>`

// newPin is the fixed pin of a map on which a place is picked; the ring at its
// tip is exactly on the place.
func (k *Kit) newPin() *notice {
	fill, edge := look.Hex(k.Pal.Tints[0].Ink), look.Hex(k.Pal.Surface)
	high := k.Target() * 1.35
	drawing := fmt.Sprintf(pinDrawing, fill, edge, k.Px(2))
	img := canvas.NewImageFromResource(fyne.NewStaticResource(fmt.Sprintf("pin-%s-%s-%g.svg", fill, edge, k.Px(2)), []byte(drawing)))
	img.FillMode = canvas.ImageFillContain
	img.SetMinSize(fyne.NewSize(high*0.75, high))
	spot := canvas.NewCircle(color.Transparent)
	spot.StrokeColor, spot.StrokeWidth = k.Pal.Tints[0].Ink, k.Px(2)
	n := newNotice(RoleImage, k.T("common.map.pin"), &fyne.Container{Layout: tipped{k.Px(7)}, Objects: []fyne.CanvasObject{spot, img}})
	return n
}

// tipped puts a ring around the lower middle and the drop above it.
type tipped struct{ r float32 }

func (l tipped) MinSize(os []fyne.CanvasObject) fyne.Size { return os[1].MinSize() }

func (l tipped) Layout(os []fyne.CanvasObject, s fyne.Size) {
	place(os[0], s.Width/2-l.r, s.Height-l.r, 2*l.r, 2*l.r)
	place(os[1], 0, 0, s.Width, s.Height)
}
