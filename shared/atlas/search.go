package atlas

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cityhall/shared/city"
	"cityhall/shared/sqlite"
)

// The kinds of match.
const (
	KindAddress  = "address"  // a house on a street
	KindStreet   = "street"   // a street as a whole; its place is the middle
	KindLandmark = "landmark" // something known by name
)

// ErrFormat means a file that is no places file, or a newer one than is known.
var ErrFormat = errors.New("not a places file that this version can read")

// Atlas reads one places file. It may be used by several goroutines.
type Atlas struct {
	db        *sql.DB
	geography Geography // districts only
}

// Match is a place that was searched for.
type Match struct {
	Place city.Place
	Kind  string
	// Label is the place in one line: "120 Maple Avenue, Old Town".
	Label string
	// Estimated says that the point is worked out, not surveyed: a house between
	// the ends of its street, or the middle of a street.
	Estimated bool
	// First and Last are the house numbers of the street, for saying why a number
	// was not found; both zero for landmarks and streets without numbers.
	First, Last int
}

// Open opens a places file for reading. Errors wrap ErrFormat where it is none.
func Open(ctx context.Context, path string) (*Atlas, error) {
	db, err := sqlite.Open(ctx, path, sqlite.Options{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("open places: %w", err)
	}
	a := &Atlas{db: db}
	if err := a.loadDistricts(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("open places %s: %w", path, err)
	}
	return a, nil
}

// Close ends the reading.
func (a *Atlas) Close() error { return a.db.Close() }

func (a *Atlas) loadDistricts(ctx context.Context) error {
	var version int
	if err := a.db.QueryRowContext(ctx, `SELECT version FROM format`).Scan(&version); err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if version != formatVersion {
		return fmt.Errorf("%w: format %d", ErrFormat, version)
	}
	rows, err := a.db.QueryContext(ctx, `SELECT name, label, area FROM district ORDER BY id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var d District
		var area []byte
		if err := rows.Scan(&d.ID, &d.Name, &area); err != nil {
			return err
		}
		d.Area = unpack(area)
		a.geography.Districts = append(a.geography.Districts, d)
	}
	return rows.Err()
}

// District gives the district around a point in 1e-7 degrees; false outside all.
func (a *Atlas) District(lat, lon int32) (city.ID, bool) {
	d, ok := a.geography.DistrictAt(Point{lat, lon})
	return d.ID, ok
}

func (a *Atlas) districtName(id city.ID) string {
	return city.Settings{Districts: a.labels()}.District(id)
}

func (a *Atlas) labels() []city.District {
	out := make([]city.District, len(a.geography.Districts))
	for i, d := range a.geography.Districts {
		out[i] = city.District{ID: d.ID, Name: d.Name}
	}
	return out
}

// Search finds places by what somebody has typed so far, the best first, at most
// limit of them. Empty text finds nothing.
func (a *Atlas) Search(ctx context.Context, text string, limit int) ([]Match, error) {
	q := parse(text)
	if len(q.words) == 0 || limit <= 0 {
		return nil, nil
	}
	hits, err := a.find(ctx, q.words, 0)
	if err != nil {
		return nil, fmt.Errorf("search places: %w", err)
	}
	if q.number > 0 {
		streets, err := a.find(ctx, q.street, q.number)
		if err != nil {
			return nil, fmt.Errorf("search places: %w", err)
		}
		for _, h := range streets {
			if h.kind == KindStreet {
				hits = append(hits, h)
			}
		}
	}
	slices.SortStableFunc(hits, hit.compare)
	var out []Match
	for _, h := range hits {
		if len(out) == limit {
			break
		}
		out = append(out, a.match(h))
	}
	return out, nil
}

func (a *Atlas) match(h hit) Match {
	middle := Street{Line: h.line}
	p := h.line[0]
	m := Match{Kind: h.kind, First: h.first, Last: h.last, Label: h.name}
	m.Place.District = h.district
	switch h.kind {
	case KindLandmark:
		m.Place.Landmark, m.Place.Address = h.name, h.address
	default:
		m.Estimated, m.Place.Address, p = true, h.name, middle.Middle()
		house, ok := Street{First: h.first, Last: h.last, Line: h.line}.House(h.number)
		if h.number > 0 && ok {
			p, m.Kind = house, KindAddress
			m.Place.Address = strconv.Itoa(h.number) + " " + h.name
			m.Place.District, _ = a.District(p.Lat, p.Lon)
			m.Label = m.Place.Address
		}
	}
	m.Place.Lat, m.Place.Lon = p.Lat, p.Lon
	// A long street runs through several districts, so only a point names one.
	if name := a.districtName(m.Place.District); name != "" && m.Kind != KindStreet {
		m.Label += ", " + name
	}
	return m
}

// thing is a row of the index: a street or a landmark.
type thing struct {
	kind, name, also, address string
	district                  city.ID
	first, last               int
	line                      []Point
}

func (t thing) sort() string { return strings.Join(split(t.name), " ") }

func (t thing) words() []string {
	return indexWords(append(strings.Split(t.also, "\n"), t.name)...)
}
