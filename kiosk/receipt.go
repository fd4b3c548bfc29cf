package kiosk

import (
	"strings"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/replica"
)

// Receipt is what a resident takes away.
type Receipt struct {
	Reference string // for the person's eyes, K7QM-4F2Q-9XDT-3
	Number    string // the request's public number
	Service   city.ID
	Place     city.Place
	Promise   city.Promise
	Due       time.Time // by the city's own clock; zero until it has been received
	State     State
	Link      string // for a phone: where the reference leads, or the reference itself

	item    city.MutationID
	request city.ID
}

// State is how far a report has come.
type State string

// The states of a report, in the words of everybody: it is kept here, it is on
// its way, the city has it, it is in a backup too, or a person has to look.
const (
	StateSaved     = State(replica.StateSaved)
	StateSent      = State(replica.StateSent)
	StateReceived  = State(replica.StateReceived)
	StateSafe      = State(replica.StateSafe)
	StateAttention = State(replica.StateAttention)
)

// Saving tells that the report is being saved at this moment.
func (k *Kiosk) Saving() bool { return k.s.saving }

// Failure is why the report could not be saved.
func (k *Kiosk) Failure() *city.Error { return k.s.form.failure }

// Receipt is there once the report is durable, and nil before.
func (k *Kiosk) Receipt() *Receipt {
	if k.s.receipt == nil {
		return nil
	}
	r := *k.s.receipt
	return &r
}

// act is the report as an act.
func (k *Kiosk) act() *city.FileRequest {
	f := k.s.form
	return &city.FileRequest{Request: city.NewID(), Service: f.service.ID, Version: f.service.Version, Language: k.s.lang,
		Answers: city.Relevant(f.service.Questions, f.answers), Place: k.Place(), Description: f.details, Person: f.person}
}

// submit saves the report. The screen says so only when it is durable.
func (k *Kiosk) submit() {
	if k.s.saving {
		return
	}
	act := k.act()
	if err := act.Check(); err != nil {
		k.failed(err)
		return
	}
	k.s.saving = true
	k.changed()
	title := k.s.form.service.Name.In("en")
	k.async(func() func() {
		show, lookup, err := k.rep.NewReference(k.ctx)
		var ids []city.MutationID
		if err == nil {
			act.Lookup = lookup
			ids, err = k.rep.Record(k.ctx, replica.Entry{Actor: city.Actor{Kind: city.ActorResident}, Act: act, Title: title})
		}
		return func() {
			k.s.saving = false
			k.s.last = k.cfg.Now()
			if err != nil {
				k.failed(err)
				return
			}
			k.saved(show, ids[0], act)
		}
	})
}

func (k *Kiosk) failed(err error) {
	e, ok := city.AsError(err)
	if !ok {
		e = &city.Error{Code: city.CodeInternal, Message: "cannot save"}
	}
	k.cfg.Log.Error("save a report", "code", e.Code, "field", e.Field)
	k.s.form.failure = e
	k.turnTo(ScreenFailed)
}

// saved shows the receipt and forgets the form: nothing else is needed of it.
func (k *Kiosk) saved(show string, item city.MutationID, act *city.FileRequest) {
	k.s.receipt = &Receipt{Reference: show, Number: act.Request.Number(), Service: act.Service, Place: act.Place,
		Promise: k.s.form.service.Promise, State: StateSaved, Link: k.phoneLink(show), item: item, request: act.Request}
	k.s.form = newForm()
	k.refreshReceipt()
	k.turnTo(ScreenReceipt)
	k.rep.Wake()
}

// phoneLink is what the QR code says. The reference goes behind a #, which
// browsers keep to themselves, so that it stands in no server's log.
func (k *Kiosk) phoneLink(reference string) string {
	if base := k.data.settings.PublicURL; base != "" {
		return strings.TrimRight(base, "/") + "/#" + reference
	}
	return reference
}

// refreshReceipt looks how far the report on the receipt has come.
func (k *Kiosk) refreshReceipt() {
	r := k.s.receipt
	if r == nil {
		return
	}
	before := *r
	if item, ok, err := k.rep.Item(k.ctx, r.item); err != nil {
		k.cfg.Log.Error("read how far a report is", "err", err)
	} else if ok {
		if r.State = State(item.State); item.State == replica.StateHanded { // staff have it, and decide
			r.State = StateAttention
		}
	}
	if r.State == StateReceived || r.State == StateSafe {
		if view, err := k.rep.View(k.ctx); err == nil {
			if req, ok, err := city.LoadRequest(view, r.request); err == nil && ok && !req.DueAt.IsZero() {
				r.Due = req.DueAt.In(k.data.settings.Zone())
			}
		}
	}
	k.s.fresh = k.s.fresh || before != *r
}
