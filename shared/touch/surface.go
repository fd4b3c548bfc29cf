package touch

import (
	"image/color"
	"math"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"cityhall/shared/look"
)

// surface is a rounded area with a body that can be tapped. Press adds focus
// and words to it; keys of the on-screen keyboard have neither.
type surface struct {
	widget.BaseWidget
	k    *Kit
	body fyne.CanvasObject
	act  func()

	Fill     color.NRGBA
	Stroke   color.NRGBA // edge; clear for none
	Width    float32     // of the edge in pixels; zero is the kit's line
	Radius   float32     // in pixels
	Elevated bool
	least    fyne.Size
	off      bool
	focused  bool
	inner    bool // the focus ring lies inside, for rows that touch the edge

	bg, over, ring *canvas.Rectangle
	anim           *fyne.Animation
	down           fyne.Position
	pressed, done  bool
}

func (s *surface) CreateRenderer() fyne.WidgetRenderer {
	s.bg = canvas.NewRectangle(s.Fill)
	s.over = canvas.NewRectangle(color.Transparent)
	s.ring = canvas.NewRectangle(color.Transparent)
	r := &surfaceRenderer{s}
	r.paint()
	return r
}

type surfaceRenderer struct{ s *surface }

func (r *surfaceRenderer) paint() {
	s, k := r.s, r.s.k
	s.bg.FillColor = s.Fill
	radius := min(s.Radius, min(s.Size().Width, s.Size().Height)/2)
	s.bg.CornerRadius, s.over.CornerRadius = radius, radius
	s.bg.StrokeColor, s.bg.StrokeWidth = s.Stroke, s.Width
	if s.Stroke.A > 0 && s.Width == 0 {
		s.bg.StrokeWidth = k.line()
	}
	if s.Stroke.A == 0 {
		s.bg.StrokeWidth = 0
	}
	s.bg.Shadow = canvas.Shadow{}
	if s.Elevated {
		s.bg.Shadow = k.shadow()
	}
	if s.off {
		s.over.FillColor = look.Alpha(k.Pal.Surface, 0x90)
	}
	s.ring.StrokeWidth, s.ring.StrokeColor = 0, color.Transparent
	if s.focused {
		s.ring.StrokeWidth, s.ring.StrokeColor = k.ring(), k.Pal.Focus
	}
	if s.inner {
		s.ring.CornerRadius = radius
	} else {
		s.ring.CornerRadius = radius + k.ring()
	}
}

func (r *surfaceRenderer) Layout(size fyne.Size) {
	s := r.s
	r.paint()
	s.bg.Resize(size)
	s.over.Resize(size)
	if d := s.k.ring() * 1.4; s.inner {
		s.ring.Move(fyne.NewPos(0, 0))
		s.ring.Resize(size)
	} else {
		s.ring.Move(fyne.NewPos(-d, -d))
		s.ring.Resize(size.AddWidthHeight(2*d, 2*d))
	}
	if s.body != nil {
		h := min(size.Height, heightFor(s.body, size.Width))
		if _, ok := s.body.(*fyne.Container); ok {
			h = size.Height
		}
		place(s.body, 0, (size.Height-h)/2, size.Width, h)
	}
}

func (r *surfaceRenderer) MinSize() fyne.Size {
	m := r.s.least
	if r.s.body != nil {
		m = m.Max(r.s.body.MinSize())
	}
	return m
}

func (r *surfaceRenderer) Refresh() {
	r.paint()
	r.s.bg.Refresh()
	r.s.over.Refresh()
	r.s.ring.Refresh()
	if r.s.body != nil {
		r.s.body.Refresh()
	}
}

func (r *surfaceRenderer) Objects() []fyne.CanvasObject {
	os := []fyne.CanvasObject{r.s.bg}
	if r.s.body != nil {
		os = append(os, r.s.body)
	}
	return append(os, r.s.over, r.s.ring)
}

func (r *surfaceRenderer) Destroy() {
	if r.s.anim != nil {
		r.s.anim.Stop()
	}
}

// HeightFor is the height of the body at a width, or the least height.
func (s *surface) HeightFor(width float32) float32 {
	if s.body == nil {
		return s.least.Height
	}
	return max(s.least.Height, heightFor(s.body, width))
}

func (s *surface) fade(from, to color.NRGBA, d time.Duration) {
	if s.over == nil || s.off {
		return
	}
	if s.anim != nil {
		s.anim.Stop()
	}
	if s.k.Prefs.ReduceMotion {
		s.over.FillColor = to
		s.over.Refresh()
		return
	}
	s.anim = canvas.NewColorRGBAAnimation(from, to, d, func(c color.Color) {
		s.over.FillColor = c
		canvas.Refresh(s.over)
	})
	s.anim.Start()
}

// MouseDown begins a press.
func (s *surface) MouseDown(e *desktop.MouseEvent) {
	if s.off {
		return
	}
	s.down, s.pressed, s.done = e.AbsolutePosition, true, false
	s.k.shell.press()
	s.fade(look.Alpha(s.k.Pal.Press, 0), s.k.Pal.Press, look.PressIn)
}

// MouseUp ends a press. Fyne takes any movement over two pixels for a drag and
// drops the tap, but a finger wobbles: so a press that ends near its beginning
// counts here, and the tap that may follow is not counted again.
func (s *surface) MouseUp(e *desktop.MouseEvent) {
	defer s.k.shell.lift()
	if !s.pressed {
		return
	}
	s.pressed = false
	s.fade(s.k.Pal.Press, look.Alpha(s.k.Pal.Press, 0), look.PressOut)
	if near(s.down, e.AbsolutePosition, s.k.slop()) {
		s.done = true
		s.activate()
	}
}

// Tapped is the tap of a driver without mouse events, or of a test.
func (s *surface) Tapped(*fyne.PointEvent) {
	if s.done {
		s.done = false
		return
	}
	s.activate()
}

func (s *surface) activate() {
	if s.off {
		return
	}
	s.k.activity()
	if s.act != nil {
		s.act()
	}
}

// Cursor shows a hand where there is a pointer.
func (s *surface) Cursor() desktop.Cursor { return desktop.PointerCursor }

// slop is how far a finger may wander in one tap, in pixels.
func (k *Kit) slop() float32 { return k.Device.target * 0.45 }

// ring is the thickness of the focus ring in pixels.
func (k *Kit) ring() float32 { return max(3, 3*k.Device.unit) }

func (k *Kit) shadow() canvas.Shadow {
	if k.Pal.Shadow.A == 0 {
		return canvas.Shadow{}
	}
	return canvas.Shadow{Color: k.Pal.Shadow, BlurRadius: k.Px(10), Offset: fyne.NewPos(0, k.Px(3))}
}

func near(a, b fyne.Position, d float32) bool {
	return math.Hypot(float64(a.X-b.X), float64(a.Y-b.Y)) < float64(d)
}
