package basemap

// clipRing cuts a ring to a box. Where it leaves the box it runs along its edge.
func clipRing(ring []point, b box) []point {
	if all := boxOf(ring); b.holds(all.low) && b.holds(all.high) {
		return ring
	}
	sides := [4]struct {
		in    func(point) bool
		cross func(p, q point) point
	}{
		{func(p point) bool { return p.x >= b.low.x }, func(p, q point) point { return point{b.low.x, p.y + (q.y-p.y)*(b.low.x-p.x)/(q.x-p.x)} }},
		{func(p point) bool { return p.x <= b.high.x }, func(p, q point) point { return point{b.high.x, p.y + (q.y-p.y)*(b.high.x-p.x)/(q.x-p.x)} }},
		{func(p point) bool { return p.y >= b.low.y }, func(p, q point) point { return point{p.x + (q.x-p.x)*(b.low.y-p.y)/(q.y-p.y), b.low.y} }},
		{func(p point) bool { return p.y <= b.high.y }, func(p, q point) point { return point{p.x + (q.x-p.x)*(b.high.y-p.y)/(q.y-p.y), b.high.y} }},
	}
	for _, side := range sides {
		var out []point
		for i, p := range ring {
			q := ring[(i+1)%len(ring)]
			in := side.in(p)
			if in {
				out = append(out, p)
			}
			if in != side.in(q) {
				out = append(out, side.cross(p, q))
			}
		}
		ring = out
	}
	return ring
}

// clipLine gives the pieces of a line that lie in a box.
func clipLine(line []point, b box) [][]point {
	var out [][]point
	var run []point
	for i := 1; i < len(line); i++ {
		p, q, ok := clipStep(line[i-1], line[i], b)
		if !ok {
			continue
		}
		if len(run) == 0 || run[len(run)-1] != p {
			if len(run) > 1 {
				out = append(out, run)
			}
			run = []point{p}
		}
		run = append(run, q)
	}
	if len(run) > 1 {
		out = append(out, run)
	}
	return out
}

// clipStep is Liang and Barsky's.
func clipStep(p, q point, b box) (point, point, bool) {
	from, to := 0.0, 1.0
	d := q.minus(p)
	for _, side := range [4][2]float64{{-d.x, p.x - b.low.x}, {d.x, b.high.x - p.x}, {-d.y, p.y - b.low.y}, {d.y, b.high.y - p.y}} {
		switch {
		case side[0] == 0 && side[1] < 0:
			return p, q, false
		case side[0] < 0:
			from = max(from, side[1]/side[0])
		case side[0] > 0:
			to = min(to, side[1]/side[0])
		}
	}
	if from > to {
		return p, q, false
	}
	start, end := p, q
	if from > 0 {
		start = p.plus(d.times(from))
	}
	if to < 1 {
		end = p.plus(d.times(to))
	}
	return start, end, true
}

// thinned leaves out points so close to the one before that nobody sees them.
func thinned(line []point, least float64) []point {
	if len(line) < 3 {
		return line
	}
	out := line[:1:1]
	for _, p := range line[1 : len(line)-1] {
		if last := out[len(out)-1]; p.to(last) >= least {
			out = append(out, p)
		}
	}
	end := line[len(line)-1]
	if len(out) > 1 && out[len(out)-1].to(end) < least {
		out = out[:len(out)-1]
	}
	return append(out, end)
}
