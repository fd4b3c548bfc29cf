package kiosk

import (
	"strings"
	"unicode/utf8"

	"cityhall/shared/city"
)

// maxPlace is how many characters the words of a place may have.
const maxPlace = 300

// place is where it is, as far as it is entered.
type place struct {
	finder
	chosen  *Spot  // from the list, on the map, or as written
	pin     pin    // while it is pointed at on the map
	detail  string // beside an address: "behind the bus stop"
	byWords bool   // described, without an address
	words   string
}

// Spot is a place that was taken.
type Spot struct {
	Place   city.Place
	Near    bool // its address is the nearest one to where the pin stands
	Outside bool // of the city
	// named is what the person chose by name. The pin may then be moved a little
	// without the place losing that name.
	named *city.Place
}

// take makes a place the chosen one.
func (k *Kiosk) take(s Spot) {
	k.s.form.place.chosen, k.s.form.place.byWords = &s, false
	k.s.errs = nil
	k.changed()
}

// AsWritten takes what was typed for the address, although it is not in the list.
func (k *Kiosk) AsWritten() {
	k.Touch()
	text := strings.TrimSpace(k.s.form.place.text)
	if k.s.screen != ScreenPlace || text == "" {
		return
	}
	if utf8.RuneCountInString(text) > maxPlace {
		k.problem("place", &city.Error{Code: city.CodeTooLong, Field: "place", Message: "too long", Max: maxPlace})
		return
	}
	k.take(Spot{Place: city.Place{Address: text}, named: &city.Place{Address: text}})
}

// ChosenPlace is the place that was taken, if one was.
func (k *Kiosk) ChosenPlace() (Spot, bool) {
	if c := k.s.form.place.chosen; c != nil {
		return *c, true
	}
	return Spot{}, false
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
	out := p.chosen.Place
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
	service, reach := k.s.form.service.ID, k.s.form.service.Reach()
	k.async(func() func() {
		near, err := k.openNear(p, reach, mostTwins, service)
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
