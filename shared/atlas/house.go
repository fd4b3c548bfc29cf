package atlas

import (
	"context"
	"database/sql"
	"errors"
	"math"
)

// house is a number looked for on a street.
type house struct {
	found     bool
	estimated bool
	at        Point
}

// house looks for a surveyed house first, then between the ends of the street's
// stretches. A stretch whose side has such numbers wins over one whose range only
// spans it.
func (a *Atlas) house(ctx context.Context, street, number int) (house, error) {
	var h house
	err := a.db.QueryRowContext(ctx, `SELECT lat, lon FROM house WHERE street = $1 AND number = $2 ORDER BY suffix LIMIT 1`, street, number).Scan(&h.at.Lat, &h.at.Lon)
	if err == nil {
		h.found = true
		return h, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return h, err
	}
	var best Street
	err = a.each(ctx, `SELECT left_from, left_to, right_from, right_to, line FROM stretch WHERE street = $1
		AND ($2 BETWEEN min(left_from, left_to) AND max(left_from, left_to) OR $2 BETWEEN min(right_from, right_to) AND max(right_from, right_to)) ORDER BY id`,
		func(rows *sql.Rows) error {
			s, err := scanStretch(rows)
			if err != nil {
				return err
			}
			// The shortest range is the surest: long ones are placeholders.
			if s.span(number) < best.span(number) {
				best = s
			}
			return nil
		}, street, number)
	if err != nil {
		return h, err
	}
	if at, ok := best.House(number); ok {
		h = house{found: true, estimated: true, at: at}
	}
	return h, nil
}

// span is how wide the range is that holds a number.
func (s Street) span(number int) int {
	switch {
	case s.Left.holds(number):
		return s.Left.high() - s.Left.low()
	case s.Right.holds(number):
		return s.Right.high() - s.Right.low()
	}
	return math.MaxInt
}

func scanStretch(rows *sql.Rows) (Street, error) {
	var s Street
	var line []byte
	if err := rows.Scan(&s.Left.From, &s.Left.To, &s.Right.From, &s.Right.To, &line); err != nil {
		return s, err
	}
	var err error
	s.Line, err = unpackLine(line)
	return s, err
}

// stretches are those of one street.
func (a *Atlas) stretches(ctx context.Context, street int) ([]Street, error) {
	var all []Street
	err := a.each(ctx, `SELECT left_from, left_to, right_from, right_to, line FROM stretch WHERE street = $1 ORDER BY id`, func(rows *sql.Rows) error {
		s, err := scanStretch(rows)
		all = append(all, s)
		return err
	}, street)
	return all, err
}

// numbers are the lowest and the highest of a street; zero when it has none.
func (a *Atlas) numbers(ctx context.Context, street int, all []Street) (first, last int, err error) {
	err = a.db.QueryRowContext(ctx, `SELECT coalesce(min(number), 0), coalesce(max(number), 0) FROM house WHERE street = $1`, street).Scan(&first, &last)
	for _, s := range all {
		for _, r := range []Range{s.Left, s.Right} {
			if r.To == 0 {
				continue
			}
			if first == 0 || r.low() < first {
				first = r.low()
			}
			last = max(last, r.high())
		}
	}
	return first, last, err
}

// middleHouse stands for a street that is known by its houses only.
func (a *Atlas) middleHouse(ctx context.Context, street int) (Point, error) {
	var p Point
	err := a.db.QueryRowContext(ctx, `SELECT lat, lon FROM house WHERE street = $1 ORDER BY number LIMIT 1
		OFFSET (SELECT count(*) / 2 FROM house WHERE street = $2)`, street, street).Scan(&p.Lat, &p.Lon)
	return p, err
}

// middle is a point on the street near the middle of all its stretches.
func middle(all []Street) Point {
	if len(all) == 0 {
		return Point{}
	}
	var lines [][]Point
	for _, s := range all {
		lines = append(lines, s.Line)
	}
	b := boxOf(lines...)
	center := Point{int32((int64(b.south) + int64(b.north)) / 2), int32((int64(b.west) + int64(b.east)) / 2)}
	best, nearest := Point{}, math.Inf(1)
	for _, s := range all {
		if f := project(s.Line, center); f.metres < nearest {
			best, nearest = along(s.Line, f.share, 0), f.metres
		}
	}
	return best
}
