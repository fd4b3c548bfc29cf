package view

import (
	"fyne.io/fyne/v2"

	"cityhall/fieldapp"
	"cityhall/shared/city"
	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// find is the form for what the crew found on its way, on one page.
func (p *page) find() fyne.CanvasObject {
	t, f := p.t, p.a.Finding()
	if f == nil {
		return t.Empty(look.IconCheckCircle, t.T("field.find.saved"), "", nil)
	}
	parts := []fyne.CanvasObject{p.findService()}
	parts = append(parts, p.findPlace(f))
	if twins := p.twins(); twins != nil {
		parts = append(parts, twins)
	}
	if stop := p.a.Stopped(); stop != "" {
		parts = append(parts, t.Panel(touch.Bad, t.Para(stop, touch.Lead.Bold().In(t.Pal.Bad))))
	}
	if qs := p.a.Questions(); len(qs) > 0 {
		var asked []fyne.CanvasObject
		for _, q := range qs {
			asked = append(asked, p.question(q))
		}
		parts = append(parts, p.section(t.T("field.find.questions"), asked...))
	}
	words := t.Field(touch.FieldSpec{Label: t.T("field.find.words"), Value: f.Words, Lines: 4, Max: city.MaxWords, Error: p.a.FieldProblem("description"),
		Changed: func(s string) { p.a.EditFind(func(f *fieldapp.Finding) { f.Words = s }) }})
	parts = append(parts, p.section("", words), p.formPhotos(f.Photos, false))
	return p.frame(t.T("field.find.title"), t.H(look.M, p.main(look.IconCheck, t.T("field.find.save"), p.a.FileFinding)), parts...)
}

func (p *page) findService() fyne.CanvasObject {
	t := p.t
	s, ok := p.a.FindService()
	if !ok {
		parts := []fyne.CanvasObject{t.Button(touch.Secondary, look.IconSearch, t.T("field.find.choose"), p.a.ChooseService)}
		if e := p.a.FieldProblem("service"); e != "" {
			parts = append([]fyne.CanvasObject{t.Para(e, touch.Body.Bold().In(t.Pal.Bad))}, parts...)
		}
		return p.section(t.T("field.find.what"), parts...)
	}
	row := t.H(look.M, t.IconChip(p.icon(s.Icon), tint(s.Icon), look.Lead), touch.Grow(t.Para(s.Name, touch.Lead.Bold())),
		t.Button(touch.Quiet, "", t.T("common.change"), p.a.ChooseService))
	return p.section(t.T("field.find.what"), row)
}

// question asks one of the service's questions.
func (p *page) question(q city.Question) fyne.CanvasObject {
	t, lang := p.t, p.t.Prefs.Language
	given := p.a.Finding().Answers[q.ID]
	problem := p.a.FieldProblem("answers." + q.ID)
	set := func(v []string) { p.a.SetFind(func(f *fieldapp.Finding) { f.Answers[q.ID] = v }) }
	label := q.Label.In(lang)
	if !q.Required {
		label += " (" + t.T("common.optional") + ")"
	}
	switch q.Kind {
	case city.AskText, city.AskNumber:
		value, lines := "", 1
		if len(given) > 0 {
			value = given[0]
		}
		if q.Kind == city.AskText {
			lines = 2
		}
		return t.Field(touch.FieldSpec{Label: label, Hint: q.Help.In(lang), Value: value, Lines: lines, Max: q.Max, Numeric: q.Kind == city.AskNumber, Error: problem,
			Changed: func(s string) {
				p.a.EditFind(func(f *fieldapp.Finding) {
					f.Answers[q.ID] = []string{s}
					if s == "" {
						delete(f.Answers, q.ID)
					}
				})
			}})
	}
	spec := touch.ChoiceSpec{Label: label, Hint: q.Help.In(lang), Value: given, Error: problem, Multi: q.Kind == city.AskMany, Changed: set, Columns: 2}
	if p.narrow() {
		spec.Columns = 1
	}
	for _, o := range q.Options {
		spec.Options = append(spec.Options, touch.Option{Value: o.ID, Label: o.Label.In(lang)})
	}
	if q.Kind == city.AskYesNo {
		spec.Columns = 2
		spec.Options = []touch.Option{{Value: "yes", Label: t.T("common.yes")}, {Value: "no", Label: t.T("common.no")}}
	}
	return t.Choice(spec)
}

// service is the list to choose from.
func (p *page) service() fyne.CanvasObject {
	t, found := p.t, p.a.Services()
	search := t.Field(touch.FieldSpec{Label: t.T("common.search"), Value: p.a.Query(), Placeholder: t.T("common.search_hint"), Changed: p.a.Search})
	list := t.List(touch.ListSpec{Name: t.T("field.find.what"), Count: func() int { return len(found) }, Row: func(i int) touch.RowSpec {
		s := found[i]
		return touch.RowSpec{Icon: p.icon(s.Icon), Tint: tint(s.Icon), Title: s.Name, Sub: t.T("field.group." + s.Group), Tap: func() { p.a.PickService(s.ID) }}
	}, Empty: t.Empty(look.IconSearch, t.T("common.empty.search", "text", p.a.Query()), t.T("field.find.none_text"), nil)})
	g := p.gap()
	body := t.Frame(t.Inset(look.M, g, look.M, g, search), t.Inset(look.None, g, look.None, g, list), nil)
	return t.Frame(p.head(t.T("field.find.what")), t.Middle(p.column(), body), nil)
}
