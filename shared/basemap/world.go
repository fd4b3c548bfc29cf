package basemap

import (
	"math"

	"cityhall/shared/atlas"
)

// point is a place in some plane: the world as a square of side 1, from 180
// degrees west and 85 degrees north, or pixels.
type point struct{ x, y float64 }

func (p point) plus(q point) point    { return point{p.x + q.x, p.y + q.y} }
func (p point) minus(q point) point   { return point{p.x - q.x, p.y - q.y} }
func (p point) times(f float64) point { return point{p.x * f, p.y * f} }
func (p point) to(q point) float64    { return math.Hypot(q.x-p.x, q.y-p.y) }
func (p point) turn(sin, cos float64) point {
	return point{p.x*cos - p.y*sin, p.x*sin + p.y*cos}
}

const mostLat = 850_511_287 // where web mercator ends, in 1e-7 degrees

func project(p atlas.Point) point {
	sin := math.Sin(float64(max(-mostLat, min(p.Lat, mostLat))) * 1e-7 * math.Pi / 180)
	return point{float64(p.Lon)*1e-7/360 + 0.5, 0.5 - math.Atanh(sin)/(2*math.Pi)}
}

func projectAll(line []atlas.Point) []point {
	out := make([]point, len(line))
	for i, p := range line {
		out[i] = project(p)
	}
	return out
}

func (p point) place() atlas.Point {
	lat := math.Atan(math.Sinh((0.5-p.y)*2*math.Pi)) * 180 / math.Pi
	return atlas.Point{
		Lat: int32(math.Round(max(-90, min(lat, 90)) * 1e7)),
		Lon: int32(math.Round(max(-180, min((p.x-0.5)*360, 180)) * 1e7)),
	}
}

// box is an upright rectangle in some plane.
type box struct{ low, high point }

func boxOf(points []point) box {
	b := box{point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}}
	for _, p := range points {
		b.low = point{min(b.low.x, p.x), min(b.low.y, p.y)}
		b.high = point{max(b.high.x, p.x), max(b.high.y, p.y)}
	}
	return b
}

func (b box) grown(by float64) box {
	return box{point{b.low.x - by, b.low.y - by}, point{b.high.x + by, b.high.y + by}}
}

func (b box) touches(c box) bool {
	return b.low.x <= c.high.x && c.low.x <= b.high.x && b.low.y <= c.high.y && c.low.y <= b.high.y
}

func (b box) holds(p point) bool {
	return p.x >= b.low.x && p.x <= b.high.x && p.y >= b.low.y && p.y <= b.high.y
}

func (b box) width() float64  { return b.high.x - b.low.x }
func (b box) height() float64 { return b.high.y - b.low.y }
func (b box) middle() point   { return b.low.plus(b.high).times(0.5) }

// bounds is what a box of the world is on the earth.
func (b box) bounds() atlas.Bounds {
	nw, se := b.low.place(), b.high.place()
	return atlas.Bounds{South: se.Lat, West: nw.Lon, North: nw.Lat, East: se.Lon}
}
