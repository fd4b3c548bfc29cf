package atlas_test

import (
	"testing"
	"time"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
)

// TestOutside asks of one point with an outline, with districts alone and with
// neither; and what the city's bounds are then.
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
			sw, ne, ok, err := a.Bounds(t.Context())
			if err != nil || !ok || sw.Lat >= in.Lat || ne.Lat <= in.Lat || sw.Lon >= in.Lon || ne.Lon <= in.Lon || ne.Lat >= out.Lat {
				t.Errorf("bounds %v %v %v %v", sw, ne, ok, err)
			}
		})
	}
	if _, _, ok, err := open(t, atlas.Geography{}).Bounds(t.Context()); ok || err != nil {
		t.Errorf("nothing has bounds: %v %v", ok, err)
	}
}
