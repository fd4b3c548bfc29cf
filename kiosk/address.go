package kiosk

import (
	"slices"
	"strings"
	"time"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
)

const (
	aroundAddress = 400 // metres within which open requests concern an address
	mostAround    = 8
)

// mine is "my address", as far as it is entered. Nothing of it is ever written down.
type mine struct {
	finder
	asked int // counts addresses; what is found for an older one is dropped
	found *Concerns
}

// Concerns is what concerns an address.
type Concerns struct {
	Hit     PlaceHit
	Here    atlas.Here
	Notices []city.Notice // for its part of the city, the first to begin first
	Near    []Near        // open requests of all services, the nearest first
	Today   time.Time     // that the dates count from, in the city's zone
	Sure    bool          // that it is that day: the city has been heard since the start
}

// MyAddress begins to look up an address.
func (k *Kiosk) MyAddress() {
	k.Touch()
	if k.s.screen != ScreenHome || !k.CanSearch() {
		return
	}
	k.s.mine = mine{asked: k.s.mine.asked + 1}
	k.turnTo(ScreenAddress)
}

// Concerns is what was found for the address, or nil.
func (k *Kiosk) Concerns() *Concerns {
	if k.s.mine.found == nil {
		return nil
	}
	c := *k.s.mine.found
	return &c
}

// Around is within how many metres open requests concern an address.
func (k *Kiosk) Around() int { return aroundAddress }

// nextAddress takes the best of what is found for what is typed.
func (k *Kiosk) nextAddress() {
	f := &k.s.mine.finder
	k.search(f, func() {
		switch {
		case k.s.screen != ScreenAddress:
		case f.text == "":
			k.problem("address", &city.Error{Code: city.CodeRequired, Field: "address", Message: "type an address"})
		case len(f.matches) == 0:
			k.problem("address", &city.Error{Code: city.CodeUnknown, Field: "address", Message: "not among the city's places"})
		default:
			k.concern(f.matches[0])
		}
	})
}

// concern finds what concerns a place and shows it.
func (k *Kiosk) concern(hit PlaceHit) {
	m, places, ctx := &k.s.mine, k.data.places, k.ctx
	if places == nil || !hit.Place.OnMap() {
		return
	}
	now, sure := k.rep.CityTime()
	now = now.In(k.data.settings.Zone())
	calendar := k.data.settings.Calendar
	m.asked++
	asked := m.asked
	k.async(func() func() {
		here, err := places.Here(ctx, hit.Place, now, calendar)
		var near []Near
		var notices []city.Notice
		if err == nil && !here.Outside {
			notices, err = k.notices(here.Place.District, now)
		}
		if err == nil {
			near, err = k.openNear(hit.Place, aroundAddress, mostAround, "")
		}
		return func() {
			if k.s.screen != ScreenAddress || asked != m.asked {
				return
			}
			if err != nil {
				k.problem("address", err)
				return
			}
			m.found = &Concerns{Hit: hit, Here: here, Notices: notices, Near: near, Today: now, Sure: sure}
			k.turnTo(ScreenHere)
		}
	})
}

// notices are those of a district and of the whole city.
func (k *Kiosk) notices(district city.ID, day time.Time) ([]city.Notice, error) {
	records, err := k.rep.Records(k.ctx, city.KindNotice)
	if err != nil {
		return nil, err
	}
	var out []city.Notice
	for _, r := range records {
		var n city.Notice
		if err := r.Into(&n); err != nil {
			k.cfg.Log.Warn("a notice of a kind that this version does not know", "id", r.ID, "err", err)
			continue
		}
		if n.Concerns(district, day) {
			out = append(out, n)
		}
	}
	slices.SortStableFunc(out, func(a, b city.Notice) int { return strings.Compare(a.From, b.From) })
	return out, nil
}
