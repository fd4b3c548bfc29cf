package view_test

import (
	"context"
	"image"
	"os"
	"path/filepath"
	"sync"

	"cityhall/shared/atlas"
	"cityhall/shared/basemap"
	"cityhall/shared/look"
	"cityhall/shared/sim/town"
	"cityhall/shared/touch"
)

// atOnce draws each tile when it is asked for, so that a picture of a page is
// whole and always the same.
type atOnce struct {
	from *basemap.Map
	made map[look.MapTile]image.Image
}

func (d *atOnce) Tile(t look.MapTile) image.Image {
	if d.made[t] == nil {
		img, err := d.from.Draw(context.Background(), t)
		if err != nil {
			panic(err)
		}
		d.made[t] = img
	}
	return d.made[t]
}

func (d *atOnce) Watch(func()) (stop func()) { return func() {} }

// drawn is Alder Bend's map.
var drawn = sync.OnceValue(func() touch.Tiles {
	dir, err := os.MkdirTemp("", "drawn")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir) // what is open stays readable
	path := filepath.Join(dir, "places.db")
	if err := os.WriteFile(path, town.Places(), 0o600); err != nil {
		panic(err)
	}
	places, err := atlas.Open(context.Background(), path)
	if err != nil {
		panic(err)
	}
	return &atOnce{basemap.New(places, "alder-bend"), map[look.MapTile]image.Image{}}
})
