package touch

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"cityhall/shared/look"
)

// mark is the drawn radio button or checkbox of an answer.
type mark struct {
	k     *Kit
	multi bool
	outer *canvas.Rectangle
	dot   *canvas.Circle
	tick  fyne.CanvasObject
}

func newMark(k *Kit, multi bool) *mark {
	m := &mark{k: k, multi: multi, outer: canvas.NewRectangle(color.Transparent), dot: canvas.NewCircle(k.Pal.Primary)}
	m.tick = k.Icon(look.IconCheck, look.Body, k.Pal.OnPrimary)
	side := m.side()
	m.outer.CornerRadius = side / 2
	if multi {
		m.outer.CornerRadius = side * 0.24
	}
	return m
}

func (m *mark) side() float32 { return m.k.Size(look.Body) * 1.35 }

func (m *mark) object() fyne.CanvasObject {
	inner := m.k.Over(m.outer, m.k.Center(box(square{m.side() * 0.5}, m.dot)), box(square{m.side() * 0.78}, m.tick))
	return box(square{m.side()}, inner)
}

func (m *mark) set(on bool) {
	p := m.k.Pal
	m.outer.StrokeWidth, m.outer.StrokeColor, m.outer.FillColor = m.k.line()*1.6, p.Edge, p.Surface
	m.dot.Hide()
	m.tick.Hide()
	if on {
		m.outer.StrokeColor = p.Primary
		if m.multi {
			m.outer.FillColor = p.Primary
			m.tick.Show()
		} else {
			m.dot.Show()
		}
	}
	m.outer.Refresh()
}
