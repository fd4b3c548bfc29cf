package kiosk

import (
	"context"
	"strings"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
)

// mostHits is how many places a search shows.
const mostHits = 6

// finder is a search for a place by what is typed.
type finder struct {
	text    string
	matches []PlaceHit // for text
	turn    int        // counts searches; an answer to an older one is dropped
}

// PlaceHit is a place that the atlas found.
type PlaceHit struct {
	Place     city.Place
	Landmark  bool
	Street    bool // a street as a whole: its place is the middle
	NoNumber  bool // the street has no house of the number that was typed
	Estimated bool // the place of the house is worked out from its number
	Outside   bool // of the city
	From, To  int  // house numbers of the street; zero when it has none
}

// finder is the search of the page, or nil.
func (k *Kiosk) finder() *finder {
	switch k.s.screen {
	case ScreenPlace:
		return &k.s.form.place.finder
	case ScreenAddress:
		return &k.s.mine.finder
	}
	return nil
}

// PlaceText is what was typed into the page's search.
func (k *Kiosk) PlaceText() string {
	if f := k.finder(); f != nil {
		return f.text
	}
	return ""
}

// PlaceHits are the suggestions for it.
func (k *Kiosk) PlaceHits() []PlaceHit {
	if f := k.finder(); f != nil {
		return f.matches
	}
	return nil
}

// CanSearch tells whether the city's places are on this kiosk.
func (k *Kiosk) CanSearch() bool { return k.data.places != nil }

// SetPlaceText takes what is typed and looks for it among the city's places.
func (k *Kiosk) SetPlaceText(text string) {
	k.Touch()
	f := k.finder()
	if f == nil || text == f.text {
		return
	}
	f.text = text
	k.search(f, k.changed)
}

// search finds the places for what is typed, and then calls then unless something
// else has been typed by then.
func (k *Kiosk) search(f *finder, then func()) {
	f.turn++
	turn, text, places, ctx := f.turn, f.text, k.data.places, k.ctx
	if places == nil || strings.TrimSpace(text) == "" {
		f.matches = nil
		then()
		return
	}
	k.async(func() func() {
		hits, err := find(ctx, places, text)
		return func() {
			if err != nil {
				k.cfg.Log.Error("search the places", "err", err)
			}
			if turn == f.turn {
				f.matches = hits
				then()
			}
		}
	})
}

// find reads the places and nothing of the kiosk: it runs elsewhere.
func find(ctx context.Context, places *atlas.Atlas, text string) ([]PlaceHit, error) {
	found, err := places.Search(ctx, text, mostHits)
	if err != nil {
		return nil, err
	}
	var hits []PlaceHit
	for _, m := range found {
		outside, err := places.Outside(ctx, m.Place.Lat, m.Place.Lon)
		if err != nil {
			return hits, err
		}
		hits = append(hits, PlaceHit{Place: m.Place, Landmark: m.Kind == atlas.KindLandmark, Street: m.Kind == atlas.KindStreet, NoNumber: m.NoNumber,
			Estimated: m.Estimated, Outside: outside, From: m.First, To: m.Last})
	}
	return hits, nil
}

// ChoosePlace takes the i-th suggestion.
func (k *Kiosk) ChoosePlace(i int) {
	k.Touch()
	f := k.finder()
	if f == nil || i < 0 || i >= len(f.matches) {
		return
	}
	if hit := f.matches[i]; k.s.screen == ScreenAddress {
		k.concern(hit)
	} else {
		k.take(Spot{Place: hit.Place, Outside: hit.Outside, named: &hit.Place})
	}
}
