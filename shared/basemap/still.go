package basemap

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"

	"cityhall/shared/atlas"
	"cityhall/shared/look"
)

// View is a picture of a place with a marker on it, the place in its middle.
// Wide and High are pixels at scale 1, at most 1024.
type View struct {
	At         atlas.Point
	Zoom       int
	Wide, High int
	Scale      int // 1 or 2
	Theme      look.MapTheme
}

const mostSide = 1024

// Still gives a view as PNG. It is not kept; it waits for its turn to draw like
// a tile, no longer than ctx lasts.
func (p *Pictures) Still(ctx context.Context, v View) ([]byte, error) {
	if v.Wide < 1 || v.High < 1 || v.Wide > mostSide || v.High > mostSide || v.Scale < 1 || v.Scale > 2 || v.Zoom < 0 || v.Zoom > 24 {
		return nil, fmt.Errorf("there is no picture of %d×%d pixels at scale %d and zoom %d", v.Wide, v.High, v.Scale, v.Zoom)
	}
	select {
	case p.room <- struct{}{}:
		defer func() { <-p.room }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	img, err := still(ctx, p.from, v)
	if err != nil {
		return nil, err
	}
	var raw bytes.Buffer
	if err := encoder.Encode(&raw, img); err != nil {
		return nil, err
	}
	return raw.Bytes(), nil
}

func still(ctx context.Context, from Drawer, v View) (*image.RGBA, error) {
	side := 256 * v.Scale
	most := 1<<v.Zoom - 1
	middle := project(v.At).times(float64(side) * math.Exp2(float64(v.Zoom)))
	left, top := int(middle.x)-v.Wide*v.Scale/2, int(middle.y)-v.High*v.Scale/2
	b := &brush{img: image.NewRGBA(image.Rect(0, 0, v.Wide*v.Scale, v.High*v.Scale))}
	b.ground(v.Theme.Ink().Outside)
	for y := max(0, top/side); y <= min(most, (top+v.High*v.Scale-1)/side); y++ {
		for x := max(0, left/side); x <= min(most, (left+v.Wide*v.Scale-1)/side); x++ {
			tile, err := from.Draw(ctx, look.MapTile{Z: v.Zoom, X: x, Y: y, Scale: v.Scale, Theme: v.Theme})
			if err != nil {
				return nil, err
			}
			at := image.Pt(x*side-left, y*side-top)
			draw.Draw(b.img, tile.Rect.Add(at), tile, image.Point{}, draw.Src)
		}
	}
	b.pin(middle.minus(point{float64(left), float64(top)}), float64(v.Scale), v.Theme.Ink())
	return b.img, nil
}

// pin puts a marker's tip on a point.
func (b *brush) pin(tip point, scale float64, ink look.MapInk) {
	const radius, high = 11, 25
	middle := tip.minus(point{0, high * scale})
	for _, layer := range []struct {
		more float64
		ink  color.NRGBA
	}{{2.5, ink.Halo}, {0, ink.Pin}} {
		r, reach := (radius+layer.more)*scale, (high+1.6*layer.more)*scale
		cos := r / reach // the sides of the tip touch the circle
		sin := math.Sqrt(1 - cos*cos)
		b.disc(middle, r)
		b.add([]point{middle.plus(point{r * sin, r * cos}), middle.plus(point{0, reach}), middle.plus(point{-r * sin, r * cos})})
		b.fill(layer.ink)
	}
	b.disc(middle, 4*scale)
	b.fill(ink.Halo)
}
