package photo

import (
	"image"

	"golang.org/x/image/draw"
)

// band is how many lines are scaled at a time. The scaler needs 32 bytes for
// each pixel that it works on, which a whole photo does not have to pay.
const band = 64

// fit gives img upright, on white, with at most side pixels on its longer side.
// It never enlarges.
func fit(img image.Image, side int) *image.RGBA {
	turned := upright
	if p, ok := img.(picture); ok {
		img, turned = p.Image, p.turn
	}
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if long := max(w, h); long > side {
		w, h = max(1, (w*side+long/2)/long), max(1, (h*side+long/2)/long)
	}
	small := shrink(img, w, h)
	out := image.NewRGBA(small.Bounds())
	draw.Draw(out, out.Bounds(), paper, image.Point{}, draw.Src)
	draw.Draw(out, out.Bounds(), small, image.Point{}, draw.Over)
	return turned.apply(out)
}

// shrink scales in two passes, rows and then columns, a band at a time.
func shrink(img image.Image, w, h int) *image.RGBA {
	b := img.Bounds()
	rows := image.NewRGBA(image.Rect(0, 0, w, b.Dy()))
	for y := 0; y < b.Dy(); y += band {
		n := min(band, b.Dy()-y)
		draw.CatmullRom.Scale(rows, image.Rect(0, y, w, y+n), img, image.Rect(b.Min.X, b.Min.Y+y, b.Max.X, b.Min.Y+y+n), draw.Src, nil)
	}
	if h == b.Dy() {
		return rows
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for x := 0; x < w; x += band {
		n := min(band, w-x)
		draw.CatmullRom.Scale(out, image.Rect(x, 0, x+n, h), rows, image.Rect(x, 0, x+n, b.Dy()), draw.Src, nil)
	}
	return out
}
