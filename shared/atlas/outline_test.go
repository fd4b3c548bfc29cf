package atlas_test

import (
	"testing"
	"time"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
)

// TestOutside asks of a point inside and of one outside: with an outline, with
// districts alone and with neither.
func TestOutside(t *testing.T) {
	g := alderBend()
	in, out := atlas.Point{Lat: 463_000_000, Lon: -693_000_000}, atlas.Point{Lat: 463_900_000, Lon: -693_000_000}
	bare := atlas.Geography{Streets: g.Streets}
	districts := bare
	for _, a := range g.Areas {
		if a.Kind == atlas.AreaDistrict {
			districts.Areas = append(districts.Areas, a)
		}
	}
	for name, c := range map[string]struct {
		g       atlas.Geography
		outside bool
	}{"outline": {g, true}, "districts": {districts, true}, "streets": {bare, false}} {
		t.Run(name, func(t *testing.T) {
			a := open(t, c.g)
			for p, want := range map[atlas.Point]bool{in: false, out: c.outside} {
				got, err := a.Outside(t.Context(), p.Lat, p.Lon)
				if err != nil || got != want {
					t.Errorf("%v: %v %v, want %v", p, got, err, want)
				}
				here, err := a.Here(t.Context(), city.Place{Lat: p.Lat, Lon: p.Lon}, time.Unix(0, 0), city.Calendar{})
				if err != nil || here.Outside != want {
					t.Errorf("what is here %v: %v %v, want %v", p, here.Outside, err, want)
				}
			}
		})
	}
}
