package view

import (
	"fyne.io/fyne/v2"

	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// home greets and offers the ways in.
func (p *page) home() fyne.CanvasObject {
	t := p.t
	if p.wide() {
		body := t.Scroll(t.Inset(look.L, look.L, look.L, look.L, p.ways()))
		return t.Side(p.size.Width*0.36, t.Hero(p.welcome()), t.Frame(p.lines(), body, p.homeFoot()))
	}
	hero := t.Hero(t.V(look.None, p.cityBar(), t.Inset(look.S, look.L, look.L, look.L, p.greeting())))
	body := t.Scroll(t.Middle(p.column(), t.Inset(look.M, look.L, look.M, look.L, p.ways())))
	return t.Frame(t.V(look.None, hero, p.lines()), body, p.homeFoot())
}

// lines is the state of the line and, for staff who pass by, that the disk is full.
func (p *page) lines() fyne.CanvasObject {
	if !p.k.Full() {
		return p.line()
	}
	return p.t.V(look.None, p.line(), p.t.Banner(touch.Warn, look.IconWarning, p.t.T("kiosk.full")))
}

// welcome is the left pane of a wide screen: city, greeting and controls.
func (p *page) welcome() fyne.CanvasObject {
	t := p.t
	size := t.Button(touch.OnDeep, look.IconTextSize, t.T("common.text_size"), p.k.NextTextSize)
	contrast := t.Button(touch.OnDeep, look.IconContrast, t.T("common.contrast"), p.k.ToggleContrast)
	contrast.Selected = p.k.HighContrast()
	controls := t.V(look.S, t.Flow(look.S, p.languages()...), t.Flow(look.S, size, contrast))
	if t.Prefs.TextScale > 1 {
		controls = t.Flow(look.S, p.controls()...)
		return t.Scroll(t.Pad(look.L, t.V(look.L, p.named(), p.greeting(), controls)))
	}
	greeting := t.Inset(look.XL, look.None, look.None, look.None, p.greeting())
	return t.Pad(look.L, t.Frame(p.named(), greeting, controls))
}

func (p *page) greeting() fyne.CanvasObject {
	t := p.t
	title := p.k.Settings().Greeting.In(p.k.Language())
	if title == "" {
		title = t.T("kiosk.home.title")
	}
	style := touch.Display
	if p.tight() || p.wide() || len(title) > 30 {
		style = touch.Heading
	}
	return t.V(look.S, t.Head(title, t.OnDeep(style)), t.Para(t.T("kiosk.home.sub"), t.OnDeep(touch.Lead.Muted())))
}

// ways are what one can do here, and the topics to report as short cuts.
func (p *page) ways() fyne.CanvasObject {
	t := p.t
	report := touch.TileSpec{Icon: look.IconWarning, Tint: 0, Title: t.T("kiosk.home.report"), Sub: t.T("kiosk.home.report.sub"), Tap: p.k.Report}
	lesser := []touch.TileSpec{{Icon: look.IconSearch, Tint: 2, Title: t.T("kiosk.home.track"), Sub: t.T("kiosk.home.track.sub"), Tap: p.k.Track}}
	if p.k.CanSearch() {
		lesser = append(lesser, touch.TileSpec{Icon: look.IconHome, Tint: 4, Title: t.T("kiosk.home.address"), Sub: t.T("kiosk.home.address.sub"), Tap: p.k.MyAddress})
	}
	var below []fyne.CanvasObject
	for _, spec := range lesser {
		below = append(below, p.way(spec))
	}
	tiles := t.V(look.M, p.way(report), t.Grid(len(below), look.M, below...))
	if p.tight() || p.wide() && t.Prefs.TextScale > 1 {
		tiles = t.V(look.M, append([]fyne.CanvasObject{p.way(report)}, below...)...)
	}
	cols := 2
	if p.wide() && t.Prefs.TextScale <= 1 {
		cols = 3
	}
	if !p.k.Known() {
		wait := t.Panel(touch.Info, t.V(look.XS, t.Para(t.T("kiosk.home.waiting"), touch.Body.Bold()), t.Para(t.T("kiosk.home.waiting.sub"), touch.Body)))
		return t.V(look.L, tiles, wait)
	}
	var topics []fyne.CanvasObject
	for _, g := range p.k.Groups() {
		topics = append(topics, p.topic(g))
	}
	return t.V(look.L, tiles, t.V(look.M, t.Para(t.T("kiosk.home.topics"), touch.Title), t.Grid(cols, look.M, topics...)))
}

// way is a tile with its icon beside its title, for where height is short.
func (p *page) way(spec touch.TileSpec) fyne.CanvasObject {
	t := p.t
	head := t.H(look.M, t.IconChip(spec.Icon, spec.Tint, look.Lead), touch.Grow(t.Para(spec.Title, touch.Title)))
	return p.raised(t.Press(spec.Title+". "+spec.Sub, t.Pad(look.M, t.V(look.S, head, t.Para(spec.Sub, touch.Body.Muted()))), spec.Tap))
}

// topic is a short cut to the services of a group.
func (p *page) topic(g string) fyne.CanvasObject {
	t := p.t
	body := t.H(look.M, t.IconChip(groupIcon(g), groupTint(g), look.Body), touch.Grow(t.Para(p.group(g), touch.Body.Bold())))
	return p.raised(t.Press(p.group(g), t.Inset(look.M, look.S, look.M, look.M, body), func() { p.k.ReportGroup(g) }))
}

// raised gives a press the face of a card.
func (p *page) raised(b *touch.Press) fyne.CanvasObject {
	b.Fill, b.Elevated = p.t.Pal.Surface, true
	if p.t.Pal.Edged {
		b.Stroke = p.t.Pal.Edge
	}
	return b
}

// homeFoot has Help where it always is, and what to do when it cannot wait.
func (p *page) homeFoot() fyne.CanvasObject {
	t := p.t
	words := t.Para(t.T("kiosk.home.emergency"), touch.Body.Bold().In(t.Pal.Bad))
	urgent := t.H(look.S, t.Icon(look.IconPhone, look.Body, t.Pal.Bad), touch.Grow(words))
	return t.BottomBar(t.H(look.L, p.helpButton(), touch.Grow(urgent)))
}

// closed is shown when the city has withdrawn this kiosk.
func (p *page) closed() fyne.CanvasObject {
	t := p.t
	text := t.T("kiosk.closed.text")
	if phone := p.k.Settings().Phone; phone != "" {
		text += "\n" + t.T("kiosk.call", "phone", phone)
	}
	head := t.Hero(p.cityBar())
	return t.Frame(head, t.Empty(look.IconKiosk, t.T("kiosk.closed.title"), text, nil), p.foot(nil))
}
