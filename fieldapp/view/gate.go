package view

import (
	"fyne.io/fyne/v2"

	"cityhall/fieldapp"
	"cityhall/shared/look"
	"cityhall/shared/touch"
	"cityhall/shared/words"
)

// gate is a screen before the crew's own: the city's name and one card. Without a
// title the card begins with its body.
func (p *page) gate(icon look.Icon, title, text string, body ...fyne.CanvasObject) fyne.CanvasObject {
	t := p.t
	city := p.a.CityName()
	if city == "" {
		city = t.T("field.title")
	}
	name := t.H(look.S, t.Icon(look.IconTruck, look.Title, p.deepInk()), touch.Grow(t.Line(city, t.OnDeep(touch.Lead.Bold()))), p.languages())
	var head []fyne.CanvasObject
	if title != "" {
		head = append(head, t.H(look.M, t.IconChip(icon, 4, look.Lead), touch.Grow(t.Head(title, touch.Title))))
		if text != "" {
			head = append(head, t.Para(text, touch.Body.Muted()))
		}
		head = append(head, p.said()...)
	}
	card := t.Card(t.V(look.M, append(head, body...)...))
	column := t.Middle(t.Size(look.Body)*30, t.Inset(look.L, p.gap(), look.L, p.gap(), card))
	return t.Frame(t.Hero(t.Inset(look.S, p.gap(), look.S, p.gap(), name)), t.Scroll(t.V(look.None, column)), nil)
}

// languages are offered before anybody has signed in, by their own names.
func (p *page) languages() fyne.CanvasObject {
	t := p.t
	var out []fyne.CanvasObject
	for _, l := range words.Languages() {
		if l.Code == p.a.Prefs().Language {
			continue
		}
		out = append(out, t.Button(touch.OnDeep, "", l.Name, func() { p.setLanguage(l.Code) }))
	}
	return t.H(look.S, out...)
}

func (p *page) setLanguage(code string) {
	prefs := p.a.Prefs()
	prefs.Language = code
	p.a.SetPrefs(prefs)
}

func (p *page) enrol() fyne.CanvasObject {
	t := p.t
	line := t.Field(touch.FieldSpec{Label: t.T("field.enrol.label"), Hint: t.T("field.enrol.hint"), Value: p.a.EnrolText(), Placeholder: "cityhall://enrol?…",
		Changed: p.a.SetEnrolText, Done: func(string) { p.a.Enrol() }})
	name := t.Field(touch.FieldSpec{Label: t.T("field.enrol.name"), Hint: t.T("field.enrol.name_hint"), Value: p.a.EnrolName(), Max: 60,
		Changed: p.a.SetEnrolName, Done: func(string) { p.a.Enrol() }})
	label := t.T("field.enrol.join")
	if p.a.Enrolling() {
		label = t.T("field.enrol.joining")
	}
	join := t.Button(touch.Primary, look.IconTablet, label, p.a.Enrol)
	if p.a.Enrolling() {
		join.Disable()
	}
	if p.a.Rejoining() {
		back := t.Button(touch.Secondary, look.IconBack, t.T("common.back"), p.a.Back)
		return p.gate(look.IconTablet, t.T("field.enrol.again"), t.T("field.enrol.again_text"), line, name, join, back)
	}
	return p.gate(look.IconTablet, t.T("field.enrol.title"), t.T("field.enrol.text"), line, name, join)
}

func (p *page) newPIN() fyne.CanvasObject {
	t := p.t
	title := t.T("field.pin.new")
	if p.a.PINAgain() {
		title = t.T("field.pin.again")
	}
	pad := t.PINPad(touch.PINSpec{Label: title, Digits: fieldapp.PINDigits, Error: p.a.Problem(), Done: p.a.NewPIN})
	return p.gate("", "", "", pad, t.Para(t.T("field.pin.new_text"), touch.Body.Muted().Center()))
}

func (p *page) unlock() fyne.CanvasObject {
	forgot := p.t.Button(touch.Quiet, "", p.T("field.pin.forgot"), p.a.ForgotPIN)
	return p.gate("", "", "", append(p.askPIN(p.T("field.pin.title")), forgot)...)
}

// askContact asks for the PIN over a job, to show whom to call.
func (p *page) askContact() fyne.CanvasObject {
	t, g := p.t, p.gap()
	pad := t.Card(t.V(look.M, p.askPIN(p.T("field.pin.title"))...))
	return t.Frame(p.head(p.T("field.contact.shut")), t.Scroll(t.V(look.None, t.Middle(t.Size(look.Body)*30, t.Inset(look.L, g, look.L, g, pad)))), nil)
}

// askPIN is the pad, or how long none is taken.
func (p *page) askPIN(label string) []fyne.CanvasObject {
	t := p.t
	if wait := p.a.PINWait(); wait > 0 {
		return []fyne.CanvasObject{t.Head(label, touch.Title.Center()),
			t.Banner(touch.Warn, look.IconClock, t.T("field.pin.wait", "left", words.In(t.Prefs.Language).Duration(wait)))}
	}
	return []fyne.CanvasObject{t.PINPad(touch.PINSpec{Label: label, Digits: p.a.PINDigits(), Error: p.a.Problem(), Done: p.a.Unlock})}
}

func (p *page) who() fyne.CanvasObject {
	t := p.t
	people := p.a.People()
	if len(people) == 0 {
		again := t.Button(touch.Primary, look.IconSync, t.T("field.sync.now"), p.a.SyncNow)
		if p.a.Syncing() {
			again.Disable()
		}
		return p.gate(look.IconUsers, t.T("field.who.none"), t.T("field.who.none_text"), p.line(), again)
	}
	var rows []fyne.CanvasObject
	crew := ""
	for i, who := range people {
		if who.Crew != crew {
			crew = who.Crew
			rows = append(rows, t.Para(crew, touch.Caption.Bold().Muted()))
		}
		rows = append(rows, t.ListRow(touch.RowSpec{Icon: look.IconUser, Tint: i % 6, Title: who.Actor.Name, Sub: who.Crew, Tap: func() { p.a.Work(who) }}))
	}
	return p.gate(look.IconUsers, t.T("field.who.title"), t.T("field.who.text"), t.V(look.S, rows...))
}
