package view_test

import (
	"context"
	"flag"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"cityhall/kiosk/view"
	"cityhall/shared/atlas"
	"cityhall/shared/basemap"
	"cityhall/shared/look"
	"cityhall/shared/touch"
)

var (
	out  = flag.String("out", "", "folder to draw every screen into")
	only = flag.String("only", "", "draw the scenes whose name contains this")
)

// shape is a panel: its pixels, and how large they are.
type shape struct {
	name string
	size fyne.Size
	mm   float32 // of a pixel; both are 24-inch panels
}

var shapes = []shape{
	{"portrait", fyne.NewSize(1080, 1920), 0.277},
	{"landscape", fyne.NewSize(1280, 800), 0.404},
}

// set is a stage with its view in a window without a display.
type set struct {
	*stage
	v *view.View
	w fyne.Window
}

// drawn gives each tile at once, so that a picture is whole.
type drawn struct {
	*basemap.Map
	kept map[look.MapTile]image.Image
}

func (d drawn) Watch(func()) func() { return func() {} }

func (d drawn) Tile(t look.MapTile) image.Image {
	if d.kept[t] == nil {
		img, err := d.Draw(context.Background(), t)
		if err != nil {
			panic(err)
		}
		d.kept[t] = img
	}
	return d.kept[t]
}

// painted is a set whose maps are drawn, for those who look at it.
func painted(t testing.TB, st *stage, sh shape) *set {
	places, err := atlas.Open(t.Context(), st.places)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { places.Close() })
	d := drawn{basemap.New(places, "test"), map[look.MapTile]image.Image{}}
	return mount(t, st, sh, func() touch.Tiles { return d })
}

// open puts a view of the stage's kiosk into a window. Its maps are plain ground.
func open(t testing.TB, st *stage, sh shape) *set { return mount(t, st, sh, nil) }

func mount(t testing.TB, st *stage, sh shape, tiles func() touch.Tiles) *set {
	v := view.New(st.k, view.Config{Device: touch.Kiosk(sh.mm), ReduceMotion: true, Now: st.k.Now, Tiles: tiles})
	w := test.NewWindow(nil)
	t.Cleanup(w.Close)
	v.Mount(w)
	w.Resize(sh.size)
	return &set{st, v, w}
}

// play shows a scene to a new person.
func (s *set) play(sc scene, language string) {
	s.fresh()
	s.k.SetLanguage(language)
	sc.play(s.stage)
	s.v.Shell().Rebuild() // fields show what the scene put into the kiosk
}

func (s *set) picture() image.Image { return s.w.Canvas().Capture() }

// TestStorybook draws every screen in both languages on both panels, when it is
// told where to.
func TestStorybook(t *testing.T) {
	if *out == "" {
		t.Skip("-out names no folder")
	}
	test.NewTempApp(t)
	st := newStage(t)
	for _, sh := range shapes {
		p := painted(t, st, sh)
		for _, s := range scenes {
			if !strings.Contains(s.name, *only) {
				continue
			}
			for _, language := range []string{"en", "es"} {
				p.play(s, language)
				write(t, filepath.Join(*out, fmt.Sprintf("%s-%s-%s.png", s.name, sh.name, language)), p.picture())
			}
		}
	}
}

func write(t testing.TB, path string, img image.Image) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
}
