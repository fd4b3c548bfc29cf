package view

import (
	"fyne.io/fyne/v2"

	"cityhall/fieldapp"
	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// waiting says truthfully what has not arrived, what has, and what needs a look.
func (p *page) waiting() fyne.CanvasObject {
	t, w, g := p.t, p.a.Waiting(), p.gap()
	parts := append(p.said(), t.Head(t.T("field.waiting.title"), touch.Title), p.waitingSum(w))
	if w.Damaged > 0 {
		parts = append(parts, t.Panel(touch.Bad, t.Para(t.T("field.waiting.damaged", "count", w.Damaged), touch.Body.Bold().In(t.Pal.Bad))))
	}
	if w.Metered {
		parts = append(parts, t.Panel(touch.Neutral, t.V(look.S, t.Para(t.T("field.waiting.photos_wait", "count", w.Photos), touch.Body),
			t.Button(touch.Secondary, look.IconCloudUp, t.T("field.waiting.send_photos"), p.a.SendPhotosNow))))
	}
	parts = append(parts, p.lines(t.T("field.waiting.attention"), w.Attention)...)
	parts = append(parts, p.drafts(w.Drafts)...)
	parts = append(parts, p.lines(t.T("field.waiting.pending"), w.Pending)...)
	parts = append(parts, p.lines(t.T("field.waiting.recent"), w.Recent)...)
	if p.a.OffersStick() {
		parts = append(parts, p.stick())
	}
	return p.top(t.Scroll(t.Middle(p.column(), t.Inset(look.M, g, look.XL, g, t.V(look.M, parts...)))))
}

func (p *page) waitingSum(w fieldapp.Waiting) fyne.CanvasObject {
	t := p.t
	words := t.T("common.sync.nothing_waiting")
	icon, ink := look.IconCloudCheck, t.Pal.Good
	if n := len(w.Pending); n > 0 {
		words, icon, ink = t.T("common.sync.waiting", "count", n), look.IconCloudUp, t.Pal.Info
	}
	text := t.T("field.waiting.text_none")
	if w.Oldest != "" {
		text = t.T("field.waiting.text", "when", w.Oldest)
	} else if len(w.Pending) > 0 {
		text = t.T("field.waiting.text_photos")
	}
	label := t.T("field.sync.now")
	if p.a.Syncing() {
		label = t.T("field.sync.busy")
	}
	b := t.Button(touch.Primary, look.IconSync, label, p.a.SyncNow)
	if p.a.Syncing() {
		b.Disable()
	}
	head := t.H(look.M, t.Icon(icon, look.Heading, ink), touch.Grow(t.V(look.None, t.Para(words, touch.Lead.Bold()), t.Para(text, touch.Body.Muted()))))
	return p.section("", head, b)
}

func (p *page) lines(title string, ls []fieldapp.Line) []fyne.CanvasObject {
	if len(ls) == 0 {
		return nil
	}
	t := p.t
	out := []fyne.CanvasObject{t.Para(title, touch.Lead.Bold())}
	for _, l := range ls {
		name := l.Title
		if name == "" {
			name = t.T("field.job.untitled")
		}
		out = append(out, t.Card(t.V(look.XS, t.Para(name, touch.Body.Bold()), p.syncLine(l))))
	}
	return out
}

// drafts are what somebody began and did not finish.
func (p *page) drafts(ds []fieldapp.DraftInfo) []fyne.CanvasObject {
	if len(ds) == 0 {
		return nil
	}
	t := p.t
	out := []fyne.CanvasObject{t.Para(t.T("field.waiting.drafts"), touch.Lead.Bold())}
	for _, d := range ds {
		parts := []fyne.CanvasObject{t.Para(d.Title, touch.Body.Bold())}
		drop := t.Button(touch.Secondary, look.IconTrash, t.T("field.draft.drop"), func() { p.askDrop(d) })
		if d.Gone {
			parts = append(parts, t.Chip(touch.Warn, t.T("field.draft.gone")), t.Para(t.T("field.draft.gone_text"), touch.Body))
			if facts := p.a.DraftFacts(d.Key); len(facts) > 0 {
				parts = append(parts, p.facts(facts))
			}
			parts = append(parts, t.H(look.M, drop))
		} else {
			parts = append(parts, t.Para(t.T("field.draft.text"), touch.Body.Muted()),
				t.Flow(look.M, t.Button(touch.Secondary, look.IconPen, t.T("field.draft.resume"), func() { p.a.ResumeDraft(d) }), drop))
		}
		out = append(out, t.Card(t.V(look.S, parts...)))
	}
	return out
}

func (p *page) askDrop(d fieldapp.DraftInfo) {
	t := p.t
	p.v.shell.Ask(touch.DialogSpec{Icon: look.IconTrash, Title: t.T("field.draft.drop_title"), Text: d.Title + "\n" + t.T("field.draft.drop_text"),
		Buttons: []touch.DialogButton{
			{Kind: touch.Danger, Label: t.T("field.draft.drop"), Tap: func() { p.a.DropDraft(d.Key) }},
			{Kind: touch.Secondary, Label: t.T("field.draft.keep")},
		}})
}
