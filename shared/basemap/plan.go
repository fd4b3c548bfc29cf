package basemap

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"cityhall/shared/atlas"
	"cityhall/shared/look"
)

// plan is where the names of a whole city stand at one zoom. Places are pixels
// of the world at scale 1. It takes some 400 bytes a name.
type plan struct {
	labels []label
	cells  map[cell][]int32 // labels by where a box of theirs is
}

// label is a name that has its place.
type label struct {
	kind  kind
	lines []string
	path  []point // one point is the middle of the text; more are a line along it
	dot   point   // of a landmark; zero for none
	boxes []rect  // that nothing else may touch
}

// rect is a box in whole pixels.
type rect struct{ x0, y0, x1, y1 int32 }

func rectOf(b box) rect {
	return rect{int32(math.Floor(b.low.x)), int32(math.Floor(b.low.y)), int32(math.Ceil(b.high.x)), int32(math.Ceil(b.high.y))}
}

func (r rect) touches(o rect) bool { return r.x0 < o.x1 && o.x0 < r.x1 && r.y0 < o.y1 && o.y0 < r.y1 }

type cell struct{ x, y int32 }

const cellBits = 6 // cells of 64 pixels

// each calls do with every cell of a box until it says false.
func (r rect) each(do func(cell) bool) bool {
	for y := r.y0 >> cellBits; y <= (r.y1-1)>>cellBits; y++ {
		for x := r.x0 >> cellBits; x <= (r.x1-1)>>cellBits; x++ {
			if !do(cell{x, y}) {
				return false
			}
		}
	}
	return true
}

// free tells whether nothing in the plan touches a box.
func (p *plan) free(r rect) bool {
	return r.each(func(c cell) bool {
		for _, i := range p.cells[c] {
			if slices.ContainsFunc(p.labels[i].boxes, r.touches) {
				return false
			}
		}
		return true
	})
}

// put takes a label in unless something is in its way.
func (p *plan) put(l label) bool {
	for _, r := range l.boxes {
		if !p.free(r) {
			return false
		}
	}
	n := int32(len(p.labels))
	p.labels = append(p.labels, l)
	for _, r := range l.boxes {
		r.each(func(c cell) bool {
			if in := p.cells[c]; len(in) == 0 || in[len(in)-1] != n {
				p.cells[c] = append(in, n)
			}
			return true
		})
	}
	return true
}

// in gives the labels that touch a box, each once, in their order.
func (p *plan) in(r rect) []label {
	var at []int32
	r.each(func(c cell) bool {
		at = append(at, p.cells[c]...)
		return true
	})
	slices.Sort(at)
	var out []label
	for _, i := range slices.Compact(at) {
		if slices.ContainsFunc(p.labels[i].boxes, r.touches) {
			out = append(out, p.labels[i])
		}
	}
	return out
}

// wish is a name that wants a place; one of several at most.
type wish struct {
	rank   float64 // the lowest is first
	name   string
	apart  float64 // from the next one of the same name
	size   float64 // of letters along a line, whose boxes are worked out when it is tried
	places []label
}

func (w wish) at() point { return w.places[0].path[0] }

// planner lays out the names of one zoom.
type planner struct {
	plan   plan
	zoom   int
	side   float64 // of the world in pixels
	theme  look.MapTheme
	wishes []wish
	taken  map[string][]point // where a name stands already
	parks  map[string]bool    // names of those that are areas
}

// The ranks of what is neither of the first nor of the last kinds.
const (
	landmarkRank = 32
	smallPark    = 33
)

// newPlan lays out a whole city. The same file gives the same plan.
func newPlan(a *atlas.Atlas, city *sheet, zoom int, contrast bool) *plan {
	p := &planner{plan: plan{cells: map[cell][]int32{}}, zoom: zoom, side: 256 * math.Exp2(float64(zoom)), taken: map[string][]point{}, parks: map[string]bool{}}
	if contrast {
		p.theme = look.MapContrast
	}
	for _, g := range city.grounds {
		p.ground(g)
	}
	if p.wants(landmarkName) {
		for _, l := range a.Landmarks(everywhere) {
			p.landmark(l)
		}
	}
	for i := range city.chains {
		p.street(&city.chains[i])
	}
	slices.SortStableFunc(p.wishes, func(a, b wish) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), strings.Compare(a.name, b.name), cmp.Compare(a.at().x, b.at().x), cmp.Compare(a.at().y, b.at().y))
	})
	for _, w := range p.wishes {
		p.grant(w)
	}
	return &p.plan
}

func (p *planner) wants(k kind) bool { return p.zoom >= k.from(p.theme == look.MapContrast) }

// grant gives a wish the first of its places that is free and not too near to
// where the same name stands.
func (p *planner) grant(w wish) {
	for _, l := range w.places {
		at := l.path[len(l.path)/2]
		if slices.ContainsFunc(p.taken[w.name], func(q point) bool { return q.to(at) < w.apart }) {
			continue
		}
		if len(l.path) > 1 {
			l.boxes = boxesAlong(l.path, w.size)
		}
		if p.plan.put(l) {
			p.taken[w.name] = append(p.taken[w.name], at)
			return
		}
	}
}

// ground wishes for the name of an area, within it.
func (p *planner) ground(g ground) {
	k := map[int]kind{atlas.LevelCity: districtName, atlas.LevelDistrict: districtName, atlas.LevelPark: parkName, atlas.LevelWater: waterName}[g.level]
	whole := g.level == atlas.LevelCity // its name stands where there are none of districts yet
	if g.level == atlas.LevelPark {
		p.parks[g.name] = true
	}
	if strings.TrimSpace(g.name) == "" || p.wants(k) == whole || p.zoom < cityFrom || k == districtName && p.zoom > districtsUntil {
		return
	}
	ring, size := g.largest()
	wide, high := size.width()*p.side, size.height()*p.side
	lines, text := p.text(k, g.name, max(70, min(wide, 150)))
	if lines == nil {
		return
	}
	switch k {
	case waterName: // a name that its water does not hold is written nearer
		if max(wide, high) < text.x*0.9 || min(wide, high) < text.y*0.8 {
			return
		}
	case parkName:
		if p.zoom < 17 && wide*high < text.x*text.y*0.8 {
			return
		}
	case districtName:
		if wide < text.x*0.7 && !whole {
			return
		}
	}
	w := wish{rank: float64(k) * 10, name: g.name, apart: 220}
	if k == parkName && wide*high < 20_000 {
		w.rank = smallPark
	}
	for _, at := range []point{centroid(ring).times(p.side), g.inside.times(p.side)} {
		if b := (box{at, at}); inside(ring, at.times(1/p.side)) {
			b = box{point{at.x - text.x/2, at.y - text.y/2}, point{at.x + text.x/2, at.y + text.y/2}}
			w.places = append(w.places, label{kind: k, lines: lines, path: []point{at}, boxes: []rect{rectOf(b.grown(3))}})
		}
	}
	if len(w.places) > 0 {
		p.wishes = append(p.wishes, w)
	}
}

// centroid is the middle of a ring's area.
func centroid(ring []point) point {
	var sum point
	area := 0.0
	from := ring[0] // near it, differences of small numbers stay exact
	for i := range ring {
		p, q := ring[i].minus(from), ring[(i+1)%len(ring)].minus(from)
		cross := p.x*q.y - q.x*p.y
		area += cross
		sum = sum.plus(p.plus(q).times(cross))
	}
	if area == 0 {
		return from
	}
	return from.plus(sum.times(1 / (3 * area)))
}

// text breaks a name into lines of some width, and tells how large it is; nil
// when it cannot be written.
func (p *planner) text(k kind, name string, wide float64) (lines []string, size point) {
	l := k.lettering(p.zoom, p.theme)
	if l.shout {
		name = strings.ToUpper(name)
	}
	for _, word := range strings.Fields(name) {
		longer := word
		if n := len(lines); n > 0 {
			longer = lines[n-1] + " " + word
		}
		w, ok := l.face.width(longer, l.spaced)
		switch {
		case !ok:
			return nil, point{}
		case len(lines) > 0 && w*l.size <= wide:
			lines[len(lines)-1] = longer
		default:
			lines = append(lines, word)
		}
	}
	if len(lines) > 4 {
		return nil, point{}
	}
	for _, line := range lines {
		w, _ := l.face.width(line, l.spaced)
		size.x = max(size.x, w*l.size)
	}
	size.y = l.size * lineHeight * float64(len(lines))
	return lines, size
}

const lineHeight = 1.16
