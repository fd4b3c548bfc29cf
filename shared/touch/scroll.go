package touch

import (
	"math"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"cityhall/shared/look"
)

// Scroll is a place whose content may be taller than it. A finger drags it and
// flings it, which Fyne's own scroller does not offer on a desktop.
type Scroll struct {
	widget.BaseWidget
	k     *Kit
	inner *container.Scroll
	drag  dragging
}

// Scroll makes a scroller; the content is as wide as the place.
func (k *Kit) Scroll(content fyne.CanvasObject) *Scroll {
	s := &Scroll{k: k}
	s.inner = container.NewVScroll(&fyne.Container{Layout: fitWidth{s}, Objects: []fyne.CanvasObject{content}})
	s.drag = dragging{k: k, get: s.Offset, set: s.SetOffset}
	s.ExtendBaseWidget(s)
	return s
}

// fitWidth gives the content the width of the scroller and its height for it.
type fitWidth struct{ s *Scroll }

func (l fitWidth) MinSize(os []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(0, heightFor(os[0], l.s.Size().Width))
}

func (l fitWidth) Layout(os []fyne.CanvasObject, sz fyne.Size) {
	place(os[0], 0, 0, sz.Width, sz.Height)
}

// CreateRenderer is part of fyne.Widget.
func (s *Scroll) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(s.inner) }

// MinSize is small: a scroller takes the room that it gets.
func (s *Scroll) MinSize() fyne.Size { return fyne.NewSquareSize(s.k.Target()) }

// HeightFor is the least height; a scroller is meant for a Grow place or a body.
func (s *Scroll) HeightFor(float32) float32 { return s.k.Target() }

// Resize keeps the content as wide as the place.
func (s *Scroll) Resize(size fyne.Size) {
	changed := s.Size() != size
	s.BaseWidget.Resize(size)
	if changed {
		s.adoptFields()
		s.inner.Refresh()
		s.SetOffset(s.Offset())
	}
}

// Offset is how far the content is scrolled up, in pixels.
func (s *Scroll) Offset() float32 { return s.inner.Offset.Y }

// SetOffset scrolls, as far as there is content.
func (s *Scroll) SetOffset(y float32) {
	most := max(0, s.inner.Content.MinSize().Height-s.inner.Size().Height)
	s.inner.ScrollToOffset(fyne.NewPos(0, max(0, min(y, most))))
}

// Reveal scrolls just so far that the object is in sight.
func (s *Scroll) Reveal(o fyne.CanvasObject) {
	at, ok := find(s.inner.Content, o)
	if !ok {
		return
	}
	margin := s.k.Px(look.M)
	top, bottom := at.at.Y-margin, at.at.Y+o.Size().Height+margin
	switch h := s.inner.Size().Height; {
	case top < s.Offset() || bottom-top > h:
		s.SetOffset(top)
	case bottom > s.Offset()+h:
		s.SetOffset(bottom - h)
	}
}

// adoptFields lets a drag that begins on a text field scroll the page.
func (s *Scroll) adoptFields() {
	walk(s.inner.Content, func(at spot) bool {
		if in, ok := at.o.(*input); ok {
			in.scroll = &s.drag
		}
		return true
	})
}

func (s *Scroll) parts() []fyne.CanvasObject { return []fyne.CanvasObject{s.inner} }

// Dragged scrolls with the finger.
func (s *Scroll) Dragged(e *fyne.DragEvent) { s.drag.dragged(e.Dragged.DY) }

// DragEnd lets the content run on for a moment.
func (s *Scroll) DragEnd() { s.drag.end() }

// dragging turns finger drags into offsets, for Scroll and List.
type dragging struct {
	k     *Kit
	get   func() float32
	set   func(float32)
	way   float32 // moved since the finger came down, in pixels
	speed float32 // pixels a second
	last  time.Time
	anim  *fyne.Animation
}

func (d *dragging) now() time.Time {
	if d.k.hooks.Now == nil {
		return time.Time{}
	}
	return d.k.hooks.Now()
}

func (d *dragging) dragged(dy float32) {
	d.stop()
	d.k.activity()
	now := d.now()
	if dt := float32(now.Sub(d.last).Seconds()); dt > 0 && dt < 0.1 {
		d.speed = 0.6*d.speed + 0.4*(-dy/dt)
	}
	d.last = now
	// Below the slop a drag is a wobbly tap, and the page must not move under it.
	before := d.way
	d.way += dy
	slop := d.k.slop()
	switch {
	case abs(d.way) < slop:
		return
	case abs(before) < slop:
		dy = d.way - float32(math.Copysign(float64(slop), float64(d.way)))
	}
	d.set(max(0, d.get()-dy))
}

func (d *dragging) end() {
	speed := d.speed
	d.way, d.speed = 0, 0
	if d.k.Prefs.ReduceMotion || abs(speed) < 120 || d.now().Sub(d.last) > 80*time.Millisecond {
		return
	}
	from, way := d.get(), speed*0.35
	d.anim = fyne.NewAnimation(look.Fling, func(p float32) { d.set(max(0, from+way*p)) })
	d.anim.Curve = fyne.AnimationEaseOut
	d.anim.Start()
}

func (d *dragging) stop() {
	if d.anim != nil {
		d.anim.Stop()
		d.anim = nil
	}
}

func abs(f float32) float32 { return float32(math.Abs(float64(f))) }
