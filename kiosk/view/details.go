package view

import (
	"fyne.io/fyne/v2"

	"cityhall/shared/city"
	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// details asks for the resident's own words.
func (p *page) details() fyne.CanvasObject {
	t := p.t
	lines := 6
	if p.wide() {
		lines = 4
	}
	field := t.Field(touch.FieldSpec{Label: t.T("kiosk.details.label"), Hint: t.T("kiosk.details.hint"), Value: p.k.Details(), Lines: lines, Max: city.MaxWords,
		Error: p.problem("details"), Changed: p.k.SetDetails})
	return p.frame(p.next(), p.steps(), t.V(look.S, p.about(), p.heading(t.T("kiosk.details.title"), "")), field)
}

// contact asks who may be answered. Nothing is required.
func (p *page) contact() fyne.CanvasObject {
	t := p.t
	who := p.k.Contact()
	set := func(change func(*city.Person)) func(string) {
		return func(string) {
			now := p.k.Contact()
			change(&now)
			p.k.SetContact(now)
		}
	}
	field := func(label, value, problem string, apply func(*city.Person, string)) *touch.Field {
		var f *touch.Field
		f = t.Field(touch.FieldSpec{Label: label, Value: value, Error: problem,
			Changed: set(func(c *city.Person) { apply(c, f.Value()) }), Done: func(string) { p.v.shell.HideKeyboard() }})
		return f
	}
	email := field(t.T("kiosk.contact.email"), who.Email, p.problem("person.email"), func(c *city.Person, s string) { c.Email = s })
	phone := field(t.T("kiosk.contact.phone"), who.Phone, p.problem("person.phone"), func(c *city.Person, s string) { c.Phone = s })
	name := field(t.T("kiosk.contact.name"), who.Name, p.problem("person.name"), func(c *city.Person, s string) { c.Name = s })
	sees := t.T("kiosk.contact.private")
	if p.k.Chosen().ShareContact {
		sees = t.T("kiosk.contact.private.crew")
	}
	anonymous := t.Button(touch.Secondary, look.IconUser, t.T("kiosk.contact.anonymous"), p.k.Anonymous)
	note := t.H(look.S, t.Icon(look.IconLock, look.Body, t.Pal.Muted), touch.Grow(t.Para(sees, touch.Body.Muted())))
	fields := []fyne.CanvasObject{email, phone, name}
	var body fyne.CanvasObject = t.V(look.L, fields...)
	if p.wide() && !p.tight() {
		body = t.V(look.L, t.Grid(2, look.L, email, phone), name)
	}
	return p.frame(p.next(), p.steps(), p.heading(t.T("kiosk.contact.title"), t.T("kiosk.contact.sub")), t.H(look.None, anonymous), body, note)
}
