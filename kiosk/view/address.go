package view

import (
	"fyne.io/fyne/v2"

	"cityhall/shared/look"
)

// address asks for the address that somebody wants to know about.
func (p *page) address() fyne.CanvasObject {
	t := p.t
	show := &main{icon: look.IconForward, label: t.T("kiosk.address.show"), tap: p.k.Next}
	parts := []fyne.CanvasObject{p.heading(t.T("kiosk.address.title"), t.T("kiosk.address.sub")), p.searchField("address", p.k.Next)}
	if rows := p.hits(); len(rows) > 0 {
		parts = append(parts, t.V(look.S, rows...))
	}
	return p.frame(show, parts...)
}
