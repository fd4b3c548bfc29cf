package view

import (
	"fyne.io/fyne/v2"

	"cityhall/kiosk"
	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// point lets a person point at the place: the map moves under a pin.
func (p *page) point() fyne.CanvasObject {
	t := p.t
	spec := p.mapSpec(t.T("kiosk.point.name"))
	if spec.View.Zoom() == 0 {
		p.lookAt(p.k.Pin().Place)
	}
	spec.Pick = func(at touch.Point) { p.k.MovePin(at.Lat, at.Lon) }
	if at, ok := p.k.Stands(); ok {
		spec.Here = &touch.Here{At: point(at)}
	}
	title := t.Ground(t.Pal.Surface, t.Inset(look.S, look.L, look.S, look.L, t.Head(t.T("kiosk.point.title"), touch.Title)))
	take := &main{icon: look.IconCheck, label: t.T("kiosk.point.take"), tap: func() {
		at := spec.View.Centre() // also of a map that still runs on
		p.k.MovePin(at.Lat, at.Lon)
		p.k.Next()
	}}
	return t.Frame(t.V(look.None, p.head(), title), t.Map(spec), t.V(look.None, p.underPin(), p.foot(take)))
}

// underPin says what is known of where the pin stands.
func (p *page) underPin() fyne.CanvasObject {
	t := p.t
	if p.k.Pin().Outside {
		return t.Banner(touch.Warn, look.IconWarning, p.pinWords())
	}
	return t.Banner(touch.Info, look.IconMapPin, p.pinWords())
}

// sayPin speaks of where the pin has come to stand.
func (v *View) sayPin() {
	words := ""
	if v.k.Screen() == kiosk.ScreenPoint {
		words = v.draws(v.shell.Kit(), v.shell.Size()).pinWords()
	}
	if words != v.said && words != "" && v.say != nil {
		v.say(words)
	}
	v.said = words
}

// pinWords says what is known of where the pin stands.
func (p *page) pinWords() string {
	pin, t := p.k.Pin(), p.t
	switch {
	case pin.Outside:
		return p.outside()
	case pin.Place.Line() == "" && !pin.Near:
		return t.T("kiosk.point.looking")
	case pin.Place.Line() == "":
		return t.T("kiosk.point.nothing")
	}
	return p.spot(pin)
}

// spot is a place that was taken, in words.
func (p *page) spot(s kiosk.Spot) string {
	switch line := s.Place.Line(); {
	case line == "":
		return p.t.T("kiosk.place.onmap")
	case s.Near:
		return p.t.T("kiosk.place.near", "place", line)
	default:
		return line
	}
}

func (p *page) outside() string { return p.t.T("kiosk.place.outside", "city", p.cityName()) }
