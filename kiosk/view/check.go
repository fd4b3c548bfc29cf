package view

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"cityhall/kiosk"
	"cityhall/shared/city"
	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// check shows everything before it is sent, and what everybody will see of it.
func (p *page) check() fyne.CanvasObject {
	t := p.t
	send := &main{icon: look.IconCheck, label: t.T("kiosk.check.send"), tap: p.k.Next}
	if p.k.Saving() {
		send.label, send.busy = t.T("kiosk.check.saving"), true
	}
	answers := t.Card(t.Facts(p.facts()))
	public := p.publicCard()
	if p.wide() && !p.tight() {
		body := t.Grid(2, look.L, t.V(look.None, answers), t.V(look.None, public))
		return p.frame(send, p.steps(), p.heading(t.T("kiosk.check.title"), t.T("kiosk.check.sub")), body)
	}
	return p.frame(send, p.steps(), p.heading(t.T("kiosk.check.title"), t.T("kiosk.check.sub")), answers, public)
}

func (p *page) facts() []touch.Fact {
	t := p.t
	edit := func(part string) func() { return func() { p.k.Edit(part) } }
	facts := []touch.Fact{{Label: t.T("kiosk.check.service"), Value: p.k.Chosen().Name.In(p.k.Language()), Change: edit(kiosk.PartService)}}
	for _, a := range p.k.Answered() {
		facts = append(facts, touch.Fact{Label: a.Question.Label.In(p.k.Language()), Value: p.said(a.Question, a.Given), Change: edit(kiosk.PartAnswers + "." + a.Question.ID)})
	}
	at := p.k.Place()
	where := p.where(at)
	if at.Detail != "" && at.Detail != at.Line() {
		where += "\n" + at.Detail
	}
	return append(facts,
		touch.Fact{Label: t.T("kiosk.check.place"), Value: where, Change: edit(kiosk.PartPlace)},
		touch.Fact{Label: t.T("kiosk.check.details"), Value: p.orNone(short(p.k.Details()), "kiosk.check.nodetails"), Change: edit(kiosk.PartDetails)},
		touch.Fact{Label: t.T("kiosk.check.contact"), Value: p.orNone(contactLine(p.k.Contact()), "kiosk.check.anonymous"), Change: edit(kiosk.PartContact)})
}

// said is an answer in words.
func (p *page) said(q city.Question, given []string) string {
	if len(given) == 0 {
		return p.t.T("kiosk.check.noanswer")
	}
	var out []string
	for _, v := range given {
		switch i := slices.IndexFunc(q.Options, func(o city.Option) bool { return o.ID == v }); {
		case q.Kind == city.AskYesNo && v == "yes":
			v = p.t.T("common.yes")
		case q.Kind == city.AskYesNo && v == "no":
			v = p.t.T("common.no")
		case i >= 0:
			v = q.Options[i].Label.In(p.k.Language())
		}
		out = append(out, v)
	}
	return strings.Join(out, ", ")
}

func (p *page) orNone(s, key string) string {
	if s == "" {
		return p.t.T(key)
	}
	return s
}

// short is the beginning of long words; the page before holds them whole.
func short(s string) string {
	s = strings.TrimSpace(s)
	if r := []rune(s); len(r) > 280 {
		return strings.TrimSpace(string(r[:280])) + " …"
	}
	return s
}

func contactLine(c city.Person) string {
	var out []string
	for _, s := range []string{c.Name, c.Email, c.Phone} {
		if s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, "\n")
}

// publicCard says what becomes public at once, and what does not.
func (p *page) publicCard() fyne.CanvasObject {
	t := p.t
	at := p.k.Place()
	place := at.Address
	if place == "" {
		place = at.Landmark
	}
	if place == "" {
		place = t.T("kiosk.check.public.noplace")
	}
	head := t.H(look.S, t.Icon(look.IconEye, look.Lead, t.Pal.Info), touch.Grow(t.Para(t.T("kiosk.check.public"), touch.Body.Bold().In(t.Pal.Info))))
	private := t.H(look.S, t.Icon(look.IconLock, look.Lead, t.Pal.Info), touch.Grow(t.Para(t.T("kiosk.check.private"), touch.Body.Bold().In(t.Pal.Info))))
	ink := touch.Body
	return t.Panel(touch.Info, t.V(look.M,
		t.V(look.XS, head, t.Para(p.k.Chosen().Name.In(p.k.Language())+"\n"+place+"\n"+t.T("kiosk.check.public.status"), ink)),
		t.V(look.XS, private, t.Para(t.T("kiosk.check.private.what"), ink))))
}

// failed says that it is not saved, and what to do.
func (p *page) failed() fyne.CanvasObject {
	t := p.t
	why := t.T("kiosk.failed.text")
	if e := p.k.Failure(); e != nil {
		if key := "kiosk.failed." + string(e.Code); p.w.Has(key) {
			why = t.T(key)
		}
	}
	parts := []fyne.CanvasObject{p.heading(t.T("kiosk.failed.title"), ""), t.Panel(touch.Bad, t.Para(why, touch.Lead.In(t.Pal.Bad)))}
	if phone := p.k.Settings().Phone; phone != "" {
		parts = append(parts, t.H(look.M, t.IconChip(look.IconPhone, 0, look.Title), touch.Grow(t.Para(t.T("kiosk.call", "phone", phone), touch.Title))))
	}
	parts = append(parts, t.Para(t.T("kiosk.failed.kept"), touch.Body))
	again := &main{icon: look.IconSync, label: t.T("common.retry"), tap: p.k.Next}
	if p.k.Saving() {
		again.label, again.busy = t.T("kiosk.check.saving"), true
	}
	return p.frame(again, parts...)
}
