package view

import (
	"strconv"

	"fyne.io/fyne/v2"

	"cityhall/fieldapp"
	"cityhall/shared/city"
	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// finish is the form about the visit, on one page.
func (p *page) finish() fyne.CanvasObject {
	t, f := p.t, p.a.Form()
	notes := t.Field(touch.FieldSpec{Label: t.T("field.finish.notes"), Hint: t.T("field.finish.notes_hint"), Value: f.Notes, Lines: 4, Max: city.MaxWords,
		Error: p.a.FieldProblem("notes"), Changed: func(s string) { p.a.Edit(func(f *fieldapp.Form) { f.Notes = s }) }})
	return p.frame(t.T("field.finish.title"), t.H(look.M, p.main(look.IconForward, t.T("field.finish.check"), p.a.Check)),
		t.Para(f.Title, touch.Lead.Bold()),
		p.outcome(f),
		p.formPhotos(f.Photos, true),
		p.section("", notes),
		p.minutes(f),
		p.materials(f))
}

func (p *page) outcome(f *fieldapp.Form) fyne.CanvasObject {
	t := p.t
	columns := 2
	if p.narrow() {
		columns = 1
	}
	parts := []fyne.CanvasObject{t.Choice(touch.ChoiceSpec{Label: t.T("field.finish.outcome"), Columns: columns, Error: p.a.FieldProblem("outcome"),
		Value: []string{string(f.Outcome)},
		Options: []touch.Option{
			{Value: string(city.OutcomeFixed), Label: t.T("field.outcome.fixed"), Icon: look.IconCheckCircle},
			{Value: string(city.OutcomeNotFixed), Label: t.T("field.outcome.not_fixed"), Icon: look.IconClose},
		},
		Changed: func(v []string) { p.a.Set(func(f *fieldapp.Form) { f.Outcome = city.Outcome(v[0]) }) }})}
	if f.Outcome == city.OutcomeNotFixed {
		parts = append(parts, t.Field(touch.FieldSpec{Label: t.T("field.finish.reason"), Hint: t.T("field.finish.reason_hint"), Value: f.Reason, Lines: 2, Max: 500,
			Error: p.a.FieldProblem("reason"), Changed: func(s string) { p.a.Edit(func(f *fieldapp.Form) { f.Reason = s }) }}))
	}
	return p.section("", parts...)
}

// formPhotos are the photos on a form, and the way to more.
func (p *page) formPhotos(photos []fieldapp.FormPhoto, staged bool) fyne.CanvasObject {
	t, side := p.t, p.photoSide()
	var shots []fyne.CanvasObject
	for i, f := range photos {
		words := t.T("field.photo.nth", "n", i+1)
		buttons := []fyne.CanvasObject{t.IconButton(touch.Secondary, look.IconTrash, t.T("field.photo.drop", "n", i+1), func() { p.a.DropPhoto(f.ID) })}
		if staged {
			other, key := "after", "field.stage.before"
			if f.Stage == "after" {
				other, key = "before", "field.stage.after"
			}
			words += " · " + t.T(key)
			turn := t.IconButton(touch.Secondary, look.IconSync, t.T("field.photo.turn", "n", i+1, "stage", t.T("field.stage."+other)), func() { p.a.SetPhotoStage(f.ID, other) })
			buttons = append([]fyne.CanvasObject{turn}, buttons...)
		}
		shots = append(shots, t.V(look.XS, p.shot(f.Blob, side, words, "", func() { p.a.OpenPhoto(f.Blob) }), p.fixed(side, t.H(look.S, buttons...))))
	}
	parts := []fyne.CanvasObject{}
	if len(shots) > 0 {
		parts = append(parts, t.Flow(look.M, shots...))
	} else {
		parts = append(parts, t.Para(t.T("field.finish.photos_hint"), touch.Body.Muted()))
	}
	if len(photos) < fieldapp.MaxPhotos {
		parts = append(parts, t.Button(touch.Secondary, look.IconCamera, t.T("field.photo.add"), p.a.OpenPictures))
	}
	return p.section(t.T("field.finish.photos"), parts...)
}

func (p *page) minutes(f *fieldapp.Form) fyne.CanvasObject {
	t := p.t
	n := t.Field(touch.FieldSpec{Label: t.T("field.finish.minutes"), Hint: t.T("field.finish.minutes_hint"), Value: f.Minutes, Numeric: true,
		Error: p.a.FieldProblem("minutes"), Changed: func(s string) { p.a.Edit(func(f *fieldapp.Form) { f.Minutes = s }) }})
	step := func(by int) fyne.CanvasObject {
		icon, key := look.IconPlus, "field.finish.more"
		if by < 0 {
			icon, key = look.IconMinus, "field.finish.less"
		}
		return t.Button(touch.Secondary, icon, t.T(key, "n", max(by, -by)), func() { p.a.AddMinutes(by) })
	}
	return p.section("", n, t.Grid(2, look.M, step(-15), step(15)))
}

func (p *page) materials(f *fieldapp.Form) fyne.CanvasObject {
	t := p.t
	var parts []fyne.CanvasObject
	for i, m := range f.Materials {
		name := m.Name
		if m.Quantity != "" {
			name = m.Quantity + " · " + name
		}
		drop := t.IconButton(touch.Quiet, look.IconTrash, t.T("field.finish.material_drop", "name", m.Name), func() { p.a.DropMaterial(i) })
		parts = append(parts, t.H(look.M, t.Icon(look.IconCheck, look.Lead, t.Pal.Good), touch.Grow(t.Para(name, touch.Body.Bold())), drop))
	}
	edit := func(change func(*fieldapp.MaterialInput)) {
		p.a.Edit(func(f *fieldapp.Form) { change(&f.Material) })
	}
	name := t.Field(touch.FieldSpec{Label: t.T("field.finish.material"), Value: f.Material.Name, Error: p.a.FieldProblem("material.name"),
		Placeholder: t.T("field.finish.material_example"), Changed: func(s string) { edit(func(m *fieldapp.MaterialInput) { m.Name = s }) },
		Done: func(string) { p.a.AddMaterial() }})
	quantity := t.Field(touch.FieldSpec{Label: t.T("field.finish.quantity"), Value: f.Material.Quantity, Error: p.a.FieldProblem("material.quantity"), Numeric: true,
		Placeholder: "2.5", Changed: func(s string) { edit(func(m *fieldapp.MaterialInput) { m.Quantity = s }) }, Done: func(string) { p.a.AddMaterial() }})
	parts = append(parts, p.recent(f)...)
	if p.narrow() {
		parts = append(parts, name, quantity)
	} else {
		parts = append(parts, t.Grid(2, look.M, name, quantity))
	}
	return p.section(t.T("field.finish.materials"), append(parts, p.units(f),
		t.Button(touch.Secondary, look.IconPlus, t.T("field.finish.material_add"), p.a.AddMaterial))...)
}

// recent offers names that were used lately, for one tap with a glove.
func (p *page) recent(f *fieldapp.Form) []fyne.CanvasObject {
	var chips []fyne.CanvasObject
	for _, name := range p.a.RecentMaterials() {
		chips = append(chips, p.toggle(name, f.Material.Name == name, func() { p.a.Set(func(f *fieldapp.Form) { f.Material.Name = name }) }))
	}
	if len(chips) == 0 {
		return nil
	}
	return []fyne.CanvasObject{p.t.Flow(look.S, chips...)}
}

func (p *page) units(f *fieldapp.Form) fyne.CanvasObject {
	t := p.t
	var chips []fyne.CanvasObject
	for _, u := range fieldapp.Units {
		chips = append(chips, p.toggle(t.T("field.unit."+u), f.Material.Unit == u, func() { p.a.Set(func(f *fieldapp.Form) { f.Material.Unit = u }) }))
	}
	columns := 8
	if p.narrow() {
		columns = 4
	}
	return t.Grid(columns, look.S, chips...)
}

// check shows what will be saved, before it is.
func (p *page) check() fyne.CanvasObject {
	t, f := p.t, p.a.Form()
	if f == nil {
		return t.Empty(look.IconCheckCircle, t.T("field.finish.saved"), "", nil)
	}
	parts := []fyne.CanvasObject{t.Para(f.Title, touch.Lead.Bold()), p.section("", p.facts(p.a.CheckFacts()))}
	if len(f.Photos) > 0 {
		var shots []fyne.CanvasObject
		for i, ph := range f.Photos {
			words := t.T("field.photo.nth", "n", strconv.Itoa(i+1)) + " · " + t.T("field.stage."+ph.Stage)
			shots = append(shots, p.shot(ph.Blob, p.photoSide(), words, "", func() { p.a.OpenPhoto(ph.Blob) }))
		}
		parts = append(parts, p.section(t.T("field.finish.photos"), t.Flow(look.M, shots...)))
	}
	if p.a.Link().Online {
		parts = append(parts, t.Para(t.T("field.check.online"), touch.Body.Muted()))
	} else {
		parts = append(parts, t.Para(t.T("field.check.offline"), touch.Body.Muted()))
	}
	return p.frame(t.T("field.check.title"), t.H(look.M, p.main(look.IconCheck, t.T("field.check.save"), p.a.Save)), parts...)
}
