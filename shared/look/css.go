package look

import (
	"fmt"
	"image/color"
	"strings"
)

// Names of the CSS custom properties that [CSS] defines for colours.
const (
	VarGround      = "--ground"
	VarSurface     = "--surface"
	VarSunken      = "--sunken"
	VarInk         = "--ink"
	VarMuted       = "--muted"
	VarLine        = "--line"
	VarEdge        = "--edge"
	VarPrimary     = "--primary"
	VarPrimaryDeep = "--primary-deep"
	VarPrimarySoft = "--primary-soft"
	VarOnPrimary   = "--on-primary"
	VarOnMuted     = "--on-primary-muted"
	VarAccent      = "--accent"
	VarFocus       = "--focus"
	VarGood        = "--good"
	VarGoodSoft    = "--good-soft"
	VarWarn        = "--warn"
	VarWarnSoft    = "--warn-soft"
	VarBad         = "--bad"
	VarBadSoft     = "--bad-soft"
	VarOnBad       = "--on-bad"
	VarInfo        = "--info"
	VarInfoSoft    = "--info-soft"
	VarNeutral     = "--neutral"
	VarNeutralSoft = "--neutral-soft"
	VarVeil        = "--veil"
	VarShadow      = "--shadow"
)

// CSS returns the tokens as `:root{--name:value}` rules: light, dark where the
// reader's system asks for it, and high contrast likewise. The brand is the
// city's and may be zero.
func CSS(b Brand) string {
	var s strings.Builder
	s.WriteString(":root{color-scheme:light dark;")
	writeColours(&s, Day().WithBrand(b))
	writeScale(&s)
	s.WriteString("}\n@media (prefers-color-scheme:dark){:root{")
	writeColours(&s, Dark().WithBrand(b))
	s.WriteString("}}\n@media (prefers-contrast:more){:root{")
	writeColours(&s, HighContrast())
	s.WriteString("}}\n@media (prefers-reduced-motion:reduce){:root{--motion-press:0ms;--motion-page:0ms}}\n")
	return s.String()
}

func writeColours(s *strings.Builder, p Palette) {
	for _, v := range []struct {
		name string
		c    color.NRGBA
	}{
		{VarGround, p.Ground}, {VarSurface, p.Surface}, {VarSunken, p.Sunken}, {VarInk, p.Ink}, {VarMuted, p.Muted},
		{VarLine, p.Line}, {VarEdge, p.Edge}, {VarPrimary, p.Primary}, {VarPrimaryDeep, p.PrimaryDeep},
		{VarPrimarySoft, p.PrimarySoft}, {VarOnPrimary, p.OnPrimary}, {VarOnMuted, p.OnMuted}, {VarAccent, p.Accent},
		{VarFocus, p.Focus}, {VarGood, p.Good}, {VarGoodSoft, p.GoodSoft}, {VarWarn, p.Warn}, {VarWarnSoft, p.WarnSoft},
		{VarBad, p.Bad}, {VarBadSoft, p.BadSoft}, {VarOnBad, p.OnBad}, {VarInfo, p.Info}, {VarInfoSoft, p.InfoSoft},
		{VarNeutral, p.Neutral}, {VarNeutralSoft, p.NeutralSoft}, {VarVeil, p.Veil}, {VarShadow, p.Shadow},
	} {
		fmt.Fprintf(s, "%s:%s;", v.name, Hex(v.c))
	}
	for i, t := range p.Tints {
		fmt.Fprintf(s, "--tint-%d:%s;--tint-%d-soft:%s;", i+1, Hex(t.Ink), i+1, Hex(t.Soft))
	}
}

func writeScale(s *strings.Builder) {
	for _, t := range []struct {
		name string
		r    TextSize
	}{{"caption", Caption}, {"body", Body}, {"lead", Lead}, {"title", Title}, {"heading", Heading}, {"display", Display}} {
		fmt.Fprintf(s, "--text-%s:%.4grem;", t.name, float64(t.r)*WebTextREM)
	}
	for _, t := range []struct {
		name string
		v    Space
	}{{"xs", XS}, {"s", S}, {"m", M}, {"l", L}, {"xl", XL}, {"xxl", XXL}} {
		fmt.Fprintf(s, "--space-%s:%.4grem;", t.name, float64(t.v)/16)
	}
	fmt.Fprintf(s, "--line-height:%g;--line-height-tight:%g;", LineHeight, TightLineHeight)
	fmt.Fprintf(s, "--radius-small:%gpx;--radius-medium:%gpx;--radius-large:%gpx;--radius-pill:%gpx;",
		float64(RadiusSmall), float64(RadiusMedium), float64(RadiusLarge), float64(Pill))
	fmt.Fprintf(s, "--motion-press:%dms;--motion-page:%dms;", PressOut.Milliseconds(), PageSlide.Milliseconds())
	s.WriteString("--target:48px;--font:Inter,system-ui,\"Noto Sans\",sans-serif;")
}

// Hex writes a colour as CSS and SVG do: #rrggbb, or #rrggbbaa if translucent.
func Hex(c color.NRGBA) string {
	if c.A == 0xff {
		return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B)
	}
	return fmt.Sprintf("#%02x%02x%02x%02x", c.R, c.G, c.B, c.A)
}
