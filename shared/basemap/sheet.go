package basemap

import (
	"context"
	"math"
	"slices"

	"cityhall/shared/atlas"
)

// sheet is what is held in memory of a city, since names are laid out for all of
// it: its streets, its outline, parks and water. Some 120 bytes each and 16 a
// point. Buildings and houses, of which there are many more, stay in the file.
type sheet struct {
	roads    []road
	chains   []chain  // by street
	grounds  []ground // the lowest level first
	outlined bool     // the city has an outline; all is land where it has none
}

// ground is an area; its points are of the world.
type ground struct {
	level  int
	name   string
	rings  [][]point
	boxes  []box // of the rings
	box    box
	inside point // a point well within it
}

// road is one stretch; its points are of the world.
type road struct {
	class       int // 0 is a main road, 1 one between, 2 all others
	line        []point
	box         box
	left, right atlas.Range
}

// chain is a run of stretches of one name that a name can be written along.
type chain struct {
	name   string
	class  int
	line   []point
	length float64
}

// everywhere is the whole world.
var everywhere = atlas.Bounds{South: math.MinInt32, West: math.MinInt32, North: math.MaxInt32, East: math.MaxInt32}

func readSheet(ctx context.Context, a *atlas.Atlas) (*sheet, error) {
	s := &sheet{}
	var street []atlas.Stretch
	done := func() {
		s.chains = append(s.chains, chained(street)...)
		street = street[:0]
	}
	err := a.Stretches(ctx, func(t atlas.Stretch) {
		if len(street) > 0 && street[0].Street != t.Street {
			done()
		}
		street = append(street, t)
		line := projectAll(t.Line)
		s.roads = append(s.roads, road{class: classOf(t), line: line, box: boxOf(line), left: t.Left, right: t.Right})
	})
	if err != nil {
		return nil, err
	}
	done()
	grounds, err := a.Grounds(ctx, everywhere, atlas.LevelDistrict, atlas.LevelWater)
	for _, g := range grounds {
		s.grounds = append(s.grounds, newGround(g))
		s.outlined = s.outlined || g.Level == atlas.LevelCity
	}
	return s, err
}

func newGround(g atlas.Ground) ground {
	out := ground{level: g.Level, name: g.Name}
	if g.Level < atlas.LevelBuilding {
		out.inside = project(atlas.Within(g.Rings))
	}
	for _, r := range g.Rings {
		ring := projectAll(r)
		b := boxOf(ring)
		out.rings, out.boxes = append(out.rings, ring), append(out.boxes, b)
	}
	corners := []point{}
	for _, b := range out.boxes {
		corners = append(corners, b.low, b.high)
	}
	out.box = boxOf(corners)
	return out
}

// largest is the ring that reaches furthest.
func (g ground) largest() (ring []point, b box) {
	most := -1.0
	for i, c := range g.boxes {
		if size := c.width() * c.height(); size > most {
			ring, b, most = g.rings[i], c, size
		}
	}
	return ring, b
}

func classOf(s atlas.Stretch) int {
	if s.Class == 1 || s.Class == 2 {
		return s.Class - 1
	}
	return 2
}

// chained joins the stretches of one street where just two of them meet.
func chained(street []atlas.Stretch) []chain {
	ends := map[atlas.Point][]int{}
	for i, s := range street {
		ends[s.Line[0]] = append(ends[s.Line[0]], i)
		ends[s.Line[len(s.Line)-1]] = append(ends[s.Line[len(s.Line)-1]], i)
	}
	used := make([]bool, len(street))
	next := func(at atlas.Point) int {
		if len(ends[at]) == 2 {
			for _, i := range ends[at] {
				if !used[i] {
					return i
				}
			}
		}
		return -1
	}
	// grow goes on from the end of a line for as long as there is one way.
	grow := func(line []atlas.Point) []atlas.Point {
		for i := next(line[len(line)-1]); i >= 0; i = next(line[len(line)-1]) {
			used[i] = true
			more := street[i].Line
			if more[0] != line[len(line)-1] {
				more = slices.Clone(more)
				slices.Reverse(more)
			}
			line = append(line, more[1:]...)
		}
		return line
	}
	var out []chain
	for i, s := range street {
		if used[i] {
			continue
		}
		used[i] = true
		line := grow(slices.Clone(s.Line))
		slices.Reverse(line)
		c := chain{name: s.Name, class: classOf(s), line: projectAll(grow(line))}
		c.length = lengthOf(c.line)
		out = append(out, c)
	}
	return out
}

func lengthOf(line []point) float64 {
	sum := 0.0
	for i := 1; i < len(line); i++ {
		sum += line[i-1].to(line[i])
	}
	return sum
}

// part cuts a piece out of a line by distances from its start.
func part(line []point, from, to float64) []point {
	var out []point
	at := 0.0
	for i := 1; i < len(line) && at < to; i++ {
		p, q := line[i-1], line[i]
		step := p.to(q)
		if step == 0 {
			continue
		}
		if at+step > from {
			if len(out) == 0 {
				out = append(out, p.plus(q.minus(p).times(max(0, (from-at)/step))))
			}
			out = append(out, p.plus(q.minus(p).times(min(1, (to-at)/step))))
		}
		at += step
	}
	return out
}

// straightened leaves out what lies within a distance of the straight line
// between what stays (Douglas and Peucker).
func straightened(line []point, within float64) []point {
	if len(line) < 3 {
		return line
	}
	first, last := line[0], line[len(line)-1]
	far, at := within, 0
	for i, p := range line[1 : len(line)-1] {
		if d := off(p, first, last); d > far {
			far, at = d, i+1
		}
	}
	if at == 0 {
		return []point{first, last}
	}
	head := straightened(line[:at+1], within)
	return append(head[:len(head)-1:len(head)-1], straightened(line[at:], within)...)
}

// off is how far a point is from a line from a to b.
func off(p, a, b point) float64 {
	d := b.minus(a)
	square := d.x*d.x + d.y*d.y
	if square == 0 {
		return p.to(a)
	}
	t := max(0, min(1, ((p.x-a.x)*d.x+(p.y-a.y)*d.y)/square))
	return p.to(a.plus(d.times(t)))
}
