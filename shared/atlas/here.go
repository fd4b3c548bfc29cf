package atlas

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"cityhall/shared/city"
)

// Here is what concerns a place. Nothing in it is kept.
type Here struct {
	Place city.Place `json:"place"`
	// Estimated says that the place's address is worked out from its point.
	Estimated bool       `json:"estimated,omitempty"`
	Outside   bool       `json:"outside,omitempty"` // of the city; see Atlas.Outside
	Number    int        `json:"number,omitempty"`  // of the house; it decides for which side of the street the dates are
	Areas     []HereArea `json:"areas"`
	// Polling are the places to vote for the precinct here; more than one only
	// where the city's own data say so.
	Polling []Landmark `json:"polling,omitempty"`
	// Nearest is the nearest landmark of each kind, by kind.
	Nearest []Landmark `json:"nearest,omitempty"`
}

// HereArea is an area around the place. AsOf is a day, or empty when not known.
type HereArea struct {
	Kind  string     `json:"kind"`
	Key   string     `json:"key"`
	Name  string     `json:"name"`
	AsOf  string     `json:"as_of,omitempty"`
	Facts []HereFact `json:"facts,omitempty"`
	Dates []HereDate `json:"dates,omitempty"`
}

// HereFact is what a table says of an area.
type HereFact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	AsOf  string `json:"as_of,omitempty"`
}

// HereDate is the next day of a schedule; Next (2006-01-02) is empty when it has
// none within a year.
type HereDate struct {
	What string `json:"what,omitempty"`
	Next string `json:"next,omitempty"`
	Rule string `json:"rule"`
	Side string `json:"side,omitempty"` // "odd" or "even" houses only
	AsOf string `json:"as_of,omitempty"`
}

// Here tells what concerns a place: its point decides, and the number of its
// address which side of the street is meant. A place that is not on the map gives
// city.CodeInvalid. Dates count from now, in now's own zone.
func (a *Atlas) Here(ctx context.Context, at city.Place, now time.Time, calendar city.Calendar) (Here, error) {
	if !at.OnMap() {
		return Here{}, &city.Error{Code: city.CodeInvalid, Field: "place", Message: "the place is not on the map"}
	}
	h := Here{Place: at, Areas: []HereArea{}}
	p := Point{at.Lat, at.Lon}
	if h.Place.Address == "" {
		var err error
		if h.Place.Address, err = a.address(ctx, p); err != nil {
			return h, fmt.Errorf("what is here: %w", err)
		}
		h.Estimated = h.Place.Address != ""
	}
	areas, err := a.areasAt(ctx, p, "")
	if err != nil {
		return h, fmt.Errorf("what is here: %w", err)
	}
	if h.Outside, err = a.outside(ctx, areas); err != nil {
		return h, fmt.Errorf("what is here: %w", err)
	}
	h.Number, _ = houseNumber(first(split(h.Place.Address)))
	for _, area := range areas {
		if area.Kind == AreaDistrict && h.Place.District == "" {
			h.Place.District = city.ID(area.Key)
		}
		if _, ok := drawn[area.Kind]; ok {
			continue
		}
		out := HereArea{Kind: area.Kind, Key: area.Key, Name: area.Name, AsOf: a.asOf[area.Kind]}
		if err := a.tables(ctx, &out, h.Number, now, calendar); err != nil {
			return h, fmt.Errorf("what is here: %w", err)
		}
		h.Areas = append(h.Areas, out)
		if area.Kind == AreaPrecinct {
			if h.Polling, err = a.polling(ctx, area.Key, p); err != nil {
				return h, fmt.Errorf("what is here: %w", err)
			}
		}
	}
	h.Nearest = a.nearest(p)
	return h, nil
}

func first(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

// areasAt are the areas around a point, of one kind or of all; of two of a kind
// the first one only.
func (a *Atlas) areasAt(ctx context.Context, p Point, kind string) ([]Area, error) {
	var out []Area
	err := a.each(ctx, `SELECT a.kind, a.key, a.name, a.rings FROM area_box AS b JOIN area AS a ON a.id = b.id
		WHERE b.south <= $1 AND b.north >= $1 AND b.west <= $2 AND b.east >= $2 AND (a.kind = $3 OR $3 = '') ORDER BY a.id`, func(rows *sql.Rows) error {
		var area Area
		var rings []byte
		if err := rows.Scan(&area.Kind, &area.Key, &area.Name, &rings); err != nil {
			return err
		}
		if slices.ContainsFunc(out, func(o Area) bool { return o.Kind == area.Kind }) {
			return nil
		}
		var err error
		if area.Rings, err = unpack(rings); err != nil {
			return err
		}
		if Inside(area.Rings, p) {
			out = append(out, area)
		}
		return nil
	}, p.Lat, p.Lon, kind)
	return out, err
}

// District gives the district around a point in 1e-7 degrees; false outside all.
func (a *Atlas) District(ctx context.Context, lat, lon int32) (city.ID, bool, error) {
	areas, err := a.areasAt(ctx, Point{lat, lon}, AreaDistrict)
	if err != nil || len(areas) == 0 {
		return "", false, err
	}
	return city.ID(areas[0].Key), true, nil
}

// tables adds what is known of an area by its key. number, when not 0, leaves
// only the schedules of its side of the street.
func (a *Atlas) tables(ctx context.Context, area *HereArea, number int, now time.Time, calendar city.Calendar) error {
	err := a.each(ctx, `SELECT name, value FROM fact WHERE kind = $1 AND key = $2 ORDER BY position`, func(rows *sql.Rows) error {
		f := HereFact{AsOf: a.asOf["facts "+area.Kind]}
		err := rows.Scan(&f.Name, &f.Value)
		area.Facts = append(area.Facts, f)
		return err
	}, area.Kind, area.Key)
	if err != nil {
		return err
	}
	return a.each(ctx, `SELECT what, rule, side, holidays FROM schedule WHERE kind = $1 AND key = $2 ORDER BY position`, func(rows *sql.Rows) error {
		d := HereDate{AsOf: a.asOf["dates "+area.Kind]}
		var holidays string
		if err := rows.Scan(&d.What, &d.Rule, &d.Side, &holidays); err != nil {
			return err
		}
		if number > 0 && d.Side != "" && (d.Side == "odd") != (number%2 == 1) {
			return nil
		}
		rule, err := ParseRule(d.Rule)
		if err != nil {
			return err
		}
		if next, ok := rule.Next(now, holidays, calendar); ok {
			d.Next = next.Format(time.DateOnly)
		}
		area.Dates = append(area.Dates, d)
		return nil
	}, area.Kind, area.Key)
}

func (a *Atlas) polling(ctx context.Context, key string, p Point) ([]Landmark, error) {
	var out []Landmark
	err := a.each(ctx, `SELECT kind, name, address, note, phone, lat, lon FROM spot WHERE sort = $1 AND key = $2 ORDER BY id`, func(rows *sql.Rows) error {
		l := Landmark{Spot: Spot{Sort: SortPolling, Key: key}, AsOf: a.asOf[SortPolling]}
		err := rows.Scan(&l.Kind, &l.Name, &l.Address, &l.Note, &l.Phone, &l.At.Lat, &l.At.Lon)
		l.Metres = int(math.Round(metres(l.At, p)))
		out = append(out, l)
		return err
	}, SortPolling, key)
	return out, err
}

// nearest gives the nearest landmark of each kind.
func (a *Atlas) nearest(p Point) []Landmark {
	best := map[string]Landmark{}
	for _, l := range a.landmarks {
		l.Metres = int(math.Round(metres(l.At, p)))
		if b, ok := best[l.Kind]; !ok || l.Metres < b.Metres {
			best[l.Kind] = l
		}
	}
	var out []Landmark
	for _, l := range best {
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b Landmark) int { return strings.Compare(a.Kind, b.Kind) })
	return out
}

// reach is how far from a street a point still has an address of it, in metres.
const reach = 80

// address is the house number and street that a point most likely has.
func (a *Atlas) address(ctx context.Context, p Point) (string, error) {
	b := around(p, reach)
	var name string
	var best Street
	var street int
	near := foot{metres: reach}
	err := a.each(ctx, `SELECT s.street, n.name, s.left_from, s.left_to, s.right_from, s.right_to, s.line FROM stretch_box AS b
		JOIN stretch AS s ON s.id = b.id JOIN street AS n ON n.id = s.street
		WHERE b.north >= $1 AND b.east >= $2 AND b.south <= $3 AND b.west <= $4 ORDER BY s.id`, func(rows *sql.Rows) error {
		var s Street
		var line []byte
		var id int
		if err := rows.Scan(&id, &s.Name, &s.Left.From, &s.Left.To, &s.Right.From, &s.Right.To, &line); err != nil {
			return err
		}
		var err error
		if s.Line, err = unpackLine(line); err != nil {
			return err
		}
		if f := project(s.Line, p); f.metres < near.metres {
			near, best, name, street = f, s, s.Name, id
		}
		return nil
	}, b.south, b.west, b.north, b.east)
	if err != nil || name == "" {
		return "", err
	}
	number, err := a.numberAt(ctx, street, best, near, p)
	if err != nil || number == 0 {
		return name, err
	}
	return strconv.Itoa(number) + " " + name, nil
}

// numberAt is the number of the nearest surveyed house of the street within 40 m,
// or else the one that would stand there.
func (a *Atlas) numberAt(ctx context.Context, street int, s Street, near foot, p Point) (int, error) {
	b := around(p, 40)
	number, least := 0, 40.0
	err := a.each(ctx, `SELECT number, lat, lon FROM house WHERE street = $1 AND lat BETWEEN $2 AND $3 AND lon BETWEEN $4 AND $5`, func(rows *sql.Rows) error {
		var n int
		var at Point
		err := rows.Scan(&n, &at.Lat, &at.Lon)
		if d := metres(at, p); d < least {
			number, least = n, d
		}
		return err
	}, street, b.south, b.north, b.west, b.east)
	if err != nil || number > 0 {
		return number, err
	}
	r := s.Right
	if near.left {
		r = s.Left
	}
	if r.To == 0 {
		return 0, nil
	}
	n := r.From + int(math.Round(near.share*float64(r.To-r.From)))
	if !r.holds(n) { // the side has every second number only
		n++
	}
	if !r.holds(n) {
		n -= 2
	}
	return n, nil
}
