package touch

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"cityhall/shared/look"
)

// Tiles is where a map takes its pictures from. Both methods are called on the
// user interface goroutine and must not block.
type Tiles interface {
	// Tile gives a tile, or nil while it is not there; then it is to be made
	// soon, the latest asked for first. The same picture is the same value.
	Tile(t look.MapTile) image.Image
	// Watch has changed called, from any goroutine, when tiles have come that
	// were asked for, until stop is called.
	Watch(changed func()) (stop func())
}

// tileLayer shows the tiles of one map. Pictures are only moved while the map
// is dragged: one tile is one pixel grid, so nothing is scaled.
type tileLayer struct {
	tiles Tiles
	theme look.MapTheme
	scale int
	side  float64 // of a tile in Fyne's pixels
	box   *fyne.Container
	shown map[look.MapTile]*canvas.Image // in the last frame
}

// mostAbove is how many levels up a picture may be borrowed from.
const mostAbove = 3

func (k *Kit) newTileLayer(tiles Tiles) *tileLayer {
	l := &tileLayer{tiles: tiles, scale: 1, box: &fyne.Container{}}
	switch {
	case k.Prefs.HighContrast:
		l.theme = look.MapContrast
	case k.Prefs.Dark:
		l.theme = look.MapDark
	}
	device := float32(1)
	if k.shell != nil && k.shell.canvas != nil {
		device = max(0.1, k.shell.canvas.Scale())
	}
	if k.Device.unit > 1 || device >= 1.4 { // a kiosk is read from farther away
		l.scale = 2
	}
	l.side = 256 * float64(l.scale) / float64(device)
	return l
}

// worldSide is the side of the whole world at a zoom, in Fyne's pixels.
func (l *tileLayer) worldSide(zoom int) float64 { return l.side * float64(int64(1)<<zoom) }

// arrange shows what there is for a window of the world; left and top are in
// Fyne's pixels at the zoom.
func (l *tileLayer) arrange(zoom int, left, top float64, size fyne.Size) {
	if l.tiles == nil {
		return
	}
	f := frameOfTiles{l: l, zoom: zoom, left: left, top: top, used: map[look.MapTile]*canvas.Image{}}
	most := 1<<zoom - 1
	x0, x1 := l.index(left, most), l.index(left+float64(size.Width)-1, most)
	y0, y1 := l.index(top, most), l.index(top+float64(size.Height)-1, most)
	whole := true
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			whole = f.show(l.name(zoom, x, y)) && whole
		}
	}
	if whole { // then those just beyond the edge may be made ready
		for y := max(0, y0-1); y <= min(most, y1+1); y++ {
			for x := max(0, x0-1); x <= min(most, x1+1); x++ {
				if x < x0 || x > x1 || y < y0 || y > y1 {
					l.tiles.Tile(l.name(zoom, x, y))
				}
			}
		}
	}
	l.box.Objects = append(f.under, f.over...)
	l.shown = f.used
}

func (l *tileLayer) name(z, x, y int) look.MapTile {
	return look.MapTile{Z: z, X: x, Y: y, Scale: l.scale, Theme: l.theme}
}

func (l *tileLayer) index(at float64, most int) int {
	return max(0, min(int(at/l.side), most))
}

// frameOfTiles collects the pictures of one frame, borrowed ones underneath.
type frameOfTiles struct {
	l           *tileLayer
	zoom        int
	left, top   float64
	used        map[look.MapTile]*canvas.Image
	under, over []fyne.CanvasObject
}

// show puts a tile in its place, or else what is known of that place from
// another level: a piece of a coarser tile, or the finer ones shown before.
func (f *frameOfTiles) show(t look.MapTile) (whole bool) {
	if img := f.l.tiles.Tile(t); img != nil {
		f.over = append(f.over, f.place(t, img))
		return true
	}
	for n := 1; n <= min(mostAbove, t.Z); n++ {
		up := t.Above(n)
		if f.used[up] != nil {
			return false
		}
		if img := f.l.tiles.Tile(up); img != nil {
			f.under = append([]fyne.CanvasObject{f.place(up, img)}, f.under...)
			return false
		}
	}
	for i := range 4 {
		part := f.l.name(t.Z+1, 2*t.X+i%2, 2*t.Y+i/2)
		if o := f.l.shown[part]; o != nil {
			f.under = append(f.under, f.place(part, o.Image))
		}
	}
	return false
}

// place moves the picture's object where it belongs, at the scale of its level.
func (f *frameOfTiles) place(t look.MapTile, img image.Image) *canvas.Image {
	o := f.l.shown[t]
	if o == nil || o.Image != img {
		o = canvas.NewImageFromImage(img)
		o.ScaleMode = canvas.ImageScaleFastest
	}
	f.used[t] = o
	side := f.l.worldSide(f.zoom) / float64(int64(1)<<t.Z)
	x, y := float32(float64(t.X)*side-f.left), float32(float64(t.Y)*side-f.top)
	if s := fyne.NewSquareSize(float32(side)); o.Size() != s {
		o.Resize(s)
	}
	o.Move(fyne.NewPos(x, y))
	return o
}
