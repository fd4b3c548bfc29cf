package view

import (
	"fyne.io/fyne/v2"

	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// services asks what the report is about.
func (p *page) services() fyne.CanvasObject {
	t := p.t
	services := p.k.Services()
	search := t.Field(touch.FieldSpec{Label: t.T("kiosk.services.search"), Placeholder: t.T("kiosk.services.placeholder"), Value: p.k.ServiceQuery(),
		Changed: p.k.SetServiceQuery, Done: func(string) { p.v.shell.HideKeyboard() }})
	parts := []fyne.CanvasObject{p.steps(), p.heading(t.T("kiosk.services.title"), ""), search}
	if groups := p.groupChips(); groups != nil {
		parts = append(parts, groups)
	}
	if len(services) == 0 {
		parts = append(parts, p.noServices())
		return p.frame(nil, parts...)
	}
	rows := make([]fyne.CanvasObject, 0, len(services))
	for _, s := range services {
		rows = append(rows, t.ListRow(touch.RowSpec{Icon: icon(s), Tint: groupTint(s.Group), Title: s.Name.In(p.k.Language()),
			Sub: s.Summary.In(p.k.Language()), Tap: func() { p.k.ChooseService(s.ID) }}))
	}
	cols := 1
	if p.wide() && !p.tight() {
		cols = 2
	}
	parts = append(parts, t.Grid(cols, look.S, rows...))
	return p.frame(nil, parts...)
}

// groupChips narrow the list to a topic; nil when there is but one.
func (p *page) groupChips() fyne.CanvasObject {
	t := p.t
	groups := p.k.Groups()
	if len(groups) < 2 {
		return nil
	}
	chip := func(label, group string) fyne.CanvasObject {
		kind := touch.Secondary
		if p.k.Group() == group {
			kind = touch.Primary
		}
		b := t.Button(kind, "", label, func() { p.k.SetGroup(group) })
		b.Selected, b.Elevated = kind == touch.Primary, false
		return b
	}
	chips := []fyne.CanvasObject{chip(t.T("kiosk.services.all"), "")}
	for _, g := range groups {
		chips = append(chips, chip(p.group(g), g))
	}
	return t.Flow(look.S, chips...)
}

func (p *page) noServices() fyne.CanvasObject {
	t := p.t
	if !p.k.Known() {
		return t.Empty(look.IconInbox, t.T("kiosk.home.waiting"), t.T("kiosk.home.waiting.sub"), nil)
	}
	clear := t.Button(touch.Secondary, look.IconClose, t.T("kiosk.services.clear"), func() {
		p.k.SetGroup("")
		p.k.SetServiceQuery("")
	})
	return t.Empty(look.IconSearch, t.T("kiosk.services.none"), t.T("kiosk.services.none.sub"), clear)
}
