package basemap

import (
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"cityhall/shared/look"
)

// face is one weight of the city's letters. Measures are in ems: shares of the
// size at which it is written.
type face struct {
	mu     sync.Mutex
	font   *sfnt.Font
	buf    sfnt.Buffer
	glyphs map[rune]*glyph // nil for a letter that there is none of
	kerns  map[[2]sfnt.GlyphIndex]float64
}

type glyph struct {
	index   sfnt.GlyphIndex
	advance float64
	rings   [][]point // y grows downwards from the line that it stands on
}

// The middle of capitals and digits is so far above the line that they stand on.
const middleOfCapitals = 0.36

const perEm = 1024 // the grid that outlines are read on

var (
	regular  = sync.OnceValue(func() *face { return newFace(look.FontRegular) })
	semiBold = sync.OnceValue(func() *face { return newFace(look.FontSemiBold) })
)

func newFace(raw []byte) *face {
	f, err := sfnt.Parse(raw)
	if err != nil {
		panic("basemap: embedded font: " + err.Error())
	}
	return &face{font: f, glyphs: map[rune]*glyph{}, kerns: map[[2]sfnt.GlyphIndex]float64{}}
}

// set gives the glyphs of a text and how far each one's left edge is from the
// start; false when there is no letter for a part of it.
func (f *face) set(text string, spaced float64) (glyphs []*glyph, at []float64, width float64, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range text {
		g := f.glyph(r)
		if g == nil {
			return nil, nil, 0, false
		}
		if n := len(glyphs); n > 0 {
			width += f.kern(glyphs[n-1].index, g.index) + spaced
		}
		glyphs, at = append(glyphs, g), append(at, width)
		width += g.advance
	}
	return glyphs, at, width, len(glyphs) > 0
}

func (f *face) width(text string, spaced float64) (float64, bool) {
	_, _, w, ok := f.set(text, spaced)
	return w, ok
}

func (f *face) glyph(r rune) *glyph {
	g, known := f.glyphs[r]
	if !known {
		g = f.load(r)
		f.glyphs[r] = g
	}
	return g
}

func (f *face) load(r rune) *glyph {
	size := fixed.I(perEm)
	index, err := f.font.GlyphIndex(&f.buf, r)
	if err != nil || index == 0 {
		return nil
	}
	advance, err := f.font.GlyphAdvance(&f.buf, index, size, font.HintingNone)
	if err != nil {
		return nil
	}
	g := &glyph{index: index, advance: em(advance)}
	segments, err := f.font.LoadGlyph(&f.buf, index, size, nil)
	if err != nil {
		return nil
	}
	var ring []point
	for _, s := range segments {
		a := [3]point{}
		for i := range a {
			a[i] = point{em(s.Args[i].X), em(s.Args[i].Y)}
		}
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			g.close(ring)
			ring = []point{a[0]}
		case sfnt.SegmentOpLineTo:
			ring = append(ring, a[0])
		case sfnt.SegmentOpQuadTo:
			p := ring[len(ring)-1]
			ring = bent(ring, p, p.plus(a[0].minus(p).times(2./3)), a[1].plus(a[0].minus(a[1]).times(2./3)), a[1])
		case sfnt.SegmentOpCubeTo:
			ring = bent(ring, ring[len(ring)-1], a[0], a[1], a[2])
		}
	}
	g.close(ring)
	return g
}

func em(v fixed.Int26_6) float64 { return float64(v) / 64 / perEm }

// close keeps a ring. PostScript's outlines turn the other way than ours.
func (g *glyph) close(ring []point) {
	if len(ring) > 2 {
		g.rings = append(g.rings, reversed(ring))
	}
}

// bent adds a curve as lines that are straight enough for letters of a map.
func bent(out []point, p, q, r, s point) []point {
	steps := 2 + int(min(6, 20*(p.to(q)+q.to(r)+r.to(s))))
	for i := 1; i <= steps; i++ {
		t := float64(i) / float64(steps)
		u := 1 - t
		out = append(out, p.times(u*u*u).plus(q.times(3*u*u*t)).plus(r.times(3*u*t*t)).plus(s.times(t*t*t)))
	}
	return out
}

func (f *face) kern(a, b sfnt.GlyphIndex) float64 {
	key := [2]sfnt.GlyphIndex{a, b}
	k, known := f.kerns[key]
	if !known {
		if v, err := f.font.Kern(&f.buf, a, b, fixed.I(perEm), font.HintingNone); err == nil {
			k = em(v)
		}
		f.kerns[key] = k
	}
	return k
}
