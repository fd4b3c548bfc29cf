package atlas

import (
	"context"
	"math"
	"slices"

	"cityhall/shared/city"
)

// corners are where two streets meet, by the best-fitting names.
func (a *Atlas) corners(ctx context.Context, one, two query, limit int) ([]Match, error) {
	const tried = 4
	first, err := a.crossers(ctx, one, tried)
	if err != nil {
		return nil, err
	}
	second, err := a.crossers(ctx, two, tried)
	if err != nil {
		return nil, err
	}
	var out []Match
	for sum := range 2*tried - 1 { // the best pair of names first, worse ones only if it does not meet
		if len(out) > 0 {
			break
		}
		for i := range first {
			if j := sum - i; j >= 0 && j < len(second) && first[i].entry != second[j].entry {
				for _, p := range meet(first[i].all, second[j].all) {
					label := first[i].name + " & " + second[j].name
					m := Match{Kind: KindCorner, Label: label, Place: city.Place{Lat: p.Lat, Lon: p.Lon, Address: label}}
					if err := a.settle(ctx, &m, true); err != nil {
						return nil, err
					}
					if out = append(out, m); len(out) == limit {
						return out, nil
					}
				}
			}
		}
	}
	return out, nil
}

// crosser is a street that may meet another.
type crosser struct {
	entry int
	name  string
	all   []Street
}

func (a *Atlas) crossers(ctx context.Context, q query, most int) ([]crosser, error) {
	var out []crosser
	for _, h := range a.index.find(q.words, q.kind, true) {
		e := a.index.entries[h.entry]
		if e.street == 0 {
			continue
		}
		all, err := a.stretches(ctx, e.street)
		if err != nil {
			return nil, err
		}
		if out = append(out, crosser{h.entry, e.name, all}); len(out) == most {
			break
		}
	}
	return out, nil
}

// meeting is how near the points of two streets must come, in metres, and how far
// apart two corners of the same streets are told apart.
const (
	meeting = 12
	apart   = 40
)

// meet gives the points where stretches end or bend upon one another.
func meet(one, two []Street) []Point {
	var out []Point
	for _, s := range one {
		for _, t := range two {
			b, c := boxOf(s.Line), boxOf(t.Line)
			grow := int32(meeting * 180) // in units, also far to the north
			if b.south > c.north+grow || c.south > b.north+grow || b.west > c.east+grow || c.west > b.east+grow {
				continue
			}
			p, ok := touch(s.Line, t.Line)
			if ok && !slices.ContainsFunc(out, func(q Point) bool { return metres(p, q) < apart }) {
				out = append(out, p)
			}
		}
	}
	return out
}

// touch finds where two lines come nearest: at a point of one of them, or where
// they cross between points.
func touch(one, two []Point) (Point, bool) {
	best, nearest := Point{}, math.Inf(1)
	for i, lines := range [][2][]Point{{one, two}, {two, one}} {
		for _, p := range lines[0] {
			if f := project(lines[1], p); f.metres < nearest {
				best, nearest = p, f.metres
				if i == 1 {
					best = along(one, project(one, p).share, 0)
				}
			}
		}
	}
	if nearest <= meeting {
		return best, true
	}
	for i := 1; i < len(one); i++ {
		for j := 1; j < len(two); j++ {
			if p, ok := cross(one[i-1], one[i], two[j-1], two[j]); ok {
				return p, true
			}
		}
	}
	return Point{}, false
}

// cross is where two straight pieces cut each other.
func cross(a, b, c, d Point) (Point, bool) {
	rx, ry := float64(b.Lon)-float64(a.Lon), float64(b.Lat)-float64(a.Lat)
	sx, sy := float64(d.Lon)-float64(c.Lon), float64(d.Lat)-float64(c.Lat)
	qx, qy := float64(c.Lon)-float64(a.Lon), float64(c.Lat)-float64(a.Lat)
	turn := float64(rx*sy) - float64(ry*sx)
	if turn == 0 {
		return Point{}, false
	}
	t, u := (float64(qx*sy)-float64(qy*sx))/turn, (float64(qx*ry)-float64(qy*rx))/turn
	if t < 0 || t > 1 || u < 0 || u > 1 {
		return Point{}, false
	}
	return Point{a.Lat + int32(math.Round(t*ry)), a.Lon + int32(math.Round(t*rx))}, true
}
