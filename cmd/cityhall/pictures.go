package main

import (
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// paintPictures makes the folder of the crew's camera: a street with a trunk
// across it, and the same street without. What is there already stays.
func paintPictures(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	for i, name := range []string{"1-before.jpg", "2-after.jpg"} {
		path := filepath.Join(folder, name)
		if _, err := os.Stat(path); err == nil {
			continue
		}
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		if err := errors.Join(jpeg.Encode(f, street(i == 0), &jpeg.Options{Quality: 88}), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// street paints a road between lawns under a grey sky.
func street(trunk bool) image.Image {
	const w, h, horizon = 1600, 1200, 420
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	rng := rand.New(rand.NewPCG(7, 7))
	for y := range h {
		for x := range w {
			c := color.RGBA{uint8(150 + y/8), uint8(170 + y/9), uint8(190 + y/12), 255} // sky
			if y > horizon {
				half := 60 + (y-horizon)*70/100 // the road widens towards us
				switch d := max(x-w/2, w/2-x); {
				case d < 6+(y-horizon)/90 && (y/60)%2 == 0:
					c = color.RGBA{225, 214, 160, 255}
				case d < half:
					c = color.RGBA{92, 94, 99, 255}
				default:
					c = color.RGBA{86, 128, 72, 255}
				}
			}
			if trunk {
				if top := 760 + (x-w/2)/9; y > top && y < top+110 && x > 180 {
					shade := uint8(min(60, (y-top)/2))
					c = color.RGBA{118 - shade/2, 84 - shade/2, 56 - shade/2, 255}
				}
				if dx, dy := x-250, y-700; dx*dx+dy*dy*2 < 250*250 {
					c = color.RGBA{52, uint8(92 + rng.IntN(34)), 44, 255}
				}
			}
			n := uint8(rng.IntN(9))
			img.SetRGBA(x, y, color.RGBA{c.R + n, c.G + n, c.B + n, 255})
		}
	}
	return img
}
