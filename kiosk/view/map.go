package view

import (
	"math"
	"strconv"

	"fyne.io/fyne/v2"

	"cityhall/shared/city"
	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// mapView is where the person looks on this page's map. It goes with the page.
func (v *View) mapView() *touch.MapView {
	if v.looking == nil {
		v.looking = touch.NewMapView()
	}
	return v.looking
}

// leave ends a page: where its map was is forgotten.
func (v *View) leave() {
	if v.looking != nil {
		v.looking.Close()
		v.looking, v.lookedAt = nil, city.Place{}
	}
}

const (
	closeBy = 17 // the zoom at which one street is told from the next
	closest = 19 // and at which a house is larger than a finger
)

// lookAt brings a place into the middle of the page's map, once.
func (p *page) lookAt(at city.Place) {
	if v := p.v.mapView(); v.Zoom() == 0 || p.v.lookedAt != at {
		v.Look(point(at), closeBy)
	}
	p.v.lookedAt = at
}

// mapSpec is a map of the city. The page says in words what it shows.
func (p *page) mapSpec(name string) touch.MapSpec {
	b, _ := p.k.Bounds()
	spec := touch.MapSpec{Name: name, View: p.v.mapView(), MaxZoom: closest, Bare: true, Attribution: p.k.MapCredit(), Bounds: touch.Bounds(b)}
	if p.v.tiles != nil {
		spec.Tiles = p.v.tiles()
	}
	return spec
}

// nearMap shows the nearby requests around a place; one that is touched is opened.
func (p *page) nearMap(name string, at city.Place, here string) touch.MapSpec {
	spec := p.mapSpec(name)
	spec.Here = &touch.Here{At: point(at), Name: here}
	for _, n := range p.k.Nearby() {
		s, _ := p.k.Offered(n.Request.Service)
		spec.Marks = append(spec.Marks, touch.Mark{ID: string(n.ID), At: point(n.Request.Place), Icon: icon(s), Tint: groupTint(s.Group),
			Label: p.k.ServiceName(n.Request.Service), Sub: p.away(n.Meters)})
	}
	spec.Open = func(id string) { p.k.Follow(city.ID(id)) }
	return spec
}

func point(at city.Place) touch.Point { return touch.Point{Lat: at.Lat, Lon: at.Lon} }

// away is how far something is from the place in question.
func (p *page) away(metres int) string {
	switch {
	case metres < 10:
		return p.t.T("kiosk.near.here")
	case metres < 995:
		return p.t.T("kiosk.near.distance", "meters", strconv.Itoa((metres+5)/10*10))
	}
	return p.t.T("kiosk.near.distance.km", "km", strconv.FormatFloat(math.Round(float64(metres)/100)/10, 'f', -1, 64))
}

// withMap puts a page together that has a map: beside its words where there is
// room, else between what comes before it and what comes after.
func (p *page) withMap(m *main, spec touch.MapSpec, before, after []fyne.CanvasObject) fyne.CanvasObject {
	t := p.t
	if _, known := p.k.Bounds(); !known {
		return p.frame(m, append(before, after...)...)
	}
	if p.wide() && !p.tight() {
		words := t.Inset(look.L, look.L, look.XL, look.L, t.V(look.L, append(before, after...)...))
		return t.Frame(p.head(), t.Side(p.size.Width*0.54, t.Scroll(words), t.Map(spec)), p.foot(m))
	}
	high := max(p.size.Height*0.27, 8*t.Target())
	return p.frame(m, append(append(before, t.Tall(high, t.Map(spec))), after...)...)
}
