package basemap_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cityhall/shared/atlas"
	"cityhall/shared/basemap"
	"cityhall/shared/look"
	"cityhall/shared/sqlite"
)

// sheetOf is an MBTiles file of one's own making.
type sheetOf struct {
	metadata map[string]string
	tiles    map[[3]int][]byte // zoom, column, row from the south
	before   string            // statements instead of the usual tables
}

const usual = `CREATE TABLE metadata (name TEXT, value TEXT); CREATE TABLE images (id INTEGER PRIMARY KEY, tile_data BLOB);
	CREATE TABLE map (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, id INTEGER); CREATE UNIQUE INDEX map_index ON map (zoom_level, tile_column, tile_row);
	CREATE VIEW tiles AS SELECT zoom_level, tile_column, tile_row, tile_data FROM map JOIN images ON images.id = map.id`

func (s sheetOf) write(t *testing.T) string {
	t.Helper()
	draft, path := filepath.Join(t.TempDir(), "draft"), filepath.Join(t.TempDir(), "city.mbtiles")
	db, err := sqlite.Open(t.Context(), draft, sqlite.Options{MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	run := func(query string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(context.Background(), query, args...); err != nil {
			t.Fatal(err)
		}
	}
	if s.before != "" {
		run(s.before)
	} else {
		run(usual)
		for name, value := range s.metadata {
			run(`INSERT INTO metadata VALUES ($1, $2)`, name, value)
		}
		n := 0
		for at, raw := range s.tiles {
			n++
			run(`INSERT INTO images VALUES ($1, $2)`, n, raw)
			run(`INSERT INTO map VALUES ($1, $2, $3, $4)`, at[0], at[1], at[2], n)
		}
	}
	if err := sqlite.Backup(t.Context(), db, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// coloured is a tile of four colours: its own, and three in the other corners.
func coloured(t *testing.T, side int, c color.RGBA, as func(*bytes.Buffer, image.Image) error) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			corner := c
			if x >= side/2 {
				corner.R = 250
			}
			if y >= side/2 {
				corner.G = 250
			}
			img.SetRGBA(x, y, corner)
		}
	}
	var raw bytes.Buffer
	if err := as(&raw, img); err != nil {
		t.Fatal(err)
	}
	return raw.Bytes()
}

func asPNG(b *bytes.Buffer, img image.Image) error  { return png.Encode(b, img) }
func asJPEG(b *bytes.Buffer, img image.Image) error { return jpeg.Encode(b, img, nil) }

var blue, red = color.RGBA{10, 20, 200, 255}, color.RGBA{90, 20, 30, 255}

func openOwn(t *testing.T, path string) *basemap.Own {
	t.Helper()
	o, err := basemap.OpenOwn(t.Context(), path, sha)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Close() })
	return o
}

func TestOwnMap(t *testing.T) {
	o := openOwn(t, sheetOf{
		metadata: map[string]string{"format": "png", "bounds": "-69.5,46.1,-69.1,46.5", "minzoom": "3", "attribution": "<a href=\"https://example.org\">&copy; OpenStreetMap</a>\n contributors"},
		// Of zoom 4, the tile in the third column from the west and the second row from the north.
		tiles: map[[3]int][]byte{{4, 2, 14}: coloured(t, 256, blue, asPNG), {5, 9, 0}: coloured(t, 512, red, asJPEG)},
	}.write(t))
	if err := o.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if b := o.Extent(); b != (atlas.Bounds{South: 461_000_000, West: -695_000_000, North: 465_000_000, East: -691_000_000}) {
		t.Errorf("extent %v", b)
	}
	if o.Attribution() != "© OpenStreetMap contributors" {
		t.Errorf("made by %q", o.Attribution())
	}
	if least, most := o.Zooms(); least != 4 || most != 5 {
		t.Errorf("zooms %d to %d", least, most)
	}
	east := color.RGBA{250, 20, 200, 255}
	ground := look.MapLight.Ink().Outside
	for _, c := range []struct {
		tile look.MapTile
		x, y int
		want color.Color
	}{
		{look.MapTile{Z: 4, X: 2, Y: 1, Scale: 1}, 10, 10, blue},
		{look.MapTile{Z: 4, X: 2, Y: 1, Scale: 2}, 500, 10, east},
		{look.MapTile{Z: 4, X: 2, Y: 1, Scale: 1, Theme: look.MapContrast}, 10, 10, blue},
		{look.MapTile{Z: 5, X: 4, Y: 2, Scale: 1}, 250, 250, blue}, // the north-western part of the one above
		{look.MapTile{Z: 5, X: 5, Y: 2, Scale: 1}, 10, 10, east},
		{look.MapTile{Z: 8, X: 2<<4 + 15, Y: 1 << 4, Scale: 1}, 128, 128, east},
		{look.MapTile{Z: 5, X: 9, Y: 31, Scale: 1}, 60, 60, red},
		{look.MapTile{Z: 4, X: 2, Y: 14, Scale: 1}, 10, 10, ground}, // rows are not counted from the north
		{look.MapTile{Z: 3, X: 1, Y: 0, Scale: 1}, 10, 10, ground},
		{look.MapTile{Z: 20, X: 0, Y: 0, Scale: 2}, 511, 511, ground},
	} {
		img, err := o.Draw(t.Context(), c.tile)
		if err != nil {
			t.Errorf("%+v: %v", c.tile, err)
			continue
		}
		if img.Rect.Dx() != 256*c.tile.Scale || apart(img.At(c.x, c.y), c.want) > 12 {
			t.Errorf("%+v: %v has the colour %v, want %v", c.tile, img.Rect, img.At(c.x, c.y), c.want)
		}
	}
}

// TestOwnMapWithoutBounds says where its tiles are.
func TestOwnMapWithoutBounds(t *testing.T) {
	for _, bounds := range []string{"", "-180,-85,180,85"} {
		o := openOwn(t, sheetOf{metadata: map[string]string{"bounds": bounds}, tiles: map[[3]int][]byte{{2, 1, 2}: coloured(t, 256, blue, asPNG)}}.write(t))
		if b := o.Extent(); b.West != -900_000_000 || b.East != 0 || b.South != 0 || b.North < 660_000_000 || b.North > 670_000_000 {
			t.Errorf("bounds %q: extent %v", bounds, b)
		}
	}
}

// TestNoOwnMap refuses what cannot be shown, and says what is wrong with it.
func TestNoOwnMap(t *testing.T) {
	var vector bytes.Buffer
	z := gzip.NewWriter(&vector)
	z.Write([]byte("layers"))
	z.Close()
	good := coloured(t, 256, blue, asPNG)
	one := func(raw []byte) map[[3]int][]byte { return map[[3]int][]byte{{4, 2, 14}: raw} }
	text := filepath.Join(t.TempDir(), "text.mbtiles")
	if err := os.WriteFile(text, []byte(strings.Repeat("no map ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	cut := sheetOf{tiles: one(bytes.Repeat([]byte{1}, 60_000))}.write(t)
	if err := os.Truncate(cut, 40_000); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ path, says string }{
		"vectors by name":  {sheetOf{metadata: map[string]string{"format": "pbf"}, tiles: one(vector.Bytes())}.write(t), "vector"},
		"vectors":          {sheetOf{tiles: one(vector.Bytes())}.write(t), "vector"},
		"no pictures":      {sheetOf{tiles: one([]byte("hello"))}.write(t), "no PNG, JPEG or WebP"},
		"half a picture":   {sheetOf{tiles: one(good[:len(good)/2])}.write(t), "damaged"},
		"huge pictures":    {sheetOf{tiles: one(coloured(t, 2048, blue, asPNG))}.write(t), "2048×2048"},
		"odd pictures":     {sheetOf{tiles: one(coloured(t, 32, blue, asPNG))}.write(t), "32×32"},
		"no tiles":         {sheetOf{metadata: map[string]string{"format": "png"}}.write(t), "no tiles"},
		"impossible zoom":  {sheetOf{tiles: map[[3]int][]byte{{40, 0, 0}: good}}.write(t), "zooms 40"},
		"bounds in words":  {sheetOf{metadata: map[string]string{"bounds": "Maine"}, tiles: one(good)}.write(t), "bounds"},
		"no metadata":      {sheetOf{before: `CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data)`}.write(t), "metadata"},
		"no table of them": {sheetOf{before: `CREATE TABLE metadata (name, value)`}.write(t), "tiles"},
		"a text":           {text, "not a SQLite database"},
		"cut off":          {cut, ""},
		"nothing":          {filepath.Join(t.TempDir(), "none"), "no such"},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := basemap.OpenOwn(t.Context(), c.path, sha)
			if err == nil {
				defer o.Close()
				err = o.Check(t.Context())
			}
			if !errors.Is(err, basemap.ErrOwn) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("says %v, want a word of %q", err, c.says)
			}
		})
	}
}

// TestOpenSource serves the city's own map where there is one that can be read, and
// closes it; what is drawn of the places otherwise.
func TestOpenSource(t *testing.T) {
	drawn := alderBend(t)
	good := sheetOf{metadata: map[string]string{"attribution": "Alder Bend GIS"}, tiles: map[[3]int][]byte{{4, 2, 14}: coloured(t, 256, blue, asPNG)}}.write(t)
	bad := filepath.Join(t.TempDir(), "none")
	tile := look.MapTile{Z: 4, X: 2, Y: 1, Scale: 1}
	for path, want := range map[string]struct {
		colour color.Color
		credit string
	}{good: {blue, "Alder Bend GIS"}, bad: {look.MapLight.Ink().Outside, ""}, "": {look.MapLight.Ink().Outside, ""}} {
		s := basemap.OpenSource(t.Context(), drawn, path, sha, basemap.Options{Log: slog.New(slog.DiscardHandler)})
		if got := wait(t, s, tile).At(10, 10); apart(got, want.colour) > 0 || s.Attribution() != want.credit {
			t.Errorf("%q: %v, by %q", path, got, s.Attribution())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
