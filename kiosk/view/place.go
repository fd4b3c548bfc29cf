package view

import (
	"strconv"
	"strings"

	"fyne.io/fyne/v2"

	"cityhall/kiosk"
	"cityhall/shared/city"
	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// place asks where it is: by address or landmark, or in words.
func (p *page) place() fyne.CanvasObject {
	parts := []fyne.CanvasObject{p.steps()}
	at, chosen := p.k.ChosenPlace()
	switch {
	case p.k.ByWords():
		parts = append(parts, p.placeInWords()...)
	case chosen:
		parts = append(parts, p.placeChosen(at)...)
	default:
		parts = append(parts, p.placeSearch()...)
	}
	return p.frame(p.next(), parts...)
}

func (p *page) placeSearch() []fyne.CanvasObject {
	t := p.t
	field := t.Field(touch.FieldSpec{Label: t.T("kiosk.place.search"), Hint: t.T("kiosk.place.search.hint"), Value: p.k.PlaceText(),
		Error: p.problem("place"), Changed: p.k.SetPlaceText, Done: func(string) { p.v.shell.HideKeyboard() }})
	parts := []fyne.CanvasObject{p.heading(t.T("kiosk.place.title"), ""), field}
	var rows []fyne.CanvasObject
	for i, hit := range p.k.PlaceHits() {
		rows = append(rows, p.hit(hit, func() { p.k.ChoosePlace(i) }))
	}
	if text := strings.TrimSpace(p.k.PlaceText()); text != "" {
		sub := t.T("kiosk.place.aswritten.sub")
		rows = append(rows, t.ListRow(touch.RowSpec{Icon: look.IconPen, Tint: 3, Title: t.T("kiosk.place.aswritten", "text", text), Sub: sub, Tap: p.k.AsWritten}))
	}
	if len(rows) > 0 {
		parts = append(parts, t.V(look.S, rows...))
	}
	words := t.Button(touch.Secondary, look.IconPen, t.T("kiosk.place.words"), func() { p.k.SetByWords(true) })
	return append(parts, t.V(look.S, t.Para(t.T("kiosk.place.words.when"), touch.Body.Muted()), t.H(look.None, words)))
}

func (p *page) hit(hit kiosk.PlaceHit, tap func()) fyne.CanvasObject {
	t := p.t
	spec := touch.RowSpec{Icon: look.IconMapPin, Tint: 4, Title: p.hitName(hit), Sub: p.hitSub(hit), Tap: tap}
	if hit.Landmark {
		spec.Icon, spec.Tint = look.IconStar, 0
	}
	switch {
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
	if hit.Landmark && hit.Place.Address != "" {
		return strings.Trim(hit.Place.Address+" · "+district, " ·")
	}
	return district
}

func (p *page) placeChosen(at city.Place) []fyne.CanvasObject {
	t := p.t
	words := []fyne.CanvasObject{t.Para(at.Line(), touch.Title)}
	if d := p.k.Settings().District(at.District); d != "" {
		words = append(words, t.Para(d, touch.Body.Muted()))
	}
	if !at.OnMap() {
		words = append(words, t.Para(t.T("kiosk.place.notonmap"), touch.Body.Muted()))
	}
	another := t.Button(touch.Quiet, "", t.T("kiosk.place.another"), p.k.AnotherPlace)
	card := t.Card(t.H(look.M, t.IconChip(look.IconMapPin, 4, look.Title), touch.Grow(t.V(look.XS, words...))))
	detail := t.Field(touch.FieldSpec{Label: t.T("kiosk.place.detail"), Hint: t.T("kiosk.place.detail.hint"), Value: p.k.PlaceDetail(),
		Error: p.problem("place.detail"), Changed: p.k.SetPlaceDetail, Done: func(string) { p.k.Next() }})
	return []fyne.CanvasObject{p.heading(t.T("kiosk.place.confirm"), ""), t.V(look.S, card, t.H(look.None, another)), detail}
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

// near shows open requests close by: perhaps it is one of these.
func (p *page) near() fyne.CanvasObject {
	t := p.t
	var cards []fyne.CanvasObject
	for _, n := range p.k.Nearby() {
		cards = append(cards, p.nearCard(n))
	}
	return p.frame(&main{icon: look.IconForward, label: t.T("kiosk.near.new"), tap: p.k.Next},
		p.steps(), t.V(look.S, p.about(), p.heading(t.T("kiosk.near.title"), t.T("kiosk.near.sub"))), t.V(look.M, cards...),
		t.Para(p.asOf(), touch.Caption.Muted()))
}

func (p *page) nearCard(n kiosk.Near) fyne.CanvasObject {
	t := p.t
	title := t.T("kiosk.near.distance", "meters", strconv.Itoa(max(10, (n.Meters+5)/10*10)))
	if n.Meters < 10 {
		title = t.T("kiosk.near.here")
	}
	when := t.T("kiosk.near.pending")
	if !n.Pending {
		when = t.T("kiosk.near.reported", "when", p.w.Ago(n.Request.ReceivedAt, p.k.Now()))
	}
	s := p.status(n.Request, n.Pending)
	parts := []fyne.CanvasObject{t.Para(title, touch.Title)}
	if line := p.where(n.Request.Place); line != "" {
		parts = append(parts, t.Para(line, touch.Body))
	}
	parts = append(parts, t.Para(when, touch.Body.Muted()), t.Flow(look.S, t.Chip(s.tone, s.short)))
	follow := t.Button(touch.Secondary, look.IconEye, t.T("kiosk.near.follow"), func() { p.k.Follow(n.ID) })
	follow.SetLabel(t.T("kiosk.near.follow") + ". " + title)
	return t.Card(t.V(look.S, t.V(look.XS, parts...), t.H(look.None, follow)))
}
