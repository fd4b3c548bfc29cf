package look

import (
	"image/color"
	"math"
)

// Luminance is the relative luminance of WCAG 2.2, 0 black to 1 white.
func Luminance(c color.NRGBA) float64 {
	f := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*f(c.R) + 0.7152*f(c.G) + 0.0722*f(c.B)
}

// Contrast is the contrast ratio of WCAG 2.2 between two opaque colours,
// 1 (the same) to 21 (black on white).
func Contrast(a, b color.NRGBA) float64 {
	x, y := Luminance(a), Luminance(b)
	if x < y {
		x, y = y, x
	}
	return (x + 0.05) / (y + 0.05)
}

// Over lays a colour that may be translucent on an opaque ground.
func Over(c, ground color.NRGBA) color.NRGBA {
	a := float64(c.A) / 255
	f := func(x, y uint8) uint8 { return uint8(math.Round(float64(x)*a + float64(y)*(1-a))) }
	return color.NRGBA{R: f(c.R, ground.R), G: f(c.G, ground.G), B: f(c.B, ground.B), A: 0xff}
}

// Pair is a text colour with a ground that it is meant to be read on.
type Pair struct {
	Name       string
	Ink, Under color.NRGBA
}

// TextPairs lists every combination of text and ground that the palette allows.
func (p Palette) TextPairs() []Pair {
	pairs := []Pair{
		{"ink on ground", p.Ink, p.Ground}, {"ink on surface", p.Ink, p.Surface}, {"ink on sunken", p.Ink, p.Sunken},
		{"muted on ground", p.Muted, p.Ground}, {"muted on surface", p.Muted, p.Surface}, {"muted on sunken", p.Muted, p.Sunken},
		{"primary on ground", p.Primary, p.Ground}, {"primary on surface", p.Primary, p.Surface},
		{"primary on soft", p.Primary, p.PrimarySoft}, {"ink on soft", p.Ink, p.PrimarySoft}, {"muted on soft", p.Muted, p.PrimarySoft},
		{"on primary", p.OnPrimary, p.Primary}, {"muted on primary", p.OnMuted, p.Primary},
		{"good", p.Good, p.GoodSoft}, {"good on surface", p.Good, p.Surface}, {"good on ground", p.Good, p.Ground},
		{"warn", p.Warn, p.WarnSoft}, {"warn on surface", p.Warn, p.Surface}, {"warn on ground", p.Warn, p.Ground},
		{"bad", p.Bad, p.BadSoft}, {"bad on surface", p.Bad, p.Surface}, {"bad on ground", p.Bad, p.Ground},
		{"info", p.Info, p.InfoSoft}, {"info on surface", p.Info, p.Surface}, {"info on ground", p.Info, p.Ground},
		{"neutral", p.Neutral, p.NeutralSoft}, {"on bad", p.OnBad, p.Bad},
		{"ink on good", p.Ink, p.GoodSoft}, {"ink on warn", p.Ink, p.WarnSoft}, {"ink on bad", p.Ink, p.BadSoft}, {"ink on info", p.Ink, p.InfoSoft},
	}
	for i, t := range p.Tints {
		pairs = append(pairs, Pair{"tint " + string(rune('0'+i)), t.Ink, t.Soft})
	}
	return pairs
}
