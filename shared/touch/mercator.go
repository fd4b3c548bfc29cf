package touch

import "math"

// Point is a place on the earth in WGS 84, in units of 1e-7 degrees.
type Point struct{ Lat, Lon int32 }

// Bounds is an area on the map, in units of 1e-7 degrees.
type Bounds struct{ South, West, North, East int32 }

func (b Bounds) corners() []Point { return []Point{{b.North, b.West}, {b.South, b.East}} }

// world is a place in web mercator: the whole world is a square of side 1, from
// 180 degrees west and 85.05 degrees north.
type world struct{ x, y float64 }

const mostLat = 850_511_287 // where web mercator ends, in 1e-7 degrees

func project(p Point) world {
	lat := float64(max(-mostLat, min(p.Lat, mostLat))) * 1e-7 * math.Pi / 180
	return world{
		x: float64(p.Lon)*1e-7/360 + 0.5,
		y: 0.5 - math.Asinh(math.Tan(lat))/(2*math.Pi),
	}
}

func (w world) point() Point {
	lat := math.Atan(math.Sinh((0.5-w.y)*2*math.Pi)) * 180 / math.Pi
	lon := (w.x - 0.5) * 360
	return Point{
		Lat: int32(math.Round(max(-90, min(lat, 90)) * 1e7)),
		Lon: int32(math.Round(max(-180, min(lon, 180)) * 1e7)),
	}
}

// within is the nearest place inside the bounds; none at all bound nothing.
func (w world) within(b Bounds) world {
	if b == (Bounds{}) {
		return world{max(0, min(w.x, 1)), max(0, min(w.y, 1))}
	}
	nw, se := project(Point{b.North, b.West}), project(Point{b.South, b.East})
	return world{max(nw.x, min(w.x, se.x)), max(nw.y, min(w.y, se.y))}
}

// apart is how far two places are from each other along the longer axis.
func (w world) apart(o world) float64 { return max(math.Abs(w.x-o.x), math.Abs(w.y-o.y)) }

// extent is the middle of some places, and half of how far they reach from it.
func extent(places []world) (middle, half world) {
	if len(places) == 0 {
		return world{0.5, 0.5}, world{0.5, 0.5}
	}
	low, high := places[0], places[0]
	for _, p := range places[1:] {
		low = world{min(low.x, p.x), min(low.y, p.y)}
		high = world{max(high.x, p.x), max(high.y, p.y)}
	}
	return world{(low.x + high.x) / 2, (low.y + high.y) / 2}, world{(high.x - low.x) / 2, (high.y - low.y) / 2}
}

const equator = 40_075_016.686 // metres around the earth

// metres is the length of a whole world's side at this latitude.
func (w world) metres() float64 {
	return equator * math.Cos(float64(w.point().Lat)*1e-7*math.Pi/180)
}

// way is the distance from one place to another in metres, as on a flat map,
// and its direction in eighths of a turn from north by east.
func way(from, to world) (metres float64, eighth int) {
	dx, dy := to.x-from.x, to.y-from.y
	turn := math.Atan2(dx, -dy) / (2 * math.Pi)
	return math.Hypot(dx, dy) * from.metres(), (int(math.Round(turn*8)) + 8) % 8
}
