package kiosk_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cityhall/kiosk"
	"cityhall/shared/look"
	"cityhall/shared/sqlite"
)

// plum is what the city's own map is all over.
var plum = color.RGBA{120, 30, 90, 255}

// mbtiles is a map of one tile, which is the whole world.
func mbtiles(t *testing.T) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 256, 256))
	for i := 0; i < len(img.Pix); i += 4 {
		copy(img.Pix[i:], []byte{plum.R, plum.G, plum.B, plum.A})
	}
	var tile bytes.Buffer
	if err := png.Encode(&tile, img); err != nil {
		t.Fatal(err)
	}
	draft, path := filepath.Join(t.TempDir(), "draft"), filepath.Join(t.TempDir(), "map")
	db, err := sqlite.Open(t.Context(), draft, sqlite.Options{MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `CREATE TABLE metadata (name, value); INSERT INTO metadata VALUES ('attribution', 'Millbrook GIS');
		CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data); INSERT INTO tiles VALUES (0, 0, 0, $1)`, tile.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Backup(t.Context(), db, path); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// The kiosk draws the map itself, shows the city's own one as soon as that has
// come, and goes back when the city does.
func TestCityGivesItsOwnMap(t *testing.T) {
	s := newStage(t)
	s.Close()
	config := s.config()
	config.Maps = t.TempDir()
	s.Kiosk = kiosk.New(t.Context(), config)
	sees := func(want color.Color, credit string) {
		t.Helper()
		for range 2000 {
			if img := s.Tiles().Tile(look.MapTile{Z: 6, X: 19, Y: 23, Scale: 1}); img != nil {
				r, g, b, _ := img.At(5, 5).RGBA()
				if got := (color.NRGBA{byte(r >> 8), byte(g >> 8), byte(b >> 8), 255}); got != color.NRGBAModel.Convert(want) || s.MapCredit() != credit {
					t.Errorf("the map is %v, by %q", got, s.MapCredit())
				}
				return
			}
			time.Sleep(time.Millisecond)
		}
		t.Error("no tile comes")
	}
	give := func(sha string) {
		t.Helper()
		if err := s.town.Server.Store().SetMap(t.Context(), sha, s.town.Now()); err != nil {
			t.Fatal(err)
		}
		s.town.Sync(s.rep)
		s.Refresh()
	}
	land := look.MapLight.Ink().Land // this city has no outline
	sees(land, "Millbrook")
	before := s.Tiles()
	give("ab" + string(bytes.Repeat([]byte("0"), 62))) // not uploaded yet
	if s.Tiles() != before {
		t.Error("the map changes although there is no other")
	}
	sha, err := s.town.Server.Store().PutBlob(t.Context(), mbtiles(t))
	if err != nil {
		t.Fatal(err)
	}
	give(sha)
	sees(plum, "Millbrook GIS")
	give("")
	sees(land, "Millbrook")
}
