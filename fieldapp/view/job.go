package view

import (
	"strings"

	"fyne.io/fyne/v2"

	"cityhall/fieldapp"
	"cityhall/shared/city"
	"cityhall/shared/look"
	"cityhall/shared/replica"
	"cityhall/shared/touch"
)

// job is one job on a narrow screen; a wide one shows it beside the list.
func (p *page) job() fyne.CanvasObject {
	if p.wide() {
		return p.beside()
	}
	return p.t.Frame(p.head(p.T("field.job.title")), p.jobBody(), nil)
}

// jobBody is all about the job, with what comes next below it.
func (p *page) jobBody() fyne.CanvasObject {
	t, j, g := p.t, p.a.Page(), p.gap()
	parts := append(p.said(), p.jobHead(j))
	if s := p.unsent(j); s != nil {
		parts = append(parts, s)
	}
	for _, s := range []fyne.CanvasObject{p.gone(j), p.remark(j), p.photos(j), p.resident(j), p.contact(j), p.history(j)} {
		if s != nil {
			parts = append(parts, s)
		}
	}
	scroll := t.Scroll(t.Inset(g, g, look.XL, g, t.V(look.M, parts...)))
	p.v.detail = scroll
	return t.Frame(nil, scroll, p.next(j))
}

func (p *page) jobHead(j *fieldapp.JobPage) fyne.CanvasObject {
	t := p.t
	chip := p.jobChip(j.Job)
	chips := []fyne.CanvasObject{t.Chip(chip.Tone, chip.Words)}
	if j.Open() && j.Priority != "" && j.Priority != city.PriorityNormal && !strings.HasPrefix(chip.Words, t.T("field.priority."+string(j.Priority))) {
		chips = append(chips, t.Chip(touch.Warn, t.T("field.priority."+string(j.Priority))))
	}
	words := []fyne.CanvasObject{
		t.H(look.M, t.IconChip(p.icon(j.Icon), tint(j.Icon), look.Title), touch.Grow(t.V(look.None, t.Head(j.Title, touch.Heading), t.Para(j.Number, touch.Caption.Muted())))),
		t.Flow(look.S, chips...),
	}
	place := j.Where
	if j.Landmark != "" {
		place += " · " + j.Landmark
	}
	if j.District != "" {
		place += " · " + j.District
	}
	if place != "" {
		words = append(words, t.H(look.S, t.Icon(look.IconMapPin, look.Lead, t.Pal.Primary), touch.Grow(t.Para(place, touch.Lead.Bold()))))
	}
	if piece := p.piece(j); piece != nil {
		words = append(words, piece)
	}
	if j.Detail != "" {
		words = append(words, t.Para(j.Detail, touch.Body))
	}
	if !j.Due.IsZero() && j.Open() {
		words = append(words, t.Para(t.T("field.job.due", "day", p.a.Day(j.Due)), touch.Body.Muted()))
	}
	return t.Card(t.V(look.M, words...))
}

// unsent is what this tablet knows and the city does not have yet.
func (p *page) unsent(j *fieldapp.JobPage) fyne.CanvasObject {
	if len(j.Unsent) == 0 {
		return nil
	}
	var rows []fyne.CanvasObject
	for _, l := range j.Unsent {
		rows = append(rows, p.syncLine(l))
	}
	return p.section(p.T("field.job.unsent"), rows...)
}

// syncLine is one act with how far it has come.
func (p *page) syncLine(l fieldapp.Line) fyne.CanvasObject {
	t := p.t
	badge := t.SyncBadge(touch.SyncSpec{State: syncState(l.State), Detail: l.Detail})
	parts := []fyne.CanvasObject{t.Flow(look.S, t.Para(l.Words, touch.Body.Bold()), badge), t.Para(l.When, touch.Caption.Muted())}
	if l.Explain != "" {
		parts = append(parts, t.Para(l.Explain, touch.Body))
	}
	return t.V(look.XS, parts...)
}

func syncState(s replica.State) touch.SyncState {
	switch s {
	case replica.StateSent:
		return touch.Sent
	case replica.StateReceived:
		return touch.Received
	case replica.StateSafe:
		return touch.Safe
	case replica.StateAttention:
		return touch.Attention
	}
	return touch.Saved
}

// gone says that the job is not this crew's any more.
func (p *page) gone(j *fieldapp.JobPage) fyne.CanvasObject {
	if !j.Gone {
		return nil
	}
	t := p.t
	return t.Panel(touch.Warn, t.V(look.S, t.Para(t.T("field.gone.title"), touch.Lead.Bold().In(t.Pal.Warn)), t.Para(t.T("field.gone.text"), touch.Body)))
}

// remark is what the office says: why the job came back, and how to do it.
func (p *page) remark(j *fieldapp.JobPage) fyne.CanvasObject {
	t := p.t
	var parts []fyne.CanvasObject
	if j.Returned != "" {
		parts = append(parts, t.Panel(touch.Warn, t.V(look.XS, t.Para(t.T("field.job.returned"), touch.Body.Bold().In(t.Pal.Warn)), t.Para(j.Returned, touch.Lead))))
	}
	if j.Instruction != "" {
		parts = append(parts, t.Panel(touch.Info, t.V(look.XS, t.Para(t.T("field.job.instruction"), touch.Body.Bold().In(t.Pal.Info)), t.Para(j.Instruction, touch.Lead))))
	}
	if len(parts) == 0 {
		return nil
	}
	return t.V(look.M, parts...)
}

func (p *page) photos(j *fieldapp.JobPage) fyne.CanvasObject {
	if len(j.Shots) == 0 {
		return nil
	}
	t := p.t
	side := p.photoSide()
	var shots []fyne.CanvasObject
	for _, s := range j.Shots {
		shots = append(shots, p.shot(s.Blob, side, s.Words, s.Note, func() { p.a.OpenPhoto(s.Blob) }))
	}
	return p.section(t.T("field.job.photos"), t.Flow(look.M, shots...))
}

// photoSide is how wide photos in a section are: two or three beside each other.
func (p *page) photoSide() float32 {
	if p.narrow() {
		return (p.size.Width - 2*p.t.Px(p.gap()) - 2*p.t.Px(look.L) - p.t.Px(look.M) - 2) / 2
	}
	return 208
}

// shot is a photo to press, with its words below and a note, or why it is not to
// be seen.
func (p *page) shot(blob string, side float32, words, note string, tap func()) fyne.CanvasObject {
	t := p.t
	img, state := p.a.Thumb(blob)
	missing := note
	switch {
	case state == fieldapp.ImageBad:
		missing = t.T("field.photo.bad")
	case note != "":
	case state == fieldapp.ImageLoading:
		missing = t.T("common.loading")
	case state == fieldapp.ImageElsewhere:
		missing = t.T("field.photo.elsewhere")
	}
	parts := []fyne.CanvasObject{t.Photo(img, side, side*0.75, words), p.fixed(side, t.Para(words, touch.Caption.Muted()))}
	if missing != "" {
		parts = append(parts, p.fixed(side, t.Para(missing, touch.Caption.Bold().In(t.Pal.Warn))))
	}
	spoken := words
	if missing != "" {
		spoken += ". " + missing
	}
	b := t.Press(spoken, t.V(look.XS, parts...), tap)
	b.Radius = t.Px(look.S)
	if state != fieldapp.ImageReady {
		b.Disable()
	}
	return b
}

func (p *page) resident(j *fieldapp.JobPage) fyne.CanvasObject {
	if j.Words == "" && len(j.Answers) == 0 {
		return nil
	}
	t := p.t
	var parts []fyne.CanvasObject
	if j.Words != "" {
		parts = append(parts, t.Para("“"+j.Words+"”", touch.Lead))
	}
	if len(j.Answers) > 0 {
		parts = append(parts, p.facts(j.Answers))
	}
	return p.section(t.T("field.job.resident"), parts...)
}

func (p *page) contact(j *fieldapp.JobPage) fyne.CanvasObject {
	if j.ContactOver {
		return p.section(p.T("field.job.contact"), p.t.Para(p.T("field.contact.over"), touch.Body))
	}
	if j.ContactShut {
		open := p.t.Button(touch.Secondary, look.IconLock, p.T("field.contact.open"), p.a.OpenContact)
		return p.section(p.T("field.job.contact"), p.t.Para(p.T("field.contact.shut"), touch.Body), open)
	}
	if len(j.Contact) == 0 {
		return nil
	}
	return p.section(p.T("field.job.contact"), p.facts(j.Contact), p.t.Para(p.T("field.job.contact_text"), touch.Caption.Muted()))
}

func (p *page) history(j *fieldapp.JobPage) fyne.CanvasObject {
	if len(j.Events) == 0 {
		return nil
	}
	var items []touch.TimelineItem
	for _, e := range j.Events {
		items = append(items, touch.TimelineItem{When: e.When, Title: e.Title, Text: e.Text, Tone: tone(e.Tone)})
	}
	return p.section(p.T("field.job.history"), p.t.Timeline(items))
}

// next is what the crew does now, under the thumb.
func (p *page) next(j *fieldapp.JobPage) fyne.CanvasObject {
	t := p.t
	if j.Gone {
		return t.BottomBar(t.H(look.M, touch.Grow(t.Button(touch.Primary, look.IconList, t.T("field.gone.back"), p.a.Home))))
	}
	note := t.Button(touch.Secondary, look.IconPen, t.T("field.note.add"), p.a.OpenNote)
	if p.narrow() {
		note = t.IconButton(touch.Secondary, look.IconPen, t.T("field.note.add"), p.a.OpenNote)
	}
	switch j.State {
	case city.JobAssigned:
		return t.BottomBar(t.H(look.M, note, p.main(look.IconPlay, t.T("field.job.start"), p.a.StartVisit)))
	case city.JobStarted:
		label := t.T("field.job.finish")
		if j.HasDraft {
			label = t.T("field.job.finish_draft")
		}
		return t.BottomBar(t.H(look.M, note, p.main(look.IconCheck, label, p.a.OpenFinish)))
	}
	return t.BottomBar(t.H(look.M, note, touch.Grow(t.Para(t.T("field.job.over"), touch.Body.Muted()))))
}

// fixed keeps o at a width.
func (p *page) fixed(width float32, o fyne.CanvasObject) fyne.CanvasObject {
	return p.t.Middle(width, o)
}
