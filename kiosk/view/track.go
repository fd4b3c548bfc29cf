package view

import (
	"fyne.io/fyne/v2"

	"cityhall/shared/city"
	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// track asks for a reference.
func (p *page) track() fyne.CanvasObject {
	t := p.t
	find := &main{icon: look.IconSearch, label: t.T("kiosk.track.find"), tap: p.k.Look}
	if p.k.Looking() {
		find.label, find.busy = t.T("kiosk.track.looking"), true
	}
	field := t.Field(touch.FieldSpec{Label: t.T("kiosk.track.label"), Hint: t.T("kiosk.track.hint"), Value: p.k.Typed(), Error: p.problem("reference"),
		Changed: p.k.SetTyped, Done: func(string) { p.k.Look() }})
	note := t.H(look.S, t.Icon(look.IconInfo, look.Body, t.Pal.Muted), touch.Grow(t.Para(t.T("kiosk.track.lenient"), touch.Body.Muted())))
	return p.frame(find, p.heading(t.T("kiosk.track.title"), ""), field, note)
}

// notFound says honestly what not finding it may mean.
func (p *page) notFound() fyne.CanvasObject {
	t := p.t
	home := &main{icon: look.IconHome, label: t.T("kiosk.notfound.home"), tap: p.k.Next}
	again := t.Button(touch.Secondary, look.IconPen, t.T("kiosk.notfound.again"), p.k.Back)
	why := t.Card(t.V(look.M, t.Para(t.T("kiosk.notfound.mistyped"), touch.Body), t.Para(t.T("kiosk.notfound.elsewhere"), touch.Body), t.Para(p.asOf(), touch.Body.Bold())))
	parts := []fyne.CanvasObject{p.heading(t.T("kiosk.notfound.title"), ""), why, t.H(look.None, again)}
	if phone := p.k.Settings().Phone; phone != "" {
		parts = append(parts, t.Para(t.T("kiosk.call", "phone", phone), touch.Body))
	}
	return p.frame(home, parts...)
}

// request shows how a request stands, as everybody with its reference may see it.
func (p *page) request() fyne.CanvasObject {
	t, f := p.t, p.k.Found()
	if f == nil {
		return p.notFound()
	}
	s := p.status(f.Request, f.Pending)
	head := t.V(look.S, t.Flow(look.S, t.Chip(s.tone, s.short)), p.heading(s.long, ""))
	facts := t.V(look.M, t.Card(t.Facts(p.requestFacts(f.Request, f.Pending))), t.Para(p.asOf(), touch.Caption.Muted()))
	var side []fyne.CanvasObject
	if f.Request.Words != "" {
		side = append(side, t.Panel(touch.Neutral, t.V(look.XS, t.Para(t.T("kiosk.request.words"), touch.Body.Muted()), t.Para(f.Request.Words, touch.Lead))))
	}
	if f.Photo != nil {
		w := p.column() - 2*t.Px(look.L)
		if p.wide() {
			w = (w - t.Px(look.L)) / 2
		}
		alt := f.Caption
		if alt == "" {
			alt = t.T("kiosk.request.photo")
		}
		b := f.Photo.Bounds()
		h := min(w*float32(b.Dy())/float32(max(1, b.Dx())), w*0.6)
		side = append(side, t.V(look.XS, t.Photo(f.Photo, w, h, alt), t.Para(alt, touch.Caption.Muted())))
	}
	if f.Other != "" {
		other := t.Button(touch.Secondary, look.IconEye, t.T("kiosk.request.goes_on", "number", f.Other), p.k.OpenOther)
		side = append(side, t.H(look.None, other))
	}
	done := &main{icon: look.IconHome, label: t.T("common.done"), tap: p.k.Next}
	if p.wide() && !p.tight() {
		return p.frame(done, head, t.Grid(2, look.L, t.V(look.None, facts), t.V(look.L, side...)))
	}
	return p.frame(done, append(append([]fyne.CanvasObject{head}, side...), facts)...)
}

func (p *page) requestFacts(r city.Request, pending bool) []touch.Fact {
	t, now := p.t, p.k.Now()
	facts := []touch.Fact{{Label: t.T("kiosk.check.service"), Value: p.k.ServiceName(r.Service)}}
	add := func(key, value string) {
		if value != "" {
			facts = append(facts, touch.Fact{Label: t.T(key), Value: value})
		}
	}
	add("kiosk.check.place", p.where(r.Place))
	add("kiosk.request.number", r.Number)
	if !r.ReceivedAt.IsZero() {
		add("kiosk.request.received", p.w.DayTime(r.ReceivedAt, now))
	}
	add("kiosk.request.team", r.Team)
	switch {
	case !r.ClosedAt.IsZero() && r.Status == city.StatusClosed:
		add("kiosk.request.closed", p.w.DayTime(r.ClosedAt, now))
	case !r.DueAt.IsZero():
		add("kiosk.request.due", p.w.Day(r.DueAt, now))
	case pending:
		if s, ok := p.k.Offered(r.Service); ok {
			add("kiosk.request.promise", p.promise(s.Promise))
		}
	}
	return facts
}

// status is how a request stands, in words.
type status struct {
	tone        touch.Tone
	short, long string
}

func (p *page) status(r city.Request, pending bool) status {
	t := p.t
	key, tone := "kiosk.status."+string(r.Status), touch.Info
	switch {
	case pending:
		key, tone = "kiosk.status.pending", touch.Neutral
	case r.Status == city.StatusClosed && r.Outcome != "":
		key = "kiosk.outcome." + string(r.Outcome)
		tone = map[city.Outcome]touch.Tone{city.OutcomeFixed: touch.Good, city.OutcomeNotFixed: touch.Warn}[r.Outcome]
	case r.Status == city.StatusWaiting:
		tone = touch.Warn
	}
	when := ""
	if !r.ClosedAt.IsZero() {
		when = p.w.Day(r.ClosedAt, p.k.Now())
	}
	args := []any{"when", when, "team", r.Team, "owner", r.Owner, "number", r.DuplicateOf.Number()}
	long := key + ".long"
	switch {
	case r.Team != "" && p.w.Has(long+".team"):
		long += ".team"
	case r.Owner != "" && p.w.Has(long+".owner"):
		long += ".owner"
	}
	return status{tone: tone, short: t.T(key, args...), long: t.T(long, args...)}
}
