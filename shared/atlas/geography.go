package atlas

import (
	"errors"
	"fmt"
	"math"

	"cityhall/shared/city"
)

// Point is a place on the map in units of 1e-7 degrees.
type Point struct{ Lat, Lon int32 }

// Geography is what a city gives to have a places file made of it.
type Geography struct {
	Streets   []Street
	Landmarks []Landmark
	Districts []District
}

// Street is a named line with house numbers that rise along it from First, at
// the first point, to Last. Both zero means that its houses have no numbers. Odd
// numbers lie to the left of the line, even ones to the right.
type Street struct {
	Name        string
	Also        []string // other names that people use
	First, Last int
	Line        []Point
}

// Landmark is something that people know by name.
type Landmark struct {
	Name    string
	Also    []string // other names, in any language
	Kind    string   // library, park, school, bridge …
	At      Point
	Address string
}

// District is a part of the city. Area is its outline, closed by itself.
type District struct {
	ID   city.ID
	Name string
	Area []Point
}

// ErrGeography means a Geography that no file can be made of.
var ErrGeography = errors.New("not a usable geography")

func (g Geography) check() error {
	for _, s := range g.Streets {
		if s.Name == "" || len(s.Line) < 2 || s.First < 0 || s.Last < s.First {
			return fmt.Errorf("%w: street %q needs a name, two points and rising numbers", ErrGeography, s.Name)
		}
	}
	for _, l := range g.Landmarks {
		if l.Name == "" || l.At == (Point{}) {
			return fmt.Errorf("%w: landmark %q needs a name and a point", ErrGeography, l.Name)
		}
	}
	for _, d := range g.Districts {
		if !d.ID.Valid() || len(d.Area) < 3 {
			return fmt.Errorf("%w: district %q needs an id and an outline", ErrGeography, d.Name)
		}
	}
	return nil
}

// DistrictAt gives the district around a point. Where outlines overlap the first
// one counts.
func (g Geography) DistrictAt(p Point) (District, bool) {
	for _, d := range g.Districts {
		if inside(d.Area, p) {
			return d, true
		}
	}
	return District{}, false
}

// inside counts how often a ray to the east crosses the outline.
func inside(area []Point, p Point) bool {
	in := false
	for i, a := range area {
		b := area[(i+1)%len(area)]
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
	return in
}

// setback is how far from the street's line a house is taken to be, in metres.
const setback = 9

// House places a number on the street; false when the street has no such number.
func (s Street) House(number int) (Point, bool) {
	if s.Last == 0 || number < s.First || number > s.Last {
		return Point{}, false
	}
	share := 0.5
	if s.Last > s.First {
		share = float64(number-s.First) / float64(s.Last-s.First)
	}
	side := float64(setback)
	if number%2 == 0 {
		side = -side
	}
	return s.along(share, side), true
}

// Middle is the point half-way along the street.
func (s Street) Middle() Point { return s.along(0.5, 0) }

// along gives the point at a share (0–1) of the street's length, shifted to the
// left by some metres.
func (s Street) along(share, left float64) Point {
	var total float64
	for i := 1; i < len(s.Line); i++ {
		total += metres(s.Line[i-1], s.Line[i])
	}
	rest := share * total
	for i := 1; i < len(s.Line); i++ {
		a, b := s.Line[i-1], s.Line[i]
		length := metres(a, b)
		if rest > length && i < len(s.Line)-1 {
			rest -= length
			continue
		}
		t := 0.0
		if length > 0 {
			t = min(rest/length, 1)
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
	return s.Line[len(s.Line)-1]
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
