package view

import (
	"fyne.io/fyne/v2"

	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// enrol is for staff: it joins a new kiosk to the city.
func (p *page) enrol() fyne.CanvasObject {
	t := p.t
	join := &main{icon: look.IconForward, label: t.T("kiosk.enrol.join"), tap: p.k.Enrol}
	if p.k.Enrolling() {
		join.label, join.busy = t.T("kiosk.enrol.joining"), true
	}
	field := t.Field(touch.FieldSpec{Label: t.T("kiosk.enrol.label"), Hint: t.T("kiosk.enrol.hint"), Placeholder: "cityhall://enrol?…", Value: p.k.EnrolLink(),
		Lines: 3, Error: p.problem("enrol"), Changed: p.k.SetEnrolLink})
	how := t.Card(t.V(look.M, p.step(1, t.T("kiosk.enrol.how1")), p.step(2, t.T("kiosk.enrol.how2")), p.step(3, t.T("kiosk.enrol.how3"))))
	return p.frame(join, p.heading(t.T("kiosk.enrol.title"), t.T("kiosk.enrol.sub")), field, how)
}

func (p *page) step(n int, words string) fyne.CanvasObject {
	t := p.t
	icons := []look.Icon{look.IconBuilding, look.IconDocument, look.IconCheckCircle}
	return t.H(look.M, t.IconChip(icons[n-1], 4, look.Body), touch.Grow(t.Para(words, touch.Body)))
}
