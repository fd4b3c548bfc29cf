package fieldapp

import (
	"math"
	"time"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
)

// Fix is where the tablet was heard to be: WGS 84 in units of 1e-7 degrees,
// Within in metres (0: not known), At by the tablet's own clock.
type Fix struct {
	Lat, Lon int32
	Within   float64
	At       time.Time
}

// Place is the fix as a place without words.
func (f Fix) Place() city.Place { return city.Place{Lat: f.Lat, Lon: f.Lon} }

// freshFor is how long a fix says where the tablet is, and not where it was.
const freshFor = 30 * time.Second

// A position is news when it has moved so many metres; the list is put in another
// order only after many more, so that it does not jump under a finger.
const (
	newsAfter = 5
	sortAfter = 100
)

// positions is what is known of the tablet's place.
type positions struct {
	last  Fix // zero until there was one
	fresh bool
	list  Fix // that the list's distances are measured from
}

// Here is where the tablet is; false when no receiver says so now.
func (a *App) Here() (Fix, bool) { return a.at.last, a.at.fresh }

// LastKnown is where the tablet was heard to be last; false when never.
func (a *App) LastKnown() (Fix, bool) { return a.at.last, a.at.last != Fix{} }

// HasReceiver tells whether the tablet listens for a position at all.
func (a *App) HasReceiver() bool { return a.cfg.Position != nil }

// follow takes the newest fix and tells when it is news.
func (a *App) follow() {
	if a.cfg.Position == nil {
		return
	}
	f, known := a.cfg.Position()
	if !known {
		return
	}
	was := a.at
	age := a.cfg.Now().Sub(f.At)
	a.at.last, a.at.fresh = f, age >= 0 && age < freshFor // a clock that was set back proves nothing
	if far(was.last, f, newsAfter) || was.fresh != a.at.fresh || math.Abs(was.last.Within-f.Within) > newsAfter {
		if far(a.at.list, f, sortAfter) && a.list.order == ByDistance {
			a.sortJobs()
			a.Changed(Same)
		}
		a.Changed(Moved)
		if was.fresh != a.at.fresh { // what a page offers is other by that
			a.Changed(Same)
		}
	} else {
		a.at.last = Fix{was.last.Lat, was.last.Lon, was.last.Within, f.At} // it stands still
	}
}

// far tells whether two fixes are more than some metres apart.
func far(x, y Fix, metres int) bool {
	if x == (Fix{}) || y == (Fix{}) {
		return x != y
	}
	return !atlas.Near(x.Place(), y.Place(), metres)
}

// measure gives every job its distance from where the tablet is, or was last.
func (a *App) measure() {
	if a.at.last != (Fix{}) && far(a.at.list, a.at.last, sortAfter) {
		a.at.list = a.at.last
	}
	for i := range a.list.all {
		j := &a.list.all[i]
		j.Metres, j.Measured = atlas.Metres(a.at.list.Place(), j.Place)
	}
}

// Measured says what the distances of the list are measured from, in words.
func (a *App) Measured() string {
	switch {
	case a.at.list == Fix{}:
		return a.T("field.distance.none")
	case a.at.fresh:
		return a.T("field.distance.here")
	}
	return a.T("field.distance.last", "when", a.when(a.at.last.At))
}
