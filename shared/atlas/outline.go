package atlas

import (
	"context"
	"fmt"
)

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
