package basemap

import (
	"math"
	"strings"

	"cityhall/shared/atlas"
)

const dotRadius = 3.5 // of a landmark, in pixels at scale 1

// landmark wishes for a dot and the name beside it. A park that is drawn has its
// name already; one that is a point is written as a park.
func (p *planner) landmark(l atlas.Landmark) {
	park := l.Kind == atlas.AreaPark
	k := landmarkName
	if park {
		k = parkName
	}
	lines, size := p.text(k, l.Name, 110)
	if lines == nil || park && p.parks[l.Name] {
		return
	}
	// From afar there is air between landmarks, or nothing else would be seen.
	air := [...]float64{18, 7, 2}[max(0, min(p.zoom-landmarkName.from(false), 2))]
	at := project(l.At).times(p.side)
	w := wish{rank: landmarkRank, name: l.Name, apart: 220}
	const gap = dotRadius + 3
	for _, to := range []point{{0, size.y/2 + gap}, {size.x/2 + gap, 0}, {-size.x/2 - gap, 0}, {0, -size.y/2 - gap}} {
		middle := at.plus(to)
		text := box{middle.minus(size.times(0.5)), middle.plus(size.times(0.5))}
		w.places = append(w.places, label{kind: k, lines: lines, path: []point{middle}, dot: at,
			boxes: []rect{rectOf(text.grown(air)), rectOf(box{at, at}.grown(dotRadius + 2))}})
	}
	p.wishes = append(p.wishes, w)
}

// Names are repeated along a street after so many pixels.
const (
	repeatAfter = 420
	leastApart  = 200
)

// street wishes for the name along a street, once in each part of its length,
// where it runs straight enough.
func (p *planner) street(c *chain) {
	k := mainStreet + kind(c.class)
	if !p.wants(k) {
		return
	}
	l := k.lettering(p.zoom, p.theme)
	em, ok := l.face.width(c.name, l.spaced)
	wide, length := em*l.size, c.length*p.side
	room := wide + 10
	if !ok || length < room || strings.TrimSpace(c.name) == "" {
		return
	}
	line := make([]point, len(c.line))
	for i, q := range c.line {
		line[i] = q.times(p.side)
	}
	slots := max(1, int(length/repeatAfter))
	each := length / float64(slots)
	for slot := range slots {
		w := wish{name: c.name, apart: leastApart, size: l.size, rank: float64(k) * 10}
		if slot != slots/2 {
			w.rank += 6 // every street has its name once before others have it twice
		}
		middle := each * (float64(slot) + 0.5)
		reach := (each - room) / 2
		for step := 0.0; step <= max(0, reach); step += 24 {
			for _, at := range []float64{middle + step, middle - step} {
				if path := along(line, at-wide/2-2, at+wide/2+2); path != nil {
					w.places = append(w.places, label{kind: k, lines: []string{c.name}, path: path})
				}
				if step == 0 {
					break
				}
			}
			if len(w.places) >= mostPlaces {
				break
			}
		}
		if len(w.places) > 0 {
			p.wishes = append(p.wishes, w)
		}
	}
}

// mostPlaces bounds where one name is tried.
const mostPlaces = 6

// along is the part of a line that a text is written on, from its beginning to
// its end; nil where the line bends too much for it to be read.
func along(line []point, from, to float64) []point {
	path := straightened(part(line, from, to), 1.5)
	if len(path) < 2 {
		return nil
	}
	all := 0.0
	for i := 2; i < len(path); i++ {
		a, b := path[i-1].minus(path[i-2]), path[i].minus(path[i-1])
		bend := math.Abs(math.Atan2(a.x*b.y-a.y*b.x, a.x*b.x+a.y*b.y))
		all += bend
		if bend > 0.55 || all > 1.1 {
			return nil
		}
	}
	d := path[len(path)-1].minus(path[0])
	if d.x < 0 && math.Abs(d.x) > 0.03*math.Abs(d.y) || math.Abs(d.x) <= 0.03*math.Abs(d.y) && d.y > 0 {
		path = reversed(path)
	}
	return path
}

// boxesAlong covers a line of text with boxes as small as its height.
func boxesAlong(path []point, size float64) []rect {
	length := lengthOf(path)
	n := max(1, int(math.Ceil(length/size)))
	var out []rect
	for i := range n {
		step := part(path, length*float64(i)/float64(n), length*float64(i+1)/float64(n))
		out = append(out, rectOf(boxOf(step).grown(size*0.55)))
	}
	return out
}
