package view

import (
	"fyne.io/fyne/v2"

	"cityhall/kiosk"
	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// near shows open requests close by: perhaps it is one of these.
func (p *page) near() fyne.CanvasObject {
	t := p.t
	before := []fyne.CanvasObject{p.steps(), t.V(look.S, p.about(), p.heading(t.T("kiosk.near.title"), t.T("kiosk.near.sub")))}
	var cards []fyne.CanvasObject
	for _, n := range p.k.Nearby() {
		cards = append(cards, p.nearCard(n))
	}
	after := []fyne.CanvasObject{t.V(look.M, cards...), t.Para(p.asOf(), touch.Caption.Muted())}
	fresh := &main{icon: look.IconForward, label: t.T("kiosk.near.new"), tap: p.k.Next}
	return p.withMap(fresh, p.nearMap(t.T("kiosk.near.map"), p.k.Place(), t.T("kiosk.place.chosen")), before, after)
}

func (p *page) nearCard(n kiosk.Near) fyne.CanvasObject {
	t, title := p.t, p.away(n.Meters)
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
