package basemap

import (
	"image/color"

	"cityhall/shared/look"
)

// The zooms that there is a drawing for; beyond, the nearest one's widths hold.
const (
	MinZoom = 8
	MaxZoom = 20
)

// widths of streets by class from zoom 10 on, in pixels at scale 1; a street of
// no width is not drawn.
var widths = [3][11]float64{
	{0.8, 1.1, 1.7, 2.6, 4.2, 6.4, 10.5, 14.5, 21, 34, 50},
	{0, 0.5, 1.1, 1.8, 2.8, 4.6, 8, 12, 18, 29, 44},
	{0, 0, 0.4, 0.9, 1.6, 3, 6, 9.5, 14.5, 24, 38},
}

// streetWidth is 0 where streets of the class are not drawn. In high contrast
// there are fewer streets, and thicker ones.
func streetWidth(class, zoom int, contrast bool) float64 {
	zoom = max(10, min(zoom, 20))
	w := widths[class][zoom-10]
	if !contrast {
		return w
	}
	if zoom < 13+class {
		w = 0
		if class == 0 {
			w = 1.8
		}
	}
	if w > 0 && zoom < 18 {
		w += 0.8
	}
	return w
}

// casing is how much the edge of a street reaches beyond it.
func casing(class, zoom int) float64 {
	switch {
	case zoom >= 17:
		return 1.25
	case zoom >= 15 || class == 0 && zoom >= 13:
		return 0.9
	case zoom >= 14:
		return 0.6
	}
	return 0
}

// kind is what a name belongs to; the first are laid out first.
type kind int

const (
	districtName kind = iota
	waterName
	parkName
	landmarkName
	mainStreet
	middleStreet
	sideStreet
	houseNumber
)

// lettering is how names of a kind are written, in pixels at scale 1.
type lettering struct {
	face   *face
	size   float64
	spaced float64 // between letters, in ems
	halo   float64
	ink    color.NRGBA
	shout  bool // in capitals
}

func (k kind) lettering(zoom int, theme look.MapTheme) lettering {
	ink := theme.Ink()
	near := 0.0 // names grow a little as one comes nearer
	if zoom >= 18 {
		near = 1
	}
	var l lettering
	switch k {
	case districtName:
		l = lettering{face: semiBold(), size: 11.5 + near, spaced: 0.1, halo: 1.6, ink: ink.DistrictName, shout: true}
		if zoom >= 14 {
			l.size = 13
		}
	case waterName:
		l = lettering{face: regular(), size: 12 + near, spaced: 0.06, halo: 1.2, ink: ink.WaterName}
	case parkName:
		l = lettering{face: semiBold(), size: 10.5 + near, halo: 1.4, ink: ink.ParkName}
	case landmarkName:
		l = lettering{face: semiBold(), size: 11 + near, halo: 1.6, ink: ink.PlaceName}
	case mainStreet:
		l = lettering{face: semiBold(), size: 11.5 + 1.5*near, spaced: 0.02, halo: 1.5, ink: ink.StreetName}
	case middleStreet:
		l = lettering{face: regular(), size: 11 + 1.5*near, spaced: 0.02, halo: 1.5, ink: ink.StreetName}
	case sideStreet:
		l = lettering{face: regular(), size: 10.5 + 1.5*near, spaced: 0.02, halo: 1.5, ink: ink.StreetName}
	case houseNumber:
		l = lettering{face: regular(), size: 9 + near, halo: 1.2, ink: ink.Number}
	}
	if theme == look.MapContrast {
		l.size, l.halo, l.face = l.size*1.25, l.halo+2.2, semiBold()
	}
	return l
}

// from is the zoom from which names of the kind are written.
func (k kind) from(contrast bool) int {
	zoom := [...]int{12, 12, 14, 15, 13, 14, 15, 18}[k]
	if contrast && k >= parkName {
		zoom++
	}
	return zoom
}

// cityFrom is the first zoom with a name: the city's own.
const cityFrom = 9

// districtsUntil is the last zoom with the names of districts: nearer, one is
// in the midst of one.
const districtsUntil = 15
