package console

import (
	"bytes"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"cityhall/shared/city"
	"cityhall/syncserver/store/read"
)

// salvagedShown is how many pieces of evidence a page lists.
const salvagedShown = 50

// lostField is a field that a device had otherwise than the city has it.
type lostField struct{ Name, Said, Now string }

type salvagedRow struct {
	*form
	Row, Kind, Number, Place, Request, Device string
	Found, Settled                            when
	By                                        string
	Gone                                      bool // the city has no such record
	Fields                                    []lostField
}

type salvageBody struct {
	Past        bool
	Count       int
	Rows        []salvagedRow
	First, Next string
}

var kindWords = map[city.Kind]string{city.KindCity: "The city's settings", city.KindService: "A service", city.KindNotice: "A notice", city.KindCrew: "A crew", city.KindStaff: "A member of staff",
	city.KindRequest: "A request, as the public sees it", city.KindWork: "A request, as the office sees it", city.KindWorkOrder: "A job", city.KindVisit: "A visit",
	city.KindNote: "A note", city.KindPhoto: "A photo", city.KindReview: "A review"}

// salvage lists what devices had of a history that a restore has ended.
func (v *call) salvage() {
	if !v.mayReview() {
		return
	}
	b := salvageBody{Past: v.g.Query("show") == "settled"}
	at := v.g.Query("at")
	list, err := v.read.Salvaged(v.ctx, v.staff, b.Past, at, salvagedShown)
	if err != nil {
		v.broken(v.g, err)
		return
	}
	if b.Count, err = v.read.CountSalvaged(v.ctx, v.staff); err != nil {
		v.broken(v.g, err)
		return
	}
	n, err := v.names()
	if err != nil {
		v.broken(v.g, err)
		return
	}
	t := teller{say: v.say, names: n, number: func(id city.ID) string { number, _ := v.read.Number(v.ctx, id); return number }}
	for _, s := range list.Rows {
		b.Rows = append(b.Rows, t.salvaged(s, newForm(base+"/salvage/"+s.ID, "settle", v.seen)))
	}
	link := func(at string) string {
		q := url.Values{}
		if b.Past {
			q.Set("show", "settled")
		}
		if at != "" {
			q.Set("at", at)
		}
		return base + "/salvage?" + q.Encode()
	}
	if list.Next != "" {
		b.Next = link(list.Next)
	}
	if at != "" {
		b.First = link("")
	}
	v.show(http.StatusOK, "salvage", page{Title: "Found after a restore", Nav: "reviews", Body: b})
}

func (t teller) salvaged(s read.Salvaged, f *form) salvagedRow {
	row := salvagedRow{form: f, Row: s.ID, Kind: kindWords[s.Kind], Number: s.About.Number, Place: placeLine(s.About.Place), Request: string(s.Request),
		Device: s.DeviceName, Found: t.say.ago(s.Received), Settled: t.say.ago(s.Settled), By: s.SettledBy, Gone: s.Now == nil}
	if row.Kind == "" {
		row.Kind = heading(string(s.Kind))
	}
	if row.Device == "" {
		row.Device = string(s.Device)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Fields)) {
		if bytes.Equal(s.Fields[name], s.Now[name]) {
			continue
		}
		at := s.Ref.Field(name)
		row.Fields = append(row.Fields, lostField{Name: fieldName(at), Said: t.value(at, s.Fields[name]), Now: t.value(at, s.Now[name])})
	}
	return row
}

// settle notes that a piece of evidence was dealt with.
func (v *call) settle() {
	id := v.g.Param("id")
	if !v.mayReview() {
		return
	}
	if _, ok := v.postedForm("settle", base+"/salvage/"+id); !ok {
		return
	}
	if !city.ID(id).Valid() {
		v.notFound()
		return
	}
	_, ok, err := v.read.OneSalvaged(v.ctx, v.staff, id)
	if err == nil && !ok {
		v.notFound()
		return
	}
	if err == nil {
		err = v.Store.SettleSalvage(v.ctx, id, v.staff.ID)
	}
	if err != nil {
		v.broken(v.g, err)
		return
	}
	v.Log.Info("evidence settled", "salvage", id, "staff", v.staff.ID)
	v.g.Redirect(http.StatusSeeOther, base+"/salvage?done=settled")
}
