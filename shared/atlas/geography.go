package atlas

import (
	"errors"
	"fmt"
	"time"

	"cityhall/shared/city"
)

// Geography is what a city gives to have a places file made of it.
type Geography struct {
	Streets   []Street
	Houses    []House
	Areas     []Area
	Spots     []Spot
	Facts     []Fact
	Schedules []Schedule
	// AsOf is the day (2006-01-02) of what is known of a kind of area or spot, of
	// "street", "address", and of the tables by area: "facts precinct", "dates sweeping".
	AsOf map[string]string
}

// Range is the house numbers along one side of a line, From at its first point.
// They may fall. Both zero means that the side has none.
type Range struct{ From, To int }

// Street is a stretch of a named street; many stretches may have one name.
type Street struct {
	Name        string
	Also        []string // other names that people use
	Class       int      // 1 is a main road, 2 one between, 3 or 0 all others
	Left, Right Range
	Line        []Point
}

// House is a surveyed address.
type House struct {
	Street string
	Number int
	Suffix string // "B", "1/2"
	At     Point
}

// The areas that the atlas itself knows. Every other kind is kept as it is named.
const (
	AreaDistrict = "district" // what Place.District names
	AreaCity     = "city"     // the city's own outline
	AreaPrecinct = "precinct" // its polling place is known by the same key
	AreaWater    = "water"    // this and the following are only drawn
	AreaPark     = "park"
	AreaBuilding = "building"
)

// drawn are areas of the map that are no answer to "what is here".
var drawn = map[string]int{AreaCity: 0, AreaWater: 2, AreaPark: 1, AreaBuilding: 3}

// Area is a part of the city. Outlines and holes are rings that need no closing
// point; a place is inside when it is inside an odd number of them.
type Area struct {
	Kind  string
	Key   string // what the city's tables call it: "G", "1-3"; its id within the kind
	Name  string
	Rings [][]Point
}

// The sorts of spot.
const (
	SortLandmark = "landmark" // found by name
	SortPolling  = "polling"  // Key is the precinct's
	SortAsset    = "asset"    // a hydrant, a light, a tree: Key is its number
)

// Spot is something at one point.
type Spot struct {
	Sort    string   `json:"-"`
	Kind    string   `json:"kind,omitempty"` // library, school, hydrant …
	Key     string   `json:"key,omitempty"`  // its id within sort and kind, if the city has one
	Name    string   `json:"name"`
	Also    []string `json:"also,omitempty"` // other names, in any language
	Address string   `json:"address,omitempty"`
	Note    string   `json:"note,omitempty"`
	Phone   string   `json:"phone,omitempty"`
	At      Point    `json:"at"`
}

// Fact is a cell of a table by area: the precinct's council member.
type Fact struct {
	Kind, Key   string // of the area
	Name, Value string
}

// Schedule is when something happens in an area.
type Schedule struct {
	Kind, Key string // of the area
	What      string // "Recycling"; may be empty
	Rule      string // see ParseRule
	Side      string // "odd" or "even" houses only; empty for both
	Holidays  string // see Rule.Next; empty for HolidaysKeep
}

// ErrGeography means a Geography that no file can be made of.
var ErrGeography = errors.New("not a usable geography")

func (g Geography) check() error {
	for _, s := range g.Streets {
		if s.Name == "" || len(s.Line) < 2 || !s.Left.ok() || !s.Right.ok() {
			return fmt.Errorf("%w: street %q needs a name and two points", ErrGeography, s.Name)
		}
	}
	for _, h := range g.Houses {
		if h.Street == "" || h.Number < 1 || h.At == (Point{}) {
			return fmt.Errorf("%w: house %d %q needs a street, a number and a point", ErrGeography, h.Number, h.Street)
		}
	}
	for _, s := range g.Spots {
		if s.Name == "" && s.Sort != SortAsset || s.Sort == "" || s.At == (Point{}) {
			return fmt.Errorf("%w: %s %q needs a name and a point", ErrGeography, s.Sort, s.Name)
		}
	}
	for _, a := range g.Areas {
		if a.Kind == "" || len(a.Rings) == 0 || a.Kind == AreaDistrict && !city.ID(a.Key).Valid() {
			return fmt.Errorf("%w: %s %q needs an id and an outline", ErrGeography, a.Kind, a.Name)
		}
		for _, r := range a.Rings {
			if len(r) < 3 {
				return fmt.Errorf("%w: %s %q has an outline of %d points", ErrGeography, a.Kind, a.Name, len(r))
			}
		}
	}
	return g.checkTables()
}

func (g Geography) checkTables() error {
	for _, s := range g.Schedules {
		if _, err := ParseRule(s.Rule); err != nil {
			return fmt.Errorf("%w: %s %s: %w", ErrGeography, s.Kind, s.Key, err)
		}
	}
	for kind, day := range g.AsOf {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return fmt.Errorf("%w: %s is as of %q", ErrGeography, kind, day)
		}
	}
	return nil
}

// DistrictAt gives the district around a point. Where outlines overlap the first
// one counts.
func (g Geography) DistrictAt(p Point) (Area, bool) {
	for _, a := range g.Areas {
		if a.Kind == AreaDistrict && Inside(a.Rings, p) {
			return a, true
		}
	}
	return Area{}, false
}

func (r Range) ok() bool { return r.From >= 0 && r.To >= 0 && (r.From == 0) == (r.To == 0) }

func (r Range) low() int  { return min(r.From, r.To) }
func (r Range) high() int { return max(r.From, r.To) }

// holds tells whether a number belongs to the side. Where both ends are odd, or
// both even, so are all houses between them.
func (r Range) holds(number int) bool {
	if r.To == 0 || number < r.low() || number > r.high() {
		return false
	}
	return r.From%2 != r.To%2 || number%2 == r.From%2
}

// share is how far along the line a number stands, 0–1.
func (r Range) share(number int) float64 {
	if r.From == r.To {
		return 0.5
	}
	return float64(number-r.From) / float64(r.To-r.From)
}

// setback is how far from the street's line a house is taken to be, in metres.
const setback = 9

// House places a number on the stretch; false when it has no such number.
func (s Street) House(number int) (Point, bool) {
	switch {
	case s.Left.holds(number):
		return along(s.Line, s.Left.share(number), setback), true
	case s.Right.holds(number):
		return along(s.Line, s.Right.share(number), -setback), true
	}
	return Point{}, false
}

// Middle is the point half-way along the stretch.
func (s Street) Middle() Point { return along(s.Line, 0.5, 0) }
