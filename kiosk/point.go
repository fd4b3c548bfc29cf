package kiosk

import (
	"context"
	"time"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
)

const (
	keepsName    = 100 // metres that a pin may be moved from what was chosen by name
	nearLandmark = 150 // metres within which a place without an address is near a landmark
)

// pin is the place that is pointed at.
type pin struct {
	at   Spot
	turn int // counts moves; what is found of an older place is dropped
}

// CanPoint tells whether there is a map to point at.
func (k *Kiosk) CanPoint() bool { return k.data.places != nil && k.data.ground.known }

// PointOnMap opens the map: at the place that was chosen, or else where this kiosk
// stands, or in the middle of the city.
func (k *Kiosk) PointOnMap() {
	k.Touch()
	if k.s.screen != ScreenPlace || !k.CanPoint() {
		return
	}
	p := &k.s.form.place
	at := k.data.ground.middle(k.data.settings.Center)
	if p.chosen != nil && p.chosen.Place.OnMap() {
		at = p.chosen.Place
	}
	p.pin.at = Spot{Place: city.Place{Lat: at.Lat, Lon: at.Lon}}
	k.turnTo(ScreenPoint)
	k.lookUnderPin(k.changed)
}

// Pin is where the pin stands, with the address near it once that is known.
func (k *Kiosk) Pin() Spot { return k.s.form.place.pin.at }

// MovePin says where the pin stands now, in 1e-7 degrees and within Bounds, and
// looks up what is there.
func (k *Kiosk) MovePin(lat, lon int32) {
	k.Touch()
	p, b := &k.s.form.place.pin, k.data.ground.bounds
	lat, lon = max(b.South, min(lat, b.North)), max(b.West, min(lon, b.East))
	if k.s.screen != ScreenPoint || lat == p.at.Place.Lat && lon == p.at.Place.Lon {
		return
	}
	p.at = Spot{Place: city.Place{Lat: lat, Lon: lon}}
	k.lookUnderPin(k.changed)
}

// nextPoint takes the place under the pin.
func (k *Kiosk) nextPoint() {
	k.lookUnderPin(func() {
		if k.s.screen == ScreenPoint {
			p := &k.s.form.place
			at := p.pin.at
			p.chosen, p.byWords = &at, false
			k.turnTo(ScreenPlace)
		}
	})
}

// lookUnderPin finds what is known of the place under the pin, and then calls then
// unless the pin has been moved by then. Nothing known still is a place.
func (k *Kiosk) lookUnderPin(then func()) {
	p := &k.s.form.place
	p.pin.turn++
	turn, at, places, ctx := p.pin.turn, p.pin.at.Place, k.data.places, k.ctx
	var named *city.Place
	if p.chosen != nil {
		named = p.chosen.named
	}
	k.async(func() func() {
		found, err := spotAt(ctx, places, at, named)
		return func() {
			if err != nil {
				k.cfg.Log.Error("look up a place on the map", "err", err)
			}
			if turn == p.pin.turn {
				p.pin.at = found
				then()
			}
		}
	})
}

// spotAt describes a point on the map. It runs elsewhere.
func spotAt(ctx context.Context, places *atlas.Atlas, at city.Place, named *city.Place) (Spot, error) {
	s := Spot{Place: city.Place{Lat: at.Lat, Lon: at.Lon}, named: named}
	if places == nil {
		return s, nil
	}
	here, err := places.Here(ctx, s.Place, time.Time{}, city.Calendar{})
	if err != nil {
		return s, err
	}
	s.Place.District, s.Outside = here.Place.District, here.Outside
	if named != nil {
		if m, ok := atlas.Metres(*named, at); !ok || m <= keepsName {
			s.Place.Address, s.Place.Landmark = named.Address, named.Landmark
			return s, nil
		}
	}
	s.named, s.Near, s.Place.Address = nil, true, here.Place.Address
	nearest := nearLandmark + 1
	for _, l := range here.Nearest {
		if s.Place.Address == "" && l.Metres < nearest {
			nearest, s.Place.Landmark = l.Metres, l.Name
		}
	}
	return s, nil
}
