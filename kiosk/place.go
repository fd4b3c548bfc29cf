package kiosk

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
)

// maxPlace is how many characters the words of a place may have.
const maxPlace = 300

// nearMeters is how close a request must be to be asked about.
const nearMeters = 150

// mostNear is how many nearby requests a person is asked to look at.
const mostNear = 5

// place is where it is, as far as it is entered.
type place struct {
	text    string      // typed into the search
	matches []PlaceHit  // for text
	search  int         // counts searches; an answer to an older one is dropped
	chosen  *city.Place // from the list, or as written
	detail  string      // beside an address: "behind the bus stop"
	byWords bool        // described, without an address
	words   string
}

// PlaceHit is a place that the atlas found.
type PlaceHit struct {
	Place     city.Place
	Landmark  bool
	Street    bool // a street as a whole: its place is the middle
	Estimated bool // the place of the house is worked out from its number
	From, To  int  // house numbers of the street; zero when it has none
}

// Near is an open request of the same service close to the place.
type Near struct {
	ID      city.ID
	Request city.Request
	Meters  int
	Pending bool // entered on this kiosk and not yet with the city
}

// PlaceText is what was typed into the search.
func (k *Kiosk) PlaceText() string { return k.s.form.place.text }

// PlaceHits are the suggestions for it.
func (k *Kiosk) PlaceHits() []PlaceHit { return k.s.form.place.matches }

// CanSearch tells whether the city's places are on this kiosk.
func (k *Kiosk) CanSearch() bool { return k.data.places != nil }

// SetPlaceText takes what is typed and looks for it among the city's places.
func (k *Kiosk) SetPlaceText(text string) {
	k.Touch()
	p := &k.s.form.place
	if k.s.screen != ScreenPlace || text == p.text {
		return
	}
	p.text = text
	p.search++
	turn, places, ctx := p.search, k.data.places, k.ctx
	if places == nil || strings.TrimSpace(text) == "" {
		p.matches = nil
		k.changed()
		return
	}
	k.async(func() func() {
		found, err := places.Search(ctx, text, 6)
		return func() {
			if err != nil {
				k.cfg.Log.Error("search the places", "err", err)
			}
			if turn != k.s.form.place.search {
				return
			}
			var hits []PlaceHit
			for _, m := range found {
				hits = append(hits, PlaceHit{Place: m.Place, Landmark: m.Kind == atlas.KindLandmark, Street: m.Kind == atlas.KindStreet,
					Estimated: m.Estimated, From: m.First, To: m.Last})
			}
			k.s.form.place.matches = hits
			k.changed()
		}
	})
}

// ChoosePlace takes the i-th suggestion.
func (k *Kiosk) ChoosePlace(i int) {
	k.Touch()
	p := &k.s.form.place
	if k.s.screen != ScreenPlace || i < 0 || i >= len(p.matches) {
		return
	}
	chosen := p.matches[i].Place
	p.chosen = &chosen
	k.s.errs = nil
	k.changed()
}

// AsWritten takes what was typed for the address, although it is not in the list.
func (k *Kiosk) AsWritten() {
	k.Touch()
	p := &k.s.form.place
	text := strings.TrimSpace(p.text)
	if k.s.screen != ScreenPlace || text == "" {
		return
	}
	if utf8.RuneCountInString(text) > maxPlace {
		k.problem("place", &city.Error{Code: city.CodeTooLong, Field: "place", Message: "too long", Max: maxPlace})
		return
	}
	p.chosen = &city.Place{Address: text}
	k.s.errs = nil
	k.changed()
}

// ChosenPlace is the place that was taken, if one was.
func (k *Kiosk) ChosenPlace() (city.Place, bool) {
	if c := k.s.form.place.chosen; c != nil {
		return *c, true
	}
	return city.Place{}, false
}

// AnotherPlace lets the person search again.
func (k *Kiosk) AnotherPlace() {
	k.Touch()
	if k.s.screen != ScreenPlace {
		return
	}
	k.s.form.place.chosen = nil
	k.changed()
}

// ByWords tells whether the place is described in words.
func (k *Kiosk) ByWords() bool { return k.s.form.place.byWords }

// SetByWords switches between searching and describing in words.
func (k *Kiosk) SetByWords(on bool) {
	k.Touch()
	if k.s.screen != ScreenPlace {
		return
	}
	k.s.form.place.byWords = on
	k.s.errs = nil
	k.changed()
}

// PlaceWords are the words for a place that has no address.
func (k *Kiosk) PlaceWords() string { return k.s.form.place.words }

// SetPlaceWords takes them as they are typed.
func (k *Kiosk) SetPlaceWords(words string) {
	k.Touch()
	if k.s.screen == ScreenPlace {
		k.s.form.place.words = words
	}
}

// PlaceDetail is what helps to find it: "behind the bus stop".
func (k *Kiosk) PlaceDetail() string { return k.s.form.place.detail }

// SetPlaceDetail takes it as it is typed.
func (k *Kiosk) SetPlaceDetail(words string) {
	k.Touch()
	if k.s.screen == ScreenPlace {
		k.s.form.place.detail = words
	}
}

// Place is where the report says it is.
func (k *Kiosk) Place() city.Place {
	p := k.s.form.place
	if p.byWords {
		return city.Place{Detail: strings.TrimSpace(p.words)}
	}
	if p.chosen == nil {
		return city.Place{}
	}
	out := *p.chosen
	out.Detail = strings.TrimSpace(p.detail)
	return out
}

func (k *Kiosk) nextPlace() {
	p := k.Place()
	if p.Line() == "" && !p.OnMap() {
		k.problem("place", &city.Error{Code: city.CodeRequired, Field: "place", Message: "say where it is"})
		return
	}
	if utf8.RuneCountInString(p.Detail) > maxPlace {
		k.problem("place.detail", &city.Error{Code: city.CodeTooLong, Field: "place.detail", Message: "too long", Max: maxPlace})
		return
	}
	k.s.form.near = nil
	if !p.OnMap() {
		k.afterPlace()
		return
	}
	service := k.s.form.service.ID
	k.async(func() func() {
		near, err := k.openNear(service, p)
		return func() {
			if err != nil {
				k.cfg.Log.Error("look for nearby requests", "err", err)
			}
			if k.s.screen != ScreenPlace {
				return
			}
			if k.s.form.near = near; len(near) > 0 {
				k.turnTo(ScreenNear)
				return
			}
			k.afterPlace()
		}
	})
}

func (k *Kiosk) afterPlace() { k.forward(ScreenDetails) }

// Nearby are open requests of the same service close to the place, nearest first.
func (k *Kiosk) Nearby() []Near { return k.s.form.near }

// openNear reads local data only, and nothing of the kiosk: it runs elsewhere.
func (k *Kiosk) openNear(service city.ID, at city.Place) ([]Near, error) {
	records, err := k.rep.Records(k.ctx, city.KindRequest)
	if err != nil {
		return nil, err
	}
	var out []Near
	for _, rec := range records {
		if rec.Text("service") != string(service) || rec.Text("status") == string(city.StatusClosed) {
			continue
		}
		var r city.Request
		if err := rec.Into(&r); err != nil {
			continue
		}
		if m, ok := atlas.Metres(at, r.Place); ok && m <= nearMeters {
			out = append(out, Near{ID: rec.ID, Request: r, Meters: m, Pending: r.ReceivedAt.IsZero()})
		}
	}
	slices.SortFunc(out, func(a, b Near) int { return cmp.Or(cmp.Compare(a.Meters, b.Meters), cmp.Compare(a.ID, b.ID)) })
	return out[:min(len(out), mostNear)], nil
}

// Follow shows how a nearby request stands, in place of reporting it again.
func (k *Kiosk) Follow(id city.ID) {
	k.Touch()
	if k.s.screen != ScreenNear || !slices.ContainsFunc(k.s.form.near, func(n Near) bool { return n.ID == id }) {
		return
	}
	k.show(id, ScreenNear)
}
