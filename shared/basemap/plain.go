package basemap

import (
	"bytes"
	"image"
	"image/color"

	"cityhall/shared/atlas"
	"cityhall/shared/look"
)

// Touches tells whether a tile shows anything of a part of the world.
func Touches(t look.MapTile, b atlas.Bounds) bool {
	tiles := float64(int64(1) << t.Z)
	corner := point{float64(t.X), float64(t.Y)}.times(1 / tiles)
	nw, se := project(atlas.Point{Lat: b.North, Lon: b.West}), project(atlas.Point{Lat: b.South, Lon: b.East})
	// Names, shores and streets reach a little beyond the city.
	return box{corner, corner.plus(point{1 / tiles, 1 / tiles})}.grown(1 / tiles).touches(box{nw, se})
}

// Plain is a tile as PNG on which there is nothing but the ground beyond a city,
// in a few hundred bytes.
func Plain(t look.MapTile) []byte {
	side := 256 * max(1, min(t.Scale, 2))
	var raw bytes.Buffer
	if err := encoder.Encode(&raw, image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{t.Theme.Ink().Outside})); err != nil {
		panic("basemap: plain ground: " + err.Error()) // a buffer takes what it is given
	}
	return raw.Bytes()
}
