package touch_test

import (
	"fmt"
	"image"
	"math"
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"pgregory.net/rapid"

	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// pictures are the tiles that the map shows, from the lowest.
func (m *mapStage) pictures() (found []*canvas.Image) {
	for _, o := range test.LaidOutObjects(m.widget) {
		if i, ok := o.(*canvas.Image); ok && i.Resource == nil {
			found = append(found, i)
		}
	}
	return found
}

// A map whose tiles are late is ground, then a coarse picture, then the tile.
func TestMissingTiles(t *testing.T) {
	m := openMap(t, nil)
	m.tiles.missing = func(look.MapTile) bool { return true }
	m.view.Look(middle, 17)
	if n := len(m.pictures()); n != 0 {
		t.Fatalf("%d pictures of a level that was never shown", n)
	}
	m.tiles.missing = func(t look.MapTile) bool { return t.Z > 15 }
	m.tiles.changed()
	for _, i := range m.pictures() {
		if i.Size().Width != 4*256 {
			t.Errorf("a piece from two levels up is %v wide, want 1024", i.Size().Width)
		}
	}
	if n := len(m.pictures()); n == 0 || n > 4 {
		t.Errorf("%d coarse pictures, want those that cover the window once", n)
	}
	m.tiles.missing = nil
	m.tiles.changed()
	for _, i := range m.pictures() {
		if i.Size().Width != 256 {
			t.Errorf("a tile is %v wide, want 256", i.Size().Width)
		}
	}
	m.tiles.missing = func(t look.MapTile) bool { return t.Z <= 16 }
	tap(t, m.stage, "Farther away")
	small := m.pictures()
	if len(small) == 0 || small[0].Size().Width != 128 {
		t.Errorf("zooming out forgot the finer tiles: %d pictures", len(small))
	}
}

// A map that was built again, or left, hears no more of tiles.
func TestMapStopsWatching(t *testing.T) {
	m := openMap(t, nil)
	if m.tiles.changed == nil {
		t.Fatal("nobody watches the tiles")
	}
	was := m.tiles.stopped
	m.shell.Rebuild()
	if m.tiles.stopped != was+1 || m.tiles.changed == nil {
		t.Errorf("a second map stopped %d watches of the first, want one", m.tiles.stopped-was)
	}
	m.view.Close()
	if m.tiles.changed != nil {
		t.Error("a map that was left still watches")
	}
}

func TestMapAsksForTheRightPictures(t *testing.T) {
	at := mercatorOf(middle)
	want := func(scale int, theme look.MapTheme) look.MapTile {
		return look.MapTile{Z: 15, X: int(at[0] * (1 << 15)), Y: int(at[1] * (1 << 15)), Scale: scale, Theme: theme}
	}
	for _, c := range []struct {
		prefs touch.Prefs
		dev   touch.Device
		want  look.MapTile
	}{
		{touch.Prefs{}, touch.Tablet(), want(1, look.MapLight)},
		{touch.Prefs{Dark: true}, touch.Kiosk(mm24), want(2, look.MapDark)},
		{touch.Prefs{HighContrast: true, Dark: true}, touch.Kiosk(mmWide), want(2, look.MapContrast)},
	} {
		tiles := &sampleTiles{plain: true}
		st := open(t, c.prefs, c.dev, fyne.NewSize(1080, 800))
		st.shell.Set(touch.Page{Name: "map", Build: func(k *touch.Kit, _ fyne.Size) fyne.CanvasObject {
			v := touch.NewMapView()
			v.Look(middle, 15)
			return k.Map(touch.MapSpec{Tiles: tiles, View: v})
		}})
		if !slices.Contains(tiles.asked, c.want) {
			t.Errorf("%+v was not asked for among %d", c.want, len(tiles.asked))
		}
		for _, a := range tiles.asked {
			if a.X < 0 || a.Y < 0 || a.X >= 1<<a.Z || a.Y >= 1<<a.Z || a.Scale != c.want.Scale || a.Theme != c.want.Theme {
				t.Errorf("asked for %+v", a)
			}
		}
	}
}

// What is picked is what was looked at, wherever on the earth.
func TestEveryPlaceIsPickedExactly(t *testing.T) {
	m := openMap(t, func(s *touch.MapSpec) { s.Bounds = touch.Bounds{}; s.Marks = nil })
	rapid.Check(t, func(t *rapid.T) {
		p := touch.Point{Lat: rapid.Int32Range(-850_000_000, 850_000_000).Draw(t, "lat"), Lon: rapid.Int32Range(-1_800_000_000, 1_800_000_000).Draw(t, "lon")}
		m.view.Look(p, rapid.IntRange(11, 19).Draw(t, "zoom"))
		if got := m.view.Centre(); got != p {
			t.Fatalf("looked at %v, got %v", p, got)
		}
	})
}

// After the finger the map runs on, unless motion is reduced.
func TestMapRunsOn(t *testing.T) {
	for _, still := range []bool{true, false} {
		m := openMap(t, nil)
		p := m.shell.Kit().Prefs
		p.ReduceMotion = still
		m.shell.SetPrefs(p)
		plane := m.plane(t)
		for range 8 {
			m.now = m.now.Add(16 * time.Millisecond)
			plane.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(-30, 0)})
		}
		let := m.view.Centre()
		plane.DragEnd()
		if moved := m.view.Centre().Lon > let.Lon; moved == still { // tests run animations to their end
			t.Errorf("with reduced motion %v the map ran on: %v", still, moved)
		}
		m.view.Close()
	}
}

// flatTiles has one picture for all, at once.
type flatTiles struct{ img image.Image }

func (f flatTiles) Tile(look.MapTile) image.Image { return f.img }
func (f flatTiles) Watch(func()) func()           { return func() {} }

func openBusyMap(t testing.TB) *mapStage {
	return openMap(t, func(s *touch.MapSpec) {
		s.Marks, s.Here = manyMarks(2000), &touch.Here{At: middle, Within: 200}
		s.Tiles = flatTiles{image.NewNRGBA(image.Rect(0, 0, 256, 256))}
	})
}

func BenchmarkMapPan(b *testing.B) {
	m := openBusyMap(b)
	plane := m.plane(b)
	i := 0
	for b.Loop() {
		s, c := math.Sincos(float64(i) / 40)
		plane.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(float32(14*s), float32(14*c))})
		i++
	}
}

func BenchmarkMapZoom(b *testing.B) {
	for zoom := 12; zoom <= 18; zoom += 3 {
		b.Run(fmt.Sprint(zoom), func(b *testing.B) {
			m := openBusyMap(b)
			for b.Loop() {
				m.view.Look(middle, zoom+1)
				m.view.Look(middle, zoom)
			}
		})
	}
}
