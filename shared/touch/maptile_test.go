package touch_test

import (
	"image"
	"image/color"
	"math"

	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// sampleTiles draws a made-up city: streets in blocks, avenues, parks, a bay.
type sampleTiles struct {
	made    map[look.MapTile]image.Image
	asked   []look.MapTile
	missing func(look.MapTile) bool // nil has everything
	changed func()
	stopped int
	plain   bool // one colour, which takes no time
}

func (s *sampleTiles) Tile(t look.MapTile) image.Image {
	s.asked = append(s.asked, t)
	if s.missing != nil && s.missing(t) {
		return nil
	}
	if s.made == nil {
		s.made = map[look.MapTile]image.Image{}
	}
	if s.plain {
		t = look.MapTile{Theme: t.Theme}
	}
	switch {
	case s.made[t] != nil:
	case s.plain:
		img := image.NewNRGBA(image.Rect(0, 0, 1, 1))
		img.SetNRGBA(0, 0, sampleInk[t.Theme].land)
		s.made[t] = img
	default:
		s.made[t] = drawSample(t)
	}
	return s.made[t]
}

func (s *sampleTiles) Watch(changed func()) func() {
	s.changed = changed
	return func() { s.changed = nil; s.stopped++ }
}

// sampleInk is what a tile is drawn with in each theme.
var sampleInk = map[look.MapTheme]struct{ land, park, water, casing, street, avenue color.NRGBA }{
	look.MapLight:    {look.RGB(0xF1EDE4), look.RGB(0xD5E5C8), look.RGB(0xC3DDE8), look.RGB(0xDCD5C6), look.RGB(0xFFFFFF), look.RGB(0xFBE6BD)},
	look.MapDark:     {look.RGB(0x1C252E), look.RGB(0x20352B), look.RGB(0x15303F), look.RGB(0x10171F), look.RGB(0x36424E), look.RGB(0x55503F)},
	look.MapContrast: {look.RGB(0x000000), look.RGB(0x0C2410), look.RGB(0x00233A), look.RGB(0x000000), look.RGB(0x8C8C8C), look.RGB(0xFFFFFF)},
}

// drawSample colours each pixel by how far it is from the nearest street.
func drawSample(t look.MapTile) image.Image {
	ink := sampleInk[t.Theme]
	side := 256 * t.Scale
	world := 40_075_016.686 * math.Cos(47.6*math.Pi/180)
	tiles := float64(int64(1) << t.Z)
	metre := world / tiles / float64(side) // of one pixel
	centre := mercatorOf(middle)
	sin, cos := math.Sincos(0.14) // the streets do not run from north to south
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	street := func(c *color.NRGBA, at, every, half float64, fill color.NRGBA) {
		d := math.Abs(at - math.Round(at/every)*every)
		if d > half+metre*float64(t.Scale+1) {
			return
		}
		*c = blend(*c, ink.casing, (half+metre*float64(t.Scale)-d)/metre+0.5)
		*c = blend(*c, fill, (half-d)/metre+0.5)
	}
	for y := range side {
		for x := range side {
			east := (float64(t.X)/tiles-centre[0])*world + float64(x)*metre
			south := (float64(t.Y)/tiles-centre[1])*world + float64(y)*metre
			u, v := east*cos+south*sin, south*cos-east*sin
			c := ink.land
			if u > -900 && u < -100 && v > -1300 && v < -500 || u > 700 && u < 1300 && v > 700 && v < 1300 {
				c = ink.park
			}
			if t.Z >= 14 {
				street(&c, u, 100, max(5, 0.7*metre*float64(t.Scale)), ink.street)
				street(&c, v, 70, max(5, 0.7*metre*float64(t.Scale)), ink.street)
			}
			street(&c, u, 500, max(9, 1.3*metre*float64(t.Scale)), ink.avenue)
			street(&c, v, 350, max(9, 1.3*metre*float64(t.Scale)), ink.avenue)
			if u < -1100 {
				shore := -1400 + 180*math.Sin(v/700) + 60*math.Sin(v/170)
				c = blend(c, ink.water, (shore-u)/metre+0.5)
			}
			img.SetNRGBA(x, y, c)
		}
	}
	return img
}

func blend(a, b color.NRGBA, share float64) color.NRGBA {
	share = max(0, min(share, 1))
	mix := func(a, b uint8) uint8 { return uint8(float64(a) + (float64(b)-float64(a))*share) }
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 0xff}
}

// mercatorOf is the textbook's projection: 0 to 1 from the north-west corner.
func mercatorOf(p touch.Point) [2]float64 {
	lat := float64(p.Lat) * 1e-7 * math.Pi / 180
	return [2]float64{(float64(p.Lon)*1e-7 + 180) / 360, (1 - math.Log(math.Tan(lat)+1/math.Cos(lat))/math.Pi) / 2}
}
