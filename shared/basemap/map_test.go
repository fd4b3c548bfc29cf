package basemap_test

import (
	"context"
	"flag"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"cityhall/shared/atlas"
	"cityhall/shared/atlas/survey"
	"cityhall/shared/basemap"
	"cityhall/shared/demo"
	"cityhall/shared/look"
)

var pictures = flag.String("pictures", "", "folder to write pictures of both cities to")

const sha = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

var themes = map[look.MapTheme]string{look.MapLight: "light", look.MapDark: "dark", look.MapContrast: "contrast"}

// town is a places file that is made once for all tests.
type town struct {
	sync.Once
	path string
	err  error
}

var demoTown, cambridgeTown town

// folder is where places files are made; TestMain removes it.
var folder string

func TestMain(m *testing.M) {
	flag.Parse()
	var err error
	if folder, err = os.MkdirTemp("", "basemap"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(folder)
	os.Exit(code)
}

func (w *town) open(t testing.TB, make func(path string) error) *basemap.Map {
	t.Helper()
	w.Do(func() {
		w.path = filepath.Join(folder, fmt.Sprintf("%p.db", w))
		w.err = make(w.path)
	})
	if w.err != nil {
		t.Fatal(w.err)
	}
	a, err := atlas.Open(context.Background(), w.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return basemap.New(a, sha)
}

// alderBend is the demo's city.
func alderBend(t testing.TB) *basemap.Map {
	return demoTown.open(t, func(path string) error {
		return atlas.Build(context.Background(), path, demo.New(1, time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)).Geography)
	})
}

// cambridge is a real city, where its data are beside the project.
func cambridge(t testing.TB) *basemap.Map {
	data := os.Getenv("CITYHALL_SHARED_DATA")
	if data == "" {
		data = "../../../shared/data"
	}
	data = filepath.Join(data, "cambridge")
	if _, err := os.Stat(data); err != nil {
		t.Skip("the real data are not beside the project")
	}
	return cambridgeTown.open(t, func(path string) error {
		_, err := survey.Import(context.Background(), survey.Options{Folder: data, Mapping: "../atlas/survey/testdata/cambridge.map", Out: path, Now: time.Now()})
		return err
	})
}

// tileAt is the tile around a place in degrees.
func tileAt(lat, lon float64, z int) look.MapTile {
	n := math.Exp2(float64(z))
	phi := lat * math.Pi / 180
	return look.MapTile{Z: z, Scale: 1, X: int((lon + 180) / 360 * n), Y: int((1 - math.Log(math.Tan(phi)+1/math.Cos(phi))/math.Pi) / 2 * n)}
}

// sheet draws some tiles side by side, around one.
func sheet(t testing.TB, m basemap.Drawer, at look.MapTile, wide, high int) *image.RGBA {
	t.Helper()
	side := 256 * at.Scale
	img := image.NewRGBA(image.Rect(0, 0, wide*side, high*side))
	for y := range high {
		for x := range wide {
			tile := at
			tile.X, tile.Y = at.X-wide/2+x, at.Y-high/2+y
			part, err := m.Draw(context.Background(), tile)
			if err != nil {
				t.Fatal(err)
			}
			draw.Draw(img, image.Rect(x*side, y*side, (x+1)*side, (y+1)*side), part, image.Point{}, draw.Src)
		}
	}
	return img
}

// TestPictures writes what people look at when they judge the map.
func TestPictures(t *testing.T) {
	if *pictures == "" {
		t.Skip("no folder to write to")
	}
	for name, c := range map[string]struct {
		m        *basemap.Map
		lat, lon float64
	}{"alder-bend": {alderBend(t), 46.3, -69.3}, "cambridge": {cambridge(t), 42.3736, -71.1097}} {
		for theme, called := range themes {
			for _, z := range []int{12, 13, 14, 15, 16, 17, 18, 19} {
				for scale := 1; scale <= 2; scale++ {
					if scale == 2 && z != 16 {
						continue
					}
					at := tileAt(c.lat, c.lon, z)
					at.Theme, at.Scale = theme, scale
					f, err := os.Create(filepath.Join(*pictures, fmt.Sprintf("%s-%s-%d@%d.png", name, called, z, scale)))
					if err != nil {
						t.Fatal(err)
					}
					if err := png.Encode(f, sheet(t, c.m, at, 4/scale+scale-1, 3)); err != nil {
						t.Fatal(err)
					}
					if err := f.Close(); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
}
