package view

import (
	"fyne.io/fyne/v2"

	"cityhall/fieldapp"
	"cityhall/shared/city"
	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// where is the map to point at the finding's place, with what is reported around
// it, so that one sees whether it is the same.
func (p *page) where() fyne.CanvasObject {
	t, a, view, pin := p.t, p.a, p.v.maps.where, p.a.Pin()
	if view.Zoom() == 0 {
		view.Look(point(pin.Place), 18)
	}
	var marks []touch.Mark
	requests, _ := a.OpenRequests()
	own := a.OwnJobs()
	svc, chosen := a.FindService()
	for _, r := range requests {
		if !chosen || r.Request.Service == svc.ID {
			marks = append(marks, p.requestMark(r, own))
		}
	}
	body := p.mapped(touch.MapSpec{Name: t.T("field.find.where"), View: view, Marks: marks, Pick: func(at touch.Point) { a.MovePin(at.Lat, at.Lon) }})
	take := t.Button(touch.Primary, look.IconCheck, t.T("field.where.take"), func() { at := view.Centre(); a.TakePin(at.Lat, at.Lon) })
	words := t.Para(p.pinWords(pin), touch.Body.Bold())
	var foot fyne.CanvasObject = t.H(look.M, touch.Grow(words), take)
	if p.narrow() {
		foot = t.V(look.S, words, t.H(look.None, touch.Grow(take)))
	}
	return t.Frame(p.head(t.T("field.find.where")), body, t.BottomBar(foot))
}

func (p *page) pinWords(pin fieldapp.Spot) string {
	words := p.T("field.where.nothing")
	if pin.Place.Address != "" {
		words = p.T("field.where.near", "place", pin.Place.Address)
	}
	if d := p.a.District(pin.Place.District); d != "" {
		words += " · " + d
	}
	if pin.Outside {
		words += "\n" + p.T("field.find.outside")
	}
	return words
}

// findPlace is where the finding is: by the map, by satellite, or by words.
func (p *page) findPlace(f *fieldapp.Finding) fyne.CanvasObject {
	t := p.t
	var parts []fyne.CanvasObject
	if f.Place.OnMap() {
		parts = append(parts, p.found(f))
	}
	ways := p.ways()
	if here := p.a.PlaceInHand(); here != "" && f.Place.Line() != here {
		ways = append(ways, t.Button(touch.Secondary, look.IconMapPin, t.T("field.find.here", "place", here), p.a.HereAgain))
	}
	if len(ways) > 0 {
		parts = append(parts, t.V(look.S, ways...))
	}
	matches := t.V(look.S)
	show := func(text string) {
		matches.Objects = nil
		for _, m := range p.a.Places(text) {
			matches.Add(t.ListRow(touch.RowSpec{Icon: look.IconMapPin, Tint: 4, Title: m.Line(), Sub: p.a.District(m.District), Tap: func() { p.a.PickPlace(m.Place) }}))
		}
		matches.Refresh()
	}
	address := t.Field(touch.FieldSpec{Label: t.T("field.find.place"), Hint: t.T("field.find.place_hint"), Value: f.Place.Line(), Error: p.a.FieldProblem("place"),
		Changed: func(s string) {
			p.a.SetAddress(s)
			show(s)
		}})
	if !f.Place.OnMap() {
		show(f.Place.Address)
	}
	parts = append(parts, address, matches)
	if named := p.named(); named != nil {
		parts = append(parts, named)
	}
	detail := t.Field(touch.FieldSpec{Label: t.T("field.find.detail"), Value: f.Place.Detail, Max: 300, Error: p.a.FieldProblem("place.detail"),
		Changed: func(s string) { p.a.EditFind(func(f *fieldapp.Finding) { f.Place.Detail = s }) }})
	return p.section(t.T("field.find.where"), append(parts, detail)...)
}

// found says which place it is, and when that is odd.
func (p *page) found(f *fieldapp.Finding) fyne.CanvasObject {
	t := p.t
	if f.Outside {
		return t.Banner(touch.Warn, look.IconWarning, t.T("field.find.outside"))
	}
	words := f.Found()
	if words == "" {
		words = t.T("field.find.unnamed")
	}
	words = t.T("field.find.on_map", "place", words)
	if d := p.a.District(f.Place.District); d != "" {
		words += " · " + d
	}
	return t.Banner(touch.Good, look.IconMapPin, words)
}

// ways are the map and the satellites, as far as the tablet has them.
func (p *page) ways() []fyne.CanvasObject {
	t := p.t
	var out []fyne.CanvasObject
	if p.a.HasMap() {
		out = append(out, t.Button(touch.Secondary, look.IconMap, t.T("field.find.pin"), p.a.OpenWhere))
	}
	at, fresh := p.a.Here()
	switch {
	case fresh && at.Within > 0:
		out = append(out, t.Button(touch.Secondary, look.IconLocate, t.T("field.find.i_am_within", "distance", t.Distance(at.Within)), p.a.FindHere))
	case fresh:
		out = append(out, t.Button(touch.Secondary, look.IconLocate, t.T("field.find.i_am"), p.a.FindHere))
	case p.a.HasReceiver():
		out = append(out, t.Para(t.T("field.find.no_position"), touch.Caption.Muted()))
	}
	return out
}

// named asks whether the finding is about a hydrant, a lamp or a tree that stands
// there, by its number.
func (p *page) named() fyne.CanvasObject {
	t, near := p.t, p.a.Nameable()
	if len(near) == 0 {
		return nil
	}
	var chips []fyne.CanvasObject
	for _, l := range near {
		chips = append(chips, p.toggle(assetWords(t, l), p.a.Names(l), func() { p.a.NameAsset(l) }))
	}
	columns := 2
	if p.narrow() {
		columns = 1
	}
	return t.V(look.S, t.Para(t.T("field.find.names"), touch.Body.Bold()), t.Grid(columns, look.S, chips...))
}

func assetWords(t *touch.Kit, l fieldapp.Asset) string {
	return l.Title() + " · " + t.Distance(float64(l.Metres))
}

// twins asks whether the finding is reported already.
func (p *page) twins() fyne.CanvasObject {
	t, near := p.t, p.a.Twins()
	if len(near) == 0 {
		return nil
	}
	parts := []fyne.CanvasObject{t.Para(t.T("field.twin.text"), touch.Body)}
	for _, r := range near {
		name, icon := p.a.ServiceOf(r.Request)
		title := name
		if line := r.Request.Place.Line(); line != "" {
			title = line
		}
		parts = append(parts, t.ListRow(touch.RowSpec{Icon: p.icon(icon), Tint: tint(icon), Title: title,
			Sub: t.Distance(float64(r.Metres)) + " · " + p.a.RequestStatus(r), Tap: func() { p.a.OpenRequest(r.ID) }}))
	}
	parts = append(parts, t.H(look.None, touch.Grow(t.Button(touch.Secondary, look.IconMap, t.T("field.twin.map"), p.a.OpenNearFind))))
	return t.Panel(touch.Warn, t.V(look.M, append([]fyne.CanvasObject{t.Para(t.T("field.twin.title"), touch.Lead.Bold().In(t.Pal.Warn))}, parts...)...))
}

// request is what all may see of a request, and whether the finding is the same.
func (p *page) request() fyne.CanvasObject {
	t := p.t
	r, open := p.a.Looking()
	if !open {
		return p.frame(t.T("field.request.title"), nil, t.Empty(look.IconCheckCircle, t.T("field.request.gone"), "", nil))
	}
	name, icon := p.a.ServiceOf(r.Request)
	facts := []touch.Fact{{Label: t.T("field.request.number"), Value: r.ID.Number()}}
	add := func(key, value string) {
		if value != "" {
			facts = append(facts, touch.Fact{Label: t.T(key), Value: value})
		}
	}
	where := r.Request.Place.Line()
	if d := p.a.District(r.Request.Place.District); d != "" {
		where += " · " + d
	}
	add("field.request.where", where)
	if !r.Pending() {
		add("field.request.since", p.a.Day(r.Request.ReceivedAt))
	}
	if !r.Request.DueAt.IsZero() {
		add("field.request.due", p.a.Day(r.Request.DueAt))
	}
	add("field.request.team", r.Request.Team)
	add("field.request.words", r.Request.Words)
	head := t.Card(t.V(look.M, t.H(look.M, t.IconChip(p.icon(icon), tint(icon), look.Title), touch.Grow(t.Head(name, touch.Heading))),
		t.Flow(look.S, t.Chip(touch.Info, p.a.RequestStatus(r))), t.Facts(facts)))
	var action fyne.CanvasObject
	if p.a.Finding() != nil {
		action = t.H(look.M, p.main(look.IconCheck, t.T("field.twin.same"), func() { p.askSame(r.ID) }))
	}
	return p.frame(t.T("field.request.title"), action, head)
}

// askSame asks before a finding is thrown away.
func (p *page) askSame(id city.ID) {
	words := "field.twin.ask_text"
	if _, own := p.a.JobOf(id); own {
		words = "field.twin.ask_own"
	}
	p.v.shell.Ask(touch.DialogSpec{Icon: look.IconHelp, Title: p.T("field.twin.ask"), Text: p.T(words), Buttons: []touch.DialogButton{
		{Kind: touch.Primary, Icon: look.IconCheck, Label: p.T("field.twin.yes"), Tap: func() { p.a.SameAs(id) }},
		{Kind: touch.Secondary, Label: p.T("field.twin.no")},
	}})
}
