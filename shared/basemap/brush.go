package basemap

import (
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"math"
	"slices"

	"golang.org/x/image/vector"
)

// brush fills outlines on a picture; its points are the picture's pixels. What
// lies beyond the edge is cut off.
type brush struct {
	img   *image.RGBA
	ras   vector.Rasterizer
	mask  image.Alpha // how much of each pixel the last shape covered
	rings [][]point   // of the shape that is being made
}

func newBrush(side int) *brush {
	return &brush{img: image.NewRGBA(image.Rect(0, 0, side, side))}
}

// frame is the picture and a little beyond it, so that no cut is seen.
func (b *brush) frame(beyond float64) box {
	return box{high: point{float64(b.img.Rect.Dx()), float64(b.img.Rect.Dy())}}.grown(beyond)
}

// ground fills the whole picture.
func (b *brush) ground(c color.NRGBA) {
	pix := b.img.Pix
	copy(pix, []byte{c.R, c.G, c.B, 0xff})
	for done := 4; done < len(pix); done *= 2 {
		copy(pix[done:], pix[:done])
	}
}

// add puts a ring into the shape. Rings that turn one way are filled, however
// often they overlap; within them, those that turn the other way are holes.
func (b *brush) add(ring []point) {
	if ring = clipRing(ring, b.frame(8)); len(ring) > 2 {
		b.rings = append(b.rings, ring)
	}
}

// fill paints the shape, and begins a new one.
func (b *brush) fill(c color.NRGBA) {
	rings := b.rings
	b.rings = b.rings[:0]
	if len(rings) == 0 || c.A == 0 {
		return
	}
	all := boxOf(rings[0])
	for _, r := range rings[1:] {
		part := boxOf(r)
		all.low = point{min(all.low.x, part.low.x), min(all.low.y, part.low.y)}
		all.high = point{max(all.high.x, part.high.x), max(all.high.y, part.high.y)}
	}
	in := image.Rect(int(math.Floor(all.low.x)), int(math.Floor(all.low.y)), int(math.Ceil(all.high.x))+1, int(math.Ceil(all.high.y))+1).Intersect(b.img.Rect)
	if in.Empty() {
		return
	}
	b.ras.Reset(in.Dx(), in.Dy())
	for _, r := range rings {
		for i, p := range r {
			x, y := float32(p.x-float64(in.Min.X)), float32(p.y-float64(in.Min.Y))
			if i == 0 {
				b.ras.MoveTo(x, y)
			} else {
				b.ras.LineTo(x, y)
			}
		}
		b.ras.ClosePath()
	}
	b.paint(in, c)
}

// paint lays the colour on as far as the shape covers each pixel. Most pixels are
// covered not at all or wholly, so this is several times as fast as drawing at once.
func (b *brush) paint(in image.Rectangle, c color.NRGBA) {
	b.mask.Stride, b.mask.Rect = in.Dx(), image.Rect(0, 0, in.Dx(), in.Dy())
	b.mask.Pix = slices.Grow(b.mask.Pix[:0], in.Dx()*in.Dy())[:in.Dx()*in.Dy()]
	b.ras.DrawOp = draw.Src
	b.ras.Draw(&b.mask, b.mask.Rect, image.Opaque, image.Point{})
	red, green, blue := uint32(c.R), uint32(c.G), uint32(c.B)
	for y := range in.Dy() {
		cover := b.mask.Pix[y*in.Dx() : (y+1)*in.Dx()]
		row := b.img.Pix[b.img.PixOffset(in.Min.X, in.Min.Y+y):][:4*in.Dx()]
		for x := 0; x < len(cover); x++ {
			switch a := uint32(cover[x]); a {
			case 0:
				for x+8 < len(cover) && binary.LittleEndian.Uint64(cover[x+1:]) == 0 {
					x += 8
				}
			case 0xff:
				p := row[4*x : 4*x+3 : 4*x+3]
				p[0], p[1], p[2] = c.R, c.G, c.B
			default:
				p := row[4*x : 4*x+3 : 4*x+3]
				p[0] = uint8((uint32(p[0])*(0xff-a) + red*a + 0x7f) / 0xff)
				p[1] = uint8((uint32(p[1])*(0xff-a) + green*a + 0x7f) / 0xff)
				p[2] = uint8((uint32(p[2])*(0xff-a) + blue*a + 0x7f) / 0xff)
			}
		}
	}
}

// area adds the rings of an area: of two rings, the one within the other is a
// hole, whichever way they were written down.
func (b *brush) area(rings [][]point) {
	boxes := make([]box, len(rings))
	for i, r := range rings {
		boxes[i] = boxOf(r)
	}
	for i, r := range rings {
		hole := false
		for j, other := range rings {
			hole = hole != (i != j && boxes[j].holds(r[0]) && inside(other, r[0]))
		}
		if (turning(r) < 0) != hole {
			r = reversed(r)
		}
		b.add(r)
	}
}

func inside(ring []point, p point) bool {
	in := false
	for i, a := range ring {
		c := ring[(i+1)%len(ring)]
		if (a.y > p.y) != (c.y > p.y) && p.x < a.x+(p.y-a.y)*(c.x-a.x)/(c.y-a.y) {
			in = !in
		}
	}
	return in
}

// turning is twice the ring's area, negative when it turns the other way.
func turning(ring []point) float64 {
	sum := 0.0
	for i, p := range ring {
		q := ring[(i+1)%len(ring)]
		sum += p.x*q.y - q.x*p.y
	}
	return sum
}

func reversed(line []point) []point {
	out := make([]point, len(line))
	for i, p := range line {
		out[len(line)-1-i] = p
	}
	return out
}

// line adds a line of some width with round joins; its ends are round too, or
// cut off straight.
func (b *brush) line(line []point, width float64, round bool) {
	half := width / 2
	for _, part := range clipLine(line, b.frame(half+4)) {
		part = thinned(part, 0.1)
		if len(part) == 2 && part[0].to(part[1]) < 1e-6 {
			continue
		}
		ring := oneSide(nil, part, half, round)
		b.rings = append(b.rings, oneSide(ring, reversed(part), half, round))
	}
}

// loop adds the line of a closed ring.
func (b *brush) loop(ring []point, width float64) {
	b.line(append(ring[:len(ring):len(ring)], ring[0]), width, true)
}

// dashes adds a line in pieces, each so long and so far from the next.
func (b *brush) dashes(line []point, width, on, off float64) {
	frame := b.frame(width + on + off)
	var part []point
	done := func() {
		if len(part) > 1 {
			b.line(part, width, false)
		}
		part = nil
	}
	passed := 0.0
	for i := 1; i < len(line); i++ {
		p, q := line[i-1], line[i]
		step := p.to(q)
		if step == 0 {
			continue
		}
		if !frame.touches(boxOf([]point{p, q})) {
			done()
			passed += step
			continue
		}
		for at := 0.0; at < step; {
			in := math.Mod(passed+at, on+off)
			if in < on {
				to := min(step, at+on-in)
				if len(part) == 0 {
					part = append(part, p.plus(q.minus(p).times(at/step)))
				}
				part = append(part, p.plus(q.minus(p).times(to/step)))
				at = to
				if to < step {
					done()
				}
				// What is left over of a dash by rounding is no piece of its own.
				at += 1e-9 * (on + off)
				continue
			}
			done()
			at += on + off - in + 1e-9*(on+off)
		}
		passed += step
	}
	done()
}

// oneSide walks along the left of a line and around its end. Inner bends go
// through the line itself, so that nothing is turned inside out.
func oneSide(out, line []point, half float64, round bool) []point {
	var before point
	for i := 1; i < len(line); i++ {
		p, q := line[i-1], line[i]
		d := q.minus(p)
		n := point{d.y, -d.x}.times(half / math.Hypot(d.x, d.y))
		if i > 1 {
			if before.x*n.y-before.y*n.x > 0 {
				out = arc(out, p, before, n)
			} else {
				out = append(out, p)
			}
		}
		out = append(out, p.plus(n), q.plus(n))
		before = n
	}
	if round {
		out = arc(out, line[len(line)-1], before, before.times(-1))
	}
	return out
}

// arc goes around a centre from one side to another, the shorter way or, for
// opposite sides, around the end. Its corners are not seen.
func arc(out []point, c, from, to point) []point {
	radius := math.Hypot(from.x, from.y)
	angle := math.Atan2(from.x*to.y-from.y*to.x, from.x*to.x+from.y*to.y)
	if angle < 0 {
		angle += 2 * math.Pi
	}
	steps := int(math.Ceil(angle / (2 * math.Acos(max(0, 1-0.08/max(radius, 0.16))))))
	for i := 1; i < steps; i++ {
		sin, cos := math.Sincos(angle * float64(i) / float64(steps))
		out = append(out, c.plus(from.turn(sin, cos)))
	}
	return out
}

// disc adds a full circle.
func (b *brush) disc(c point, radius float64) {
	from := point{radius, 0}
	b.rings = append(b.rings, arc(arc([]point{c.plus(from)}, c, from, from.times(-1)), c, from.times(-1), from))
}
