package basemap

import (
	"context"
	"math"
	"strconv"

	"cityhall/shared/atlas"
)

// names writes what the plan has in this tile: dots, halos and then letters.
func (d *drawing) names(p *plan) {
	labels := p.in(d.pane(8))
	for _, l := range labels {
		if l.dot != (point{}) {
			d.brush.disc(d.placed(l.dot), (dotRadius+1.2)*d.scale)
			d.brush.fill(d.ink.Halo)
			d.brush.disc(d.placed(l.dot), dotRadius*d.scale)
			if l.kind == parkName {
				d.brush.fill(d.ink.ParkName)
			}
			d.brush.fill(d.ink.Dot)
		}
	}
	for _, l := range labels {
		d.write(l)
	}
}

// pane is the tile and some pixels beyond it, in pixels of the world.
func (d *drawing) pane(beyond float64) rect {
	return rectOf(box{d.origin, d.origin.plus(point{256, 256})}.grown(beyond))
}

func (d *drawing) write(l label) {
	style := l.kind.lettering(d.tile.Z, d.tile.Theme)
	size := style.size * d.scale
	var rings [][]point
	if len(l.path) > 1 {
		rings = d.bentText(l.lines[0], style, l.path)
	} else {
		top := l.path[0].y - style.size*lineHeight*float64(len(l.lines)-1)/2
		for i, line := range l.lines {
			glyphs, at, width, _ := style.face.set(line, style.spaced)
			base := point{l.path[0].x - width*style.size/2, top + style.size*(lineHeight*float64(i)+middleOfCapitals)}
			for j, g := range glyphs {
				rings = append(rings, g.placed(d.placed(base).plus(point{at[j] * size, 0}), size, 0, 1)...)
			}
		}
	}
	d.letters(rings, style)
}

// bentText sets a text in the middle of a line, each letter at its own slant.
func (d *drawing) bentText(text string, style lettering, path []point) [][]point {
	glyphs, at, width, _ := style.face.set(text, style.spaced)
	start := (lengthOf(path) - width*style.size) / 2
	var rings [][]point
	for i, g := range glyphs {
		from := start + at[i]*style.size
		to := from + g.advance*style.size
		step := to - from
		// A letter leans as the line does a little before and after it.
		a, b := pointAt(path, from-step*0.3), pointAt(path, to+step*0.3)
		dir := b.minus(a)
		norm := math.Hypot(dir.x, dir.y)
		if norm == 0 {
			continue
		}
		sin, cos := dir.y/norm, dir.x/norm
		left := point{-g.advance / 2, middleOfCapitals}.times(style.size).turn(sin, cos)
		rings = append(rings, g.placed(d.placed(pointAt(path, (from+to)/2).plus(left)), style.size*d.scale, sin, cos)...)
	}
	return rings
}

// pointAt goes a distance along a line, and straight on beyond its ends.
func pointAt(line []point, at float64) point {
	for i := 1; ; i++ {
		p, q := line[i-1], line[i]
		step := p.to(q)
		if at <= step && step > 0 || i == len(line)-1 {
			if step == 0 {
				return q
			}
			return p.plus(q.minus(p).times(at / step))
		}
		at -= step
	}
}

// placed are a glyph's outlines on a picture.
func (g *glyph) placed(at point, size, sin, cos float64) [][]point {
	out := make([][]point, len(g.rings))
	for i, r := range g.rings {
		out[i] = make([]point, len(r))
		for j, p := range r {
			out[i][j] = at.plus(p.times(size).turn(sin, cos))
		}
	}
	return out
}

func (d *drawing) letters(rings [][]point, style lettering) {
	for _, r := range rings {
		d.brush.loop(thinned(r, 0.4*d.scale), 2*style.halo*d.scale)
	}
	d.brush.fill(d.ink.Halo)
	for _, r := range rings {
		d.brush.add(r)
	}
	d.brush.fill(style.ink)
}

// numberReach is how far from its middle a house's number may reach, in pixels
// at scale 1.
const numberReach = 30

// numbers writes those of surveyed houses and, along stretches, the first and
// the last of each side. Where two are too near to each other the one further
// south-east gives way, whether or not it is in this tile.
func (d *drawing) numbers(ctx context.Context, a *atlas.Atlas, p *plan) error {
	if d.tile.Z < houseNumber.from(d.contrast) {
		return nil
	}
	style := houseNumber.lettering(d.tile.Z, d.tile.Theme)
	type number struct {
		label
		box rect
	}
	var all []number
	near := d.around(3 * numberReach)
	add := func(text string, at point) {
		width, ok := style.face.width(text, 0)
		half := point{width * style.size / 2, style.size * 0.5}
		if !ok || half.x > numberReach || !near.holds(at) {
			return
		}
		at = at.times(d.world)
		all = append(all, number{label{kind: houseNumber, lines: []string{text}, path: []point{at}}, rectOf(box{at.minus(half), at.plus(half)}.grown(1.5))})
	}
	houses, err := a.Numbers(ctx, near.bounds())
	if err != nil {
		return err
	}
	for _, h := range houses {
		add(h.Text, project(h.At))
	}
	d.corners(near, add)
	for i, n := range all {
		wins := p.free(n.box) && n.box.touches(d.pane(2))
		for j := 0; wins && j < len(all); j++ {
			wins = i == j || !n.box.touches(all[j].box) || before(n.path[0], all[j].path[0], i < j)
		}
		if wins {
			d.write(n.label)
		}
	}
	return nil
}

// before orders numbers by place; of two at one place the first counts.
func before(p, q point, first bool) bool {
	if p != q {
		return p.y < q.y || p.y == q.y && p.x < q.x
	}
	return first
}

// corners are the numbers at both ends of both sides of the stretches nearby.
func (d *drawing) corners(near box, add func(string, point)) {
	for i := range d.city.roads {
		s := &d.city.roads[i]
		if !s.box.touches(near) {
			continue
		}
		length := lengthOf(s.line) * d.world
		aside := streetWidth(s.class, d.tile.Z, d.contrast)/2 + 11
		for side, numbers := range []atlas.Range{s.left, s.right} {
			if numbers.To == 0 || length < 110 {
				continue
			}
			across := aside * float64(2*side-1)
			add(strconv.Itoa(numbers.From), d.beside(s.line, 34, across))
			if numbers.To != numbers.From {
				add(strconv.Itoa(numbers.To), d.beside(s.line, length-34, across))
			}
		}
	}
}

// beside is a point of the world so many pixels along a line and to its right.
func (d *drawing) beside(line []point, along, right float64) point {
	at, ahead := pointAt(line, (along-1)/d.world), pointAt(line, (along+1)/d.world)
	dir := ahead.minus(at)
	norm := math.Hypot(dir.x, dir.y)
	if norm == 0 {
		return at
	}
	return pointAt(line, along/d.world).plus(point{-dir.y, dir.x}.times(right / norm / d.world))
}
