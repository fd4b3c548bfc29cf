package fieldapp

import (
	"math"
	"strings"
	"time"

	"cityhall/shared/city"
)

// Spot is a place on the map with what is known of it.
type Spot struct {
	Place   city.Place // with the address near it and its district, where there are any
	Outside bool       // of the city
}

// OpenWhere shows the map to point at the finding's place: where it is so far, or
// where the tablet is, or the job in hand, or the middle of the city.
func (a *App) OpenWhere() {
	if a.Screen() != ScreenFind || !a.HasMap() {
		return
	}
	at := a.settings.Center
	if !at.OnMap() {
		b := a.ground.bounds
		at = city.Place{Lat: b.South/2 + b.North/2, Lon: b.West/2 + b.East/2}
	}
	if p, ok := a.placeInHand(); ok && p.OnMap() {
		at = p
	}
	if f, fresh := a.Here(); fresh {
		at = f.Place()
	}
	if a.find.Place.OnMap() {
		at = a.find.Place
	}
	a.pin = a.spot(at.Lat, at.Lon)
	a.push(ScreenWhere)
}

// Pin is where the pin of the map stands.
func (a *App) Pin() Spot { return a.pin }

// MovePin says where the pin stands now, in 1e-7 degrees.
func (a *App) MovePin(lat, lon int32) {
	if a.Screen() != ScreenWhere || lat == a.pin.Place.Lat && lon == a.pin.Place.Lon {
		return
	}
	a.pin = a.spot(lat, lon)
	a.Changed(Same)
}

// TakePin makes the point the finding's place.
func (a *App) TakePin(lat, lon int32) {
	if a.Screen() != ScreenWhere || a.find == nil {
		return
	}
	a.EditFind(func(f *Finding) { f.stand(a.spot(lat, lon)) })
	a.back()
}

// spot looks up what is known of a point. Nothing known still is a place.
func (a *App) spot(lat, lon int32) Spot {
	s := Spot{Place: city.Place{Lat: lat, Lon: lon}}
	if a.atlas == nil {
		return s
	}
	here, err := a.atlas.Here(a.ctx, s.Place, time.Time{}, city.Calendar{})
	if err != nil {
		a.cfg.Log.Error("look up a place on the map", "err", err)
		return s
	}
	return Spot{here.Place, here.Outside}
}

// stand gives the finding another place. What was typed beside the one before
// stays, but not what a receiver said of that.
func (f *Finding) stand(s Spot) {
	s.Place.Detail = f.Place.Detail
	if s.Place.Detail == f.ByGPS {
		s.Place.Detail = ""
	}
	f.Place, f.Outside, f.Within, f.ByGPS = s.Place, s.Outside, 0, ""
}

// FindHere makes the place where the tablet is the finding's. Its accuracy is
// written beside it, for the office to see.
func (a *App) FindHere() {
	at, fresh := a.Here()
	if a.Screen() != ScreenFind || !fresh {
		return
	}
	a.SetFind(func(f *Finding) {
		f.stand(a.spot(at.Lat, at.Lon))
		if f.Within = at.Within; f.Within > 0 && f.Place.Detail == "" {
			f.ByGPS = a.T("field.find.by_gps", "metres", int(math.Ceil(f.Within)))
			f.Place.Detail = f.ByGPS
		}
	})
}

// mostNamed is how many assets a finding is asked about, nameReach how near.
const (
	mostNamed = 4
	nameReach = 40
)

// Nameable are the hydrants, lights and trees so near to the finding's place that
// it may be about one of them, and so is the one that it names.
func (a *App) Nameable() []Asset {
	if a.atlas == nil || a.find == nil || !a.find.Place.OnMap() {
		return nil
	}
	found, err := a.atlas.AssetsNear(a.ctx, a.find.Place.Lat, a.find.Place.Lon, nameReach, mostNamed)
	if err != nil {
		a.cfg.Log.Error("look for assets", "err", err)
	}
	return found
}

// Names tells whether the finding names an asset.
func (a *App) Names(l Asset) bool {
	return a.find != nil && a.find.Place.Landmark == l.Title() && a.find.Place.Lat == l.At.Lat && a.find.Place.Lon == l.At.Lon
}

// NameAsset says that the finding is about an asset, whose place it then has; once
// more takes the name back.
func (a *App) NameAsset(l Asset) {
	if a.find == nil {
		return
	}
	if a.Names(l) {
		a.SetFind(func(f *Finding) { f.Place.Landmark = "" })
		return
	}
	s := a.spot(l.At.Lat, l.At.Lon)
	if l.Address != "" {
		s.Place.Address = l.Address
	}
	s.Place.Landmark = l.Title()
	a.SetFind(func(f *Finding) { f.stand(s) })
}

// Found is the finding's place in words: the asset or landmark and the address.
func (f *Finding) Found() string {
	parts := []string{f.Place.Landmark, f.Place.Address}
	if f.Place.Landmark == "" || f.Place.Address == "" {
		return f.Place.Landmark + f.Place.Address
	}
	return strings.Join(parts, " · ")
}
