package view

import (
	"fyne.io/fyne/v2"

	"cityhall/shared/city"
	"cityhall/shared/look"
	"cityhall/shared/touch"
)

func (p *page) note() fyne.CanvasObject {
	t := p.t
	about := ""
	if j := p.a.Page(); j != nil {
		about = j.Line()
	}
	text := t.Field(touch.FieldSpec{Label: t.T("field.note.title"), Hint: t.T("field.note.hint"), Value: p.a.NoteText(), Lines: 6, Max: city.MaxWords,
		Error: p.a.FieldProblem("text"), Changed: p.a.SetNote})
	return p.frame(t.T("field.note.add"), t.H(look.M, p.main(look.IconCheck, t.T("field.note.save"), p.a.SaveNote)),
		t.Para(about, touch.Lead.Bold()), p.section("", text))
}
