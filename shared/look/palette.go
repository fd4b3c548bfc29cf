package look

import "image/color"

// Palette names colours by their purpose. A pair such as Good and GoodSoft is
// made to be read together: the first as text or line, the second as ground.
type Palette struct {
	Ground  color.NRGBA // the page
	Surface color.NRGBA // cards and fields on the page
	Sunken  color.NRGBA // quiet buttons, key caps, tracks
	Ink     color.NRGBA // text
	Muted   color.NRGBA // secondary text, still readable on all three grounds
	Line    color.NRGBA // hairlines that carry no meaning
	Edge    color.NRGBA // borders of controls, 3:1 to Surface

	Primary     color.NRGBA // the civic colour: main actions, links
	PrimaryDeep color.NRGBA // its darker end, for large areas
	PrimarySoft color.NRGBA // its tint, for what is selected
	OnPrimary   color.NRGBA // text on Primary and PrimaryDeep
	OnMuted     color.NRGBA // secondary text on Primary and PrimaryDeep
	Accent      color.NRGBA // one warm note: progress, never text
	Focus       color.NRGBA // the ring around what has the focus

	Good, GoodSoft       color.NRGBA
	Warn, WarnSoft       color.NRGBA
	Bad, BadSoft         color.NRGBA
	Info, InfoSoft       color.NRGBA
	Neutral, NeutralSoft color.NRGBA
	OnBad                color.NRGBA // text on Bad, for dangerous actions

	Tints [6]Tint // for icon chips; by order of use, never by meaning

	Press  color.NRGBA // laid over what is being pressed
	Veil   color.NRGBA // laid over a page behind a dialog
	Shadow color.NRGBA // under cards; transparent where edges are drawn instead

	Edged bool // surfaces need a drawn border, because shadow and tint are not seen
}

// Tint is an icon colour and the chip that it stands on.
type Tint struct{ Ink, Soft color.NRGBA }

// RGB makes an opaque colour from 0xRRGGBB.
func RGB(v uint32) color.NRGBA {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 0xff}
}

// Alpha returns c with another opacity, 0 clear to 255 solid.
func Alpha(c color.NRGBA, a uint8) color.NRGBA {
	c.A = a
	return c
}

// Day is the light palette: warm paper, white cards, one deep civic colour.
func Day() Palette {
	return Palette{
		Ground: RGB(0xF6F3EC), Surface: RGB(0xFFFFFF), Sunken: RGB(0xECE8DE),
		Ink: RGB(0x14213D), Muted: RGB(0x4F5B73), Line: RGB(0xE0DACD), Edge: RGB(0x7D8494),
		Primary: RGB(0x0F6664), PrimaryDeep: RGB(0x0A3A4C), PrimarySoft: RGB(0xE0EEEC),
		OnPrimary: RGB(0xFFFFFF), OnMuted: RGB(0xDCEAEA), Accent: RGB(0xF2A541), Focus: RGB(0xC8650A),
		Good: RGB(0x1F6B41), GoodSoft: RGB(0xE2F0E7), Warn: RGB(0x8A4B08), WarnSoft: RGB(0xFCEFD9),
		Bad: RGB(0xA8201A), BadSoft: RGB(0xFBE7E4), Info: RGB(0x1C558F), InfoSoft: RGB(0xE3EDF8),
		Neutral: RGB(0x4A5568), NeutralSoft: RGB(0xEBEAE6), OnBad: RGB(0xFFFFFF),
		Tints: [6]Tint{
			{RGB(0xB23C0C), RGB(0xF8E5DC)}, {RGB(0x1F6B41), RGB(0xE0EFE5)}, {RGB(0x1C558F), RGB(0xE1EBF6)},
			{RGB(0x63388F), RGB(0xECE5F4)}, {RGB(0x0F6664), RGB(0xDEEDEB)}, {RGB(0x9B2C52), RGB(0xF5E3E9)},
		},
		Press: Alpha(RGB(0x14213D), 0x1c), Veil: Alpha(RGB(0x0A1828), 0xa8), Shadow: Alpha(RGB(0x14213D), 0x2c),
	}
}

// Dark is the palette for the night shift and for pages that ask for it.
func Dark() Palette {
	return Palette{
		Ground: RGB(0x10171F), Surface: RGB(0x1A232D), Sunken: RGB(0x25303B),
		Ink: RGB(0xF2EFE8), Muted: RGB(0xB3BCC6), Line: RGB(0x2F3B47), Edge: RGB(0x7D8B99),
		Primary: RGB(0x5CC8BF), PrimaryDeep: RGB(0x12303A), PrimarySoft: RGB(0x17363A),
		OnPrimary: RGB(0x06201F), OnMuted: RGB(0x0E2E2C), Accent: RGB(0xF2A541), Focus: RGB(0xF6B65C),
		Good: RGB(0x7FD6A2), GoodSoft: RGB(0x17332A), Warn: RGB(0xF3BE6E), WarnSoft: RGB(0x3A2C17),
		Bad: RGB(0xFF9C93), BadSoft: RGB(0x40211F), Info: RGB(0x8DBDF2), InfoSoft: RGB(0x1B2F45),
		Neutral: RGB(0xC2C9D1), NeutralSoft: RGB(0x2B353F), OnBad: RGB(0x2B0705),
		Tints: [6]Tint{
			{RGB(0xF5A47F), RGB(0x3B271F)}, {RGB(0x7FD6A2), RGB(0x17332A)}, {RGB(0x8DBDF2), RGB(0x1B2F45)},
			{RGB(0xC7A6EE), RGB(0x31264A)}, {RGB(0x5CC8BF), RGB(0x17363A)}, {RGB(0xF29BB8), RGB(0x3F2230)},
		},
		Press: Alpha(RGB(0xFFFFFF), 0x22), Veil: Alpha(RGB(0x000000), 0xb8), Shadow: Alpha(RGB(0x000000), 0x50),
	}
}

// HighContrast is white and yellow on black with drawn edges everywhere.
func HighContrast() Palette {
	white, black, yellow := RGB(0xFFFFFF), RGB(0x000000), RGB(0xFFD60A)
	t := Tint{yellow, RGB(0x1C1C1C)}
	return Palette{
		Ground: black, Surface: black, Sunken: RGB(0x1C1C1C), Ink: white, Muted: white, Line: RGB(0x9A9A9A), Edge: white,
		Primary: yellow, PrimaryDeep: yellow, PrimarySoft: RGB(0x332B00), OnPrimary: black, OnMuted: black,
		Accent: yellow, Focus: RGB(0x00E5FF),
		Good: RGB(0x7CFF9B), GoodSoft: black, Warn: RGB(0xFFC46B), WarnSoft: black,
		Bad: RGB(0xFF9A91), BadSoft: black, Info: RGB(0x9AD0FF), InfoSoft: black,
		Neutral: white, NeutralSoft: black, OnBad: black,
		Tints: [6]Tint{t, t, t, t, t, t},
		Press: Alpha(white, 0x40), Veil: Alpha(black, 0xe0), Edged: true,
	}
}

// Brand is what a city may set of its colours.
type Brand struct{ Primary, Deep, Accent color.NRGBA }

// WithBrand puts a city's colours in. A colour that white text cannot be read
// on is darkened until it can; high contrast and dark keep their own.
func (p Palette) WithBrand(b Brand) Palette {
	if p.Edged || Luminance(p.Ground) < 0.5 {
		return p
	}
	if b.Primary.A > 0 {
		p.Primary = readable(b.Primary, p.OnMuted, 4.5)
		p.PrimarySoft = mix(p.Primary, p.Surface, 0.88)
	}
	if b.Deep.A > 0 {
		p.PrimaryDeep = readable(b.Deep, p.OnMuted, 4.5)
	}
	if b.Accent.A > 0 {
		p.Accent = b.Accent
	}
	return p
}

// readable darkens c in small steps until text in ink reaches the ratio on it.
func readable(c, ink color.NRGBA, ratio float64) color.NRGBA {
	for Contrast(c, ink) < ratio {
		c = mix(c, RGB(0x000000), 0.06)
	}
	return c
}

// mix moves a by the share t towards b.
func mix(a, b color.NRGBA, t float64) color.NRGBA {
	f := func(x, y uint8) uint8 { return uint8(float64(x) + (float64(y)-float64(x))*t) }
	return color.NRGBA{R: f(a.R, b.R), G: f(a.G, b.G), B: f(a.B, b.B), A: 0xff}
}
