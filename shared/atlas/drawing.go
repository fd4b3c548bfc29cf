package atlas

import (
	"context"
	"database/sql"
	"fmt"
)

// Bounds is an upright rectangle on the map in units of 1e-7 degrees.
type Bounds struct{ South, West, North, East int32 }

// Wider is a tenth more on each side: room around what is shown.
func (b Bounds) Wider() Bounds {
	lat, lon := (b.North-b.South)/10, (b.East-b.West)/10
	return Bounds{b.South - lat, b.West - lon, b.North + lat, b.East + lon}
}

// Stretch is a piece of a street as a map draws it.
type Stretch struct {
	ID, Street  int // rows of the file; Street is the same for all of one name
	Name        string
	Class       int // as in [Street]
	Left, Right Range
	Line        []Point
}

// Ground is an area as a map draws it: the lowest Level first. Districts have
// the level -1: only their names are written.
type Ground struct {
	ID    int
	Kind  string
	Name  string
	Level int
	Rings [][]Point
}

// The levels of areas that are drawn, from the lowest to the highest.
const (
	LevelDistrict = -1
	LevelCity     = 0
	LevelPark     = 1
	LevelWater    = 2
	LevelBuilding = 3
)

// Number is a surveyed house as a map writes it.
type Number struct {
	Text string // "12B"
	At   Point
}

// Outline is the smallest rectangle around the city's outline; false when the
// file has none.
func (a *Atlas) Outline(ctx context.Context) (Bounds, bool, error) {
	var b Bounds
	var count int
	err := a.db.QueryRowContext(ctx, `SELECT count(*), coalesce(min(b.south), 0), coalesce(min(b.west), 0), coalesce(max(b.north), 0), coalesce(max(b.east), 0)
		FROM area AS a JOIN area_box AS b ON b.id = a.id WHERE a.kind = $1`, AreaCity).Scan(&count, &b.South, &b.West, &b.North, &b.East)
	if err != nil {
		return b, false, fmt.Errorf("read the city's outline: %w", err)
	}
	return b, count > 0, nil
}

// Extent is what the map is about: the city's outline or, without one, its
// streets. False when the file has neither.
func (a *Atlas) Extent(ctx context.Context) (Bounds, bool, error) {
	b, ok, err := a.Outline(ctx)
	if ok || err != nil {
		return b, ok, err
	}
	var count int
	err = a.db.QueryRowContext(ctx, `SELECT count(*), coalesce(min(south), 0), coalesce(min(west), 0), coalesce(max(north), 0), coalesce(max(east), 0)
		FROM stretch_box`).Scan(&count, &b.South, &b.West, &b.North, &b.East)
	if err != nil {
		return b, false, fmt.Errorf("read the streets' extent: %w", err)
	}
	return b, count > 0, nil
}

// Stretches hands over every stretch of every street, by street and then in the
// order of the file.
func (a *Atlas) Stretches(ctx context.Context, do func(Stretch)) error {
	err := a.each(ctx, `SELECT t.id, t.street, s.name, t.class, t.left_from, t.left_to, t.right_from, t.right_to, t.line
		FROM stretch AS t JOIN street AS s ON s.id = t.street ORDER BY t.street, t.id`, func(rows *sql.Rows) error {
		var s Stretch
		var line []byte
		if err := rows.Scan(&s.ID, &s.Street, &s.Name, &s.Class, &s.Left.From, &s.Left.To, &s.Right.From, &s.Right.To, &line); err != nil {
			return err
		}
		var err error
		if s.Line, err = unpackLine(line); err != nil {
			return err
		}
		do(s)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read streets: %w", err)
	}
	return nil
}

// Grounds are the areas of some levels that reach into the bounds, in the order
// in which they are drawn.
func (a *Atlas) Grounds(ctx context.Context, in Bounds, lowest, highest int) ([]Ground, error) {
	var out []Ground
	err := a.each(ctx, `SELECT a.id, a.kind, a.name, a.level, a.rings FROM area_box AS b JOIN area AS a ON a.id = b.id
		WHERE b.south <= $1 AND b.north >= $2 AND b.west <= $3 AND b.east >= $4
		AND a.level BETWEEN $5 AND $6 AND (a.level >= 0 OR a.kind = $7) ORDER BY a.level, a.id`, func(rows *sql.Rows) error {
		var g Ground
		var rings []byte
		if err := rows.Scan(&g.ID, &g.Kind, &g.Name, &g.Level, &rings); err != nil {
			return err
		}
		var err error
		if g.Rings, err = unpack(rings); err != nil {
			return err
		}
		out = append(out, g)
		return nil
	}, in.North, in.South, in.East, in.West, lowest, highest, AreaDistrict)
	if err != nil {
		return nil, fmt.Errorf("read areas: %w", err)
	}
	return out, nil
}

// Landmarks are those in the bounds, in the order of the file.
func (a *Atlas) Landmarks(in Bounds) []Landmark {
	var out []Landmark
	for _, l := range a.landmarks {
		if in.holds(l.At) {
			out = append(out, l)
		}
	}
	return out
}

func (b Bounds) holds(p Point) bool {
	return p.Lat >= b.South && p.Lat <= b.North && p.Lon >= b.West && p.Lon <= b.East
}

// Numbers are the surveyed houses in the bounds on the streets that pass through
// them, in the order of the file.
func (a *Atlas) Numbers(ctx context.Context, in Bounds) ([]Number, error) {
	var out []Number
	err := a.each(ctx, `SELECT number || suffix, lat, lon FROM house WHERE lat BETWEEN $1 AND $2 AND lon BETWEEN $3 AND $4 AND street IN
		(SELECT t.street FROM stretch_box AS b JOIN stretch AS t ON t.id = b.id WHERE b.south <= $2 AND b.north >= $1 AND b.west <= $4 AND b.east >= $3)
		ORDER BY street, number, suffix`, func(rows *sql.Rows) error {
		var n Number
		if err := rows.Scan(&n.Text, &n.At.Lat, &n.At.Lon); err != nil {
			return err
		}
		out = append(out, n)
		return nil
	}, in.South, in.North, in.West, in.East)
	if err != nil {
		return nil, fmt.Errorf("read house numbers: %w", err)
	}
	return out, nil
}
