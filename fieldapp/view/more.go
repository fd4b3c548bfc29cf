package view

import (
	"fyne.io/fyne/v2"

	"cityhall/fieldapp"
	"cityhall/shared/look"
	"cityhall/shared/touch"
	"cityhall/shared/words"
)

// more is how the screen looks, who works and what this tablet is.
func (p *page) more() fyne.CanvasObject {
	t, g := p.t, p.gap()
	who := p.a.Person()
	parts := append(p.said(), t.Head(t.T("field.more.title"), touch.Title),
		p.section(t.T("field.more.person"),
			t.Para(who.Actor.Name+" · "+who.Crew, touch.Lead),
			t.Grid(2, look.M, t.Button(touch.Secondary, look.IconUsers, t.T("field.more.switch"), p.a.AskWho),
				t.Button(touch.Secondary, look.IconLock, t.T("field.lock.now"), p.a.Lock))),
		t.H(look.None, touch.Grow(t.Button(touch.Secondary, look.IconMapPin, t.T("field.near.open"), p.a.OpenNear))),
		p.looks(),
		p.metered(),
		p.section(t.T("field.more.tablet"), t.Facts([]touch.Fact{
			{Label: t.T("field.more.name"), Value: p.a.DeviceName()},
			{Label: t.T("field.more.city"), Value: p.a.CityName()},
			{Label: t.T("field.more.server"), Value: p.a.Server()},
			{Label: t.T("field.more.link"), Value: p.a.Link().Words},
		})))
	return p.top(t.Scroll(t.Middle(p.column(), t.Inset(look.M, g, look.XL, g, t.V(look.M, parts...)))))
}

func (p *page) looks() fyne.CanvasObject {
	t, prefs := p.t, p.a.Prefs()
	set := func(change func(*fieldapp.Prefs)) {
		next := p.a.Prefs()
		change(&next)
		p.a.SetPrefs(next)
	}
	var languages, sizes []fyne.CanvasObject
	for _, l := range words.Languages() {
		languages = append(languages, p.toggle(l.Name, l.Code == prefs.Language, func() { p.setLanguage(l.Code) }))
	}
	for i, s := range fieldapp.TextScales {
		key := [...]string{"field.text.normal", "field.text.large", "field.text.larger"}[i]
		sizes = append(sizes, p.toggle(t.T(key), s == prefs.TextScale, func() { set(func(f *fieldapp.Prefs) { f.TextScale = s }) }))
	}
	sun := t.Grid(2, look.S,
		p.toggle(t.T("field.light.normal"), !prefs.Sunlight, func() { set(func(f *fieldapp.Prefs) { f.Sunlight = false }) }),
		p.toggle(t.T("field.light.sun"), prefs.Sunlight, func() { set(func(f *fieldapp.Prefs) { f.Sunlight = true }) }))
	return p.section(t.T("field.more.looks"),
		t.Para(t.T("common.language"), touch.Body.Bold()), t.Grid(max(2, len(languages)), look.S, languages...),
		t.Para(t.T("common.text_size"), touch.Body.Bold()), t.Grid(3, look.S, sizes...),
		t.Para(t.T("field.more.light"), touch.Body.Bold()), sun)
}

// metered says whether photos go over links that cost.
func (p *page) metered() fyne.CanvasObject {
	t, on := p.t, p.a.PhotosOnMetered()
	return p.section(t.T("field.more.metered"), t.Grid(2, look.S,
		p.toggle(t.T("field.metered.wait"), !on, func() { p.a.SetPhotosOnMetered(false) }),
		p.toggle(t.T("field.metered.send"), on, func() { p.a.SetPhotosOnMetered(true) })))
}
