package atlas

import (
	"math"
	"slices"

	"cityhall/shared/city"
)

// Point is a place on the map in units of 1e-7 degrees.
type Point struct {
	Lat int32 `json:"lat"`
	Lon int32 `json:"lon"`
}

// Inside counts how often a ray to the east crosses the rings: odd is inside.
func Inside(rings [][]Point, p Point) bool {
	in := false
	for _, ring := range rings {
		for i, a := range ring {
			b := ring[(i+1)%len(ring)]
			if (a.Lat > p.Lat) == (b.Lat > p.Lat) {
				continue
			}
			dLat, dLon := int64(b.Lat)-int64(a.Lat), int64(b.Lon)-int64(a.Lon)
			// p.Lon < crossing, without dividing: the sign of dLat turns it round.
			left := (int64(p.Lon)-int64(a.Lon))*dLat < (int64(p.Lat)-int64(a.Lat))*dLon
			if left == (dLat > 0) {
				in = !in
			}
		}
	}
	return in
}

// along gives the point at a share (0–1) of the line's length, shifted to the
// left by some metres.
func along(line []Point, share, left float64) Point {
	rest := share * length(line)
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		step := metres(a, b)
		if (rest > step || step == 0) && i < len(line)-1 {
			rest -= step
			continue
		}
		t := 0.0
		if step > 0 {
			t = min(rest/step, 1)
		}
		scale := lonScale(a, b)
		north, east := float64(b.Lat)-float64(a.Lat), (float64(b.Lon)-float64(a.Lon))*scale
		norm := math.Hypot(north, east)
		if norm == 0 {
			return a
		}
		shift := left / metresPerUnit / norm
		return Point{
			Lat: a.Lat + int32(math.Round(float64(t*north)+float64(shift*east))),
			Lon: a.Lon + int32(math.Round((float64(t*east)-float64(shift*north))/scale)),
		}
	}
	return line[len(line)-1]
}

func length(line []Point) float64 {
	var total float64
	for i := 1; i < len(line); i++ {
		total += metres(line[i-1], line[i])
	}
	return total
}

// foot is where a point meets a line.
type foot struct {
	metres float64 // how far away it is
	share  float64 // of the line's length, 0–1
	left   bool    // of the line
}

// project drops a point onto the nearest part of a line of two points or more.
func project(line []Point, p Point) foot {
	best := foot{metres: math.Inf(1)}
	var before, at float64
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		scale := lonScale(a, b)
		ax, ay := (float64(b.Lon)-float64(a.Lon))*scale, float64(b.Lat)-float64(a.Lat)
		px, py := (float64(p.Lon)-float64(a.Lon))*scale, float64(p.Lat)-float64(a.Lat)
		t := 0.0
		if square := float64(ax*ax) + float64(ay*ay); square > 0 {
			t = max(0, min(1, (float64(px*ax)+float64(py*ay))/square))
		}
		step := metres(a, b)
		if d := math.Hypot(px-float64(t*ax), py-float64(t*ay)) * metresPerUnit; d < best.metres {
			best.metres, best.left, at = d, float64(ax*py)-float64(ay*px) > 0, before+float64(t*step)
		}
		before += step
	}
	if before > 0 {
		best.share = at / before
	}
	return best
}

// metresPerUnit is the length of 1e-7 degrees of latitude.
const metresPerUnit = 111_320e-7

func lonScale(a, b Point) float64 {
	return math.Cos((float64(a.Lat) + float64(b.Lat)) / 2 * 1e-7 * math.Pi / 180)
}

func metres(a, b Point) float64 {
	east := float64(b.Lon) - float64(a.Lon)
	if east > 1_800_000_000 { // the shorter way lies across the date line
		east -= 3_600_000_000
	} else if east < -1_800_000_000 {
		east += 3_600_000_000
	}
	return math.Hypot(float64(b.Lat)-float64(a.Lat), east*lonScale(a, b)) * metresPerUnit
}

// Metres is the distance between two places; false when one of them is not on
// the map. It is good to 1 % within a city.
func Metres(a, b city.Place) (int, bool) {
	if !a.OnMap() || !b.OnMap() {
		return 0, false
	}
	return int(math.Round(metres(Point{a.Lat, a.Lon}, Point{b.Lat, b.Lon}))), true
}

// Near tells whether two places are on the map and at most so many metres apart.
func Near(a, b city.Place, most int) bool {
	d, ok := Metres(a, b)
	return ok && d <= most
}

// box is the smallest upright rectangle around points.
type box struct{ south, west, north, east int32 }

func boxOf(lines ...[]Point) box {
	b := box{math.MaxInt32, math.MaxInt32, math.MinInt32, math.MinInt32}
	for _, line := range lines {
		for _, p := range line {
			b = box{min(b.south, p.Lat), min(b.west, p.Lon), max(b.north, p.Lat), max(b.east, p.Lon)}
		}
	}
	return b
}

// around is the box that reaches so many metres from a point.
func around(p Point, reach float64) box {
	north := reach / metresPerUnit
	east := north / max(lonScale(p, p), 0.01)
	clamp := func(v float64) int32 { return int32(max(math.MinInt32, min(math.MaxInt32, v))) }
	return box{clamp(float64(p.Lat) - north), clamp(float64(p.Lon) - east), clamp(float64(p.Lat) + north), clamp(float64(p.Lon) + east)}
}

// Within gives a point inside an area: in the middle of the widest of some cuts
// from west to east.
func Within(rings [][]Point) Point {
	b := boxOf(rings...)
	best, widest := Point{Lat: b.south/2 + b.north/2, Lon: b.west/2 + b.east/2}, 0.0
	for cut := 1; cut < 8; cut++ {
		lat := b.south + int32((int64(b.north)-int64(b.south))*int64(cut)/8)
		var at []float64
		for _, ring := range rings {
			for i, p := range ring {
				q := ring[(i+1)%len(ring)]
				if (p.Lat > lat) != (q.Lat > lat) {
					share := (float64(lat) - float64(p.Lat)) / (float64(q.Lat) - float64(p.Lat))
					at = append(at, float64(p.Lon)+float64(share*(float64(q.Lon)-float64(p.Lon))))
				}
			}
		}
		slices.Sort(at)
		for i := 1; i < len(at); i += 2 {
			if at[i]-at[i-1] > widest {
				best, widest = Point{lat, int32((at[i] + at[i-1]) / 2)}, at[i]-at[i-1]
			}
		}
	}
	return best
}
