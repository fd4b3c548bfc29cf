package look

import (
	"fmt"
	"image/color"
	"slices"
)

// Icon names a line icon. All are drawn by one hand: 24-unit grid, one stroke,
// round ends, no fill.
type Icon string

// IconStroke is the stroke width of icons in units of their 24-unit grid.
const IconStroke = 1.6

// SVG returns the icon as an SVG document drawn in one opaque colour. An
// unknown name gives an empty drawing, so that a service definition with an
// icon from a newer version still shows.
func (i Icon) SVG(c color.NRGBA) string { return i.Drawn(c, IconStroke) }

// Drawn is SVG with another stroke width. Fyne's rasteriser does not scale
// strokes with the drawing, so it is told the width in pixels.
func (i Icon) Drawn(c color.NRGBA, stroke float32) string {
	return i.svg(Hex(Alpha(c, 0xff)), stroke, "")
}

// Inline returns the icon for HTML: it takes the colour of the text around it
// and is hidden from screen readers, since words always stand beside it.
func (i Icon) Inline() string {
	return i.svg("currentColor", IconStroke, ` width="1.25em" height="1.25em" aria-hidden="true" focusable="false"`)
}

// Known says whether there is a drawing of that name.
func (i Icon) Known() bool { return drawings[i] != "" }

// Icons lists every icon by name.
func Icons() []Icon {
	var all []Icon
	for i := range drawings {
		all = append(all, i)
	}
	slices.Sort(all)
	return all
}

func (i Icon) svg(colour string, stroke float32, attrs string) string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"%s fill="none" stroke="%s" stroke-width="%g" stroke-linecap="round" stroke-linejoin="round">%s</svg>`,
		attrs, colour, stroke, drawings[i])
}
