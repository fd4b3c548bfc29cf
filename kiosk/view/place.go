package view

import (
	"strings"

	"fyne.io/fyne/v2"

	"cityhall/kiosk"
	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// place asks where it is: by address or landmark, on the map, or in words.
func (p *page) place() fyne.CanvasObject {
	at, chosen := p.k.ChosenPlace()
	switch {
	case p.k.ByWords():
		return p.frame(p.next(), append([]fyne.CanvasObject{p.steps()}, p.placeInWords()...)...)
	case chosen:
		return p.placeChosen(at)
	}
	return p.frame(p.next(), append([]fyne.CanvasObject{p.steps()}, p.placeSearch()...)...)
}

func (p *page) placeSearch() []fyne.CanvasObject {
	t := p.t
	parts := []fyne.CanvasObject{p.heading(t.T("kiosk.place.title"), ""), p.searchField("place", p.v.shell.HideKeyboard)}
	rows := p.hits()
	if text := strings.TrimSpace(p.k.PlaceText()); text != "" {
		sub := t.T("kiosk.place.aswritten.sub")
		rows = append(rows, t.ListRow(touch.RowSpec{Icon: look.IconPen, Tint: 3, Title: t.T("kiosk.place.aswritten", "text", text), Sub: sub, Tap: p.k.AsWritten}))
	}
	if len(rows) > 0 {
		parts = append(parts, t.V(look.S, rows...))
	}
	var ways []fyne.CanvasObject
	if p.k.CanPoint() {
		ways = append(ways, p.instead(t.T("kiosk.place.map.when"), look.IconMap, t.T("kiosk.place.map"), p.k.PointOnMap))
	}
	ways = append(ways, p.instead(t.T("kiosk.place.words.when"), look.IconPen, t.T("kiosk.place.words"), func() { p.k.SetByWords(true) }))
	return append(parts, t.Flow(look.L, ways...))
}

// instead offers another way to say the place, and when it is the better one.
func (p *page) instead(when string, icon look.Icon, label string, tap func()) fyne.CanvasObject {
	t := p.t
	return t.V(look.S, t.Para(when, touch.Body.Muted()), t.H(look.None, t.Button(touch.Secondary, icon, label, tap)))
}

// searchField is where an address or a landmark is typed.
func (p *page) searchField(problem string, done func()) fyne.CanvasObject {
	t := p.t
	return t.Field(touch.FieldSpec{Label: t.T("kiosk.place.search"), Hint: t.T("kiosk.place.search.hint"), Value: p.k.PlaceText(),
		Error: p.problem(problem), Changed: p.k.SetPlaceText, Done: func(string) { done() }})
}

// hits are the places that were found for what is typed.
func (p *page) hits() (rows []fyne.CanvasObject) {
	for i, hit := range p.k.PlaceHits() {
		rows = append(rows, p.hit(hit, func() { p.k.ChoosePlace(i) }))
	}
	return rows
}

func (p *page) hit(hit kiosk.PlaceHit, tap func()) fyne.CanvasObject {
	t := p.t
	spec := touch.RowSpec{Icon: look.IconMapPin, Tint: 4, Title: p.hitName(hit), Sub: p.hitSub(hit), Tap: tap}
	if hit.Landmark {
		spec.Icon, spec.Tint = look.IconStar, 0
	}
	switch {
	case hit.NoNumber:
		spec.Icon, spec.Tint = look.IconRoad, 3
		spec.Sub = t.T("kiosk.place.nonumber", "from", hit.From, "to", hit.To)
	case hit.Street && hit.To > 0:
		spec.Icon, spec.Tint = look.IconRoad, 3
		spec.Sub = t.T("kiosk.place.street", "from", hit.From, "to", hit.To)
	case hit.Street:
		spec.Icon, spec.Tint = look.IconRoad, 3
	}
	return t.ListRow(spec)
}

func (p *page) hitName(hit kiosk.PlaceHit) string {
	if hit.Landmark {
		return hit.Place.Landmark
	}
	return hit.Place.Line()
}

// hitSub is what tells two places of one name apart.
func (p *page) hitSub(hit kiosk.PlaceHit) string {
	district := p.k.Settings().District(hit.Place.District)
	if hit.Outside {
		district = p.t.T("kiosk.place.outside_short")
	}
	if hit.Landmark && hit.Place.Address != "" {
		return strings.Trim(hit.Place.Address+" · "+district, " ·")
	}
	return district
}

// placeChosen asks whether it is there, on a map if it is on one.
func (p *page) placeChosen(at kiosk.Spot) fyne.CanvasObject {
	t := p.t
	words := []fyne.CanvasObject{t.Para(p.spot(at), touch.Title)}
	if d := p.k.Settings().District(at.Place.District); d != "" {
		words = append(words, t.Para(d, touch.Body.Muted()))
	}
	if !at.Place.OnMap() {
		words = append(words, t.Para(t.T("kiosk.place.notonmap"), touch.Body.Muted()))
	}
	card := t.Card(t.H(look.M, t.IconChip(look.IconMapPin, 4, look.Title), touch.Grow(t.V(look.XS, words...))))
	var ways []fyne.CanvasObject
	if p.k.CanPoint() {
		adjust := t.T("kiosk.place.adjust")
		if !at.Place.OnMap() {
			adjust = t.T("kiosk.place.map")
		}
		ways = append(ways, t.Button(touch.Secondary, look.IconMap, adjust, p.k.PointOnMap))
	}
	ways = append(ways, t.Button(touch.Quiet, "", t.T("kiosk.place.another"), p.k.AnotherPlace))
	before := []fyne.CanvasObject{p.steps(), p.heading(t.T("kiosk.place.confirm"), ""), t.V(look.S, card, t.Flow(look.S, ways...))}
	if at.Outside {
		before = append(before, t.Panel(touch.Warn, t.V(look.XS, t.Para(p.outside(), touch.Body.Bold()), t.Para(t.T("kiosk.place.outside.what"), touch.Body))))
	}
	detail := t.Field(touch.FieldSpec{Label: t.T("kiosk.place.detail"), Hint: t.T("kiosk.place.detail.hint"), Value: p.k.PlaceDetail(),
		Error: p.problem("place.detail"), Changed: p.k.SetPlaceDetail, Done: func(string) { p.k.Next() }})
	if !at.Place.OnMap() {
		return p.frame(p.next(), append(before, detail)...)
	}
	spec := p.mapSpec(t.T("kiosk.place.confirm"))
	p.lookAt(at.Place)
	spec.Marks = []touch.Mark{{At: point(at.Place), Label: t.T("kiosk.place.adjust"), Icon: look.IconMapPin, Selected: true}}
	spec.Open = func(string) { p.k.PointOnMap() }
	return p.withMap(p.next(), spec, before, []fyne.CanvasObject{detail})
}

func (p *page) placeInWords() []fyne.CanvasObject {
	t := p.t
	problem := p.problem("place")
	if problem == "" {
		problem = p.problem("place.detail")
	}
	field := t.Field(touch.FieldSpec{Label: t.T("kiosk.place.inwords"), Hint: t.T("kiosk.place.inwords.hint"), Value: p.k.PlaceWords(), Lines: 3, Max: 300,
		Error: problem, Changed: p.k.SetPlaceWords})
	back := t.Button(touch.Secondary, look.IconSearch, t.T("kiosk.place.tosearch"), func() { p.k.SetByWords(false) })
	return []fyne.CanvasObject{p.heading(t.T("kiosk.place.title"), ""), field, t.H(look.None, back)}
}
