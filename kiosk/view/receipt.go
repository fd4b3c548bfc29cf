package view

import (
	"strings"

	"fyne.io/fyne/v2"

	"cityhall/kiosk"
	"cityhall/shared/city"
	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// receipt is what a resident takes away: reference, promise, what comes next.
func (p *page) receipt() fyne.CanvasObject {
	t, r := p.t, p.k.Receipt()
	if r == nil {
		return p.home()
	}
	done := &main{icon: look.IconCheck, label: t.T("common.done"), tap: p.k.Next}
	head := t.H(look.M, t.Icon(look.IconCheckCircle, look.Display, t.Pal.Good), touch.Grow(p.heading(t.T("kiosk.receipt.title"), t.T("kiosk.receipt.thanks"))))
	if p.wide() && !p.tight() {
		left := t.V(look.L, p.referenceCard(r, p.column()*0.5-p.t.Px(look.XXL)))
		right := t.V(look.L, p.progressCard(r), p.promisePanel(r))
		return p.frame(done, head, t.Grid(2, look.L, left, right))
	}
	cards := t.V(look.M, p.referenceCard(r, p.column()-2*t.Px(look.XXL)), p.promisePanel(r), p.progressCard(r))
	return p.frame(done, head, cards)
}

// referenceCard shows the reference as large as it fits, and for a phone.
func (p *page) referenceCard(r *kiosk.Receipt, width float32) fyne.CanvasObject {
	t := p.t
	style := touch.Title
	for _, try := range []struct {
		style touch.Style
		size  look.TextSize
	}{{touch.Display, look.Display}, {touch.Heading, look.Heading}} {
		if fyne.MeasureText(r.Reference, t.Size(try.size), fyne.TextStyle{Bold: true}).Width <= width {
			style = try.style
			break
		}
	}
	words := t.V(look.XS, t.Para(t.T("kiosk.receipt.reference"), touch.Body.Muted()), t.Para(r.Reference, style.In(t.Pal.Primary)))
	qr := t.QR(r.Link, t.Size(look.Body)*6, t.T("kiosk.receipt.qr.alt", "reference", r.Reference))
	keep := t.Para(t.T("kiosk.receipt.keep"), touch.Body)
	if p.tight() {
		return t.Card(t.V(look.M, words, qr, keep))
	}
	return t.Card(t.V(look.M, words, t.H(look.L, qr, touch.Grow(keep))))
}

// promisePanel says by when, in words; a date only when the city has said it.
func (p *page) promisePanel(r *kiosk.Receipt) fyne.CanvasObject {
	t := p.t
	line := p.promise(r.Promise)
	if !r.Due.IsZero() {
		line = t.T("kiosk.receipt.due", "date", p.w.Day(r.Due, p.k.Now()))
	}
	head := t.H(look.S, t.Icon(look.IconCalendar, look.Lead, t.Pal.Info), touch.Grow(t.Para(t.T("kiosk.receipt.promise"), touch.Body.Bold().In(t.Pal.Info))))
	return t.Panel(touch.Info, t.V(look.XS, head, t.Para(line, touch.Lead)))
}

// promise is a promise in words: "5 working days after it reaches us".
func (p *page) promise(pr city.Promise) string {
	switch {
	case pr.Days <= 0:
		return p.t.T("kiosk.promise.none")
	case pr.Working:
		return p.t.T("kiosk.promise.working", "count", pr.Days, "n", pr.Days)
	}
	return p.t.T("kiosk.promise.days", "count", pr.Days, "n", pr.Days)
}

// progressCard says how far the report has come and what comes next.
func (p *page) progressCard(r *kiosk.Receipt) fyne.CanvasObject {
	t := p.t
	key := "kiosk.receipt.state." + string(r.State)
	if !p.w.Has(key) {
		key = "kiosk.receipt.state.saved"
	}
	service := p.k.ServiceName(r.Service)
	if place := p.where(r.Place); place != "" {
		service += "\n" + place
	}
	return t.Card(t.V(look.M,
		t.V(look.S, t.Flow(look.S, t.SyncBadge(touch.SyncSpec{State: syncState(r.State)})), t.Para(t.T(key), touch.Body)),
		t.Para(t.T("kiosk.receipt.next.what"), touch.Body),
		t.Para(strings.TrimSpace(service), touch.Body.Bold())))
}

func syncState(s kiosk.State) touch.SyncState {
	switch s {
	case kiosk.StateSent:
		return touch.Sent
	case kiosk.StateReceived:
		return touch.Received
	case kiosk.StateSafe:
		return touch.Safe
	case kiosk.StateAttention:
		return touch.Attention
	}
	return touch.Saved
}
