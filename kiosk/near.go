package kiosk

import (
	"cmp"
	"encoding/json"
	"slices"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
)

// mostTwins is how many requests a person is asked whether theirs is one of.
const mostTwins = 5

// Near is an open request close to a place.
type Near struct {
	ID      city.ID
	Request city.Request
	Meters  int
	Pending bool // entered on this kiosk and not yet with the city
}

// Nearby are the open requests that the page shows, nearest first: of the same
// service as the report, or all around the address.
func (k *Kiosk) Nearby() []Near {
	if k.s.screen == ScreenHere && k.s.mine.found != nil {
		return k.s.mine.found.Near
	}
	return k.s.form.near
}

// openNear gives at most so many requests within some metres, of one service or of
// all for "". It reads local data only, and nothing of the kiosk: it runs elsewhere.
func (k *Kiosk) openNear(at city.Place, reach, most int, service city.ID) ([]Near, error) {
	records, err := k.rep.Records(k.ctx, city.KindRequest)
	if err != nil {
		return nil, err
	}
	var out []Near
	for _, rec := range records {
		if service != "" && rec.Text("service") != string(service) || rec.Text("status") == string(city.StatusClosed) {
			continue
		}
		var place city.Place
		if json.Unmarshal(rec.Fields["place"], &place) != nil {
			continue // of a version that this one does not know
		}
		meters, ok := atlas.Metres(at, place)
		if !ok || meters > reach {
			continue // nearly all are; they are not read whole
		}
		var r city.Request
		if rec.Into(&r) == nil {
			out = append(out, Near{ID: rec.ID, Request: r, Meters: meters, Pending: r.ReceivedAt.IsZero()})
		}
	}
	slices.SortFunc(out, func(a, b Near) int { return cmp.Or(cmp.Compare(a.Meters, b.Meters), cmp.Compare(a.ID, b.ID)) })
	return out[:min(len(out), most)], nil
}

// Follow shows how a nearby request stands, in place of reporting it again.
func (k *Kiosk) Follow(id city.ID) {
	k.Touch()
	if (k.s.screen == ScreenNear || k.s.screen == ScreenHere) && slices.ContainsFunc(k.Nearby(), func(n Near) bool { return n.ID == id }) {
		k.show(id, k.s.screen)
	}
}
