package view

import (
	"strings"

	"fyne.io/fyne/v2"

	"cityhall/shared/city"
	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// question asks one of the service's questions.
func (p *page) question() fyne.CanvasObject {
	t := p.t
	q, given := p.k.Question()
	help := q.Help.In(p.k.Language())
	if !q.Required {
		help = strings.TrimSpace(help + " " + t.T("kiosk.optional"))
	}
	head := t.V(look.S, p.about(), p.heading(q.Label.In(p.k.Language()), help))
	return p.frame(p.next(), p.steps(), head, p.answer(q, given))
}

// about reminds of the service that the page belongs to.
func (p *page) about() fyne.CanvasObject {
	s := p.k.Chosen()
	return p.t.H(look.S, p.t.Icon(icon(s), look.Body, p.t.Pal.Primary), touch.Grow(p.t.Para(s.Name.In(p.k.Language()), touch.Body.Bold().In(p.t.Pal.Primary))))
}

func (p *page) answer(q city.Question, given []string) fyne.CanvasObject {
	t := p.t
	options := make([]touch.Option, 0, len(q.Options))
	for _, o := range q.Options {
		options = append(options, touch.Option{Value: o.ID, Label: o.Label.In(p.k.Language())})
	}
	if q.Kind == city.AskYesNo {
		options = []touch.Option{{Value: "yes", Label: t.T("common.yes")}, {Value: "no", Label: t.T("common.no")}}
	}
	first := ""
	if len(given) > 0 {
		first = given[0]
	}
	switch q.Kind {
	case city.AskChoice, city.AskMany, city.AskYesNo:
		cols := 1
		if p.wide() && len(options) > 3 || q.Kind == city.AskYesNo && !p.tight() {
			cols = 2
		}
		return t.Choice(touch.ChoiceSpec{Options: options, Multi: q.Kind == city.AskMany, Value: given, Columns: cols,
			Error: p.problem("answer"), Changed: func(v []string) { p.k.Answer(v...) }})
	}
	most := q.Max
	if most == 0 {
		most = 500
	}
	spec := touch.FieldSpec{Label: t.T("kiosk.question.answer"), Value: first, Error: p.problem("answer"), Max: most, Lines: 3,
		Changed: func(s string) { p.k.Answer(s) }}
	if q.Kind == city.AskNumber {
		spec.Numeric, spec.Lines, spec.Max = true, 1, 0
		spec.Label, spec.Done = t.T("kiosk.question.number"), func(string) { p.k.Next() }
	}
	return t.Field(spec)
}

// stopped says why this is the wrong way, and what is the right one.
func (p *page) stopped() fyne.CanvasObject {
	t := p.t
	panel := t.Panel(touch.Bad, t.H(look.M, t.Icon(look.IconPhone, look.Heading, t.Pal.Bad), touch.Grow(t.Para(p.k.StopWords(), touch.Title.In(t.Pal.Bad)))))
	return p.frame(&main{icon: look.IconHome, label: t.T("kiosk.stopped.done"), tap: p.k.Next},
		p.heading(t.T("kiosk.stopped.title"), ""), panel, t.Para(t.T("kiosk.stopped.sub"), touch.Body))
}
