package kiosk

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
)

// ground is what the maps of this kiosk are of.
type ground struct {
	known  bool // the city has an extent
	bounds atlas.Bounds
	stands city.Place // this kiosk; zero when nobody has said where
}

// survey finds the city's bounds and this kiosk in them. at is an address, a
// landmark, or "46.3001, -69.3055"; empty for a kiosk that does not know its place.
func survey(ctx context.Context, places *atlas.Atlas, at string) (g ground, _ error) {
	b, known, err := places.Extent(ctx)
	if err != nil {
		return g, err
	}
	g.known, g.bounds = known, b.Wider()
	if at == "" {
		return g, nil
	}
	if lat, lon, ok := strings.Cut(at, ","); ok {
		y, badLat := strconv.ParseFloat(strings.TrimSpace(lat), 64)
		x, badLon := strconv.ParseFloat(strings.TrimSpace(lon), 64)
		if badLat == nil && badLon == nil && math.Abs(y) <= 90 && math.Abs(x) <= 180 {
			g.stands = city.Place{Lat: int32(math.Round(y * 1e7)), Lon: int32(math.Round(x * 1e7))}
			return g, nil
		}
	}
	found, err := places.Search(ctx, at, 1)
	if err != nil {
		return g, err
	}
	if len(found) == 0 {
		return g, fmt.Errorf("where this kiosk stands: %q is not among the city's places", at)
	}
	g.stands = found[0].Place
	return g, nil
}

// middle is where a map begins.
func (g ground) middle(center city.Place) city.Place {
	switch {
	case g.stands.OnMap():
		return g.stands
	case center.OnMap():
		return center
	}
	return city.Place{Lat: g.bounds.South/2 + g.bounds.North/2, Lon: g.bounds.West/2 + g.bounds.East/2}
}

// Bounds is the area that the maps show: the city and a tenth more on each side, so
// that its edge is seen for an edge. False without a map.
func (k *Kiosk) Bounds() (atlas.Bounds, bool) { return k.data.ground.bounds, k.data.ground.known }

// Stands is where this kiosk stands, if that is known.
func (k *Kiosk) Stands() (city.Place, bool) {
	return k.data.ground.stands, k.data.ground.stands.OnMap()
}
