package atlas

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"cityhall/shared/city"
)

// The kinds of match.
const (
	KindAddress  = "address"  // a house on a street
	KindStreet   = "street"   // a street as a whole; its place is the middle
	KindLandmark = "landmark" // something known by name
	KindCorner   = "corner"   // where two streets meet
	KindAsset    = "asset"    // a hydrant, a light or a tree, by its number
)

// Match is a place that was searched for.
type Match struct {
	Place city.Place `json:"place"`
	Kind  string     `json:"kind"`
	// Label is the place in one line: "120 Maple Avenue, Old Town".
	Label string `json:"label"`
	// Estimated says that the point is worked out, not surveyed: a house between
	// the ends of its street, or the middle of a street.
	Estimated bool `json:"estimated,omitempty"`
	// First and Last are the house numbers of the street, for saying why a number
	// was not found; both zero for landmarks and streets without numbers.
	First int `json:"first,omitempty"`
	Last  int `json:"last,omitempty"`
	// NoNumber says that the street has no house of the number typed, so that
	// this is the street as a whole.
	NoNumber bool `json:"no_number,omitempty"`
}

// looked is how many of the best streets are asked for a house number.
const looked = 24

// Search finds places by what somebody has typed so far, the best first, at most
// limit of them. Empty text finds nothing.
func (a *Atlas) Search(ctx context.Context, text string, limit int) ([]Match, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if limit <= 0 {
		return nil, nil
	}
	if one, two, ok := corner(text); ok {
		found, err := a.corners(ctx, one, two, limit)
		if err != nil {
			return nil, fmt.Errorf("search places: %w", err)
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	q := parse(text)
	found, err := a.search(ctx, q, limit)
	// A town or a postcode may follow without a comma: "459 Broadway Cambridge".
	for len(found) == 0 && err == nil && len(q.street) > 1 && len(q.street) == len(q.words)-1 && q.words[0] != q.street[0] {
		q.words, q.street = q.words[:len(q.words)-1], q.street[:len(q.street)-1]
		found, err = a.search(ctx, q, limit)
	}
	if err != nil {
		return nil, fmt.Errorf("search places: %w", err)
	}
	things, first, err := a.searchAssets(ctx, text, limit)
	if err != nil {
		return nil, fmt.Errorf("search places: %w", err)
	}
	if first {
		things, found = found, things
	}
	found = append(found, things...)
	return found[:min(len(found), limit)], nil
}

// candidate is a hit with the house that was asked for.
type candidate struct {
	hit
	house house
}

func (a *Atlas) search(ctx context.Context, q query, limit int) ([]Match, error) {
	var all []candidate
	hits := a.index.find(q.words, q.kind, q.number == 0)
	for _, h := range hits[:min(len(hits), looked+limit)] {
		all = append(all, candidate{hit: h})
	}
	if q.number > 0 {
		n := 0
		for _, h := range a.index.find(q.street, q.kind, true) {
			e := a.index.entries[h.entry]
			if e.street == 0 || n == looked {
				continue
			}
			n++
			c := candidate{hit: h}
			var err error
			if c.house, err = a.house(ctx, e.street, q.number); err != nil {
				return nil, err
			}
			if c.score += 2; c.house.found {
				c.score += wholeName + 4
			}
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(x, y candidate) int { return a.index.compare(x.hit, y.hit) })
	var out []Match
	seen := map[int]bool{}
	for _, c := range all {
		if len(out) == limit {
			break
		}
		if seen[c.entry] {
			continue // as a street, and as the street of a house
		}
		seen[c.entry] = true
		m, err := a.match(ctx, c, q.number)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

func (a *Atlas) match(ctx context.Context, c candidate, number int) (Match, error) {
	e := a.index.entries[c.entry]
	if e.street == 0 {
		l := a.landmarks[e.spot-1]
		m := Match{Kind: KindLandmark, Label: l.Name, Place: city.Place{Lat: l.At.Lat, Lon: l.At.Lon, Landmark: l.Name, Address: l.Address}}
		return m, a.settle(ctx, &m, true)
	}
	all, err := a.stretches(ctx, e.street)
	if err != nil {
		return Match{}, err
	}
	m := Match{Kind: KindStreet, Label: e.name, Estimated: true}
	if m.First, m.Last, err = a.numbers(ctx, e.street, all); err != nil {
		return m, err
	}
	p := middle(all)
	if len(all) == 0 {
		if p, err = a.middleHouse(ctx, e.street); err != nil {
			return m, err
		}
	}
	m.Place.Address = e.name
	switch {
	case c.house.found:
		p, m.Kind, m.Estimated = c.house.at, KindAddress, c.house.estimated
		m.Place.Address = strconv.Itoa(number) + " " + e.name
		m.Label = m.Place.Address
	case number > 0 && m.Last > 0:
		m.NoNumber = true
	}
	m.Place.Lat, m.Place.Lon = p.Lat, p.Lon
	// A long street runs through several districts, so only a point names one.
	return m, a.settle(ctx, &m, m.Kind == KindAddress)
}

// settle gives a match its district, in its label too where it lies in one.
func (a *Atlas) settle(ctx context.Context, m *Match, label bool) error {
	areas, err := a.areasAt(ctx, Point{m.Place.Lat, m.Place.Lon}, AreaDistrict)
	if err != nil || len(areas) == 0 {
		return err
	}
	m.Place.District = city.ID(areas[0].Key)
	if label && areas[0].Name != "" {
		m.Label += ", " + areas[0].Name
	}
	return nil
}
