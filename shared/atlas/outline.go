package atlas

import (
	"context"
	"database/sql"
	"fmt"
)

// Bounds is the smallest upright box around the city's outline; where it has none,
// around its districts, and else around its streets. False for a file without any.
func (a *Atlas) Bounds(ctx context.Context) (southWest, northEast Point, known bool, err error) {
	const around = `SELECT min(b.south), min(b.west), max(b.north), max(b.east) FROM `
	for _, from := range []struct{ query, kind string }{
		{around + `area_box AS b JOIN area AS a ON a.id = b.id WHERE a.kind = $1`, AreaCity},
		{around + `area_box AS b JOIN area AS a ON a.id = b.id WHERE a.kind = $1`, AreaDistrict},
		{around + `stretch_box AS b WHERE $1 <> ''`, "street"},
	} {
		var s, w, n, e sql.NullInt32
		if err := a.db.QueryRowContext(ctx, from.query, from.kind).Scan(&s, &w, &n, &e); err != nil {
			return Point{}, Point{}, false, fmt.Errorf("bounds of the city: %w", err)
		}
		if s.Valid {
			return Point{s.Int32, w.Int32}, Point{n.Int32, e.Int32}, true, nil
		}
	}
	return Point{}, Point{}, false, nil
}

// Outside tells whether a point in 1e-7 degrees lies outside the city: not in its
// outline or, where it has none, in none of its districts. A city that has neither
// is everywhere.
func (a *Atlas) Outside(ctx context.Context, lat, lon int32) (bool, error) {
	areas, err := a.areasAt(ctx, Point{lat, lon}, "")
	if err != nil {
		return false, fmt.Errorf("is it in the city: %w", err)
	}
	out, err := a.outside(ctx, areas)
	if err != nil {
		return false, fmt.Errorf("is it in the city: %w", err)
	}
	return out, nil
}

// outside judges by the areas around a point.
func (a *Atlas) outside(ctx context.Context, around []Area) (bool, error) {
	in := map[string]bool{}
	for _, area := range around {
		in[area.Kind] = true
	}
	for _, kind := range []string{AreaCity, AreaDistrict} {
		if in[kind] {
			return false, nil
		}
		var drawn bool
		if err := a.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM area WHERE kind = $1)`, kind).Scan(&drawn); err != nil {
			return false, err
		}
		if drawn {
			return true, nil
		}
	}
	return false, nil
}
