package look

// MapTheme is how a map is to be drawn.
type MapTheme int

// The themes, one for each palette.
const (
	MapLight MapTheme = iota
	MapDark
	MapContrast // few things, thick lines, on black
)

// MapTile names a picture of a piece of the map: web mercator, X from the west,
// Y from the north, 2^Z by 2^Z pieces. It is 256 times Scale pixels square;
// Scale is 1, or 2 where a pixel is so small that everything is drawn double.
type MapTile struct {
	Z, X, Y int
	Scale   int
	Theme   MapTheme
}

// Above is the tile n levels up that this one is a part of.
func (t MapTile) Above(n int) MapTile {
	t.Z, t.X, t.Y = t.Z-n, t.X>>n, t.Y>>n
	return t
}
