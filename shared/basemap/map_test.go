package basemap_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
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

var update = flag.Bool("update", false, "write the golden pictures")

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
	cities := map[string]struct {
		open     func(testing.TB) *basemap.Map
		lat, lon float64
	}{"alder-bend": {alderBend, 46.3, -69.3}, "cambridge": {cambridge, 42.3736, -71.1097}}
	for name, c := range cities {
		t.Run(name, func(t *testing.T) {
			m := c.open(t)
			for theme, called := range themes {
				for z := 10; z <= 19; z++ {
					for scale := 1; scale <= 2; scale++ {
						at := tileAt(c.lat, c.lon, z)
						at.Theme, at.Scale = theme, scale
						write(t, filepath.Join(*pictures, fmt.Sprintf("%s-%s-%d@%d.png", name, called, z, scale)), sheet(t, m, at, 4, 3))
					}
				}
			}
		})
	}
}

func write(t testing.TB, path string, img image.Image) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(png.Encode(f, img), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestTilesLookAsTheyDid compares tiles with pictures that people looked at. A
// processor may round otherwise: a difference that nobody sees is none.
func TestTilesLookAsTheyDid(t *testing.T) {
	m := alderBend(t)
	for _, c := range []struct {
		zoom, scale int
		theme       look.MapTheme
	}{{13, 1, look.MapLight}, {15, 1, look.MapDark}, {16, 2, look.MapLight}, {16, 1, look.MapContrast}} {
		at := tileAt(46.3, -69.3, c.zoom)
		at.Theme, at.Scale = c.theme, c.scale
		got, err := m.Draw(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", fmt.Sprintf("%s-%d@%d.png", themes[c.theme], c.zoom, c.scale))
		if *update {
			write(t, path, got)
			continue
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := png.Decode(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if n := different(got, want); n > 0 {
			t.Errorf("%s: %d pixels are not as they were", path, n)
		}
	}
}

// different counts pixels that differ by more than rounding.
func different(a, b image.Image) (n int) {
	if a.Bounds() != b.Bounds() {
		return math.MaxInt
	}
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			if apart(a.At(x, y), b.At(x, y)) > 3*3 {
				n++
			}
		}
	}
	return n
}

// apart is how much two colours differ, in 256ths, over all three channels.
func apart(a, b color.Color) int {
	r1, g1, b1, _ := a.RGBA()
	r2, g2, b2, _ := b.RGBA()
	d := func(x, y uint32) int { return max(int(x>>8)-int(y>>8), int(y>>8)-int(x>>8)) }
	return d(r1, r2) + d(g1, g2) + d(b1, b2)
}

// TestNothingIsCutAtEdges looks at both sides of the edges between tiles: no more
// differs there than between the lines of pixels just beside them.
func TestNothingIsCutAtEdges(t *testing.T) {
	m := alderBend(t)
	for theme, called := range themes {
		at := tileAt(46.3, -69.3, 16)
		at.Theme = theme
		img := sheet(t, m, at, 8, 8)
		step := func(i int) (sum int) {
			for j := range img.Rect.Dx() {
				sum += apart(img.RGBAAt(i-1, j), img.RGBAAt(i, j)) + apart(img.RGBAAt(j, i-1), img.RGBAAt(j, i))
			}
			return sum
		}
		edges, beside := 0, 0
		for i := 256; i < img.Rect.Dx(); i += 256 {
			edges += step(i)
			beside += (step(i-2) + step(i-1) + step(i+1) + step(i+2)) / 4
		}
		t.Logf("%s: %.2f", called, float64(edges)/float64(beside))
		if edges*100 > beside*115 {
			t.Errorf("%s: pixels on two sides of an edge differ by %d, those beside it by %d", called, edges, beside)
		}
	}
}

// TestNamesNeverCollide looks at every name of the city at every zoom.
func TestNamesNeverCollide(t *testing.T) {
	m := alderBend(t)
	for _, zoom := range []int{10, 12, 14, 15, 16, 17} {
		for _, contrast := range []bool{false, true} {
			names, err := m.Names(t.Context(), zoom, contrast)
			if err != nil {
				t.Fatal(err)
			}
			if zoom >= 16 && len(names) < 60 {
				t.Errorf("zoom %d has %d names: that is not the whole city", zoom, len(names))
			}
			for i, a := range names {
				for _, b := range names[:i] {
					if a.Touches(b) {
						t.Errorf("zoom %d: %q and %q collide", zoom, a.Text(), b.Text())
					}
				}
			}
		}
	}
}

// TestNoSuchTile refuses addresses that there are none of.
func TestNoSuchTile(t *testing.T) {
	m := alderBend(t)
	for _, tile := range []look.MapTile{{Z: -1, Scale: 1}, {Z: 30, Scale: 1}, {Z: 3, X: 8, Scale: 1}, {Z: 3, Y: -1, Scale: 1}, {Z: 3, Scale: 0}, {Z: 3, Scale: 3}} {
		if _, err := m.Draw(t.Context(), tile); err == nil {
			t.Errorf("%+v is drawn", tile)
		}
	}
}

// TestEmptyCity draws plain land where the file knows of nothing, and of a city
// without an outline.
func TestEmptyCity(t *testing.T) {
	path := filepath.Join(t.TempDir(), "places.db")
	if err := atlas.Build(t.Context(), path, atlas.Geography{}); err != nil {
		t.Fatal(err)
	}
	a, err := atlas.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	img, err := basemap.New(a, sha).Draw(t.Context(), tileAt(46.3, -69.3, 16))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []image.Point{{0, 0}, {128, 128}, {255, 255}} {
		if c := img.At(p.X, p.Y); apart(c, look.MapLight.Ink().Land) > 0 {
			t.Errorf("%v is %v", p, c)
		}
	}
}
